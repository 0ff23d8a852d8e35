"""The queue in front of the model: bounded, fair, and never one caller's answer for another."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_prices.serving.batching import Batcher, Overloaded, Prices, Rows

SECONDS = 10.0
"""Within which anything that waits for another thread has to happen, on the busiest machine."""


class Model:
    """A stand-in for the model: the value of a row is its sum; it works when it is let, and remembers its batches."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.began = threading.Semaphore(0)
        self.batches: list[int] = []
        self.error: BaseException | None = None

    def __call__(self, rows: Rows) -> Prices:
        self.batches.append(len(rows))
        self.began.release()
        assert self.go.wait(SECONDS)
        if self.error:
            raise self.error
        values: Prices = rows.sum(axis=1)
        return values

    def hold(self, batcher: Batcher, callers: ThreadPoolExecutor) -> Future[Prices]:
        """Have it work on one row until ``go`` is set."""
        self.go.clear()
        held = callers.submit(batcher.predict, rows(0))
        assert self.began.acquire(timeout=SECONDS)
        return held


def rows(*values: float) -> Rows:
    return np.array([[value, 0.5] for value in values])


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def batcher(model: Model) -> Iterator[Batcher]:
    batcher = Batcher(model, max_rows=8, max_wait=0, queue_rows=20)
    yield batcher
    model.go.set()
    batcher.close()


@pytest.fixture
def callers(model: Model) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as executor:
        yield executor
        model.go.set()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


def put(batcher: Batcher, callers: ThreadPoolExecutor, asked: Rows) -> Future[Prices]:
    """Ask in a thread of its own, and return when the rows are in the queue."""
    waiting = batcher._waiting
    answer = callers.submit(batcher.predict, asked)
    until(lambda: batcher._waiting == waiting + len(asked))
    return answer


def test_one_caller_gets_its_values(batcher: Batcher) -> None:
    np.testing.assert_array_equal(batcher.predict(rows(1, 2, 3)), [1.5, 2.5, 3.5])


def test_what_waits_together_is_predicted_together_in_its_order(
    batcher: Batcher, model: Model, callers: ThreadPoolExecutor
) -> None:
    held = model.hold(batcher, callers)
    answers = [put(batcher, callers, rows(*[n] * n)) for n in (1, 2, 3, 4, 5)]
    model.go.set()
    for n, answer in zip((1, 2, 3, 4, 5), answers, strict=True):
        np.testing.assert_array_equal(answer.result(SECONDS), [n + 0.5] * n)
    assert held.result(SECONDS) == [0.5]
    assert model.batches == [1, 1 + 2 + 3, 4, 5]


def test_a_request_of_more_rows_than_a_batch_goes_alone(
    batcher: Batcher, model: Model, callers: ThreadPoolExecutor
) -> None:
    model.hold(batcher, callers)
    answers = [put(batcher, callers, rows(*range(n))) for n in (2, 12, 2)]
    model.go.set()
    for answer in answers:
        answer.result(SECONDS)
    assert model.batches == [1, 2, 12, 2]


def test_what_finds_no_room_is_refused_at_once(batcher: Batcher, model: Model, callers: ThreadPoolExecutor) -> None:
    model.hold(batcher, callers)
    answers = [put(batcher, callers, rows(*range(8))) for _ in range(2)]
    took = []
    for _ in range(21):
        began = time.perf_counter()
        with pytest.raises(Overloaded, match="too much waits already; ask again in 1 s"):
            batcher.predict(rows(*range(5)))
        took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.005
    answers.append(put(batcher, callers, rows(1, 2, 3, 4)))  # there is room for four
    with pytest.raises(Overloaded):
        batcher.predict(rows(1))
    model.go.set()
    assert [len(answer.result(SECONDS)) for answer in answers] == [8, 8, 4]
    np.testing.assert_array_equal(batcher.predict(rows(*range(20))), np.arange(20) + 0.5)


def test_an_error_reaches_everybody_in_the_batch_and_nobody_else(
    batcher: Batcher, model: Model, callers: ThreadPoolExecutor
) -> None:
    model.error = ValueError("the model is ill")
    held = model.hold(batcher, callers)
    answers = [put(batcher, callers, rows(1)) for _ in range(3)]
    model.go.set()
    for answer in (held, *answers):
        with pytest.raises(ValueError, match="the model is ill"):
            answer.result(SECONDS)
    model.error = None
    assert batcher.predict(rows(1)) == [1.5]
    assert batcher.alive


