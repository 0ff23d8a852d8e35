"""Turn houses into what the trees learn from: codes for the categories, the numbers as they are."""

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OrdinalEncoder

CATEGORIES = ("area", "use_type")
NUMBERS = (
    "lot_sf",
    "wfnt",
    "bldg_grade",
    "tot_sf",
    "beds",
    "baths",
    "age",
    "eff_age",
    "longitude",
    "latitude",
)
FEATURES = CATEGORIES + NUMBERS


def feature_step() -> ColumnTransformer:
    """Return the unfitted first step of the pipeline: houses in, a matrix of numbers out.

    It learns from the sales it is fitted on which areas and types of house there are. One that it meets later for the
    first time (area 23 had no sale before 2016) becomes a missing value, which the trees have a branch for: a new area
    costs accuracy, never a crash.

    The numbers stay as they are: trees only ask whether a value lies above a threshold, so scaling changes nothing.

    Returns
    -------
    ColumnTransformer : takes a DataFrame with the columns of ``FEATURES`` (others are ignored) and gives an array of
        shape (n_houses, 12): first the codes of ``CATEGORIES``, unknown ones as NaN, then ``NUMBERS``.
    """
    # TASK 1.4: survive an area that training never saw
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", encoder, list(CATEGORIES)), ("numbers", "passthrough", list(NUMBERS))])
    # END TASK 1.4
