"""Task 2.10: how many pods there are, and how many may go at once, as the controllers work it out.

The objects come from the API server, defaults and all. What becomes of them under a load, and in a drain, is what the
controllers' own rules make of their numbers.
"""

import math
from types import SimpleNamespace

import pytest
from kubernetes.utils.quantity import parse_quantity

from labkit.checks import CheckFailed, expect, rng

FILE = "availability.yaml"
TOLERANCE = 0.1  # a ratio so close to 1 changes nothing
MEMORY = parse_quantity("140Mi")  # that a pod uses, whatever the load
# CPU that a pod uses, as a multiple of what it asks for.
RUSH, USUAL, NIGHT = 4, 0.5, 0.02
STRANGERS = (
    {"app.kubernetes.io/name": "another", "app.kubernetes.io/component": "tracking"},
    {"app.kubernetes.io/name": "another", "app.kubernetes.io/component": "serving"},
)


@pytest.fixture(scope="session")
def template(understood):
    return understood("Deployment", "deployment.yaml")["spec"]["template"]


@pytest.fixture(scope="session")
def scaler(understood):
    return understood("HorizontalPodAutoscaler", FILE)["spec"]


@pytest.fixture(scope="session")
def budget(understood):
    return understood("PodDisruptionBudget", FILE)["spec"]


class Pod:
    """What a pod of the Deployment asks for, and may use: where only a limit is given, it is the request too."""

    def __init__(self, template) -> None:
        container = next(each for each in template["spec"]["containers"] if each["name"] == "serving")
        resources = container["resources"]
        self._limits = resources.get("limits", {})
        self._requests = self._limits | resources.get("requests", {})

    def asks_for(self, resource):
        return parse_quantity(self._requests[resource])

    def uses(self, resource, load):
        """Return what it uses of a resource when requests want a multiple of the CPU that it asks for."""
        if resource == "memory":
            return MEMORY
        wanted = self.asks_for("cpu") * parse_quantity(str(load))
        return min(wanted, parse_quantity(self._limits["cpu"])) if "cpu" in self._limits else wanted


class Autoscaler:
    """The controller: how many pods it wants, from what the pods use."""

    def __init__(self, spec, pod) -> None:
        self.least, self.most = spec.get("minReplicas", 1), spec["maxReplicas"]
        self._metrics, self._pod = spec.get("metrics") or [], pod
        behavior = spec.get("behavior", {})
        self._adds, self._takes = (
            behavior.get(direction, {}).get("selectPolicy") != "Disabled" for direction in ("scaleUp", "scaleDown")
        )

    def after_a_while(self, replicas, load):
        """Return how many pods there are in the end if each goes on using as much, and why so many."""
        for _ in range(20):
            wanted, why = self.wants(replicas, load)
            if wanted == replicas:
                break
            replicas = wanted
        return replicas, why

    def wants(self, replicas, load):
        wanted, why = max((self._by(metric, replicas, load) for metric in self._metrics), key=lambda each: each[0])
        if (wanted > replicas and not self._adds) or (wanted < replicas and not self._takes):
            return replicas, "its behavior forbids it: selectPolicy Disabled"
        return min(max(wanted, self.least), self.most), why

    def _by(self, metric, replicas, load):
        source = metric.get("resource") or metric.get("containerResource") or {}
        resource, target = source.get("name"), source.get("target", {})
        if resource not in ("cpu", "memory") or source.get("container", "serving") != "serving":
            raise CheckFailed(
                sent="a load, to the pods of the Deployment",
                got=f"a metric of type {metric['type']} of which this cluster does not hear: {_named(metric)}",
                wanted="a metric that the metrics-server knows",
                look_at="kubectl top pods --containers: what of a pod is known",
            )
        uses = self._pod.uses(resource, load)
        if "averageValue" in target:
            ratio = float(uses / parse_quantity(target["averageValue"]))
            what = f"{_amount(resource, uses)} (target {target['averageValue']})"
        else:
            share = float(uses / self._pod.asks_for(resource)) * 100
            ratio = share / target["averageUtilization"]
            what = f"{share:.0f}% of its request (target {target['averageUtilization']}%)"
        near = abs(ratio - 1) <= TOLERANCE
        wanted = replicas if near else math.ceil(replicas * ratio)
        whatever = ", whatever the load" if resource == "memory" else ""
        tolerance = f"; within {TOLERANCE:.0%} of the target nothing changes" if near and ratio != 1 else ""
        return wanted, f"of {resource}, a pod uses {what}{whatever}{tolerance}"


