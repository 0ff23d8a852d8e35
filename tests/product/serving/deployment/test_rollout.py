"""How far a rollout has come, and what is told of one that stalls."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from house_prices.serving.deployment import rollout
from house_prices.serving.deployment.api import Refused
from house_prices.serving.deployment.errors import NotRun
from house_prices.serving.deployment.rollout import Rollout, RolloutStalled, explain, gravest, look, wait_for_rollout

DONE = Rollout(wanted=2, updated=2, available=2, old=0, seen=True, given_up=False)


@pytest.mark.parametrize(
    "change",
    [{"updated": 1}, {"available": 1}, {"old": 1}, {"seen": False}, {"wanted": 3}],
)
def test_a_rollout_is_done_only_when_nothing_is_missing(change: dict[str, Any]) -> None:
    assert DONE.done
    fields = {name: getattr(DONE, name) for name in Rollout.__slots__}
    assert not Rollout(**{**fields, **change}).done


def test_words_for_a_rollout() -> None:
    assert str(DONE) == "2 of 2 pods of this release there, 2 ready in all"
    half = Rollout(wanted=2, updated=1, available=2, old=1, seen=True, given_up=False)
    assert str(half) == "1 of 2 pods of this release there, 2 ready in all, 1 of the old release left"
    assert str(Rollout(2, 2, 2, 0, seen=False, given_up=False)) == "waiting for the controller"


def cluster(*, replicas: int, least: int, generation: int = 5, reason: str = "", **status: int) -> Any:
    """A cluster that answers with one Deployment and one autoscaler."""
    names = {"updated": "updated_replicas", "available": "available_replicas", "all": "replicas"}
    conditions = [SimpleNamespace(type="Progressing", reason=reason)] if reason else None
    told = {field: status.get(name) for name, field in names.items()}
    deployment = SimpleNamespace(
        metadata=SimpleNamespace(generation=generation),
        spec=SimpleNamespace(replicas=replicas),
        status=SimpleNamespace(observed_generation=status.get("observed", 5), conditions=conditions, **told),
    )
    scaler = SimpleNamespace(spec=SimpleNamespace(min_replicas=least))
    return SimpleNamespace(
        apps=SimpleNamespace(read_namespaced_deployment=lambda *_: deployment),
        autoscaling=SimpleNamespace(read_namespaced_horizontal_pod_autoscaler=lambda *_: scaler),
    )


def test_a_new_deployment_is_not_done_before_the_autoscaler_has_seen_it() -> None:
    assert look(cluster(replicas=1, least=2, updated=1, available=1, all=1)).wanted == 2
    assert not look(cluster(replicas=1, least=2, updated=1, available=1, all=1)).done
    assert look(cluster(replicas=2, least=2, updated=2, available=2, all=2)).done


def test_a_change_that_the_controller_has_not_read_is_not_done() -> None:
    assert not look(cluster(replicas=2, least=2, generation=6, updated=2, available=2, all=2)).done


def test_a_status_without_numbers_is_one_of_zeros() -> None:
    assert look(cluster(replicas=1, least=2)) == Rollout(2, 0, 0, 0, seen=True, given_up=False)


def crashed(before: str) -> Any:
    """A cluster with one pod whose container has ended and been started again, and what is answered for its log."""
    ended = SimpleNamespace(exit_code=4, reason="Error")
    container = SimpleNamespace(
        state=SimpleNamespace(waiting=None, terminated=None), last_state=SimpleNamespace(terminated=ended)
    )
    metadata = SimpleNamespace(name="a", uid="1", deletion_timestamp=None)
    pod = SimpleNamespace(metadata=metadata, status=SimpleNamespace(conditions=None, container_statuses=[container]))
    deployment = SimpleNamespace(status=SimpleNamespace(conditions=None))

    def log(*_: Any, previous: bool, **__: Any) -> Any:
        return SimpleNamespace(data=(before if previous else "Starting").encode())

    return SimpleNamespace(
        apps=SimpleNamespace(read_namespaced_deployment=lambda *_: deployment),
        core=SimpleNamespace(
            list_namespaced_pod=lambda *_, **__: SimpleNamespace(items=[pod]),
            list_namespaced_event=lambda *_, **__: SimpleNamespace(items=[]),
            read_namespaced_pod_log=log,
        ),
    )


def test_a_container_that_ended_is_told_with_the_last_words_in_its_log() -> None:
    assert explain(crashed("no model")) == ["pod a: ended with code 4 (Error); its log says: no model"]


@pytest.mark.parametrize(
    "answer", ["failed to try resolving symlinks in path /var/log", "unable to retrieve container logs"]
)
def test_what_the_kubelet_says_of_a_log_that_is_gone_is_not_that_log(answer: str) -> None:
    """nor is the log of the container that was started after it"""
    assert explain(crashed(answer)) == ["pod a: ended with code 4 (Error)"]


def test_a_rollout_that_is_given_up_is_told_with_the_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "explain", lambda _: ["pod a: ErrImageNeverPull: no such image"])
    stalled = cluster(replicas=2, least=2, reason="ProgressDeadlineExceeded", updated=1, available=2, all=3)
    with pytest.raises(RolloutStalled, match=r"1 of 2 pods .*, 2 of the old release left:\n  pod a: ErrImageNever"):
        wait_for_rollout(stalled, print)


def test_a_rollout_that_takes_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "explain", lambda _: [])
    with pytest.raises(RolloutStalled, match="the cluster gives no reason"):
        wait_for_rollout(cluster(replicas=2, least=2, updated=1, available=1, all=1), print, seconds=0)


def test_progress_is_told_once_and_reasons_when_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "explain", lambda _: ["pod a: is on no node"])
    monkeypatch.setattr(rollout, "SECONDS_UNTIL_A_STALL", 0.0)
    lines: list[str] = []
    with pytest.raises(RolloutStalled):
        wait_for_rollout(cluster(replicas=2, least=2, updated=1, available=1, all=1), lines.append, seconds=1)
    assert lines == ["1 of 2 pods of this release there, 1 ready in all", "pod a: is on no node"]


def log(*lines: tuple[str, str]) -> str:
    return "\n".join(json.dumps({"level": level, "message": message}) for level, message in lines)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (log(("INFO", "starting"), ("CRITICAL", "refused"), ("ERROR", "shutting down")), "refused"),
        (log(("ERROR", "first"), ("ERROR", "second")), "first"),
        (log(("INFO", "all is well")), "all is well"),
        ("Traceback\n  File x\nValueError: no\n", "ValueError: no"),
        (log(("ERROR", "broken")) + "\nnot JSON", "not JSON"),
        (log(("SHOUT", "what?")), '{"level": "SHOUT", "message": "what?"}'),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_the_gravest_message_of_a_log(text: str, said: str) -> None:
    assert gravest(text) == said


def test_nothing_deployed_is_not_run() -> None:
    def missing(*_: object) -> None:
        raise Refused("not found", 404)

    empty = SimpleNamespace(context="minikube", apps=SimpleNamespace(read_namespaced_deployment=missing))
    with pytest.raises(NotRun, match=r"nothing is deployed to minikube\n  labs deploy"):
        look(empty)  # type: ignore[arg-type]
