"""JSON from strangers: what has one meaning is read, and what has none or two is refused with the place or reason."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house_prices.serving.json_body import InvalidJson, read_json

SCALARS = st.none() | st.booleans() | st.integers(-(10**39), 10**39) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | st.text(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(value=VALUES, escaped=st.booleans())
def test_what_python_writes_comes_back(value: Any, escaped: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=escaped).encode()) == value


@given(body=st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    with suppress(InvalidJson):
        read_json(body)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "expecting value, at character 0"),
        (b"{", "expecting property name enclosed in double quotes, at character 1"),
        (b'{"a": 1,}', "at character"),
        (b"{'a': 1}", "expecting property name enclosed in double quotes, at character 1"),
        (b'{"a": 1} {"a": 2}', "extra data, at character 9"),
        (b"[1] // no comment", "extra data, at character 4"),
        (b"01", "extra data, at character 1"),
        (b"+1", "expecting value, at character 0"),
        (b'"line\nbreak"', "invalid control character at, at character 5"),
        (b'"\\x"', r"invalid \escape, at character 1"),
        (b"\xef\xbb\xbf{}", "expecting value, at character 0"),
        ("{}".encode("utf-16"), "byte 0 is not UTF-8"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b'"\xed\xa0\x80"', "byte 1 is not UTF-8"),
        (b"NaN", "NaN is not JSON"),
        (b'{"a": [1, NaN]}', "NaN is not JSON"),
        (b"Infinity", "Infinity is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"1e400", "the number 1e400 is too large for a float64"),
        (b"-1e400", "the number -1e400 is too large for a float64"),
        (b"1" * 400 + b".5", f"the number {'1' * 40} is too large for a float64"),
        (b"1" * 41, "a whole number has 41 digits"),
        (b"9" * 5_000, "a whole number has 5,000 digits"),
        (b'{"a": 1, "a": 1}', "the key 'a' comes twice in one object"),
        (b'{"b": {"a": 1, "c": 2, "\\u0061": 3}}', "the key 'a' comes twice in one object"),
        (b'{"' + b"k" * 100 + b'": 1, "' + b"k" * 100 + b'": 2}', f"the key '{'k' * 64}' comes twice in one object"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"a":' * 100_000, "it is nested too deeply"),
    ],
)
def test_what_has_no_single_meaning_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidJson) as refused:
        read_json(body)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b" \t\r\n{}\n", {}),
        (b'{"a": 1, "b": {"a": 1}}', {"a": 1, "b": {"a": 1}}),
        (b'{"\\ud83d\\ude00": "\xf0\x9f\x98\x80"}', {"\U0001f600": "\U0001f600"}),
        (b'["\\ud800"]', ["\ud800"]),
        (b"1e-400", 0.0),
        (b"1" * 40, int("1" * 40)),
        (b"-0", 0),
    ],
)
def test_odd_spellings_of_one_meaning_are_read(body: bytes, value: Any) -> None:
    assert read_json(body) == value


def test_the_sign_of_zero_is_kept() -> None:
    assert str(read_json(b"-0.0")) == "-0.0"


def test_a_double_key_among_very_many_is_found_at_once() -> None:
    keys = ",".join(f'"{number:x}": 1' for number in range(100_000))
    began = time.process_time()
    with pytest.raises(InvalidJson, match="the key '0' comes twice"):
        read_json(f'{{{keys}, "0": 1}}'.encode())
    assert time.process_time() - began < 1
