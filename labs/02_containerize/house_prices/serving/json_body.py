"""Read JSON from strangers: exactly one meaning, or a reason why not.

Python's reader and pydantic's both let through what two parsers may read differently (a key that comes twice) and what
JSON does not have (NaN, 1e400 as infinity). Between a gateway and a service, such a difference is a way in.
"""

import json
from collections.abc import Sequence
from typing import Any, NoReturn


class InvalidJson(Exception):
    """The text is not JSON, or not JSON with one meaning; the message says where or why."""


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text.

    Raises
    ------
    InvalidJson : it is not UTF-8, not JSON, nested too deeply, has a key twice in one object, or a number that no
        float64 holds.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson(f"byte {error.start} is not UTF-8") from None
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidJson(f"{error.msg[0].lower()}{error.msg[1:]}, at character {error.pos}") from None
    except RecursionError:
        raise InvalidJson("it is nested too deeply") from None


def _without_doubles(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise InvalidJson(f"the key {name[:64]!r} comes twice in one object")
            seen.add(name)
    return read


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise InvalidJson(f"the number {text[:40]} is too large for a float64")
    return value


def _whole(text: str) -> int:
    if len(text.lstrip("-")) > 40:
        raise InvalidJson(f"a whole number has {len(text):,} digits")
    return int(text)


def _no_constant(text: str) -> NoReturn:
    raise InvalidJson(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_without_doubles, parse_float=_finite, parse_int=_whole, parse_constant=_no_constant
)
