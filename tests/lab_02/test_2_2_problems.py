"""Task 2.2: whoever sends a bad request is told everything that is wrong with it, in a form that a program can read."""

import json

import pytest

from labkit.checks import expect, rng, show

PROBLEM = "application/problem+json"


def pointer(*parts):
    """Return the JSON Pointer of RFC 6901 to a value."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@pytest.fixture
def errors(ask):
    """A function that sends a body and returns the entries on its bad fields, by their pointers."""

    def send(body):
        told = ask(body).get_json(force=True, silent=True)
        entries = told.get("errors", []) if isinstance(told, dict) else []
        alien = [each for each in entries if not isinstance(each, dict) or not {"pointer", "detail"} <= each.keys()]
        keys = ", ".join(alien[0]) if alien and isinstance(alien[0], dict) else show(alien[:1])
        expect(
            not alien,
            sent="a request with bad fields",
            got=f"entries with {keys}",
            wanted="entries with pointer, detail and got",
            look_at="what an entry is made of",
        )
        return {each["pointer"]: each for each in entries}

    return send


@pytest.fixture
def spoilt(houses):
    """A request with faults in three of its houses and beside them, and the pointers to all of them."""
    draw = rng()
    body = {"houses": houses(8), "currency": "EUR"}
    wanted = [pointer("currency")]
    names = sorted(set(body["houses"][0]) - {"age", "eff_age"})  # these two are compared
    for row in sorted(draw.sample(range(8), 3)):
        for name, fault in zip(draw.sample(names, 3), ("three", None, "gone"), strict=True):
            body["houses"][row][name] = 5 if fault == "three" and name == "use_type" else fault
            if fault == "gone":
                del body["houses"][row][name]
            wanted.append(pointer("houses", row, name))
    return body, wanted


def some_of(pointers):
    pointers = sorted(pointers)
    return ", ".join(pointers[:4]) + (f" … ({len(pointers)} in all)" if len(pointers) > 4 else "")


SPOILT = "8 houses, of which 3 have 3 bad fields each, and beside them a field that there is not"


@pytest.mark.task("2.2")
def test_all_at_once(errors, spoilt, houses):
    """every bad field of every house is named, all in one answer"""
    body, wanted = spoilt
    got = errors(body)
    expect(
        len(got) == len(wanted),
        sent=f"{SPOILT}: {len(wanted)} in all",
        got=f"{len(got)} named: {some_of(got) or 'none'}",
        look_at="how many of the errors that pydantic has found get an entry of their own",
    )
    names = rng().sample(sorted(set(body["houses"][0]) - {"age", "eff_age"}), 3)
    many = [house | dict.fromkeys(names) for house in houses(800)]
    got, wanted = errors({"houses": many}), len(many) * len(names)
    expect(
        len(got) == wanted,
        sent=f"a batch of {len(many)} houses with {len(names)} bad fields each: {wanted:,} in all",
        got=f"{len(got):,} named",
        look_at="how many of the errors that pydantic has found get an entry of their own",
    )


@pytest.mark.task("2.2")
def test_pointers_lead_to_the_fields(errors, spoilt):
    """each is named by a JSON Pointer, which leads a program to it"""
    body, wanted = spoilt
    got = errors(body)
    strange = [each for each in got if each not in wanted]
    expect(
        not strange,
        sent=SPOILT,
        got=f"a pointer to none of them: {some_of(strange)}",
        wanted=f"pointers as {wanted[-1]}",
        look_at="how the parts of a path are put together, and counted",
    )


@pytest.mark.task("2.2")
def test_names_that_look_like_pointers(errors, houses):
    """a name with / or ~ in it leads there as well"""
    wrong = []
    for name in ("lot/sf", "lot~sf", "lot~1sf"):
        got = list(errors({"houses": [houses(1)[0] | {name: 1}]}))
        wrong += [f"{', '.join(got) or 'none'} for {name}"] * (got != [pointer("houses", 0, name)])
    expect(
        not wrong,
        sent="a field that there is not, called lot/sf, then lot~sf, then lot~1sf",
        got="; ".join(wrong),
        wanted="pointers that lead a reader to just these names",
        look_at="RFC 6901, section 4: in which order a reader undoes ~1 and ~0",
    )


@pytest.mark.task("2.2")
def test_the_body_itself(errors):
    """where the body as a whole is wrong, the pointer is empty: that is the whole document's"""
    got = list(errors([1, 2, 3]))
    expect(
        got == [""],
        sent="a list instead of an object",
        got=", ".join(map(repr, got)) or "no entry",
        wanted="''",
        look_at="what is joined when there are no parts",
    )


@pytest.mark.task("2.2")
def test_what_was_got(errors, houses):
    """each says in words what was wrong and shows the value as text; a field that is not there has none to show"""
    house = houses(1)[0] | {"beds": "three", "baths": None, "tot_sf": [1, 2, 3], "use_type": 5}
    del house["lot_sf"]
    got = errors({"houses": [house]})
    wanted = {"beds": '"three"', "baths": "null", "tot_sf": "a list of 3", "lot_sf": None, "use_type": "5"}
    wrong = []
    for name, value in wanted.items():
        for entry in (each for where, each in got.items() if where.endswith(name)):
            words = entry["detail"].split() if isinstance(entry["detail"], str) else ()
            wrong += [f"{name}: no words, only {show(entry['detail'], 60)}"] * (len(words) < 2)
            if entry.get("got") != value:
                raw = "" if isinstance(entry.get("got"), str) else ", which is no text"
                wrong.append(f"{name}: got {show(entry['got'], 60)}{raw}" if "got" in entry else f"{name}: no got")
    expect(
        not wrong,
        sent='beds "three", baths null, tot_sf a list, use_type 5, and no lot_sf',
        got="; ".join(wrong),
        look_at="which keys an entry has, and what `shown` is for",
    )


@pytest.mark.task("2.2")
def test_nothing_large_comes_back(ask, houses):
    """what was sent is not sent back: a long value is cut, and a missing field does not show the whole house"""
    house = houses(1)[0] | {"beds": "3" * 50_000}
    del house["lot_sf"]
    answer = ask({"houses": [house]})
    size = len(answer.data)
    expect(
        size < 1_000,
        sent="a value of 50,000 characters",
        got=f"an answer of {size:,} bytes",
        wanted="an answer of a few hundred bytes",
        look_at="what of the value is put into the answer",
    )


@pytest.mark.task("2.2")
def test_a_rule_of_our_own(ask, houses):
    """the answer is 422 and application/problem+json, also for a rule that compares two fields"""
    house = houses(1)[0] | {"age": 10, "eff_age": 20}
    answer = ask({"houses": [house]})
    try:
        told = json.loads(answer.data)["errors"]
    except (ValueError, KeyError, TypeError):
        told = "no list of errors"
    got = answer.status_code, answer.mimetype, [sorted(each) for each in told] if isinstance(told, list) else told
    wanted = 422, PROBLEM, [["detail", "got", "pointer"]]
    expect(
        got == wanted,
        sent="a house of 10 years that was renovated 20 years ago",
        got=f"{got[0]} {got[1]}, entries with {got[2]}",
        wanted=f"{wanted[0]} {wanted[1]}, one entry with {wanted[2][0]}",
        look_at="what of an error can be sent, and what can not",
    )
