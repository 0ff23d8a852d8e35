import io
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from PIL import Image

from house_prices.model import plots
from house_prices.model.complexity import Curve, Decomposition
from house_prices.model.evaluation import Estimate, by_area, by_month, calibration, evaluate_by, residuals

WINDOW = (pd.Timestamp("2010-01-04"), pd.Timestamp("2011-12-30"))
CURVE = Curve(
    "max_leaf_nodes", (2, 8, 31), ((0.12, 0.11), (0.1, 0.08), (0.05, 0.04)), ((0.13, 0.14), (0.11, 0.12), (0.12, 0.12))
)
PARTS = [Decomposition("stiff", 2, 0.05, 0.001), Decomposition("flexible", 127, 0.04, 0.005)]


def a_market() -> tuple[pd.DataFrame, pd.Series]:
    random = np.random.default_rng(0)
    days = pd.Timestamp("2010-01-01") + pd.to_timedelta(random.integers(0, 1_460, 3_000), unit="D")
    sales = pd.DataFrame({"sale_date": days, "sale_price": random.uniform(2e5, 2e6, 3_000), "area": [5] * 2_999 + [23]})
    off = np.where(sales["sale_date"] < "2012-01-01", 0.1, np.where(sales["sale_date"] < "2013-01-01", 0.2, 0.4))
    return sales, sales["sale_price"] * (1 + off)


def all_figures() -> dict[str, Figure]:
    sales, predicted = a_market()
    months = evaluate_by(sales, predicted, by_month, resamples=20)
    half, twice = Estimate(0.071, 0.068, 0.074), Estimate(0.118, None, None)
    return {
        "decay": plots.decay(months, months, WINDOW),
        "honest": plots.honest_comparison(half, twice, Estimate(0.18, 0.17, 0.19), learned="2010", asked="2011"),
        "residuals": plots.residual_plot(predicted, residuals(sales["sale_price"], predicted), period="2012"),
        "calibration": plots.calibration_plot(calibration(sales["sale_price"], predicted), period="2012"),
        "validation": plots.validation_plot(CURVE, 8),
        "learning": plots.learning_plot(CURVE),
        "bias_variance": plots.bias_variance_plot(PARTS),
        "importance": plots.importance_plot(
            pd.DataFrame({"increase": [0.06, 0.01], "spread": [0.001, 0.002]}, index=["area", "beds"])
        ),
        "segments": plots.segment_plot(
            evaluate_by(sales, predicted, by_area, resamples=20), segment="area", period="2012"
        ),
    }


FINDINGS = {
    "decay": "Trained once: 10.0 % in December 2011, 40.0 % in December 2013",
    "honest": "7.1 % is what it remembers, 11.8 % is what it knows",
    "residuals": "Half of the 2012 sales fetched between 0.71 and 0.91 times the prediction",
    "validation": "The training error keeps falling, the later error stops: 8 leaves a tree are enough",
    "learning": "More sales leave less to memorise: the gap goes from 2.0 to 7.5 percentage points",
    "bias_variance": "From stiff to flexible: bias² × 0.80, variance × 5.0",
    "importance": "Without “area” the error grows by 6.0 percentage points",
    "segments": "By area, 2012: from 20.0 % (5) to 20.0 % (5)",
}


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    return all_figures()


@pytest.mark.parametrize("name", FINDINGS)
def test_the_title_says_the_finding(figures: dict[str, Figure], name: str) -> None:
    assert figures[name].get_suptitle().replace("\n", " ").replace("\u00a0", " ") == FINDINGS[name]


@pytest.mark.parametrize(
    ("factor", "finding"),
    [
        (1.0, "about as predicted"),
        (1.05, "5.0\u00a0% above the predictions"),
        (0.9, "10.0\u00a0% below the predictions"),
    ],
)
def test_the_calibration_says_which_way_the_market_went(factor: float, finding: str) -> None:
    predicted = np.linspace(2e5, 9e5, 100)
    figure = plots.calibration_plot(calibration(factor * predicted, predicted), period="2013")
    assert figure.get_suptitle() == f"In 2013 the market paid {finding}"


def test_every_axis_is_labelled(figures: dict[str, Figure]) -> None:
    bare = {name for name, figure in figures.items() if not any(axes.get_xlabel() for axes in figure.axes)}
    assert not bare
    assert all(figure.axes[0].get_ylabel() or name == "honest" for name, figure in figures.items())


def test_every_picture_is_a_small_readable_png_with_words(figures: dict[str, Figure]) -> None:
    for name, figure in figures.items():
        picture = plots.picture(figure)
        image = Image.open(io.BytesIO(picture.png))
        assert image.format == "PNG"
        assert image.width >= 800, name
        assert len(picture.png) < 80_000, name
        assert "Axes: " in picture.alt


def test_the_same_figure_gives_the_same_bytes() -> None:
    first, second = (plots.picture(plots.bias_variance_plot(PARTS)) for _ in range(2))
    assert first == second


def test_the_training_window_is_shaded_and_the_interval_drawn(figures: dict[str, Figure]) -> None:
    axes = figures["decay"].axes[0]
    (shade,) = axes.patches
    start = date2num(WINDOW[0])  # type: ignore[no-untyped-call]
    assert shade.get_window_extent().x0 == pytest.approx(axes.transData.transform((start, 0))[0])
    assert len(axes.collections) == 1
    assert [line.get_label() for line in axes.lines] == ["the model", "baseline: area’s median $ per sq ft"]


def test_a_segment_with_few_sales_is_hollow_and_cannot_be_best_or_worst(figures: dict[str, Figure]) -> None:
    axes = figures["segments"].axes[0]
    assert [line.get_markerfacecolor() for line in axes.lines] == [plots.MODEL, "white"]
    assert "hollow: under 30 sales" in axes.get_xlabel()


def test_small_segments_alone_can_be_drawn() -> None:
    sales, predicted = a_market()
    table = evaluate_by(sales.head(5), predicted.head(5), by_area)
    assert "By area" in plots.segment_plot(table, segment="area", period="2010").get_suptitle()


def test_no_global_state_is_touched(figures: dict[str, Figure]) -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


def test_a_share_is_written_as_people_read_it() -> None:
    assert plots.percent(0.1184) == "11.8\u00a0%"