def test_a_model_that_answers_for_too_few_rows_keeps_nobody_waiting(callers: ThreadPoolExecutor) -> None:
    batcher = Batcher(lambda rows: rows[0, 0], max_rows=8, max_wait=0, queue_rows=20)
    for _ in range(2):
        answer = callers.submit(batcher.predict, rows(1, 2))
        with pytest.raises((IndexError, ValueError)):
            answer.result(SECONDS)
    batcher.close()


@settings(max_examples=20)
@given(
    asked=st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=9), min_size=1, max_size=40),
    max_rows=st.integers(1, 12),
    max_wait=st.sampled_from([0.0, 0.002]),
)
def test_nobody_gets_the_answer_of_another(asked: list[list[int]], max_rows: int, max_wait: float) -> None:
    batcher = Batcher(lambda rows: rows.sum(axis=1), max_rows=max_rows, max_wait=max_wait, queue_rows=1_000)
    with ThreadPoolExecutor(16) as executor:
        answers = list(executor.map(batcher.predict, [rows(*each) for each in asked], timeout=SECONDS))
    batcher.close()
    for each, answer in zip(asked, answers, strict=True):
        np.testing.assert_array_equal(answer, np.array(each) + 0.5)


def test_one_caller_alone_does_not_wait_for_company(model: Model) -> None:
    batcher = Batcher(model, max_rows=8, max_wait=60, queue_rows=20)
    for _ in range(3):
        batcher.predict(rows(1))
    batcher.close()
    assert model.batches == [1, 1, 1]


def test_who_had_company_waits_for_it_but_not_for_a_full_batch(model: Model, callers: ThreadPoolExecutor) -> None:
    batcher = Batcher(model, max_rows=4, max_wait=SECONDS, queue_rows=20)
    model.hold(batcher, callers)
    together = [put(batcher, callers, rows(1)) for _ in range(2)]
    model.go.set()
    assert [answer.result(SECONDS) for answer in together] == [[1.5], [1.5]]
    model.began.acquire()
    answers = [put(batcher, callers, rows(n)) for n in (1, 2, 3)]
    assert not any(answer.done() for answer in answers), "they should wait for a fourth"
    answers.append(callers.submit(batcher.predict, rows(4)))
    assert [answer.result(SECONDS) for answer in answers] == [[1.5], [2.5], [3.5], [4.5]]
    assert model.batches == [1, 2, 4]
    batcher.close()


def test_company_is_waited_for_no_longer_than_asked(model: Model, callers: ThreadPoolExecutor) -> None:
    batcher = Batcher(model, max_rows=4, max_wait=0.05, queue_rows=20)
    model.hold(batcher, callers)
    together = [put(batcher, callers, rows(1)) for _ in range(2)]
    model.go.set()
    for answer in together:
        answer.result(SECONDS)
    began = time.monotonic()
    batcher.predict(rows(1))
    assert 0.04 < time.monotonic() - began < SECONDS
    batcher.close()


def test_closing_answers_what_waits_and_ends_the_thread(
    batcher: Batcher, model: Model, callers: ThreadPoolExecutor
) -> None:
    model.hold(batcher, callers)
    answers = [put(batcher, callers, rows(*range(6))) for _ in range(3)]
    closing = callers.submit(batcher.close)
    until(lambda: batcher._closed)
    model.go.set()
    closing.result(SECONDS)
    assert [len(answer.result(SECONDS)) for answer in answers] == [6, 6, 6]
    assert not batcher.alive
    batcher.close()  # twice does no harm


def test_nobody_waits_for_a_batcher_that_is_closed(batcher: Batcher) -> None:
    batcher.close()
    with pytest.raises(RuntimeError, match="the batcher is closed: nobody would answer"):
        batcher.predict(rows(1))


@pytest.mark.parametrize("error", [SystemExit("out"), MemoryError("full")])
def test_no_error_ends_the_thread(batcher: Batcher, model: Model, error: BaseException) -> None:
    model.error = error
    with pytest.raises(type(error), match=str(error)):
        batcher.predict(rows(1))
    model.error = None
    assert batcher.predict(rows(1)) == [1.5]
