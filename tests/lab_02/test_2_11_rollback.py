"""Task 2.11: Deployments on a real API server, whose own controller keeps and numbers their releases.

No image is needed: the namespace has no room for a pod, and for the releases that makes no difference.
"""

import copy
import itertools
import json
import re
import time
import uuid
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from house_prices.serving.deployment import releases
from house_prices.serving.deployment.context import Cluster, local_cluster
from house_prices.serving.deployment.errors import DeploymentError
from house_prices.serving.deployment.removal import CHECKS
from labkit.checks import CheckFailed, expect, rng

PATIENCE = 20.0  # seconds for what takes the controller milliseconds
PATCH = "what is sent: how much of the object, and how the server puts it together with what is there"


class WithoutKubectl(Cluster):
    """A cluster for a program that has no kubectl."""

    def kubectl(self, *arguments, **_):
        raise CheckFailed(
            sent="undo, where there is no kubectl",
            got=f"a call of kubectl {' '.join(arguments[:2])}",
            wanted="calls of cluster.apps",
            look_at="which ReplicaSets there are, and what of them a patch of the Deployment needs",
        )


class Deployment:
    """A Deployment, the pod templates that it has had, and the way back.

    Attributes
    ----------
    labels : of its pods, and what it selects them by.
    had : the templates by the number of the release, as the server has kept them.
    """

    def __init__(self, cluster, namespace, name, labels) -> None:
        self.cluster, self.namespace, self.name, self.labels, self.had = cluster, namespace, name, labels, {}

    def release(self, change=lambda template: None, number=None) -> None:
        """Release an image of its own, with whatever else a function changes in the template.

        Parameters
        ----------
        number : that the release gets; the next one by default, and there the controller goes on.
        """
        number = number or len(self.had) + 1
        container = {"name": releases.CONTAINER, "image": f"house-prices:v{number}", "env": []}
        template = {"metadata": {"labels": self.labels}, "spec": {"containers": [container]}}
        change(template)
        if not self.had:
            selector = {"matchLabels": self.labels}
            spec = {"replicas": 0, "selector": selector, "template": template}
            body = {"metadata": {"name": self.name}, "spec": spec}
            self.cluster.apps.create_namespaced_deployment(self.namespace, body)
        else:
            self.patch("/spec/template", template)
        self.had[number] = self.settled()["template"]
        if number != len(self.had):
            self._renumber(number)

    def patch(self, path, value) -> None:
        change = [{"op": "replace", "path": path, "value": value}]
        self.cluster.apps.patch_namespaced_deployment(self.name, self.namespace, change)

    def _renumber(self, number) -> None:
        """Have the newest release a later number; to have the controller count that far would take seconds."""
        found = self.cluster.apps.list_namespaced_replica_set(self.namespace).items
        own = [each for each in found if each.metadata.owner_references[0].name == self.name]
        (newest,) = [each for each in own if each.spec.template.spec.containers[0].image.endswith(f":v{number}")]
        annotations = {"metadata": {"annotations": {releases.REVISION: str(number)}}}
        self.cluster.apps.patch_namespaced_replica_set(newest.metadata.name, self.namespace, annotations)
        end = time.monotonic() + PATIENCE
        while self.read()["metadata"]["annotations"][releases.REVISION] != str(number) and time.monotonic() < end:
            time.sleep(0.01)

    def read(self):
        answer = self.cluster.apps.read_namespaced_deployment(self.name, self.namespace, _preload_content=False)
        return json.loads(answer.data)

    def settled(self):
        """Wait until the controller has read the last change, and return the specification."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            now = self.read()
            if now.get("status", {}).get("observedGeneration", 0) >= now["metadata"]["generation"]:
                return now["spec"]
            time.sleep(0.01)
        raise TimeoutError("the cluster's controller of Deployments does nothing: look at its log")

    def undo(self, sent, cluster=None):
        """Go back with the learner's code, and return the specification afterwards; its errors are failures.

        The controller's label, which has a check of its own, is left out.
        """
        try:
            releases.undo(cluster or self.cluster)
        except DeploymentError as error:
            raise CheckFailed(
                sent=sent,
                got=f"{type(error).__name__}: {self.words(error)}",
                wanted="no error: there is a release before",
                look_at=PATCH if getattr(error, "status", 0) == 409 else "what was asked for, and of whom",
            ) from None
        spec = self.settled()
        return {**spec, "template": without_hash(spec["template"])}

    def words(self, error) -> str:
        """Return an error's words without what is different each time: addresses, and the name of the namespace."""
        return re.sub(r"https?://\S+/(?=\w+)", "…/", str(error)).replace(self.namespace, "…")

    def shows(self, template) -> str:
        """Say whose template it is."""
        whose = [number for number, had in self.had.items() if had == template]
        return f"the template of release {whose[-1]}" if whose else "a template that no release had"


