"""The estimate to beat: what a house's area charges per square foot."""

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted


class MedianPricePerSquareFoot(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Price a house at its area's median price per square foot of living area.

    A model that cannot beat what an agent does on a napkin is not worth its keep, so every figure of the model is
    shown beside this one.

    Attributes
    ----------
    by_area_ : Series, dollars per square foot, indexed by area.
    anywhere_ : float, dollars per square foot over all sales, for an area that was not seen in training.
    """

    def fit(self, houses: pd.DataFrame, prices: npt.ArrayLike) -> Self:
        """Learn the medians: set the two attributes that the class names and `predict` reads.

        Parameters
        ----------
        houses : DataFrame of shape (n_houses, ...) with ``area`` and ``tot_sf`` (square feet, above zero).
        prices : array of shape (n_houses,), dollars. They belong to the houses by position: a Series may have another
            index than ``houses``, which then means nothing.

        Houses and prices stay as they were.

        Returns
        -------
        MedianPricePerSquareFoot : itself, as with every scikit-learn estimator.
        """
        # TASK 1.3: learn what each area charges for a square foot
        per_square_foot = np.asarray(prices, dtype=float) / houses["tot_sf"]
        self.by_area_ = per_square_foot.groupby(houses["area"]).median()
        self.anywhere_ = float(per_square_foot.median())
        return self
        # END TASK 1.3

    def predict(self, houses: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the estimates in dollars, shape (n_houses,)."""
        check_is_fitted(self)
        rate = houses["area"].map(self.by_area_).fillna(self.anywhere_)
        return np.asarray(rate * houses["tot_sf"], dtype=np.float64)
