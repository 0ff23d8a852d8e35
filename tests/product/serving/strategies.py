"""Houses and requests drawn by hypothesis: some as the contract wants them, some as strangers send them."""

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