def differences(one, other, path=""):
    """Return where two values of JSON differ, as paths."""
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = [(f"{path}.{key}".strip("."), one.get(key), other.get(key)) for key in sorted({*one, *other})]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[{number}]", *both) for number, both in enumerate(zip(one, other, strict=True))]
    else:
        return [] if one == other else [path]
    return [where for inside, a, b in pairs for where in differences(a, b, inside)]


def without_hash(template):
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key != releases.HASH}
    return {**template, "metadata": {**template["metadata"], "labels": labels}}


@contextmanager
def own_namespace(core):
    """Make a namespace, which no pod fits into, for as long as the ``with`` block lasts, and give its name."""
    name = f"labs-check-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name, "labels": dict([CHECKS.split("=")])}})
    try:
        quota = {"metadata": {"name": "no-pods"}, "spec": {"hard": {"pods": "0"}}}
        core.create_namespaced_resource_quota(name, quota)
        yield name
    finally:
        core.delete_namespace(name)


@pytest.fixture(scope="module")
def place():
    """A cluster, and a namespace in it for these checks alone."""
    local = local_cluster()
    cluster = WithoutKubectl(local.context, local.server)
    try:
        with own_namespace(cluster.core) as name:
            yield SimpleNamespace(cluster=cluster, namespace=name, numbers=itertools.count(1))
    finally:
        cluster.client.close()


@pytest.fixture
def deployment(place, monkeypatch):
    """A Deployment that has had no release yet; it is the one that the learner's code knows."""
    name = f"prices-{rng().randrange(1000)}-{next(place.numbers)}"
    monkeypatch.setattr(releases, "NAMESPACE", place.namespace)
    monkeypatch.setattr(releases, "NAME", name)
    labels = {"app.kubernetes.io/name": "house-prices", "app.kubernetes.io/instance": name}
    return Deployment(place.cluster, place.namespace, name, labels)


@pytest.mark.task("2.11")
def test_the_release_before(deployment):
    """it goes back to the release before, not to the first one"""
    number = rng().randrange(3, 5)
    for _ in range(number):
        deployment.release()
    spec = deployment.undo(f"undo, after release {number} of {number}")
    expect(
        spec["template"] == deployment.had[number - 1],
        sent=f"undo, after release {number} of {number}",
        got=deployment.shows(spec["template"]),
        wanted=f"the template of release {number - 1}",
        look_at="which of the releases below the present one is chosen, and how much of it is put back",
    )


@pytest.mark.task("2.11")
def test_twice(deployment):
    """two undos lead back to where one was: going back is a release too"""
    for _ in range(3):
        deployment.release()
    first = deployment.undo("undo, after release 3 of 3")["template"]
    second = deployment.undo("undo twice, after release 3 of 3")["template"]
    expect(
        second == deployment.had[3],
        sent="undo twice, after release 3 of 3",
        got=f"first {deployment.shows(first)}, then {deployment.shows(second)}",
        wanted="at the end the template of release 3",
        look_at="what number the release has that was gone back to, and which was the one before it",
    )


