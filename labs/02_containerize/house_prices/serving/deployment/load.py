"""Ask a service for prices at a constant rate, and count what does not come back.

Requests are sent when they are due, whether or not earlier ones have been answered, as customers send them. A tool
whose users wait for their answers before they ask again (locust, wrk, ab) sends nothing while the service is gone, and
so counts a few failures where there would have been thousands.
"""

import itertools
import json
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import urllib3

PATH = "/v1/predictions"
HOUSE = {
    "area": 44,
    "use_type": "sfr",
    "lot_sf": 4800,
    "wfnt": 0,
    "bldg_grade": 7,
    "tot_sf": 1680,
    "beds": 3,
    "baths": 1.75,
    "age": 64,
    "eff_age": 60,
    "longitude": -122.29,
    "latitude": 47.55,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A request without a proper answer: when it was due, in seconds from the start, and what came instead."""

    second: float
    reason: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the requests.

    Attributes
    ----------
    sent : all of them.
    failed : those that got anything but a price for each house.
    seconds : from the first to the last.
    slowest : seconds from when a request was due until its answer was there.
    latest : seconds that a request was sent after it was due. Where this is much, the rate is not what was asked for.
    """

    sent: int
    failed: tuple[Failure, ...]
    seconds: float
    slowest: float
    latest: float

    def __str__(self) -> str:
        rate = self.sent / self.seconds if self.seconds else 0.0
        told = (
            f"{self.sent:,} requests ({rate:.0f}/s), {len(self.failed):,} failed, slowest {self.slowest * 1000:.0f} ms"
        )
        return told + (f"; the first: {self.failed[0].reason}" if self.failed else "")


class Load:
    """Clients that ask for prices from when the ``with`` block begins until it ends.

    Parameters
    ----------
    url : of the service, ``http://host:port``.
    rate : requests a second, of all clients together.
    kept_alive : the clients keep their connections and honour ``Connection: close``; without it, each request opens a
        new one.
    retries : how often a client asks again, over a new connection, before it counts a failure; it waits 0.1 s the first
        time and twice as long each time, up to 2 s.
    houses : in each request.
    patience : seconds that a client waits for an answer.
    at_most : seconds after which they stop by themselves.
    clients : threads; more than these cannot wait for an answer at the same time.
    """

    def __init__(
        self,
        url: str,
        *,
        rate: float,
        kept_alive: bool = False,
        retries: int = 0,
        houses: int = 1,
        patience: float = 10.0,
        at_most: float = 600.0,
        clients: int = 32,
    ) -> None:
        self._url = urllib3.util.parse_url(url)
        self._rate, self._at_most, self._kept_alive = rate, at_most, kept_alive
        self._body = json.dumps({"houses": [HOUSE] * houses}).encode()
        self._houses, self._patience = houses, patience
        self._retries = urllib3.Retry(
            retries,
            backoff_factor=0.1,
            backoff_max=2.0,
            allowed_methods=None,  # to ask for a price twice does no harm, though it is a POST
            status_forcelist=[503],
            raise_on_status=False,
        )
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._be_a_client, daemon=True) for _ in range(clients)]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._started = self._last = 0.0
        self._sent = 0
        self._failed: list[Failure] = []
        self._slowest = self._latest = 0.0

    def __enter__(self) -> Self:
        self._started = self._last = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def counts(self) -> Counts:
        """Return what became of the requests so far."""
        with self._lock:
            seconds = self._last - self._started
            return Counts(self._sent, tuple(self._failed), seconds, self._slowest, self._latest)

    def _be_a_client(self) -> None:
        pool = self._pool()
        # The next number is drawn by whoever is free, so the clients take turns.
        for number in self._numbers:
            due = self._started + number / self._rate
            if due - self._started > self._at_most or self._stop.wait(max(0.0, due - time.monotonic())):
                break
            sent = time.monotonic()
            reason = self._ask(pool)
            ended = time.monotonic()
            if not self._kept_alive:
                pool.close()
                pool = self._pool()
            with self._lock:
                self._sent += 1
                self._last = max(self._last, ended)
                self._slowest = max(self._slowest, ended - due)
                self._latest = max(self._latest, sent - due)
                if reason:
                    self._failed.append(Failure(due - self._started, reason))
        pool.close()

    def _pool(self) -> urllib3.HTTPConnectionPool:
        return urllib3.HTTPConnectionPool(
            self._url.host or "", self._url.port, maxsize=1, timeout=self._patience, retries=self._retries
        )

    def _ask(self, pool: urllib3.HTTPConnectionPool) -> str:
        """Return what went wrong with one request, or nothing."""
        headers = {"Content-Type": "application/json"}
        try:
            answer = pool.request("POST", PATH, body=self._body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            cause = error.reason if isinstance(error, urllib3.exceptions.MaxRetryError) else error
            return f"{type(cause).__name__}: {cause}"
        if answer.status != 200:
            return f"{answer.status} {answer.data[:200].decode(errors='replace')}"
        try:
            prices = [each["price"] > 0 for each in answer.json()["predictions"]]
        except (ValueError, KeyError, TypeError) as error:
            return f"no prices: {type(error).__name__}: {error}"
        return "" if len(prices) == self._houses and all(prices) else f"{len(prices)} prices for {self._houses} houses"