def _named(metric) -> str:
    source = next(each for key, each in metric.items() if key != "type")
    names = source.get("name") or source["metric"]["name"], source.get("container")
    return " of ".join(each for each in names if each)


def _amount(resource, quantity) -> str:
    return f"{quantity / 2**20:.0f}Mi" if resource == "memory" else f"{quantity * 1000:.0f}m"


@pytest.fixture(scope="session")
def autoscaler(scaler, template):
    return Autoscaler(scaler, Pod(template))


@pytest.mark.task("2.10")
def test_it_is_about_the_deployment(scaler):
    """the autoscaler sets the number of the Deployment"""
    target = scaler["scaleTargetRef"]
    named = f"{target.get('apiVersion', '')} {target['kind']} {target['name']}"
    expect(
        named == "apps/v1 Deployment house-prices",
        sent="the question which object the autoscaler scales",
        got=f"{named}, which is not there",
        wanted="the Deployment of k8s/base/deployment.yaml",
        look_at="scaleTargetRef: it needs a group and a version too",
    )


@pytest.mark.task("2.10")
def test_there_are_enough(autoscaler):
    """there are never fewer than 2 pods, and there may be from 4 to 20"""
    expect(
        autoscaler.least >= 2,
        sent="a quiet night, and a node that fails",
        got=f"{autoscaler.least} pod, and then none",
        wanted="2 pods at least, at any time",
        look_at="minReplicas",
    )
    expect(
        4 <= autoscaler.most <= 20,
        sent="a rush without end",
        got=f"{autoscaler.most} pods at most",
        wanted="a most from 4 to 20",
        look_at="maxReplicas",
    )


@pytest.mark.task("2.10")
def test_a_rush_adds_pods(autoscaler):
    """in a rush there are more pods"""
    before = autoscaler.least
    after, why = autoscaler.after_a_while(before, RUSH)
    expect(
        after > before,
        sent=f"{before} pods, and requests for {RUSH} times the CPU that they ask for, as far as their limit lets them",
        got=f"{after} pods still: {why}",
        wanted="more pods",
        look_at="which use grows with the load, what it is divided by, and whether it can get above the target",
    )


@pytest.mark.task("2.10")
def test_a_usual_day_adds_none(autoscaler):
    """on a usual day no pod is added"""
    before = rng().randint(autoscaler.least, max(autoscaler.least, autoscaler.most - 1))
    after, why = autoscaler.wants(before, USUAL)
    expect(
        after <= before,
        sent=f"{before} pods, each of which uses half of the CPU that it asks for",
        got=f"{after} pods: {why}",
        wanted=f"{before} pods at most",
        look_at="what share of its request a pod may use all day",
    )


@pytest.mark.task("2.10")
def test_pods_go_again(autoscaler):
    """at night the pods that a rush has left behind go again"""
    after, why = autoscaler.after_a_while(autoscaler.most, NIGHT)
    expect(
        after == autoscaler.least,
        sent=f"{autoscaler.most} pods, and hardly any requests",
        got=f"{after} pods for ever: {why}",
        wanted=f"{autoscaler.least} pods",
        look_at="whether what is measured ever falls again",
    )


