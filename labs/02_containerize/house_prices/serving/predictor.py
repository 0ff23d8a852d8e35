"""Ask the model for many houses at once, without a table in between, and with the same answer to the last bit.

A pipeline of scikit-learn takes a DataFrame and spends most of a request on it: 4.5 ms for one house, 1.5 of them in
the trees. Here the houses go from JSON into the matrix that the trees take, and that through all trees at once.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.preprocessing import OrdinalEncoder

from house_prices.model.features import CATEGORIES, FEATURES, NUMBERS
from house_prices.model.model_file import LoadedModel, RefusedModel
from house_prices.model.novelty import notes_on
from house_prices.serving.forest import Forest

log = logging.getLogger("house_prices.serving")

Matrix = NDArray[np.float64]
House = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Houses as the trees take them.

    Attributes
    ----------
    matrix : float64 of shape (n_houses, n_features).
    notes : for each house, what is new to the model.
    """

    matrix: Matrix
    notes: tuple[tuple[str, ...], ...]


class Predictor:
    """A loaded model, as a service asks it.

    Parameters
    ----------
    loaded : from `house_prices.model.model_file.load_model`.

    Raises
    ------
    RefusedModel : the model is not made of the parts that this code knows how to ask.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self.manifest, self.digest = loaded.manifest, loaded.digest
        try:
            steps = loaded.model.regressor_.named_steps
            if list(steps) != ["features", "trees"]:
                raise TypeError(f"it has the steps {', '.join(steps)}")
            features, trees = steps.values()
            (_, encoder, coded), (_, numbers, passed) = features.transformers_
            if not (isinstance(encoder, OrdinalEncoder) and _takes_the_unknown_for_missing(encoder)):
                raise TypeError("its categories are not coded by an OrdinalEncoder that takes the unknown for missing")
            unchanged = numbers == "passthrough" or getattr(numbers, "func", numbers) is None
            if (tuple(coded), tuple(passed)) != (CATEGORIES, NUMBERS) or not unchanged or features.transformer_weights:
                raise TypeError("its columns are coded otherwise")
            self._inverse = loaded.model.inverse_func
            if self._inverse is None:
                raise TypeError("it does not go back from the logarithm to dollars")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise RefusedModel(f"the model cannot be served: {error}. Train it with the code that is here.") from error
        self._codes = [
            {value: float(code) for code, value in enumerate(known.tolist())} for known in encoder.categories_
        ]
        inputs = {column.name: column for column in self.manifest.inputs}
        self._seen = {name: frozenset(inputs[name].categories or ()) for name in CATEGORIES}
        limits = [(inputs[name].seen_minimum, inputs[name].seen_maximum) for name in FEATURES]
        self._lowest = np.array([-np.inf if low is None else low for low, _ in limits])
        self._highest = np.array([np.inf if high is None else high for _, high in limits])
        self._ask_trees = _quicker(trees, self._try_out())

    def encode(self, houses: Sequence[House]) -> Encoded:
        """Return houses as the trees take them; an unknown category is a missing value, as in training."""
        coded = [(name, codes.get) for name, codes in zip(CATEGORIES, self._codes, strict=True)]
        rows = [
            [*(code(house[name], np.nan) for name, code in coded), *(house[name] for name in NUMBERS)]
            for house in houses
        ]
        matrix = np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))
        return Encoded(matrix, self._notes(houses, matrix))

    def predict(self, matrix: Matrix) -> NDArray[np.float64]:
        """Return prices in dollars, shape (n_houses,): those of the model's own ``predict``, bit for bit."""
        prices: NDArray[np.float64] = self._inverse(self._ask_trees(matrix))
        return prices

    def _try_out(self) -> Matrix:
        """Return rows in which each category comes and is missing, and the numbers are anything from low to high."""
        rng = np.random.default_rng(0)
        lowest, highest = (np.where(np.isfinite(limits), limits, 0) for limits in (self._lowest, self._highest))
        rows: Matrix = rng.uniform(lowest, highest, size=(max(map(len, self._codes)) + 1, len(FEATURES)))
        for column, codes in enumerate(self._codes):
            rows[:, column] = np.resize([*codes.values(), np.nan], len(rows))
        return rows

    def _notes(self, houses: Sequence[House], matrix: Matrix) -> tuple[tuple[str, ...], ...]:
        """Return what of each house is new to the model; first see whether anything is, as mostly nothing is."""
        familiar = all(house[name] in seen for name, seen in self._seen.items() for house in houses)
        if familiar and not ((matrix < self._lowest) | (matrix > self._highest)).any():
            return ((),) * len(houses)
        values = {name: np.array([house[name] for house in houses]) for name in CATEGORIES}
        values |= {name: matrix[:, at] for at, name in enumerate(FEATURES) if name in NUMBERS}
        return tuple(notes_on(self.manifest.inputs, values))


def _quicker(trees: HistGradientBoostingRegressor, rows: Matrix) -> Callable[[Matrix], NDArray[np.float64]]:
    """Return what answers as the trees' ``predict`` does: a `Forest`, or ``predict`` itself where that differs."""
    try:
        forest = Forest(trees)
        if forest.agrees(trees, rows):
            return forest.predict
        reason = "it gives other values"
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        reason = repr(error)
    log.warning("scikit-learn's own trees answer, which are slower", extra={"reason": reason})
    ask: Callable[[Matrix], NDArray[np.float64]] = trees.predict
    return ask


def _takes_the_unknown_for_missing(encoder: OrdinalEncoder) -> bool:
    every_category_has_a_code = encoder.min_frequency is None and encoder.max_categories is None
    return (
        every_category_has_a_code and encoder.handle_unknown == "use_encoded_value" and np.isnan(encoder.unknown_value)
    )
