"""The second witness of the drills sees what is lost, whatever way it is lost."""

import itertools
import threading
from pathlib import Path

import pytest

from tests.cluster.witness import witness
from tests.product.serving.deployment.test_load import GOOD, Handler, Service

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster")]


def test_every_loss_is_counted_and_told(tmp_path: Path) -> None:
    ways = itertools.cycle(["price", "no price", "full", "no JSON", "reset"])
    seen: list[str] = []
    enough = threading.Event()

    def answer(handler: Handler) -> tuple[int, bytes]:
        way = next(ways)
        seen.append(way)
        if len(seen) >= 60:
            enough.set()
        if way == "reset":
            handler.connection.shutdown(2)
            handler.close_connection = True
        bodies = {"no price": GOOD.replace(b"1.5", b"0"), "no JSON": b"<html>"}
        return 503 if way == "full" else 200, bodies.get(way, GOOD)

    with Service() as service:
        service.answer = answer
        serving = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        with witness(service.url, tmp_path, rate=20) as told:
            assert enough.wait(30)
        service.shutdown()
        serving.join()
    print(told)
    assert sum(told.sent.values()) == len(seen)
    assert min(told.sent.values()) > 0
    assert sum(told.failed.values()) == len(seen) - seen.count("price")
    assert len(service.connections) > told.sent["New"]
    for words in (
        "503 Server Error",
        "no price: AssertionError",
        "no price: JSONDecodeError",
        "Remote end closed connection",
    ):
        assert words in told.words
