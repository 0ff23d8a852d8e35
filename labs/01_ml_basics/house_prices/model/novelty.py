"""Say what of a house is new to a model: it answers whatever it is asked, and does not say when it guesses."""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from house_prices.model.manifest import Input


def notes_on(inputs: Sequence[Input], houses: Mapping[str, "np.ndarray[Any, Any]"]) -> list[tuple[str, ...]]:
    """Return for each house in which inputs the model has seen nothing like it; mostly nothing.

    Parameters
    ----------
    inputs : the model's signature.
    houses : for each input the values of all houses, an array of shape (n_houses,).
    """
    notes: list[tuple[str, ...]] = [()] * len(next(iter(houses.values()), ()))
    for column in inputs:
        values = houses[column.name]
        if column.categories is not None:
            for at in np.flatnonzero(~np.isin(values, column.categories)):
                notes[at] += (f"{column.name} {values[at]} was not in the training data",)
        for limit, beyond, side in (
            (column.seen_minimum, operator.lt, "below"),
            (column.seen_maximum, operator.gt, "above"),
        ):
            if limit is not None:
                for at in np.flatnonzero(beyond(values, limit)):
                    notes[at] += (
                        f"{column.name} {_spelt(values[at])} lies {side} the {_spelt(limit)} seen in training",
                    )
    return notes


def _spelt(value: float) -> str:
    return f"{value:,.10g}"  # a degree to the centimetre, 12,380 and not 12380.0
