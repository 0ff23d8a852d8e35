"""Train gradient-boosted trees on the logarithm of the price."""

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from house_prices.model.features import CATEGORIES, FEATURES, feature_step


def build_model(*, max_leaf_nodes: int = 31, max_iter: int = 100, seed: int = 0) -> TransformedTargetRegressor:
    """Return the unfitted model: houses → features → trees → price, behind one ``fit`` and one ``predict``.

    Everything that is learned from data, the known areas too, sits inside, so cross-validation refits all of it and
    nothing can leak from the rows that are held out. Inside is a pipeline of two steps, ``features`` (`feature_step`)
    and ``trees`` (a `HistGradientBoostingRegressor`).

    The trees fit the *logarithm* of the price: to be 50,000 dollars off matters little for a mansion and much for a
    flat, while a difference of logarithms is a ratio, the same for both. ``predict`` goes back to dollars.

    The first columns that the trees get are the codes of ``CATEGORIES``: names, not amounts, so area 44 is not between
    42 and 50, and one cut may put any areas on either side. The trees learn from all rows that they are given and hold
    none of them back at random, however many there are. All else about them is as scikit-learn has it.

    Parameters
    ----------
    max_leaf_nodes : leaves of each tree: how finely one tree may cut the houses apart.
    max_iter : number of trees, each correcting those before it.
    seed : kept with the model. Without early stopping and sampling the fit draws no random numbers today; the seed is
        set so that it stays repeatable if somebody turns either on.

    Returns
    -------
    TransformedTargetRegressor : takes a DataFrame with the columns of ``FEATURES`` and prices in dollars, and gives
        prices in dollars. What it is made of can be imported by name: a lambda could not be saved with the model.
    """
    # TASK 1.5: train on the logarithm of the price
    trees = HistGradientBoostingRegressor(
        categorical_features=list(range(len(CATEGORIES))),
        max_leaf_nodes=max_leaf_nodes,
        max_iter=max_iter,
        # "auto" would hold out a random tenth above 10,000 rows: neighbours in time of what it trains on.
        early_stopping=False,
        random_state=seed,
    )
    pipeline = Pipeline([("features", feature_step()), ("trees", trees)])
    return TransformedTargetRegressor(pipeline, func=np.log, inverse_func=np.exp)
    # END TASK 1.5


def train(
    sales: pd.DataFrame, *, max_leaf_nodes: int = 31, max_iter: int = 100, seed: int = 0
) -> TransformedTargetRegressor:
    """Fit the model to ``sales`` and return it.

    Parameters
    ----------
    sales : DataFrame with the columns of ``FEATURES`` and ``sale_price`` in dollars, above zero.
    max_leaf_nodes, max_iter, seed : see `build_model`.

    Returns
    -------
    TransformedTargetRegressor : ``predict(houses)`` gives dollars, float64 of shape (n_houses,). The same sales and
        seed give the same predictions, bit for bit.
    """
    model = build_model(max_leaf_nodes=max_leaf_nodes, max_iter=max_iter, seed=seed)
    # Measured on 2 cores: 0.3 s with one thread, seconds with more threads than cores; the result is the same.
    with threadpool_limits(limits=1):
        return model.fit(sales[list(FEATURES)], sales["sale_price"])
