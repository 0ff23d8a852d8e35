"""What is handed to the API server: the manifests, with the image that is to run."""

from pathlib import Path

import yaml

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.manifests import apply, render
from tests.product.serving.deployment.conftest import Tools

CLUSTER = Cluster("kind-labs", "https://127.0.0.1:6443")
DEPLOYMENT = "{kind: Deployment, spec: {template: {metadata: {}, spec: {containers: [{image: old}]}}}}"


def test_the_image_is_put_in_with_its_id(tools: Tools) -> None:
    tools.answer("kubectl", f"echo '{DEPLOYMENT}'; echo ---; echo '{{kind: Service, spec: {{}}}}'")
    text = render(CLUSTER, Path("k8s/overlays/local"), "house-prices:v2", "sha256:12")
    deployment, service = yaml.safe_load_all(text)
    template = deployment["spec"]["template"]
    assert template["spec"]["containers"] == [{"image": "house-prices:v2"}]
    assert template["metadata"]["annotations"] == {"labs.mlops/image-id": "sha256:12"}
    assert service == {"kind": "Service", "spec": {}}
    assert tools.asked() == ["kubectl --context kind-labs kustomize k8s/overlays/local"]


def test_what_is_applied_is_told_line_by_line(tools: Tools) -> None:
    tools.answer("kubectl", 'while read -r line; do echo "got $line"; done')
    assert apply(CLUSTER, "a\nb\n") == ["got a", "got b"]
    assert tools.asked() == [
        "kubectl --context kind-labs apply --server-side --force-conflicts --field-manager=labs -f -"
    ]