@pytest.mark.task("2.11")
def test_numbers(deployment):
    """release 10 comes after release 9"""
    for number in (1, 8, 9, 10):
        deployment.release(number=number)
    # As texts, 9 is not below 10; and of those below 11, where 9 is no more, 8 is the highest.
    for sent, wanted in (
        ("undo of release 10, where those from 2 to 7 have been cleaned up", 9),
        ("undo of release 11, which the undo of 10 has made, and before which there are 1, 8 and 10", 10),
    ):
        template = deployment.undo(sent)["template"]
        expect(
            template == deployment.had[wanted],
            sent=sent,
            got=deployment.shows(template),
            wanted=f"the template of release {wanted}",
            look_at="how the numbers of two releases are compared",
        )


@pytest.mark.task("2.11")
def test_the_whole_template(deployment):
    """all of the template goes back: what was changed beside the image, and what was added"""
    limit = str(rng().randrange(10, 100))

    def first(template) -> None:
        template["metadata"]["annotations"] = {"labs.mlops/image-id": f"sha256:{limit}"}
        template["spec"]["containers"][0]["env"].append({"name": "SERVING_QUEUE_ROWS", "value": limit})

    def second(template) -> None:
        template["metadata"]["annotations"] = {"labs.mlops/image-id": "sha256:0", "labs.mlops/added": "yes"}
        container = template["spec"]["containers"][0]
        container["env"].append({"name": "SERVING_MODEL_DIGEST", "value": "0" * 64})
        container["volumeMounts"] = [{"name": "added", "mountPath": "/added"}]
        template["spec"]["volumes"] = [{"name": "added", "emptyDir": {}}]

    deployment.release(first)
    deployment.release(second)
    template = deployment.undo("undo of a release with another image, environment, annotation and volume")["template"]
    left = differences(deployment.had[1], template)
    expect(
        not left,
        sent="undo of a release with another image, environment, annotation and volume",
        got=f"not gone back: {', '.join(left)}",
        wanted="the template of the release before, whole",
        look_at=PATCH,
    )


@pytest.mark.task("2.11")
def test_what_a_client_does_not_know(deployment):
    """a field that is newer than the `kubernetes` package goes back as well"""
    deployment.release(lambda template: template["spec"].update(securityContext={"supplementalGroupsPolicy": "Strict"}))
    deployment.release()
    template = deployment.undo("undo, to a release with a field that the package's models do not know")["template"]
    left = differences(deployment.had[1], template)
    expect(
        not left,
        sent="undo, to a release with a field that the package's models do not know",
        got=f"it was lost or changed on the way: {', '.join(left)}",
        wanted="the template as the server has it",
        look_at="what a template goes through between the read and the write",
    )


@pytest.mark.task("2.11")
def test_the_label_of_the_controller(deployment):
    """the label of a ReplicaSet's pods does not get into the Deployment"""
    for _ in range(2):
        deployment.release()
    deployment.undo("undo, after release 2 of 2")
    labels = deployment.read()["spec"]["template"]["metadata"]["labels"]
    expect(
        releases.HASH not in labels,
        sent="undo, after release 2 of 2",
        got=f"the Deployment's template has the label {releases.HASH} now",
        wanted="the template as it was released",
        look_at="what of a ReplicaSet's template is not the release's, but the controller's",
    )


@pytest.mark.task("2.11")
def test_neighbours(deployment, place):
    """the releases of others in the same namespace are left out, whatever their names and labels"""
    neighbours = [
        Deployment(place.cluster, place.namespace, f"{deployment.name}-{name}", {**deployment.labels, "track": name})
        for name in ("0", "zz")
    ]
    for each in neighbours:
        for _ in range(2):
            each.release()
    for number in (1, 3):
        deployment.release(number=number)
    sent = (
        "undo of one of three Deployments with names and labels alike, beside a ReplicaSet that nobody owns, and one "
        "that something else of the same name owns"
    )
    with strangers(deployment, place):
        try:
            template = deployment.undo(sent)["template"]
        except (AttributeError, KeyError, TypeError) as error:
            raise CheckFailed(
                sent=sent,
                got=f"{type(error).__name__}: {error}",
                look_at="what a ReplicaSet that nobody owns has instead of a list of owners",
            ) from None
    track = template["metadata"]["labels"].get("track")
    expect(
        template == deployment.had[1],
        sent=sent,
        got=f"the template of a neighbour, of track {track}" if track else deployment.shows(template),
        wanted="its own release before",
        look_at="what a ReplicaSet has to say about whose it is",
    )


