"""What happens to a service in a year, in a few minutes and under load: and what its callers notice of it.

Every drill leaves the service as it was before, but for `roll_out`, whose way back is `undo`. Half of the load comes
over a new connection for each request, half over connections that are kept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from house_prices.serving.deployment import pods, releases, scaling
from house_prices.serving.deployment.context import Cluster
from house_prices.serving.deployment.errors import DeploymentError, NotRun
from house_prices.serving.deployment.load import Counts, Load
from house_prices.serving.deployment.rollout import Tell, explain, wait_for_rollout

LONGEST = 1_800.0
"""Seconds of load in one drill, at most."""


@dataclass(frozen=True, slots=True)
class Drill:
    """What became of a drill.

    Attributes
    ----------
    what : was done.
    seconds : it took.
    new, kept : what became of the requests over new and over kept connections.
    seen : lines about what was seen on the way.
    """

    what: str
    seconds: float
    new: Counts
    kept: Counts
    seen: tuple[str, ...] = ()

    @property
    def failed(self) -> int:
        return len(self.new.failed) + len(self.kept.failed)


@dataclass(frozen=True)
class Drills:
    """The drills for one service.

    Parameters
    ----------
    cluster : it runs there, deployed and ready.
    url : it answers there.
    tell : gets a line whenever something has changed.
    rate : requests a second.
    """

    cluster: Cluster
    url: str
    tell: Tell
    rate: float = 200.0

    def roll_out(self, image: str, *, times: int = 1) -> Drill:
        """Release an image that the nodes have; after the first of several ``times``, the same one with new pods."""

        def act() -> None:
            releases.release(self.cluster, image)
            self._wait()
            for number in range(2, times + 1):
                self.tell(f"replacement {number} of {times}")
                releases.restart(self.cluster)
                self._wait()

        return self._under_load(f"roll out {image}" + (f", {times} times" if times > 1 else ""), act)

    def undo(self) -> Drill:
        """Go back to the release before."""

        def act() -> None:
            releases.undo(self.cluster)
            self._wait()

        return self._under_load("undo the release", act)

    def scale(self, least: int) -> Drill:
        """Ask for more pods than there are, and then for as many as before."""
        before = scaling.least(self.cluster)

        def act() -> None:
            scaling.scale(self.cluster, least)
            self._wait()
            scaling.scale(self.cluster, before)

        return self._under_load(f"scale to {least} pods", act)

    def break_release(self) -> Drill:
        """Release what cannot start, find out from the cluster why it does not, and undo it.

        The last line that was seen says whether a broken pod ever got traffic.
        """
        seen: list[str] = []

        def act() -> None:
            known = {pod.release for pod in pods.pods(self.cluster)}
            trafficked: set[str] = set()

            def has_told_why() -> bool:
                trafficked.update(pods.pods_with_traffic(self.cluster))
                seen[:] = explain(self.cluster)
                return any("its log says" in line for line in seen)

            releases.release_broken(self.cluster)
            try:
                pods.wait_until(has_told_why, "the broken release fails")
                broken = {pod.name for pod in pods.pods(self.cluster) if pod.release not in known}
            finally:
                releases.undo(self.cluster)
            for line in seen:
                self.tell(line)
            got = sorted(broken & trafficked)
            seen.append(f"traffic went to broken pods: {', '.join(got)}" if got else "no traffic went to a broken pod")
            self._wait()

        drill = self._under_load("release what is broken, and undo it", act)
        return Drill(drill.what, drill.seconds, drill.new, drill.kept, tuple(seen))

    def kill_pod(self) -> Drill:
        """Delete the oldest pod, and wait for the one that takes its place."""

        def act() -> None:
            pods.kill(self.cluster, pods.pods(self.cluster)[0])
            pods.wait_until_gone(self.cluster)
            self._wait()

        return self._under_load("kill a pod", act)

    def drain_node(self) -> Drill:
        """Have the service leave the node of its oldest pod, and let it come back.

        Raises
        ------
        NotRun : it could not go anywhere, as there is one node only.
        """
        if len(self.cluster.core.list_node().items) < 2:
            raise NotRun("a drain needs two nodes", "minikube node add")
        node = pods.pods(self.cluster)[0].node

        def act() -> None:
            try:
                pods.drain(self.cluster, node)
                self._wait()
            finally:
                pods.uncordon(self.cluster, node)

        return self._under_load(f"drain the node {node}", act)

    def scale_with_load(self, pods_wanted: int, *, rate: float, houses: int, seconds: float = 120.0) -> Drill:
        """Ask for so many prices that the autoscaler makes more pods, and see it take them away again.

        Parameters
        ----------
        rate, houses : so many requests a second for so many houses each, beside the usual load.
        seconds : the time that it has for each direction.

        Raises
        ------
        NotRun : the cluster has no metrics.
        """
        scaling.require_metrics(self.cluster)
        before = scaling.least(self.cluster)
        seen: list[str] = []

        def act() -> None:
            with Load(self.url, rate=rate, houses=houses, at_most=seconds) as rush:
                up = pods.wait_until(
                    lambda: scaling.replicas(self.cluster) >= pods_wanted, "the autoscaler adds pods", seconds=seconds
                )
                self._wait()
            seen.append(f"{pods_wanted} pods after {up:.0f} s of requests for {houses} houses each")
            seen.append(str(rush.counts()))
            down = pods.wait_until(
                lambda: scaling.replicas(self.cluster) <= before, "the autoscaler takes pods away", seconds=seconds
            )
            seen.append(f"{before} pods again {down:.0f} s after that")

        drill = self._under_load(f"scale to {pods_wanted} pods with the load", act)
        return Drill(drill.what, drill.seconds, drill.new, drill.kept, tuple(seen))

    def _wait(self) -> None:
        wait_for_rollout(self.cluster, self.tell)

    def _under_load(self, what: str, act: Callable[[], None]) -> Drill:
        self.tell(f"{what}, at {self.rate:g} requests a second")
        start = time.monotonic()
        half = self.rate / 2
        with (
            Load(self.url, rate=half, at_most=LONGEST) as new,
            Load(self.url, rate=half, at_most=LONGEST, kept_alive=True) as kept,
        ):
            time.sleep(1)
            act()
            pods.wait_until_gone(self.cluster)
        if time.monotonic() - start > LONGEST:
            raise DeploymentError(f"{what}: took longer than the load, which ends after {LONGEST:g} s")
        return Drill(what, time.monotonic() - start, new.counts(), kept.counts())
