"""The way back to the release before: what is found, and what is sent. A real API server is asked in tests/lab_02."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from house_prices.serving.deployment.errors import DeploymentError
from house_prices.serving.deployment.manifests import NAME, NAMESPACE
from house_prices.serving.deployment.releases import HASH, REVISION, undo

OURS = [{"uid": "ours"}]


class Apps:
    """An API server with one Deployment, and what it is sent."""

    def __init__(self, revision: str, replica_sets: list[dict[str, Any]]) -> None:
        metadata = {"uid": "ours", "annotations": {REVISION: revision}}
        self._deployment, self._replica_sets = {"metadata": metadata}, {"items": replica_sets}
        self.sent: list[tuple[Any, ...]] = []

    def read_namespaced_deployment(self, name: str, namespace: str, *, _preload_content: bool) -> Any:
        return SimpleNamespace(data=json.dumps(self._deployment).encode())

    def list_namespaced_replica_set(self, namespace: str, *, _preload_content: bool) -> Any:
        return SimpleNamespace(data=json.dumps(self._replica_sets).encode())

    def patch_namespaced_deployment(self, *sent: Any) -> None:
        self.sent.append(sent)


def replica_set(revision: str, owners: list[dict[str, str]] | None = None) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "x", HASH: "abc"}}, "spec": {"newer": revision}}
    metadata: dict[str, Any] = {"annotations": {REVISION: revision}}
    if owners is not None:
        metadata["ownerReferences"] = owners
    return {"metadata": metadata, "spec": {"replicas": 0, "template": template}}


def after_undo(revision: str, *replica_sets: dict[str, Any]) -> list[tuple[Any, ...]]:
    apps = Apps(revision, list(replica_sets))
    undo(SimpleNamespace(apps=apps))  # type: ignore[arg-type]
    return apps.sent


@pytest.mark.parametrize(
    ("present", "numbers", "before"), [("3", "123", "2"), ("4", "134", "3"), ("10", ["1", "10", "8", "9"], "9")]
)
def test_the_highest_number_below_the_present_one(present: str, numbers: list[str], before: str) -> None:
    sent = after_undo(present, *(replica_set(number, OURS) for number in numbers))
    # What is sent is all of the template, without the controller's label, and nothing else.
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"newer": before}}
    assert sent == [(NAME, NAMESPACE, [{"op": "replace", "path": "/spec/template", "value": template}])]


def test_only_its_own_releases_count() -> None:
    others = [replica_set("2", [{"uid": "theirs"}]), replica_set("2")]
    (sent,) = after_undo("3", replica_set("3", OURS), *others, replica_set("1", OURS))
    assert sent[2][0]["value"]["spec"] == {"newer": "1"}


def test_a_replica_set_without_a_number_is_older_than_all_others() -> None:
    adopted = replica_set("0", OURS)
    del adopted["metadata"]["annotations"]
    (sent,) = after_undo("2", adopted, replica_set("1", OURS), replica_set("2", OURS))
    assert sent[2][0]["value"]["spec"] == {"newer": "1"}


def test_the_first_release_has_none_before_it() -> None:
    apps = Apps("1", [replica_set("1", OURS)])
    with pytest.raises(DeploymentError, match="house-prices has no release before this one\n  labs deploy puts back"):
        undo(SimpleNamespace(apps=apps))  # type: ignore[arg-type]
    assert apps.sent == []
