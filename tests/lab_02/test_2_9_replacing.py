"""Task 2.9: what becomes of requests while pods are replaced, by what the API server makes of a manifest."""

import math
import re
import shlex

import pytest

from house_prices.serving.settings import Settings
from labkit.checks import CheckFailed, expect

REPLICAS = range(2, 7)
LEAST_PAUSE, MOST_PAUSE, LONGEST = 3, 30, 120  # seconds, as in the specification
AFTER_GRACE = 2  # seconds until gunicorn kills a worker that is still there


@pytest.fixture(scope="session")
def deployment(understood):
    return understood("Deployment", "deployment.yaml")["spec"]


@pytest.fixture(scope="session")
def container(deployment):
    return next(each for each in deployment["template"]["spec"]["containers"] if each["name"] == "serving")


@pytest.fixture(scope="session")
def pause(container):
    """Seconds between the word to go and SIGTERM, and what makes them, in words."""
    return seconds_of(container.get("lifecycle", {}).get("preStop", {}))


def seconds_of(hook):
    if "sleep" in hook:
        return hook["sleep"]["seconds"], f"a preStop that sleeps for {hook['sleep']['seconds']} s"
    if "exec" in hook:
        program, *arguments = hook["exec"]["command"]
        runs = f"a preStop that runs {shlex.join(hook['exec']['command'])}"
        if re.search(r"\s", program):
            return 0, f"{runs}: there is no program of that name, so it fails at once"
        words = arguments[-1].split() if arguments[:1] == ["-c"] else [program, *arguments]
        slept = re.match(r"(?:exec )?(?:\S*/)?sleep (\d+(?:\.\d+)?)s?\b", " ".join(words))
        return (float(slept[1]), runs) if slept else (0, f"{runs}, which does not begin with a sleep")
    if hook:
        return 0, f"a preStop of {', '.join(hook)}, which is over at once"
    return 0, "no preStop"


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
        sent="the word to go, to a pod that serves",
        got=f"SIGTERM after {seconds:g} s: {words}",
        wanted=f"from {LEAST_PAUSE} to {MOST_PAUSE} s",
        look_at="what a kubelet does before it sends SIGTERM",
    )


@pytest.mark.task("2.9")
def test_it_may_finish(deployment, container, pause):
    """a pod is killed only when all that it may take to leave is over, and then soon"""
    grace = deployment["template"]["spec"]["terminationGracePeriodSeconds"]
    takes = pause[0] + its_own_grace(container) + AFTER_GRACE
    sent = "the word to go, to a pod with a request that does not end"
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
