"""Task 2.8: what the probes would make a kubelet do, and what the node keeps free for a pod.

The probes and their numbers come from the API server, defaults and all, and the service's own code answers them, in
each of the states that a process can be in. While it loads its model it has a listener, and nobody answers there.
"""

from types import SimpleNamespace

import pytest
from kubernetes.utils.quantity import parse_quantity
from werkzeug.test import Client

from house_prices.serving.health import STALLED, Health, Verdict
from house_prices.serving.probes import probes_app
from house_prices.serving.settings import Settings
from labkit.checks import CheckFailed, expect

LOADING, LOADED, SILENT, OUT, KILLED = 30, 30, 15, 10, 120  # seconds, as in the specification
USED, LEAST_LIMIT, MOST_LIMIT = (parse_quantity(amount) for amount in ("140Mi", "320Mi", "1Gi"))
LEAST_CPU, MOST_CPU = parse_quantity("50m"), parse_quantity("1")
LOADS = 2  # seconds that the model takes by itself
NO_READINESS = "there is no readinessProbe, so nobody asks whether it should"
NO_LIVENESS = "there is no livenessProbe, so nobody asks whether it lives"
NOT_ASKED = {
    "tcpSocket": "a tcpSocket probe: the port is open before the model is loaded, and when the loop has stalled",
    "exec": "an exec probe: a program that is started beside the service says nothing of the process with the model",
    "grpc": "a grpc probe: the service speaks HTTP there",
}


class Probe:
    """A probe of the container, and the times that a kubelet takes to act on it."""

    def __init__(self, kind, numbers) -> None:
        self.kind, self.name, self.path = kind, f"{kind}Probe", numbers["httpGet"]["path"]
        self.delay = numbers.get("initialDelaySeconds", 0)
        self.period, self.timeout = numbers["periodSeconds"], numbers["timeoutSeconds"]
        self.noes, self.yeses = numbers["failureThreshold"], numbers["successThreshold"]

    @property
    def soonest(self) -> int:
        """Seconds of silence after which the kubelet acts, if its first question comes with their beginning."""
        return (self.noes - 1) * self.period + self.timeout

    def latest(self, *, silent) -> int:
        """Seconds after which it acts if the answer is no, or none, and it asked for the last time just before."""
        return self.noes * self.period + (self.timeout if silent else 0)

    def ask(self, health) -> SimpleNamespace:
        answer = Client(probes_app(health)).get(self.path)
        said = f"{self.name} asks {self.path} and gets {answer.status_code} ({answer.text.strip()})"
        return SimpleNamespace(yes=200 <= answer.status_code < 400, said=said)


@pytest.fixture(scope="session")
def container(understood):
    spec = understood("Deployment", "deployment.yaml")["spec"]["template"]["spec"]
    return next(each for each in spec["containers"] if each["name"] == "serving")


@pytest.fixture(scope="session")
def probes(container):
    """The container's probes by their kind, None where there is none; all of them ask where somebody can answer."""
    found = {}
    for kind in ("startup", "readiness", "liveness"):
        numbers = container.get(f"{kind}Probe")
        if numbers:
            asks_the_service(f"{kind}Probe", numbers, container)
        found[kind] = Probe(kind, numbers) if numbers else None
    return SimpleNamespace(**found)


def asks_the_service(name, numbers, container) -> None:
    for action, why in NOT_ASKED.items():
        if action in numbers:
            raise CheckFailed(sent=name, got=why, look_at="what kinds of question a kubelet can ask")
    action, ports = numbers["httpGet"], {each.get("name"): each["containerPort"] for each in container["ports"]}
    port = ports.get(action["port"], action["port"])
    if port not in ports.values():
        got = f"it asks port {port}, and the container has none of that name or number"
    elif port != Settings.model_fields["probe_port"].default:
        got = f"it asks port {port}, behind the requests that wait: under overload a busy pod looks like a dead one"
    elif "host" in action:
        got = f"it asks {action['host']}, whichever pod that is"
    elif action["scheme"] != "HTTP":
        got = f"it speaks {action['scheme']}, and the service does not"
    elif (answer := Client(probes_app(Health())).get(action["path"])).status_code == 404:
        got = f"it asks {action['path']}, and there is no such question: {answer.text.strip()}"
    else:
        return
    wanted = "one of three questions, over HTTP, at the port of the probes"
    raise CheckFailed(sent=name, got=got, wanted=wanted, look_at="the container's ports, and probes.py")


