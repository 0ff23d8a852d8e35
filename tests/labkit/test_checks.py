"""What checks are written with: only what is true passes, and what is shown is short and printable."""

import random

import numpy as np
import pytest

from labkit.checks import CheckFailed, equal, expect, rng, seed, show


class Yes:
    """It says yes to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __bool__(self) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("a")


class YesText(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class YesNumber(np.float64):
    def __eq__(self, other: object) -> bool:
        return True


def test_what_is_true_passes() -> None:
    for condition in (True, np.True_, np.float64(1) == 1):
        expect(condition, sent="", got="", look_at="")


@pytest.mark.parametrize("condition", [False, np.False_, 1, "yes", None, Yes(), [1], np.array([True])])
def test_what_is_not_true_itself_fails(condition: object) -> None:
    with pytest.raises(CheckFailed):
        expect(condition, sent="", got="", look_at="")


def test_a_failure_holds_what_was_found_as_texts() -> None:
    with pytest.raises(CheckFailed) as caught:
        expect(False, sent=3, got=[1.5], wanted=None, look_at="the sum")
    failure = caught.value
    assert (failure.sent, failure.got, failure.wanted, failure.look_at) == ("3", "[1.5]", "", "the sum")


def test_a_comparison_that_is_no_answer_is_named() -> None:
    with pytest.raises(CheckFailed) as caught:
        expect(Yes(), sent="", got="a yes", look_at="")
    assert caught.value.got.startswith("a yes (to compare it gives <")
    assert caught.value.got.endswith("which is neither True nor False)")


@pytest.mark.parametrize(
    ("got", "wanted"),
    [(1, 1.0), (np.int64(3), 3), ("a", "a"), ([1, (2.0,)], [1, (2,)]), ({"b": 1, "a": 2}, {"a": 2, "b": 1})],
)
def test_equal_values(got: object, wanted: object) -> None:
    assert equal(got, wanted)


@pytest.mark.parametrize(
    ("got", "wanted"),
    [
        (Yes(), 1),
        (Yes(), "a"),
        ([Yes()], ["a"]),
        ({Yes(): 1}, {"a": 1}),
        ({"a": Yes()}, {"a": 1}),
        (YesText("b"), "a"),
        (YesNumber(2), 1.0),
        (True, 1),
        ("1", 1),
        ([1], (1,)),
        ([1], [1, 2]),
        ({"a": 1}, {"a": 1, "b": 2}),
        (None, 0),
    ],
)
def test_unequal_values(got: object, wanted: object) -> None:
    assert not equal(got, wanted)


def test_the_generator_begins_anew_each_time() -> None:
    assert rng().random() == rng().random() == random.Random(seed()).random()


def test_a_text_stands_for_itself_and_other_values_as_python_writes_them() -> None:
    assert show("a “b”") == "a “b”"
    assert show(["a", None]) == "['a', None]"


def test_what_moves_the_cursor_or_is_no_character_is_replaced() -> None:
    assert show("Grüße 🏠\x1b[31m\ud800\r") == "Grüße 🏠�[31m�"


def test_long_values_lose_their_middle() -> None:
    assert len(show("x" * 10**6)) < 410
    assert len(show([["y" * 100] * 100] * 10**6)) < 410
    assert show("\n".join("abcdefghijklmnopq")).count("\n") == 12


def test_an_object_that_cannot_be_written_is_named() -> None:
    class Silent:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    assert "whose repr raises KeyboardInterrupt" in show(Silent())


def test_where_an_object_is_in_memory_is_left_out() -> None:
    assert show(object()) == "<object object>"
