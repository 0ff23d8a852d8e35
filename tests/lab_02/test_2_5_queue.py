"""Task 2.5: what waits is bounded, and who finds no room learns that at once."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from house_prices.serving.batching import Batcher, Overloaded
from labkit.checks import expect, rng

AT_ONCE = 2.0  # seconds: a machine may be busy, and whoever waits for the model waits for longer than that
NO_WAIT = 0.1  # seconds that the quickest of five refusals may take


class SlowModel:
    """Answers nobody before it is told to: until then, whoever comes has to wait. It remembers whose rows it got."""

    def __init__(self) -> None:
        self.go, self.busy = threading.Event(), threading.Event()
        self.asked = []

    def predict(self, rows):
        self.asked += rows[:, 0].tolist()
        self.busy.set()
        self.go.wait(60)
        return rows[:, 0] * 2


class Request(threading.Thread):
    """One request with rows of its own, asked from a thread of its own, as the server does it."""

    numbers = iter(range(1, 10**6))

    def __init__(self, batcher, rows) -> None:
        super().__init__(daemon=True)
        self._batcher = batcher
        self.rows = np.full((rows, 2), float(next(self.numbers)))
        self.came, self.seconds = None, 0.0
        self.start()

    def run(self) -> None:
        began = time.monotonic()
        try:
            came = self._batcher.predict(self.rows)
        except BaseException as error:
            came = error
        self.seconds = time.monotonic() - began
        self.came = came

    @property
    def answered(self):
        return isinstance(self.came, np.ndarray) and np.array_equal(self.came, self.rows[:, 0] * 2)

    def outcome(self):
        """What has come of it so far, in words."""
        if isinstance(self.came, BaseException):
            return type(self.came).__name__
        if self.came is None:
            return "it waits"
        return "answered" if self.answered else "answered with the prices of another request"


@pytest.fixture
def queue():
    """A function that returns a batcher that may hold so many rows, with a model that is busy with one more."""
    models = []

    def make(rows):
        models.append(SlowModel())
        batcher = Batcher(models[-1].predict, max_rows=8, max_wait=0, queue_rows=rows)
        queue = SimpleNamespace(batcher=batcher, model=models[-1], requests=[])
        occupy(queue)
        return queue

    yield make
    for model in models:
        model.go.set()


def occupy(queue):
    """Give the model something to do, so that all that comes after it waits."""
    queue.model.go.clear()
    queue.model.busy.clear()
    first = Request(queue.batcher, 1)
    queue.requests.append(first)
    wait(lambda: queue.model.busy.is_set() or first.came is not None, 10)
    passed_on(first)
    where = "whether a request is put into the queue that the model is fed from"
    expect(
        queue.model.busy.is_set(),
        sent="a request, while nothing waits",
        got=first.outcome(),
        wanted="the model is asked",
        look_at=where,
    )


def add(queue, rows):
    """Send a request, and wait until it waits or has come back."""
    before = len(queue.batcher._jobs)
    request = Request(queue.batcher, rows)
    wait(lambda: request.came is not None or len(queue.batcher._jobs) != before, 0.5)
    queue.requests.append(request)
    return request


def finish(queue):
    """Let the model work, and wait for all answers."""
    queue.model.go.set()
    for request in queue.requests:
        request.join(AT_ONCE)
        passed_on(request)


def wait(happened, seconds=AT_ONCE):
    end = time.monotonic() + seconds
    while not happened() and time.monotonic() < end:
        time.sleep(0.002)


def passed_on(request):
    """Raise what went wrong in a request, unless it was a refusal: the learner wants to see the line."""
    if isinstance(request.came, BaseException) and not isinstance(request.came, Overloaded):
        raise request.came


@pytest.fixture
def full(queue):
    """A queue that is full to its last row."""
    draw, rows = rng(), rng().randrange(20, 40)
    queue = queue(rows)
    left = rows
    while left:
        part = min(left, draw.randrange(1, 7))
        left -= part
        request = add(queue, part)
        passed_on(request)
        expect(
            request.came is None,
            sent=f"{rows} rows in several requests, to a queue of {rows} rows",
            got=f"{request.outcome()} while there was room for {left + part} more",
            wanted="they wait",
            look_at="what is compared with the limit, and whether the limit itself is allowed",
        )
    return queue


@pytest.mark.task("2.5")
def test_as_many_as_there_is_room_for(full):
    """as many rows as there is room for may wait, up to the last one, and all are answered, first come, first served"""
    finish(full)
    lost = [request for request in full.requests if not request.answered]
    expect(
        not lost,
        sent=f"{len(full.requests)} requests that find room, to a model that works again",
        got=f"{len(lost)} of them without their prices; {lost[0].outcome() if lost else ''}",
        wanted="all answered",
        look_at="what is put into the queue, and in which order",
    )
    came = [value for request in full.requests for value in request.rows[:, 0].tolist()]
    expect(
        full.model.asked == came,
        sent=f"{len(full.requests)} requests, one after the other, to a model that is busy with the first",
        got="the model was asked about them in another order",
        wanted="in the order in which they came",
        look_at="the end of the queue from which `_take` takes, and the one at which a job is added",
    )


@pytest.mark.task("2.5")
def test_one_more_is_refused(full):
    """one row more is refused at once, and does not wait"""
    for _ in range(5):
        request = add(full, 1)
        request.join(AT_ONCE)
        passed_on(request)
        refused = isinstance(request.came, Overloaded)
        if not refused or request.seconds < NO_WAIT:
            break
    expect(
        refused and request.seconds < NO_WAIT,
        sent="one row to a queue that is full to its last row",
        got="it waits first, and then Overloaded" if refused else request.outcome(),
        wanted="Overloaded, at once",
        look_at="what happens when there is no room",
    )


@pytest.mark.task("2.5")
def test_rows_are_counted(queue):
    """rows are counted and not requests: a large one takes the room of many small ones"""
    full = queue(30)
    add(full, 29)
    large, small = add(full, 2), add(full, 1)
    large.join(AT_ONCE)
    for request in (large, small):
        passed_on(request)
    got = f"2 rows: {large.outcome()}; 1 row: {small.outcome()}"
    expect(
        isinstance(large.came, Overloaded) and small.came is None,
        sent="a request of 2 rows and then one of 1, while 29 of 30 rows wait",
        got=got,
        wanted="2 rows: Overloaded; 1 row: it waits",
        look_at="what is counted, and what a refused request leaves",
    )
    empty = queue(10)
    larger = add(empty, 11)
    larger.join(AT_ONCE)
    passed_on(larger)
    expect(
        isinstance(larger.came, Overloaded),
        sent="a request of 11 rows, while none of 10 wait",
        got=larger.outcome(),
        wanted="Overloaded",
        look_at="whether the limit holds for the first one, too",
    )


@pytest.mark.task("2.5")
def test_nobody_is_thrown_out(full):
    """what waits already is answered, whatever is refused after it"""
    waiting = list(full.requests)
    for _ in range(3):
        add(full, 3)
    finish(full)
    lost = [request.outcome() for request in waiting if not request.answered]
    expect(
        not lost,
        sent=f"{len(waiting)} requests that fill the queue, and then 3 that find no room",
        got=f"of the {len(waiting)}, {len(lost)} have come to this: {lost[0] if lost else ''}",
        wanted=f"the {len(waiting)} are answered",
        look_at="who pays when there is no room: who comes, or who waits",
    )


@pytest.mark.task("2.5")
def test_room_comes_back(queue):
    """the room comes back when the model has answered, and is bounded as before, again and again"""
    again = queue(10)
    for turn in range(1, 4):
        came = [add(again, 5) for _ in range(3)]
        came[2].join(AT_ONCE)
        got = [request.outcome() for request in came]
        expect(
            got == ["it waits", "it waits", "Overloaded"],
            sent=f"3 requests of 5 rows to a queue of 10, for the {('first', 'second', 'third')[turn - 1]} time",
            got=", ".join(got),
            wanted="it waits, it waits, Overloaded",
            look_at="what counts the rows that wait, and keeps on counting them",
        )
        finish(again)
        wait(lambda: not again.batcher._jobs)
        occupy(again)


@pytest.mark.task("2.5")
def test_what_the_caller_is_told(queue, app, ask, service, houses):
    """over HTTP that is 503 with Retry-After, while those who wait still do"""
    full = queue(10)
    service.batcher = full.batcher
    app.view_functions["predictions"] = lambda: str(service.price(houses(3)))  # stands in for task 2.3
    waiting = [add(full, 4), add(full, 4)]

    def expect_that_they_wait(sent):
        still = [request.outcome() for request in waiting]
        expect(
            still == ["it waits", "it waits"],
            sent=sent,
            got=", ".join(still),
            wanted="it waits, it waits",
            look_at="what counts the rows that wait, and who pays when there is no room",
        )

    expect_that_they_wait("2 requests of 4 rows to a queue of 10")
    answers, broken = [], []

    def send():
        try:
            answers.append(ask({"houses": []}))
        except Exception as error:
            broken.append(error)

    asking = threading.Thread(target=send, daemon=True)
    asking.start()
    asking.join(AT_ONCE)
    if broken:
        raise broken[0]
    got = f"{answers[0].status_code}, Retry-After: {answers[0].headers.get('Retry-After')}" if answers else "no answer"
    expect(
        got == "503, Retry-After: 1",
        sent="3 houses over HTTP, while 8 of 10 rows wait",
        got=got,
        wanted="503, Retry-After: 1, at once",
        look_at="what is raised when there is no room",
    )
    expect_that_they_wait("2 requests of 4 rows to a queue of 10, and then 3 houses over HTTP")