def health(*, leaving=False, stalled=False):
    """Return the health of a process that has loaded its model."""
    found = Health(leaving=lambda: leaving)
    found.loaded = True
    if stalled:
        found._last_turn -= 10 * STALLED
    return found


def lives(probe, state, sent) -> None:
    if probe:
        answer = probe.ask(state)
        expect(
            answer.yes,
            sent=sent,
            got=f"{answer.said}: killed after {probe.latest(silent=False)} s",
            wanted="not killed",
            look_at="which of the three questions each probe asks",
        )


def gets_no_more_requests(probe, state, sent) -> None:
    if not probe:
        raise CheckFailed(sent=sent, got=f"it still gets requests: {NO_READINESS}", look_at="the probes")
    answer = probe.ask(state)
    expect(
        not answer.yes,
        sent=sent,
        got=f"it still gets requests: {answer.said}",
        wanted=f"no request after {OUT} s",
        look_at="which of the three questions each probe asks",
    )
    expect(
        probe.latest(silent=False) <= OUT,
        sent=sent,
        got=f"{answer.said}; it gets requests for up to {probe.latest(silent=False)} s more, "
        f"until {probe.noes} of these came {probe.period} s apart",
        wanted=f"no request after {OUT} s",
        look_at=f"the numbers of the {probe.name}",
    )


@pytest.mark.task("2.8")
def test_a_question_goes_to_the_service(probes):
    """each probe asks the service itself, at the port that is there for probes alone"""
    expect(
        any((probes.startup, probes.readiness, probes.liveness)),
        sent="the container",
        got="no probe",
        wanted="probes",
        look_at="what a kubelet knows of a pod that it asks nothing",
    )


@pytest.mark.task("2.8")
def test_a_pod_that_loads_is_waited_for(probes):
    """a pod that loads its model for 30 s is not killed, gets no request, and is only asked whether it has started"""
    sent = f"a pod that loads its model for {LOADING} s, and answers nobody meanwhile"
    if not probes.startup:
        if live := probes.liveness:
            why = (
                f"livenessProbe asks from {live.delay} s on, and may have it killed after {live.delay + live.soonest} s"
            )
        elif ready := probes.readiness:
            why = f"readinessProbe asks from {ready.delay} s on"
        else:
            why = "it gets requests at once"
        raise CheckFailed(
            sent=sent,
            got=f"there is no startupProbe: {why}",
            wanted="until it has started, however long that takes, nobody asks anything else",
            look_at="what holds the other probes back",
        )
    # A pod that loads answers nobody, so only of one that has not started and answers can one tell what it was asked.
    asked = probes.startup.ask(SimpleNamespace(answer=lambda question: Verdict(question != "startup", question)))
    expect(
        not asked.yes,
        sent="a pod that says no to the question whether it has started, and yes to the other two",
        got=f"it is taken for started: {asked.said}",
        wanted="it is asked again whether it has started",
        look_at="which of the three questions each probe asks",
    )
    # Of a container that was started again, the first question may come at once; and before it listens, so does the no.
    startup = probes.startup
    until = startup.delay + (startup.noes - 1) * startup.period
    expect(
        until > LOADING,
        sent=sent,
        got=f"after a restart, startupProbe may have it killed after {until} s: failureThreshold {startup.noes}, "
        f"periodSeconds {startup.period}",
        wanted=f"not killed in the first {LOADING} s",
        look_at="how much time lies between the first of so many noes and the last",
    )


@pytest.mark.task("2.8")
def test_a_pod_that_serves_gets_requests(probes):
    """a pod that serves is not killed, and gets requests within 30 s of having loaded"""
    state, sent = health(), f"a pod that has loaded its model in {LOADS} s, and serves"
    lives(probes.startup, state, sent)
    lives(probes.liveness, state, sent)
    time = LOADS
    if startup := probes.startup:
        time = max(time, startup.delay) + startup.period
    if ready := probes.readiness:
        answer = ready.ask(state)
        expect(
            answer.yes,
            sent=sent,
            got=f"it gets no request: {answer.said}",
            wanted="requests",
            look_at="which of the three questions each probe asks",
        )
        time = max(time, ready.delay) + (ready.yeses - 1) * ready.period
    expect(
        time - LOADS <= LOADED,
        sent=sent,
        got=f"its first request may come {time - LOADS} s after that",
        wanted=f"{LOADED} s at most: a rollout waits for each pod",
        look_at="initialDelaySeconds, periodSeconds and successThreshold of the startupProbe and the readinessProbe",
    )


