"""Task 2.9: what becomes of requests while pods are replaced, by what the API server makes of a manifest."""

import math
import re
import shlex

import pytest

from house_prices.serving.settings import Settings
from labkit.checks import CheckFailed, expect

REPLICAS = range(2, 21)  # as few and as many as an autoscaler may have, by task 2.10
LEAST_PAUSE, MOST_PAUSE, LONGEST = 3, 30, 120  # seconds, as in the specification
PAUSE = f"from {LEAST_PAUSE} to {MOST_PAUSE} s"
DELETED = "the deletion of a pod that serves"
BEFORE = "what a kubelet does before it sends SIGTERM"
AFTER_GRACE = 2  # seconds until gunicorn kills a worker that is still there


@pytest.fixture(scope="session")
def deployment(understood):
    return understood("Deployment", "deployment.yaml")["spec"]


@pytest.fixture(scope="session")
def container(deployment):
    return next(each for each in deployment["template"]["spec"]["containers"] if each["name"] == "serving")


@pytest.fixture(scope="session")
def pause(container):
    """Seconds between the deletion of a pod and SIGTERM, and what makes them, in words."""
    hook = container.get("lifecycle", {}).get("preStop", {})
    if "exec" in hook:
        return seconds_of(hook["exec"]["command"])
    if "sleep" in hook:
        return hook["sleep"]["seconds"], f"a preStop that sleeps for {hook['sleep']['seconds']} s"
    if hook:
        return 0, f"a preStop of {', '.join(hook)}, which is over at once"
    raise CheckFailed(sent=DELETED, got="SIGTERM after 0 s: no preStop", wanted=PAUSE, look_at=BEFORE)


def seconds_of(command):
    program, *arguments = command
    runs = f"a preStop that runs {shlex.join(command)}"
    if re.search(r"\s", program):
        return 0, f"{runs}: there is no program of that name, so it fails at once"
    words = " ".join(arguments[-1].split() if arguments[:1] == ["-c"] else command)
    if slept := re.match(r"(?:exec )?(?:\S*/)?sleep (\d+(?:\.\d+)?)s?\b", words):
        return float(slept[1]), runs
    if words.startswith("kill "):
        return 0, f"{runs}, so it is the hook that sends it"
    raise CheckFailed(
        sent=DELETED,
        got=f"{runs}: this check cannot tell how long that takes",
        wanted="sleep, or exec with a command that begins with sleep N",
        look_at="kubectl explain pod.spec.containers.lifecycle.preStop",
    )


def missing(strategy, replicas):
    """Return how many pods of so many a replacement may do without, and how the controller comes to that."""
    kind, numbers = strategy["type"], strategy.get("rollingUpdate", {})
    if kind == "Recreate":
        return replicas, "all are ended before the first new one is started (Recreate)"
    may_be_missing, beyond = numbers["maxUnavailable"], numbers["maxSurge"]
    unavailable = share(may_be_missing, replicas, math.floor)
    if not unavailable and not share(beyond, replicas, math.ceil):
        words = (
            f"maxUnavailable {may_be_missing} and maxSurge {beyond} come to nothing, so the controller takes one away"
        )
        return 1, words
    rounded = "" if unavailable == may_be_missing else f", which is {unavailable} of {replicas}"
    return min(unavailable, replicas), f"maxUnavailable {may_be_missing}{rounded}"


def share(number, replicas, rounded):
    return rounded(replicas * int(number.rstrip("%")) / 100) if isinstance(number, str) else number


@pytest.mark.task("2.9")
def test_no_pod_is_missing_meanwhile(deployment):
    """while pods are replaced, as many serve as before"""
    for replicas in REPLICAS:
        gone, why = missing(deployment["strategy"], replicas)
        expect(
            gone == 0,
            sent=f"a release, with {replicas} pods that serve",
            got=f"{replicas - gone} for a while: {why}",
            wanted=f"{replicas} all the time",
            look_at="what a rolling update does first, and what it needs to do so",
        )


@pytest.mark.task("2.9")
def test_it_serves_until_the_nodes_have_heard(pause):
    """a pod that is told to go serves until every node has heard of it, and only then gets SIGTERM"""
    seconds, words = pause
    expect(
        LEAST_PAUSE <= seconds <= MOST_PAUSE,
        sent=DELETED,
        got=f"SIGTERM after {seconds:g} s: {words}",
        wanted=PAUSE,
        look_at=BEFORE,
    )


@pytest.mark.task("2.9")
def test_it_may_finish(deployment, container, pause):
    """a pod is killed only when all that it may take to leave is over, and then soon"""
    grace = deployment["template"]["spec"]["terminationGracePeriodSeconds"]
    takes = pause[0] + its_own_grace(container) + AFTER_GRACE
    sent = "the deletion of a pod with a request that does not end"
    look_at = "from when a kubelet counts the grace period, and what has to fit into it"
    if grace <= takes:
        got = f"killed after {grace} s, while its last requests are under way: it may take {takes:g} s to leave"
        raise CheckFailed(sent=sent, got=got, wanted="killed later than that", look_at=look_at)
    expect(
        grace <= LONGEST,
        sent=sent,
        got=f"killed after {grace} s: a drain of its node waits for that",
        wanted=f"killed after {LONGEST} s at most",
        look_at=look_at,
    )


def its_own_grace(container) -> float:
    setting = {each["name"]: each.get("value", "") for each in container.get("env", ())}
    return float(setting.get("SERVING_GRACE_SECONDS") or Settings.model_fields["grace_seconds"].default)
