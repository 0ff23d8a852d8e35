import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from house_prices.model.complexity import Curve, Decomposition
from house_prices.model.evaluation import (
    by_area,
    by_month,
    by_price_band,
    by_year,
    calibration,
    evaluate,
    evaluate_by,
    residuals,
)
from house_prices.model.plots import Picture
from house_prices.model.report import Contrast, Results, draw, write_report


class Outline(HTMLParser):
    """What a page is made of: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.text = " ".join(self.text.replace("\u00a0", " ").split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data} " if "style" not in self.open else ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def results() -> Results:
    random = np.random.default_rng(0)
    days = pd.Timestamp("2010-01-01") + pd.to_timedelta(np.sort(random.integers(0, 1_460, 2_000)), unit="D")
    sales = pd.DataFrame({"sale_date": days, "sale_price": random.uniform(2e5, 2e6, 2_000), "area": [5] * 2_000})
    off = np.where(days < "2012-01-01", 1.1, np.where(days < "2013-01-01", 1.2, 1.4))
    predicted, guessed = sales["sale_price"] * off, sales["sale_price"] * 1.5
    own, later = (days < "2012-01-01"), (days >= "2012-01-01") & (days < "2013-01-01")
    sales.loc[np.flatnonzero(later)[-3:], "area"] = 23
    contrast = Contrast(
        learned="2010–2011",
        asked="2012",
        own=evaluate(sales["sale_price"][own], predicted[own], resamples=20),
        later=evaluate(sales["sale_price"][later], predicted[later], resamples=20),
        baseline=evaluate(sales["sale_price"][later], guessed[later], resamples=20),
    )
    curve = Curve("max_leaf_nodes", (2, 8), ((0.12, 0.11), (0.1, 0.08)), ((0.13, 0.14), (0.11, 0.12)))
    return Results(
        rehearsal=dataclasses.replace(contrast, learned="2010", asked="2011"),
        champion=contrast,
        window=(days[0], days[own][-1]),
        training_sales=int(own.sum()),
        by_month=evaluate_by(sales, predicted, by_month, resamples=20),
        baseline_by_month=evaluate_by(sales, guessed, by_month, resamples=0),
        by_year=evaluate_by(sales, predicted, by_year, resamples=20),
        baseline_by_year=evaluate_by(sales, guessed, by_year, resamples=0),
        by_price_band=evaluate_by(sales[later], predicted[later], by_price_band, resamples=20),
        by_area=evaluate_by(sales[later], predicted[later], by_area, resamples=20),
        predicted=predicted[later].to_numpy(),
        residuals=residuals(sales["sale_price"][later], predicted[later]),
        calibration=calibration(sales["sale_price"][later], predicted[later]),
        importance=pd.DataFrame(
            {"increase": [0.06, 0.01], "spread": [0.001, 0.002]}, index=pd.Index(["area", "beds"], name="feature")
        ),
        validation=curve,
        learning=dataclasses.replace(curve, parameter="training_sales"),
        chosen=8,
        decomposition=[Decomposition("stiff", 2, 0.05, 0.001), Decomposition("flexible", 127, 0.04, 0.005)],
        made_from={"Data": "sales.csv", "Note": "<script>alert('mine')</script> & more"},
    )


@pytest.fixture(scope="module")
def pictures(results: Results) -> dict[str, Picture]:
    return draw(results)


@pytest.fixture
def html(tmp_path: Path, results: Results, pictures: dict[str, Picture]) -> str:
    write_report(tmp_path / "report.html", results, pictures)
    return (tmp_path / "report.html").read_text("utf-8")


def test_the_report_needs_nothing_but_itself(html: str) -> None:
    outline = Outline(html)
    assert not outline.all("script")
    assert not outline.all("link")
    assert not re.search(r"https?://|url\(|@import", html)
    assert all(str(image["src"]).startswith("data:image/png;base64,") for image in outline.all("img"))


def test_every_picture_is_shown_once_with_words_for_those_who_cannot_see_it(
    html: str, pictures: dict[str, Picture]
) -> None:
    words = [image["alt"] for image in Outline(html).all("img")]
    assert sorted(map(str, words)) == sorted(picture.alt for picture in pictures.values())


def test_the_page_is_well_formed_with_one_title_and_its_language(html: str) -> None:
    outline = Outline(html)
    assert outline.open == []
    assert html.startswith("<!doctype html>")
    assert outline.all("html") == [{"lang": "en"}]
    assert len(outline.all("h1")) == len(outline.all("main")) == 1
    assert len(outline.all("h2")) >= 6


def test_the_figures_that_matter_come_first(html: str) -> None:
    text = Outline(html).text
    first = text[: text.index("The honest comparison")]
    assert "Half of its predictions for 2012 are within 20.0 % of the price paid" in first
    assert "that has become 40.0 % by 2013" in first
    assert "50.0 % of the baseline in 2012" in first
    assert "10.0 % on its own training sales" in first


def test_a_small_segment_is_told_as_such(html: str) -> None:
    assert "23 3 20.0 % too few sales to say" in Outline(html).text


def test_years_that_were_trained_on_are_marked(html: str) -> None:
    text = Outline(html).text
    assert "2011 (trained on)" in text
    assert "2012 (trained on)" not in text


def test_what_callers_pass_is_text_and_never_markup(html: str) -> None:
    assert "&lt;script&gt;alert(&#39;mine&#39;)&lt;/script&gt; &amp; more" in html


def test_a_sample_too_small_for_an_interval_says_so(
    tmp_path: Path, results: Results, pictures: dict[str, Picture]
) -> None:
    few = dataclasses.replace(results.champion, later=evaluate([3e5] * 5, [4e5] * 5))
    write_report(tmp_path / "report.html", dataclasses.replace(results, champion=few), pictures)
    assert "too few sales for an interval" in Outline((tmp_path / "report.html").read_text("utf-8")).text


def test_results_become_json(results: Results) -> None:
    told = json.loads(json.dumps(results.to_dict(), allow_nan=False))
    assert told["champion"]["later"]["median_absolute_percentage_error"]["value"] == pytest.approx(0.2)
    assert told["by_area"][1] | {"segment": 23, "sales": 3, "small": True} == told["by_area"][1]
    assert told["training_window"] == [f"{day:%Y-%m-%d}" for day in results.window]
    assert told["max_leaf_nodes"] == 8
    assert told["importance"][0] == {"feature": "area", "increase": 0.06, "spread": 0.001}
    assert "predicted" not in told
