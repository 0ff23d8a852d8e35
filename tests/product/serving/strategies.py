"""Houses and requests drawn by hypothesis: some as the contract wants them, some as strangers send them."""

import json
from typing import Any

from hypothesis import strategies as st

from house_prices.model.manifest import Input, Manifest


@st.composite
def houses(draw: st.DrawFn, manifest: Manifest) -> dict[str, Any]:
    """Draw a house that the contract of the model lets through, at and beyond the edges of what training saw."""
    house = {column.name: draw(_value(column)) for column in manifest.inputs}
    for column in manifest.inputs:
        if column.not_above:
            house[column.name] = min(house[column.name], house[column.not_above])
    return house


def _value(column: Input) -> st.SearchStrategy[Any]:
    if column.closed:
        return st.sampled_from(column.categories or ())
    assert column.minimum is not None
    assert column.maximum is not None
    low, high = column.minimum, column.maximum
    within = st.floats(low, high) if column.kind == "number" else st.integers(int(low), int(high))
    if column.categories:
        return st.sampled_from(column.categories) | within
    seen = [edge for edge in (column.seen_minimum, column.seen_maximum, low, high) if edge is not None]
    return within | st.sampled_from(seen if column.kind == "number" else [int(edge) for edge in seen])


ODD_VALUES = (
    *(
        "null",
        "true",
        "[]",
        "{}",
        '""',
        "0",
        "-0",
        "-0.0",
        "1e400",
        "-1e400",
        "1e-400",
        "1E5",
        "5e-324",
        "1.0",
        "01",
        "+1",
    ),
    *(".5", "1.", "0x10", "1_000", "NaN", "-Infinity", "nan", "None", "'a'", "1" * 39, "1" * 41, "1" * 4_301, "½"),
    *(
        r'"\ud800"',
        r'"\udfff\ud800"',
        r'"\u0000"',
        '"\x00"',
        '"\u2028"',
        '"sfr "',
        '"SFR"',
        '"2560"',
        '"1e3"',
        '"</pre>"',
    ),
    *('{"$ref": "#"}', '{"__proto__": 1}', '{"a": 1, "a": 2}', "[" * 5_000, '{"a":' * 2_000, "[" * 900 + "]" * 900),
)
"""As they are written in a text: some are JSON, some are not, and few are what a house may have."""
ODD_NAMES = (
    "",
    " ",
    "pool",
    "AREA",
    "area ",
    "a/b",
    "~",
    "~1",
    "é",
    "__class__",
    "model_config",
    "x" * 1_000,
    r"\ud800",
)
MEDIA_TYPES = ("", "text/plain", "application/jsonx", "application/json; charset=utf-16", "é/\x7f")


@st.composite
def bodies(draw: st.DrawFn, manifest: Manifest, number: int) -> list[bytes]:
    """Draw bodies as strangers send them, around one house: little or nothing is wrong, or it is hardly a request."""
    house = {name: json.dumps(value) for name, value in draw(houses(manifest)).items()}
    return [draw(_body(house)) for _ in range(number)]


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
)


@st.composite
def _body(draw: st.DrawFn, house: dict[str, str]) -> bytes:
    kind = draw(st.integers(0, 11))
    if kind == 0:
        return draw(st.binary(max_size=200))
    if kind == 1:
        return json.dumps(draw(_VALUES)).encode()
    fields = dict(house)
    if kind == 2:
        del fields[draw(st.sampled_from(list(house)))]
    elif kind < 9:
        name = draw(st.sampled_from([*house, *ODD_NAMES]))
        fields[name] = draw(st.sampled_from(ODD_VALUES) if kind < 7 else _SCALARS.map(json.dumps))
    row = "{" + ",".join(f'"{name}": {value}' for name, value in fields.items()) + "}"
    text = f'{{"houses": [{row}]}}'.encode()
    if kind < 11:
        return text
    at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 20))
    return text[:at] + draw(st.binary(max_size=20)) + text[at + length :]


@st.composite
def headers(draw: st.DrawFn) -> dict[str, str]:
    """Draw the headers of a request: mostly those that it should have."""
    chosen = {"Content-Type": "application/json"}
    odd = draw(st.integers(0, 19))
    if odd == 0:
        del chosen["Content-Type"]
    elif odd == 1:
        chosen["Content-Type"] = draw(st.sampled_from(MEDIA_TYPES))
    elif odd == 2:
        chosen["Content-Encoding"] = draw(st.sampled_from(["gzip", "br", "identity", "", "x"]))
    elif odd == 3:
        visible = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=80)
        chosen[draw(st.sampled_from(["X-Request-ID", "traceparent", "Host", "Accept", "Cookie"]))] = draw(visible)
    return chosen
