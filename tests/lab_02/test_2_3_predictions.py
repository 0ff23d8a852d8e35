"""Task 2.3: a request for prices is answered by the model, as it would answer itself."""

import sys

import pandas as pd
import pytest

from house_prices.serving.settings import LARGEST_REQUEST
from labkit.checks import expect, rng

_opened = []


def _hook(event, arguments):
    if event == "open" and str(arguments[0]).endswith("model.skops"):
        _opened.append(arguments[0])


sys.addaudithook(_hook)


@pytest.fixture(autouse=True)
def settings(model, monkeypatch):
    """The settings of a server with the small model, for whoever reads them."""
    for name, value in (("MODEL", model.folder), ("MODEL_DIGEST", model.digest)):
        monkeypatch.setenv(f"SERVING_{name}", str(value))


@pytest.fixture
def prices(ask):
    """A function that asks for the prices of houses and returns the predictions of the answer."""

    def call(asked):
        answer = ask({"houses": asked})
        told = answer.get_json(force=True, silent=True)
        got = told.get("predictions") if isinstance(told, dict) else None
        good = answer.status_code == 200 and isinstance(got, list) and all(isinstance(each, dict) for each in got)
        expect(
            good,
            sent=f"a request with {len(asked)} good house{'s' if len(asked) > 1 else ''}",
            got=f"{answer.status_code} {answer.mimetype}: {answer.text[:200].strip()}",
            wanted="200, and a prediction for each house",
            look_at="what the route returns, and whether every way through it does",
        )
        return got

    return call


@pytest.mark.task("2.3")
def test_the_price_of_the_model(prices, model, houses):
    """a price is the model's own, to the last digit"""
    house = houses(1)[0]
    got = prices([house])[0].get("price")
    wanted = float(model.loaded.model.predict(pd.DataFrame([house]))[0])
    expect(
        got == wanted,
        sent="a house",
        got=repr(got),
        wanted=repr(wanted),
        look_at="what happens to a price between the model and the answer",
    )


@pytest.mark.task("2.3")
def test_in_their_order(prices, model, houses):
    """every house has its answer, in the order in which they were sent, two that are alike too"""
    asked = houses(30)
    twice = rng().sample(range(30), 5)
    asked += [asked[number] for number in twice]
    got = [each.get("price") for each in prices(asked)]
    wanted = model.loaded.model.predict(pd.DataFrame(asked)).tolist()
    wrong = next((n for n, pair in enumerate(zip(got, wanted, strict=False)) if abs(pair[0] - pair[1]) > 1), None)
    where = f"; house {wrong + 1} has the price of another one" if wrong is not None else ""
    expect(
        len(got) == len(wanted) and wrong is None,
        sent="35 houses, of which 5 come twice",
        got=f"{len(got)} prices{where}",
        wanted="35 prices in the order of the houses",
        look_at="what could drop or move a house between question and answer",
    )


@pytest.mark.task("2.3")
def test_what_is_new_to_the_model(prices, houses):
    """a house in an area that the model has never seen gets a price and a note, and others get none"""
    known, strange = houses(2)
    code = rng().randrange(200, 900)
    got = prices([known, strange | {"area": code}])
    expect(
        isinstance(got[1].get("price"), float),
        sent=f"a house in area {code}",
        got=str(got[1]),
        wanted="a price",
        look_at="what becomes of a house that the model has not seen the like of",
    )
    notes = [each.get("notes") for each in got]
    expect(
        not notes[0] and f"area {code}" in " ".join(notes[1] or []),
        sent=f"a house as in training, and one in area {code}",
        got=f"the notes {notes[0]} and {notes[1]}",
        wanted="none, and one that names the area",
        look_at="what the service says of a house beside its price",
    )


@pytest.mark.task("2.3")
def test_one_question_to_the_model(prices, service, houses):
    """a request asks the model once, through the queue, however many houses it has"""
    prices(houses(LARGEST_REQUEST))
    asked = service.batcher.asked
    if asked:
        got = f"asked {len(asked)} time{'s' * (len(asked) > 1)}, the first time about {asked[0]}"
    else:
        got = "nothing came through the queue"
    expect(
        asked == [LARGEST_REQUEST],
        sent=f"a request with {LARGEST_REQUEST:,} houses",
        got=got,
        wanted=f"once, about {LARGEST_REQUEST:,} houses",
        look_at="what is called for each request, and what for each house",
    )


@pytest.mark.task("2.3")
def test_a_full_queue(ask, service, houses):
    """while too much waits already, the answer is 503 with Retry-After, and the queue is asked no second time"""
    service.batcher.full = True
    answer = ask({"houses": houses(2)})
    got = answer.status_code, answer.headers.get("Retry-After")
    expect(
        got == (503, "1"),
        sent="2 houses, while the queue takes no more",
        got=f"{got[0]}, {'Retry-After: ' + got[1] if got[1] else 'no Retry-After'}",
        wanted="503, Retry-After: 1",
        look_at="whether the question goes through the queue, and who catches what that raises",
    )
    refused = service.batcher.refused
    expect(
        refused == 1,
        sent="2 houses, while the queue takes no more",
        got=f"the queue was asked {refused} times",
        wanted="once: it is the caller who asks again, after Retry-After",
        look_at="what the route does when the queue is full",
    )


@pytest.mark.task("2.3")
def test_the_model_is_there_already(prices, houses):
    """no request loads the model: that was done once, before the first one"""
    _opened.clear()
    for house in houses(3):
        prices([house])
    expect(
        not _opened,
        sent="3 requests, one after the other",
        got=f"model.skops was opened {len(_opened)} times",
        wanted="never: the service has it in memory",
        look_at="what happens anew for each request",
    )


@pytest.mark.task("2.3")
def test_who_answered(ask, model, houses):
    """the answer names the model, its version and the request"""
    name = f"order-{rng().randrange(10**6)}"
    told = ask({"houses": houses(1)}, X_Request_ID=name).get_json(force=True, silent=True) or {}
    manifest = model.loaded.manifest
    wanted = {"model": manifest.name, "version": manifest.version, "request_id": name}
    wrong = [key for key in wanted if told.get(key) != wanted[key]]
    expect(
        not wrong,
        sent=f"a request with X-Request-ID: {name}",
        got=", ".join(f"another {key}" if told.get(key) else f"no {key}" for key in wrong),
        wanted=", ".join(f"{key} {wanted[key]}" for key in wrong),
        look_at="what an answer says beside the prices, and where the request's id has been put",
    )
    answer = ask({"houses": houses(1)})
    told = (answer.get_json(force=True, silent=True) or {}).get("request_id")
    header = answer.headers.get("X-Request-ID")
    expect(
        bool(told) and told == header,
        sent="a request without an X-Request-ID",
        got="an answer without a request_id" if not told else "a request_id that is not the answer's X-Request-ID",
        wanted="the id that was made up, in both",
        look_at="whose id it is when the caller has none",
    )
