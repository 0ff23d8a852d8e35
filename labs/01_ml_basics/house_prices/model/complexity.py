"""Choose how complex a model should be by what it gets wrong later, never by what it gets right on its own sales.

A flexible model memorises its training sales, noise and all. The curves here keep the two errors apart, so that one can
see where they part; everything is asked by temporal folds: train on the past, test on the period after it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from threadpoolctl import threadpool_limits

from house_prices.model.errors import HousePricesError
from house_prices.model.evaluation import median_absolute_percentage_error
from house_prices.model.features import FEATURES
from house_prices.model.split import temporal_folds
from house_prices.model.training import train

LEAVES = (2, 8, 31, 127)
SIZES = (300, 1_200, 2_400, 4_800)


class NotEnoughSales(HousePricesError):
    """Fewer sales than a curve or a decomposition needs."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Median absolute percentage errors along one parameter, on both sides of the date that divides them.

    Attributes
    ----------
    parameter : what varies: ``max_leaf_nodes`` or ``training_sales``.
    values : its values, ascending.
    training : ``training[i][k]`` is the error at ``values[i]`` on the sales that fold ``k`` trained on.
    later : the same on the period that follows, which it has not seen.
    """

    parameter: str
    values: tuple[int, ...]
    training: tuple[tuple[float, ...], ...]
    later: tuple[tuple[float, ...], ...]

    @property
    def mean_training(self) -> npt.NDArray[np.float64]:
        """Mean over the folds, shape (n_values,)."""
        return np.asarray(np.mean(self.training, axis=1))

    @property
    def mean_later(self) -> npt.NDArray[np.float64]:
        """Mean over the folds, shape (n_values,)."""
        return np.asarray(np.mean(self.later, axis=1))

    @property
    def standard_error_later(self) -> npt.NDArray[np.float64]:
        """Standard error of `mean_later`, shape (n_values,): how far chance between the folds may move it."""
        return np.asarray(np.std(self.later, axis=1, ddof=1) / np.sqrt(len(self.later[0])))

    def to_dict(self) -> dict[str, Any]:
        """Return the curve in types that JSON has."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Decomposition:
    """The mean squared error of the log price, taken apart.

    Attributes
    ----------
    name : of the model, "stiff" say.
    max_leaf_nodes : its complexity.
    bias_squared : what the average model is off by, squared. The noise of single sales (a house fetches more on a good
        day) is in here too: with one price for each house nothing can separate it, and no model can remove it. So only
        the differences between models are theirs.
    variance : what the models trained on different draws of the same past differ by.
    """

    name: str
    max_leaf_nodes: int
    bias_squared: float
    variance: float

    def to_dict(self) -> dict[str, Any]:
        """Return the parts in types that JSON has."""
        return asdict(self)


def validation_curve(sales: pd.DataFrame, *, leaves: Sequence[int] = LEAVES, folds: int = 3, seed: int = 0) -> Curve:
    """Return both errors against the leaves of each tree.

    Parameters
    ----------
    sales : DataFrame with the columns of ``FEATURES``, ``sale_date`` and ``sale_price``: those that training may see.
        The years that judge the model in the end must not be among them, or they have helped to choose it.
    leaves : values of ``max_leaf_nodes``, ascending. Each of the default's is about four times the one before: finer
        steps differ by less than the folds do. A leaf holds 20 sales at least, so beyond n/20 leaves nothing changes.
    folds : number of `temporal_folds`, at least 2.
    seed : see `train`.

    Raises
    ------
    EmptySplit : there are not enough different days for so many folds.
    """
    divided = [(sales.iloc[past], sales.iloc[after]) for past, after in temporal_folds(sales, folds)]
    errors = [
        [_both_errors(train(past, max_leaf_nodes=count, seed=seed), past, after) for past, after in divided]
        for count in leaves
    ]
    return _curve("max_leaf_nodes", leaves, errors)


def learning_curve(
    sales: pd.DataFrame, *, sizes: Sequence[int] = SIZES, max_leaf_nodes: int = 31, folds: int = 3, seed: int = 0
) -> Curve:
    """Return both errors against the number of training sales.

    While the later error still falls at the right end, more sales would help; where both errors have met, only another
    model or other features would.

    The sales come from the last ``folds`` of twice as many `temporal_folds`, so that each fold has more than half of
    them as its past, and every size is a random part of that past: taking the newest would mix size with age.

    Parameters
    ----------
    sales : as in `validation_curve`.
    sizes : numbers of training sales, ascending.
    max_leaf_nodes, seed : see `train`; the seed also draws the parts.
    folds : how many periods are asked about, at least 2.

    Raises
    ------
    EmptySplit : there are not enough different days for so many folds.
    NotEnoughSales : the shortest past has fewer sales than the greatest size.
    """
    divided = [(sales.iloc[past], sales.iloc[after]) for past, after in list(temporal_folds(sales, 2 * folds))[folds:]]
    shortest = min(len(past) for past, _ in divided)
    if shortest < max(sizes):
        raise NotEnoughSales(
            f"the first fold has {shortest} sales to learn from, the greatest size asks for {max(sizes)}; "
            "bring more sales or ask for smaller sizes"
        )
    errors = []
    for size in sizes:
        parts = [(past.sample(size, random_state=seed), after) for past, after in divided]
        models = [train(part, max_leaf_nodes=max_leaf_nodes, seed=seed) for part, _ in parts]
        errors.append([_both_errors(model, *part) for model, part in zip(models, parts, strict=True)])
    return _curve("training_sales", sizes, errors)


