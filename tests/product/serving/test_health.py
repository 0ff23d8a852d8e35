"""Three questions with three answers, in every state that a process can be in."""

import itertools

import pytest

from house_prices.serving.health import QUESTIONS, STALLED, Health, Question, Verdict


def health(*, loaded: bool = True, leaving: bool = False, thread: bool = True, stalled: bool = False) -> Health:
    health = Health(leaving=lambda: leaving, batcher_alive=lambda: thread)
    health.loaded = loaded
    if stalled:
        health._last_turn -= STALLED + 1
    return health


@pytest.mark.parametrize(
    ("state", "startup", "ready", "live"),
    [
        ({"loaded": False}, "-the model is being loaded", "-the model is being loaded", "+alive"),
        ({}, "+started", "+ready", "+alive"),
        ({"leaving": True}, "+started", "-leaving", "+alive"),
        ({"stalled": True}, "+started", "-the loop has stalled", "-the loop has stalled"),
        ({"thread": False}, "+started", "-the model's thread is gone", "-the model's thread is gone"),
        ({"leaving": True, "stalled": True}, "+started", "-leaving", "-the loop has stalled"),
    ],
)
def test_the_answers(state: dict[str, bool], startup: str, ready: str, live: str) -> None:
    asked = health(**state)
    answers = [asked.answer(question) for question in QUESTIONS]
    assert [("+" if answer.ok else "-") + answer.reason for answer in answers] == [startup, ready, live]


@pytest.mark.parametrize("state", list(itertools.product([False, True], repeat=4)))
def test_only_what_a_restart_mends_is_not_alive(state: tuple[bool, bool, bool, bool]) -> None:
    loaded, leaving, thread, stalled = state
    asked = health(loaded=loaded, leaving=leaving, thread=thread, stalled=stalled)
    assert asked.answer("live").ok == (thread and not stalled)
    assert asked.answer("startup").ok == loaded
    assert asked.answer("ready").ok == (loaded and not leaving and thread and not stalled)


def test_a_turn_of_the_loop_shows_life() -> None:
    asked = health(stalled=True)
    asked.turn()
    question: Question
    for question in QUESTIONS:
        assert asked.answer(question).ok


def test_a_verdict_gives_its_reason() -> None:
    assert Health().answer("ready") == Verdict(False, "the model is being loaded")