@contextmanager
def strangers(deployment, place):
    """Have two more ReplicaSets, with the number between a Deployment's releases 1 and 3, that are not its own.

    One belongs to a ConfigMap: what belongs to a Deployment that is gone, the cluster removes at once.
    """
    core, apps = place.cluster.core, place.cluster.apps
    namesake = core.create_namespaced_config_map(place.namespace, {"metadata": {"name": deployment.name}})
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": deployment.name, "uid": namesake.metadata.uid}
    names = []
    for track, owners in (("nobody", {}), ("namesake", {"ownerReferences": [owner]})):
        template = copy.deepcopy(deployment.had[1])
        template["metadata"]["labels"]["track"] = track
        names.append(f"{deployment.name}-{track}")
        metadata = {"name": names[-1], "annotations": {releases.REVISION: "2"}, **owners}
        selector = {"matchLabels": template["metadata"]["labels"]}
        body = {"metadata": metadata, "spec": {"replicas": 0, "selector": selector, "template": template}}
        apps.create_namespaced_replica_set(place.namespace, body)
    try:
        yield
    finally:
        for name in names:
            apps.delete_namespaced_replica_set(name, place.namespace)


@pytest.mark.task("2.11")
def test_the_number_of_pods(deployment, place):
    """the number of pods stays the autoscaler's, also where it changes between a read and a write"""
    before, meanwhile = rng().sample(range(3, 10), 2)
    for _ in range(2):
        deployment.release()
    deployment.patch("/spec/replicas", before)
    deployment.settled()

    class Busy(WithoutKubectl):
        """A cluster whose autoscaler acts as soon as somebody has read the Deployment."""

        @property
        def apps(self):
            apps = super().apps
            read = apps.read_namespaced_deployment

            def read_and_scale(name, namespace, **options):
                found = read(name, namespace, **options)
                deployment.patch("/spec/replicas", meanwhile)
                return found

            apps.read_namespaced_deployment = read_and_scale
            return apps

    sent = f"undo of a Deployment of {before} pods, which the autoscaler makes {meanwhile} in the meantime"
    was = deployment.settled()
    busy = Busy(place.cluster.context, place.cluster.server)
    try:
        spec = deployment.undo(sent, busy)
    finally:
        busy.client.close()
        deployment.patch("/spec/replicas", 0)
    changed = [where for where in differences(was, spec) if not where.startswith(("template", "replicas"))]
    number = spec.get("replicas")
    expect(
        number == meanwhile and not changed,
        sent=sent,
        got=f"{number} pods" + (f", and changed: {', '.join(changed)}" if changed else ""),
        wanted=f"{meanwhile} pods, and nothing changed but the template",
        look_at="what the patch sends beside the template",
    )


@pytest.mark.task("2.11")
def test_nothing_before(deployment):
    """with no release before it, a DeploymentError says what to do, and nothing is changed"""
    deployment.release()
    sent = "undo of a Deployment that has had one release"
    got = "no error"
    try:
        releases.undo(deployment.cluster)
    except DeploymentError as error:
        lines = str(error).splitlines()
        got = "" if len(lines) == 2 else f"DeploymentError with {len(lines)} lines: {deployment.words(error)}"
    except (CheckFailed, NotImplementedError):
        raise
    except Exception as error:
        got = f"{type(error).__name__}: {error}"
    expect(
        not got,
        sent=sent,
        got=got,
        wanted="DeploymentError, with a second line that says what to do",
        look_at="what happens when no release is below the present one",
    )
    template = deployment.settled()["template"]
    expect(
        template == deployment.had[1],
        sent=sent,
        got=f"the template was changed: {', '.join(differences(deployment.had[1], template))}",
        wanted="nothing is changed",
        look_at="what happens before the error is raised",
    )
