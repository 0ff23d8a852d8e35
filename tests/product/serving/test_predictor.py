"""The way around the DataFrame: the same prices to the last bit, alone and in company, or a refusal at the start."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from house_prices.model.features import CATEGORIES, FEATURES, NUMBERS
from house_prices.model.model_file import LoadedModel, RefusedModel, load_model
from house_prices.serving.contract import Contract
from house_prices.serving.forest import Forest
from house_prices.serving.predictor import Predictor
from house_prices.serving.service import Service
from tests.product.serving.making import HOUSE, Made
from tests.product.serving.strategies import houses


@pytest.fixture(scope="module")
def contract(predictor: Predictor) -> Contract:
    return Contract(predictor.manifest)


def as_asked(made: Made, asked: list[dict[str, Any]]) -> np.ndarray[Any, Any]:
    """Return what the pipeline itself answers to a DataFrame."""
    predicted: np.ndarray[Any, Any] = made.model.predict(pd.DataFrame(asked)[list(FEATURES)])
    return predicted


def bits(prices: Any) -> list[int]:
    patterns: list[int] = np.asarray(prices, dtype=np.float64).view(np.int64).tolist()
    return patterns


@settings(max_examples=60)
@given(data=st.data())
def test_prices_are_those_of_the_pipeline_to_the_last_bit_alone_and_in_any_batch(
    made: Made, predictor: Predictor, service: Service, data: st.DataObject
) -> None:
    asked = data.draw(st.lists(houses(predictor.manifest), min_size=1, max_size=12))
    together = bits(as_asked(made, asked))
    assert bits(predictor.predict(predictor.encode(asked).matrix)) == together
    assert bits([each.price for each in service.price(asked)]) == together
    at = data.draw(st.integers(0, len(asked) - 1))
    assert bits(predictor.predict(predictor.encode([asked[at]]).matrix)) == [together[at]]
    assert bits(as_asked(made, [asked[at]])) == [together[at]]


def test_real_sales_cost_what_the_pipeline_says_all_at_once(made: Made, predictor: Predictor) -> None:
    asked = made.sales[list(FEATURES)].to_dict("records")
    prices = predictor.predict(predictor.encode(asked).matrix)
    assert bits(prices) == bits(made.model.predict(made.sales))


def test_scikit_learn_answers_where_the_quick_way_would_answer_otherwise(
    made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = load_model(made.folder, {made.digest})
    Predictor(loaded)
    assert not caplog.records
    monkeypatch.setattr(Forest, "agrees", lambda *_: False)
    predictor = Predictor(loaded)
    (said,) = caplog.records
    assert "slower" in said.message
    asked = made.sales[list(FEATURES)].head(50).to_dict("records")
    assert bits(predictor.predict(predictor.encode(asked).matrix)) == bits(made.model.predict(made.sales.head(50)))


def test_the_order_of_the_fields_does_not_matter(predictor: Predictor) -> None:
    turned = dict(reversed(list(HOUSE.items())))
    np.testing.assert_array_equal(predictor.encode([turned]).matrix, predictor.encode([HOUSE]).matrix)


def test_the_matrix_is_what_the_step_of_the_pipeline_makes(made: Made, predictor: Predictor) -> None:
    asked = [HOUSE, {**HOUSE, "area": 6}, {**HOUSE, "use_type": "condo"}]
    expected = made.model.regressor_["features"].transform(pd.DataFrame(asked))
    encoded = predictor.encode(asked).matrix
    np.testing.assert_array_equal(encoded, expected)
    assert encoded.dtype == np.float64
    assert encoded.flags["C_CONTIGUOUS"]
    assert np.isnan(encoded[1, 0])


def test_what_is_new_to_the_model_is_noted_for_its_house_alone(made: Made, predictor: Predictor) -> None:
    most = made.sales["beds"].max()
    asked = [HOUSE, {**HOUSE, "area": 6, "beds": 30}, HOUSE]
    assert predictor.encode(asked).notes == (
        (),
        ("area 6 was not in the training data", f"beds 30 lies above the {most} seen in training"),
        (),
    )


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"area": 6}, "area 6 was not"),
        ({"beds": 30}, "beds 30 lies above"),
        ({"latitude": 47.0}, "latitude 47 lies below"),
    ],
)
def test_one_thing_alone_that_is_new_is_noted(predictor: Predictor, change: dict[str, Any], note: str) -> None:
    ((told,),) = predictor.encode([{**HOUSE, **change}]).notes
    assert told.startswith(note)


def test_the_contract_lets_through_nothing_that_cannot_be_encoded(contract: Contract, predictor: Predictor) -> None:
    asked = contract.Request.model_validate({"houses": [HOUSE] * 1_000}).model_dump()["houses"]
    assert np.isfinite(predictor.predict(predictor.encode(asked).matrix)).all()


# Models that are trusted and load, and are made of other parts

TREES = HistGradientBoostingRegressor(max_iter=2, early_stopping=False)


def features(
    encoder: Any = None, numbers: Any = "passthrough", first: Any = CATEGORIES, **changes: Any
) -> ColumnTransformer:
    known = encoder or OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return ColumnTransformer([("categories", known, list(first)), ("numbers", numbers, list(NUMBERS))], **changes)


def logged(*steps: tuple[str, Any]) -> TransformedTargetRegressor:
    return TransformedTargetRegressor(Pipeline(list(steps)), func=np.log, inverse_func=np.exp)


FOREIGN: dict[str, tuple[Callable[[], Any], str]] = {
    "one hot": (
        lambda: logged(
            ("features", features(OneHotEncoder(handle_unknown="ignore", sparse_output=False))), ("trees", TREES)
        ),
        "its categories are not coded by an OrdinalEncoder that takes the unknown for missing",
    ),
    "an unknown category is a code": (
        lambda: logged(
            ("features", features(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1))),
            ("trees", TREES),
        ),
        "its categories are not coded by an OrdinalEncoder that takes the unknown for missing",
    ),
    "an unknown category is an error": (
        lambda: logged(("features", features(OrdinalEncoder())), ("trees", TREES)),
        "its categories are not coded by an OrdinalEncoder that takes the unknown for missing",
    ),
    "rare categories share a code": (
        lambda: logged(
            (
                "features",
                features(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, min_frequency=9)),
            ),
            ("trees", TREES),
        ),
        "its categories are not coded by an OrdinalEncoder that takes the unknown for missing",
    ),
    "scaled": (
        lambda: logged(("features", features(numbers=StandardScaler())), ("trees", TREES)),
        "its columns are coded otherwise",
    ),
    "changed by a function": (
        lambda: logged(("features", features(numbers=FunctionTransformer(np.abs))), ("trees", TREES)),
        "its columns are coded otherwise",
    ),
    "weighed": (
        lambda: logged(("features", features(transformer_weights={"numbers": 2.0})), ("trees", TREES)),
        "its columns are coded otherwise",
    ),
    "other columns": (
        lambda: logged(("features", features(first=CATEGORIES[::-1])), ("trees", TREES)),
        "its columns are coded otherwise",
    ),
    "a step in between": (
        lambda: logged(("features", features()), ("more", FunctionTransformer(np.negative)), ("trees", TREES)),
        "it has the steps features, more, trees",
    ),
    "other steps": (
        lambda: logged(("columns", features()), ("trees", TREES)),
        "it has the steps columns, trees",
    ),
    "the price itself": (
        lambda: Pipeline([("features", features()), ("trees", TREES)]),
        "'Pipeline' object has no attribute 'regressor_'",
    ),
    "no way back from the logarithm": (
        lambda: TransformedTargetRegressor(Pipeline([("features", features()), ("trees", TREES)])),
        "it does not go back from the logarithm to dollars",
    ),
    "trees alone": (
        lambda: TransformedTargetRegressor(Pipeline([("trees", TREES)]), func=np.log, inverse_func=np.exp),
        "it has the steps trees",
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_model_of_other_parts_is_refused_at_the_start(made: Made, predictor: Predictor, kind: str) -> None:
    build, reason = FOREIGN[kind]
    sales = made.sales.iloc[:200]
    inputs = sales[list(FEATURES)] if kind != "trees alone" else sales[list(NUMBERS)]
    model = build().fit(inputs, sales["sale_price"])
    with pytest.raises(RefusedModel) as refused:
        Predictor(LoadedModel(model, predictor.manifest, made.digest))
    assert str(refused.value) == f"the model cannot be served: {reason}. Train it with the code that is here."


def test_the_model_of_the_lab_is_not_refused(made: Made, predictor: Predictor) -> None:
    again = Predictor(LoadedModel(made.model, predictor.manifest, made.digest))
    matrix = again.encode([HOUSE]).matrix
    assert bits(again.predict(matrix)) == bits(predictor.predict(matrix))
