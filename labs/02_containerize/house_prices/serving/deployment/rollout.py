"""Wait until a cluster runs what it was told to run, and say why if it does not."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.manifests import NAME, NAMESPACE, SELECTOR

Tell = Callable[[str], None]

SECONDS_UNTIL_A_STALL = 10.0


class RolloutStalled(DeploymentError):
    """A rollout did not come to its end; the message says what the cluster says about it."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a rollout has come, in pods.

    Attributes
    ----------
    wanted : that there are to be in the end.
    updated : that run, or try to run, the new release.
    available : that are ready, of either release.
    old : of an earlier release that are still there.
    seen : whether the controller has read the last change yet; before, the other numbers are those of the time before.
    given_up : the controller's own deadline has passed.
    """

    wanted: int
    updated: int
    available: int
    old: int
    seen: bool
    given_up: bool

    @property
    def done(self) -> bool:
        return self.seen and self.updated >= self.wanted and self.old == 0 and self.available >= self.updated

    def __str__(self) -> str:
        if not self.seen:
            return "waiting for the controller"
        old = f", {self.old} of the old release left" if self.old else ""
        return f"{self.updated} of {self.wanted} pods of this release there, {self.available} ready in all{old}"


def look(cluster: Cluster) -> Rollout:
    """Return how far the Deployment's rollout has come.

    Raises
    ------
    NotRun : there is no Deployment.
    """
    from house_prices.serving.deployment.api import Refused

    try:
        deployment = cluster.apps.read_namespaced_deployment(NAME, NAMESPACE)
    except Refused as error:
        if error.status == 404:
            raise NotRun(f"nothing is deployed to {cluster.context}", "labs deploy") from error
        raise
    status = deployment.status
    scaler = cluster.autoscaling.read_namespaced_horizontal_pod_autoscaler(NAME, NAMESPACE)
    conditions = {each.type: each for each in status.conditions or []}
    progressing = conditions.get("Progressing")
    updated = status.updated_replicas or 0
    return Rollout(
        wanted=max(deployment.spec.replicas, scaler.spec.min_replicas),
        updated=updated,
        available=status.available_replicas or 0,
        old=(status.replicas or 0) - updated,
        seen=(status.observed_generation or 0) >= deployment.metadata.generation,
        given_up=progressing is not None and progressing.reason == "ProgressDeadlineExceeded",
    )


def wait_for_rollout(cluster: Cluster, tell: Tell, *, seconds: float = 180.0) -> None:
    """Wait until all pods run the newest release and are ready.

    Parameters
    ----------
    tell : gets a line whenever something has changed, and the reasons when nothing has for a while.
    seconds : how long to wait at most.

    Raises
    ------
    RolloutStalled : the controller has given up, or the time is over.
    """
    end = time.monotonic() + seconds
    last, changed = "", time.monotonic()
    explained: set[str] = set()
    while True:
        rollout = look(cluster)
        if rollout.done:
            tell(f"{rollout.available} of {rollout.wanted} pods are ready")
            return
        now = time.monotonic()
        if str(rollout) != last:
            last, changed = str(rollout), now
            tell(last)
        if (rollout.seen and rollout.given_up) or now > end:
            reasons = "\n  ".join(explain(cluster)) or "the cluster gives no reason"
            raise RolloutStalled(f"the rollout stalled with {last}:\n  {reasons}")
        if now - changed > SECONDS_UNTIL_A_STALL:
            for line in explain(cluster):
                if line not in explained:
                    explained.add(line)
                    tell(line)
        time.sleep(0.5)


def explain(cluster: Cluster) -> list[str]:
    """Return a line for everything that keeps a pod from being ready: what one would look up in events and logs."""
    deployment = cluster.apps.read_namespaced_deployment(NAME, NAMESPACE)
    lines = [
        f"the Deployment: {each.message}"
        for each in deployment.status.conditions or []
        if each.type == "ReplicaFailure" and each.status == "True"
    ]
    for pod in cluster.core.list_namespaced_pod(NAMESPACE, label_selector=SELECTOR).items:
        if pod.metadata.deletion_timestamp is None and not is_ready(pod):
            lines += [f"pod {pod.metadata.name}: {reason}" for reason in _reasons(cluster, pod)]
    return lines


def is_ready(pod: Any) -> bool:
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])


def _reasons(cluster: Cluster, pod: Any) -> list[str]:
    reasons = [
        f"is on no node: {each.message}"
        for each in pod.status.conditions or []
        if each.type == "PodScheduled" and each.status == "False"
    ]
    for container in pod.status.container_statuses or []:
        waiting, ended = container.state.waiting, container.last_state.terminated or container.state.terminated
        if waiting and waiting.reason not in ("ContainerCreating", "PodInitializing"):
            reasons.append(f"{waiting.reason}: {waiting.message or 'no more is said'}")
        if ended:
            said = gravest(_log(cluster, pod))
            words = f"; its log says: {said}" if said else ""
            reasons.append(f"ended with code {ended.exit_code} ({ended.reason}){words}")
    return reasons + _warnings(cluster, pod)


def gravest(log: str) -> str:
    """Return the first of the gravest messages in a log of JSON lines; of any other log, the last line."""
    levels = logging.getLevelNamesMapping()
    lines = [line for line in log.splitlines() if line.strip()]
    try:
        told: list[dict[str, str]] = [json.loads(line) for line in lines]
        return max(told, key=lambda each: levels[each["level"]])["message"]
    except (ValueError, KeyError, TypeError):
        return lines[-1] if lines else ""


# Between two containers of a pod, the kubelet answers with what it has not found, as if that were the log.
_KUBELETS_OWN = ("failed to try resolving symlinks", "unable to retrieve container logs")


def _log(cluster: Cluster, pod: Any) -> str:
    """Return the end of the log of a pod's container that has ended; nothing if it is gone."""
    from house_prices.serving.deployment.api import Refused

    read = partial(cluster.core.read_namespaced_pod_log, pod.metadata.name, NAMESPACE, tail_lines=20)
    for previous in (True, False):
        try:
            # The client would make a Python object of what looks like JSON.
            answer = read(previous=previous, _preload_content=False)
        except Refused:  # there is no earlier container, or its log is gone
            continue
        text: str = answer.data.decode(errors="replace")
        return "" if text.startswith(_KUBELETS_OWN) else text
    return ""


def _warnings(cluster: Cluster, pod: Any) -> list[str]:
    """Return the last warning of each kind; a crash is told by the container's state, and better."""
    events = cluster.core.list_namespaced_event(
        NAMESPACE, field_selector=f"involvedObject.uid={pod.metadata.uid},type=Warning"
    ).items
    events.sort(key=lambda event: event.last_timestamp or event.metadata.creation_timestamp)
    last = {event.reason: event.message for event in events if event.reason != "BackOff"}
    return [f"{reason}: {message}" for reason, message in last.items()]