def choose_complexity(curve: Curve) -> int:
    """Return the simplest value whose mean later error is within one standard error of the best one's.

    The best value's lead over a simpler one is often chance: other folds would crown another. Among values that cannot
    be told apart the simplest is the safest. The training error has no say.

    Parameters
    ----------
    curve : of `validation_curve`, simplest value first, two folds or more.

    Returns
    -------
    int : one of ``curve.values``. The standard error is that of the best value: how far chance may have moved the error
        that the others are compared with. Exactly one standard error above the best is still within.

    Notes
    -----
    The one-standard-error rule: Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning* (2nd edition),
    section 7.10. Temporal folds also differ because the market does, which widens the standard error and so leans the
    rule towards the simpler model.
    """
    # TASK 1.7: choose the simplest model that is good enough
    best = int(np.argmin(curve.mean_later))
    good_enough = curve.mean_later <= curve.mean_later[best] + curve.standard_error_later[best]
    return curve.values[int(np.argmax(good_enough))]
    # END TASK 1.7


def bias_and_variance(
    past: pd.DataFrame,
    after: pd.DataFrame,
    *,
    models: Sequence[tuple[str, int]],
    resamples: int = 5,
    rows: int = 1_500,
    houses: int = 1_000,
    seed: int = 0,
) -> list[Decomposition]:
    """Take the error on a later period apart, for models from stiff to flexible.

    Each model is trained ``resamples`` times on sales drawn with replacement from the past; all then price the same
    later houses. The spread between them is the variance, the rest of the error is bias (and noise).

    Parameters
    ----------
    past, after : sales to train on, and sales of a later period to ask about.
    models : pairs of a name and a ``max_leaf_nodes``.
    resamples : draws of training sales, at least 2; every model meets the same ones.
    rows : sales in each draw. Fewer than there are, to be quick, so the variance is greater than the full model's.
    houses : a random sample of so many later sales is priced, if there are more.
    seed : of the draws.

    Returns
    -------
    list : one decomposition a model. ``bias_squared + variance`` is its mean squared error of the log price.

    Raises
    ------
    NotEnoughSales : nothing to train on, or nothing to ask about.

    Notes
    -----
    Hastie, Tibshirani and Friedman, *The Elements of Statistical Learning* (2nd edition), section 7.3; draws by the
    bootstrap stand in for new training sets. With few draws the variance is estimated without bias (divided by
    ``resamples - 1``) and the squared bias is what remains of the mean squared error.
    """
    if past.empty or after.empty:
        raise NotEnoughSales(f"{len(past)} past and {len(after)} later sales; both are needed to take an error apart")
    random = np.random.default_rng(seed)
    draws = random.integers(0, len(past), (resamples, rows))
    asked = after.iloc[random.permutation(len(after))[:houses]]
    paid = np.log(asked["sale_price"].to_numpy())
    parts = []
    for name, leaves in models:
        trained = [train(past.iloc[draw], max_leaf_nodes=leaves, seed=seed) for draw in draws]
        predicted = np.log([_predict(model, asked) for model in trained])
        variance = float(predicted.var(axis=0, ddof=1).mean())
        squared_error = float(((predicted - paid) ** 2).mean())
        parts.append(Decomposition(name, leaves, bias_squared=squared_error - variance, variance=variance))
    return parts


def _predict(model: TransformedTargetRegressor, sales: pd.DataFrame) -> npt.NDArray[np.float64]:
    with threadpool_limits(limits=1):
        return np.asarray(model.predict(sales[list(FEATURES)]))


def _both_errors(model: TransformedTargetRegressor, past: pd.DataFrame, after: pd.DataFrame) -> tuple[float, float]:
    training, later = (
        median_absolute_percentage_error(sales["sale_price"], _predict(model, sales)) for sales in (past, after)
    )
    return training, later


def _curve(parameter: str, values: Sequence[int], errors: list[list[tuple[float, float]]]) -> Curve:
    training, later = (tuple(tuple(fold[side] for fold in folds) for folds in errors) for side in (0, 1))
    return Curve(parameter, tuple(values), training, later)
