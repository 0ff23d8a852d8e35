"""Task 2.4: a platform asks three questions, and does something else for each answer."""

import pytest
from werkzeug.test import Client

from house_prices.serving.health import QUESTIONS, STALLED, Health, Verdict
from house_prices.serving.probes import probes_app
from labkit.checks import expect

STILL = 1.2 * STALLED  # seconds in which a loop that has stalled did not go round


class Process:
    """A process whose state a check sets: what its health knows of it."""

    def __init__(self, *, loaded=True, leaving=False, batcher_alive=True, stalled=False) -> None:
        self.health = Health(leaving=lambda: leaving, batcher_alive=lambda: batcher_alive)
        self.health.loaded = loaded
        if stalled:
            self.health._last_turn -= STILL


def asks(process, sent, look_at, **wanted):
    """Ask all three questions and expect these answers: True for yes, False for no."""
    got = {}
    for question in QUESTIONS:
        verdict = process.health.answer(question)
        what = "None" if verdict is None else f"an object of type {type(verdict).__name__}"
        expect(
            isinstance(verdict, Verdict) and type(verdict.ok) is bool,
            sent=f"{sent}: {question}?",
            got=what,
            wanted="a Verdict with ok and reason",
            look_at="what every way through the function returns",
        )
        got[question] = verdict.ok
    words = {True: "yes", False: "no"}
    wrong = [f"{question}: {words[ok]}" for question, ok in got.items() if ok != wanted[question]]
    expect(
        not wrong,
        sent=sent,
        got=", ".join(wrong),
        wanted=", ".join(
            f"{question}: {words[wanted[question]]}" for question in got if got[question] != wanted[question]
        ),
        look_at=look_at,
    )


@pytest.mark.task("2.4")
def test_while_it_loads():
    """while the model is being loaded: not started, not ready, and alive"""
    asks(
        Process(loaded=False),
        "a process that is loading its model",
        "what a platform does with each no",
        startup=False,
        ready=False,
        live=True,
    )


@pytest.mark.task("2.4")
def test_while_it_serves():
    """once it serves: yes to all three"""
    asks(
        Process(),
        "a process that has loaded its model and serves",
        "what is asked before the first yes",
        startup=True,
        ready=True,
        live=True,
    )


@pytest.mark.task("2.4")
def test_while_it_leaves():
    """while it leaves it is not ready, but alive: a restart would cut off what it still answers"""
    asks(
        Process(leaving=True),
        "a process that was told to end and still answers requests",
        "which answer takes a process out of the rotation, and which has it restarted",
        startup=True,
        ready=False,
        live=True,
    )


@pytest.mark.task("2.4")
def test_when_the_model_answers_no_more():
    """when the thread that asks the model is gone, it is neither ready nor alive: only a restart brings it back"""
    asks(
        Process(batcher_alive=False),
        "a process whose batcher has died",
        "what a restart would mend",
        startup=True,
        ready=False,
        live=False,
    )


@pytest.mark.task("2.4")
def test_when_its_loop_has_stalled():
    """when its loop has stalled, it is neither ready nor alive, though it can still answer a probe, loaded or not"""
    for loaded in (True, False):
        asks(
            Process(loaded=loaded, stalled=True),
            f"a process {'' if loaded else 'without its model '}whose loop has not gone round for {STILL:g} s",
            "`stalled`, and which questions it matters to",
            startup=loaded,
            ready=False,
            live=False,
        )


@pytest.mark.task("2.4")
def test_when_it_leaves_and_stalls():
    """a process that stalls on its way out is not alive either: nobody else would end it"""
    asks(
        Process(leaving=True, stalled=True),
        "a process that was told to end, and whose loop has stalled",
        "which of two reasons comes first",
        startup=True,
        ready=False,
        live=False,
    )


@pytest.mark.task("2.4")
def test_over_http():
    """over HTTP a yes is 200 and a no is 503, with the reason in words, which tell one cause from another"""
    causes = {
        "leaves": Process(leaving=True),
        "loads its model": Process(loaded=False),
        "has stalled": Process(stalled=True),
        "has lost its batcher": Process(batcher_alive=False),
    }
    reasons = {}
    for cause, process in causes.items():
        answer = Client(probes_app(process.health)).get("/health/ready")
        if answer.status_code == 200:  # the checks above ask who is ready
            continue
        reason = reasons[cause] = answer.text.strip()
        expect(
            answer.status_code == 503 and len(reason) > 2 and reason not in QUESTIONS,
            sent=f"GET /health/ready to a process that {cause}",
            got=f"{answer.status_code} {reason!r}",
            wanted="503 and a reason",
            look_at="what the verdict says beside no",
        )
    expect(
        len(set(reasons.values())) == len(reasons),
        sent=f"GET /health/ready to processes of which one {', one '.join(reasons)}",
        got=", ".join(map(repr, reasons.values())),
        wanted="a reason of its own for each",
        look_at="what somebody can do who reads the reason",
    )