@pytest.mark.task("2.8")
def test_a_pod_that_is_busy_is_not_killed(probes):
    """a pod that is too busy to answer a probe for 15 s is not killed for it"""
    live = probes.liveness
    expect(
        live is None or live.soonest >= SILENT,
        sent=f"a pod that is busy, so that no probe is answered for {SILENT} s",
        got=live
        and f"killed after {live.soonest} s: failureThreshold {live.noes}, periodSeconds {live.period}, "
        f"timeoutSeconds {live.timeout}",
        wanted=f"not killed before {SILENT} s",
        look_at="the numbers of the livenessProbe, and what a restart does to a pod that is busy",
    )


@pytest.mark.task("2.8")
def test_a_pod_that_leaves_is_left_alone(probes):
    """a pod whose process was told to end gets no more requests after 10 s, and is not killed"""
    state, sent = (
        health(leaving=True),
        "a pod whose process got SIGTERM, and not from the kubelet; it finishes what it has",
    )
    lives(probes.liveness, state, sent)
    gets_no_more_requests(probes.readiness, state, sent)


@pytest.mark.task("2.8")
def test_a_pod_that_stalls_is_killed(probes):
    """a pod whose loop has stalled gets no more requests after 10 s, and is killed within 2 minutes"""
    state, sent = health(stalled=True), "a pod whose loop has stalled"
    gets_no_more_requests(probes.readiness, state, sent)
    live = probes.liveness
    if not live:
        raise CheckFailed(sent=sent, got=f"it stays for ever: {NO_LIVENESS}", look_at="the probes")
    answer = live.ask(state)
    expect(
        not answer.yes,
        sent=sent,
        got=f"it stays for ever: {answer.said}",
        wanted=f"killed within {KILLED} s",
        look_at="which of the three questions each probe asks",
    )
    latest = live.delay + live.latest(silent=True)
    expect(
        latest <= KILLED,
        sent=sent,
        got=f"killed after up to {latest} s",
        wanted=f"within {KILLED} s",
        look_at="the numbers of the livenessProbe, its initialDelaySeconds too",
    )


@pytest.mark.task("2.8")
def test_the_pod_asks_for_cpu(container):
    """the pod asks for some CPU: nodes are chosen and the autoscaler counts by it"""
    request, _, words = asked_for(container, "cpu")
    expect(
        request is not None and LEAST_CPU <= request <= MOST_CPU,
        sent="the CPU that a pod asks for",
        got=words,
        wanted="a request from 50m to 1",
        look_at="requests, and limits, which are another thing",
    )


@pytest.mark.task("2.8")
def test_the_pod_asks_for_the_memory_that_it_uses(container):
    """the pod asks for the memory that it uses, 140Mi: a node gives away what nobody has asked for"""
    request, _, words = asked_for(container, "memory")
    expect(
        request is not None and request >= USED,
        sent="the memory that a pod asks for",
        got=words,
        wanted="a request of what it uses, at least",
        look_at="what it uses, and what the request says",
    )


@pytest.mark.task("2.8")
def test_the_memory_has_a_limit(container):
    """the pod's memory ends somewhere from 320Mi to 1Gi, and not at the cost of its neighbours"""
    _, limit, _ = asked_for(container, "memory")
    amount = amount_of(container, "limits", "memory")
    expect(
        limit is not None and LEAST_LIMIT <= limit <= MOST_LIMIT,
        sent="a pod that uses more and more memory",
        got=f"it is ended at {shown(amount)}" if amount else "no limit: it takes the node's",
        wanted="a limit from 320Mi to 1Gi",
        look_at="limits, and what a flood of large requests takes",
    )


def asked_for(container, resource):
    """Return the request, the limit and the request in words; where only a limit is given, it is the request too."""
    request, limit = (amount_of(container, kind, resource) for kind in ("requests", "limits"))
    if request:
        words = f"a request of {shown(request) if resource == 'memory' else request}"
    else:
        words = f"no request, so the limit stands in for it: {limit}" if limit else "no request, and no limit"
    return *(parse_quantity(each) if each else None for each in (request or limit, limit)), words


def shown(amount) -> str:
    return f"{amount}, where m is for milli: not even a byte" if amount.endswith("m") else amount


def amount_of(container, kind, resource):
    return container.get("resources", {}).get(kind, {}).get(resource, "")
