"""Predict together what waits together.

A call of the model costs nearly the same for one house as for a hundred. While it is busy with one batch, requests
gather for the next, so that the batches grow with the load, and nobody waits while it is idle. What waits is bounded:
a queue that may grow without end does not lose less, it only answers everybody too late.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Rows = NDArray[np.float64]
Prices = NDArray[np.float64]


class Overloaded(Exception):
    """So much waits already that another request would be answered too late; ask again in ``retry_after`` seconds."""

    def __init__(self, retry_after: int = 1) -> None:
        self.retry_after = retry_after
        super().__init__(f"too much waits already; ask again in {retry_after} s")


class Batcher:
    """A queue in front of a model, and the one thread that asks it.

    Parameters
    ----------
    predict : takes rows of shape (n, n_features) and gives a value for each, of shape (n,).
    max_rows : in one call of ``predict``; a single request with more goes alone.
    max_wait : seconds that the first of a batch waits for others, if the batch before had more than one request in it;
        who asks alone is answered at once.
    queue_rows : rows that may wait.
    """

    def __init__(self, predict: Callable[[Rows], Prices], *, max_rows: int, max_wait: float, queue_rows: int) -> None:
        self._predict = predict
        self._max_rows, self._max_wait, self._queue_rows = max_rows, max_wait, queue_rows
        self._jobs: deque[tuple[Rows, Future[Any]]] = deque()
        self._waiting = 0  # rows in self._jobs
        self._changed = threading.Condition()
        self._company = False
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="batcher", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether somebody answers."""
        return self._thread.is_alive()

    def predict(self, rows: Rows) -> Prices:
        """Return the value of each row, computed together with whatever else waits; blocks until they are there.

        Raises
        ------
        Overloaded : the rows would not find room among the ``queue_rows`` that may wait. A caller learns that at once.
        RuntimeError : it is closed.
        """
        answer: Future[Prices] = Future()
        with self._changed:
            if self._closed:
                raise RuntimeError("the batcher is closed: nobody would answer")
            self._put(rows, answer)
            self._changed.notify()
        return answer.result()

    def close(self) -> None:
        """Answer what waits, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _put(self, rows: Rows, answer: "Future[Prices]") -> None:
        """Add a job to the queue if there is room for its rows, else raise `Overloaded`; the lock is held.

        The jobs are in ``self._jobs``, in the order in which they came, and ``self._waiting`` counts their rows.
        """
        # TASK 2.5: a queue with an end
        if self._waiting + len(rows) > self._queue_rows:
            raise Overloaded
        self._jobs.append((rows, answer))
        self._waiting += len(rows)
        # END TASK 2.5

    def _take(self) -> list[tuple[Rows, "Future[Prices]"]]:
        """Wait for jobs and return those of the next batch, at most ``max_rows`` rows; none once it is closed."""
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            # Only who had company the last time waits for it now: one caller alone is answered at once.
            deadline = time.monotonic() + (self._max_wait if self._company else 0)
            while 0 < self._waiting < self._max_rows and not self._closed:
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            batch: list[tuple[Rows, Future[Prices]]] = []
            size = 0
            while self._jobs and (not batch or size + len(self._jobs[0][0]) <= self._max_rows):
                batch.append(self._jobs.popleft())
                size += len(batch[-1][0])
            self._waiting -= size
            self._company = len(batch) > 1
            return batch

    def _work(self) -> None:
        # For so little work, threads of the trees' own would mostly wait for each other.
        with threadpool_limits(limits=1):
            while batch := self._take():
                try:
                    prices = self._predict(np.concatenate([rows for rows, _ in batch]))
                    ends = np.cumsum([len(rows) for rows, _ in batch])
                    for (_, answer), part in zip(batch, np.split(prices, ends[:-1]), strict=True):
                        answer.set_result(part)
                except BaseException as error:  # whatever it was, somebody waits to hear of it
                    for _, answer in batch:
                        if not answer.done():
                            answer.set_exception(error)