def selects(selector, labels) -> bool:
    """Say whether a selector selects an object with these labels."""
    rules = selector.get("matchExpressions", [])
    fits = {
        "In": lambda rule: labels.get(rule["key"]) in rule["values"],
        "NotIn": lambda rule: labels.get(rule["key"]) not in rule["values"],
        "Exists": lambda rule: rule["key"] in labels,
        "DoesNotExist": lambda rule: rule["key"] not in labels,
    }
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        fits[rule["operator"]](rule) for rule in rules
    )


@pytest.mark.task("2.10")
def test_the_budget_counts_these_pods(budget, template):
    """the budget counts the pods of the Deployment, and no others"""
    selector, labels = budget.get("selector"), template["metadata"]["labels"]
    sent = "a drain of a node with pods of the Deployment"
    if selector is None or not selects(selector, labels):
        got = "it has no selector" if selector is None else "its selector selects none of them"
        raise CheckFailed(
            sent=sent,
            got=f"the budget protects nothing: {got}",
            wanted="it counts the pods of the Deployment",
            look_at="the labels in the Deployment's template",
        )
    counted = [labels | each for each in STRANGERS if selects(selector, labels | each)]
    words = "is empty, which selects every pod of the namespace" if not any(selector.values()) else "selects them too"
    expect(
        not counted,
        sent=f"{sent}, and with pods of another application in the same namespace",
        got=f"the budget counts those as well: its selector {words}",
        wanted="it counts the pods of the Deployment alone",
        look_at="the labels that tell one application's pods from another's",
    )


class Budget:
    """The controller: how many of the pods may go."""

    def __init__(self, spec) -> None:
        self._fewest, self._most = spec.get("minAvailable"), spec.get("maxUnavailable")
        # That broken pods may go only where enough others serve is what the API does if nothing is said.
        self._policy = spec.get("unhealthyPodEvictionPolicy", "IfHealthyBudget")

    def needed(self, pods) -> int:
        """Return how many of so many pods have to stay. A percentage is rounded up, of what stays or of what goes."""
        if self._most is not None:
            return max(0, pods - _of(self._most, pods))
        # The controller takes a budget without a number for one whose pods it has not counted yet: none may go.
        return pods if self._fewest is None else _of(self._fewest, pods)

    def broken_may_go(self, pods, serving) -> bool:
        return self._policy == "AlwaysAllow" or serving >= self.needed(pods) > 0

    def __str__(self) -> str:
        if self._most is not None:
            return f"maxUnavailable {self._most}"
        return "no minAvailable and no maxUnavailable" if self._fewest is None else f"minAvailable {self._fewest}"


def _of(number, pods) -> int:
    return math.ceil(pods * int(number.rstrip("%")) / 100) if isinstance(number, str) else int(number)


@pytest.mark.task("2.10")
def test_a_drain_goes_on_and_leaves_some(budget):
    """a drain takes at least one pod, and leaves at least one"""
    budget = Budget(budget)
    for pods in (2, 3, 6):
        found = SimpleNamespace(stay=budget.needed(pods), may_go=pods - budget.needed(pods))
        sent = f"a drain, with {pods} pods that serve"
        look_at = "what the number says of 2 pods, of 3 and of 6, and how a percentage of them is rounded"
        if found.may_go < 1:
            got = f"none may go, so it hangs: {budget} means that {found.stay} have to stay"
            raise CheckFailed(sent=sent, got=got, wanted="one pod may go, at least", look_at=look_at)
        expect(
            found.stay >= 1,
            sent=sent,
            got=f"all {pods} may go at once: {budget}",
            wanted="one pod stays, at least",
            look_at=look_at,
        )


@pytest.mark.task("2.10")
def test_a_broken_pod_goes(budget):
    """a pod that is not ready does not hold up a drain"""
    budget = Budget(budget)
    expect(
        budget.broken_may_go(pods=2, serving=0),
        sent="a drain, with 2 pods of which none is ready, and will not be",
        got=f"none may go, so it hangs: {budget} is about pods that serve, and the broken ones wait for those",
        wanted="a pod that serves nobody may go",
        look_at="kubectl explain pdb.spec: which field is about unhealthy pods",
    )
