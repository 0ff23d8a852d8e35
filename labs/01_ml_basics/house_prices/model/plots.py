"""Draw what the evaluation found; each title says the finding.

Every function returns a Matplotlib ``Figure`` of its own and touches no global state, so figures can be drawn in any
process and any thread, with no display. Colours are those of Okabe and Ito, which people with any kind of colour
blindness can tell apart; lines differ in shape too.
"""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator
from PIL import Image

from house_prices.model.complexity import Curve, Decomposition
from house_prices.model.evaluation import Estimate

MODEL, BASELINE, TRAINING, NOTE = "#0072B2", "#E69F00", "#009E73", "#555555"
ERROR = "median_absolute_percentage_error"
ERROR_LABEL = "median absolute percentage error"
WIDTH = 6.6  # inches: text of 10 points stays readable on a phone, where the figure is scaled down to half


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as a file: its PNG, and in words what it shows, for those who cannot see it."""

    png: bytes
    alt: str


def picture(figure: Figure) -> Picture:
    """Render a figure; the same figure gives the same bytes. The words are its title and the labels of its axes."""
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(144)
    canvas.draw()  # type: ignore[no-untyped-call]
    png = io.BytesIO()
    # 128 colours are plenty for lines and text, and make the file three times smaller.
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    Image.fromarray(pixels).convert("RGB").quantize(128).save(png, format="PNG", optimize=True)
    labels = dict.fromkeys(label for axes in figure.axes for label in (axes.get_xlabel(), axes.get_ylabel()) if label)
    return Picture(png.getvalue(), f"{figure.get_suptitle()}. Axes: {', '.join(labels)}.".replace("\n", " "))


def percent(share: float) -> str:
    """Write a share as people read it: 0.118 is "11.8 %"."""
    return f"{100 * share:.1f}\u00a0%"


def decay(model: pd.DataFrame, baseline: pd.DataFrame, window: tuple[pd.Timestamp, pd.Timestamp]) -> Figure:
    """Show the error month by month, through the training window and beyond.

    Parameters
    ----------
    model, baseline : tables of `evaluate_by` with `by_month`, over all months.
    window : first and last day of the sales that both were trained on.
    """
    start, end = window
    trained, last = model[model.index <= end].iloc[-1], model.iloc[-1]
    figure, axes = _figure(
        f"Trained once: {percent(trained[ERROR])} in {trained.name:%B %Y}, {percent(last[ERROR])} in {last.name:%B %Y}",
        height=4.6,
    )
    axes.axvspan(start, end, color=TRAINING, alpha=0.15, lw=0)
    axes.fill_between(
        model.index, model[f"{ERROR}_low"], model[f"{ERROR}_high"], color=MODEL, alpha=0.25, lw=0, label="95 % interval"
    )
    axes.plot(model.index, model[ERROR], color=MODEL, lw=2, label="the model")
    axes.plot(
        baseline.index, baseline[ERROR], color=BASELINE, lw=2, ls="--", label="baseline: area’s median $ per sq ft"
    )
    axes.set(xlabel="month of sale", ylabel=ERROR_LABEL, xlim=(model.index[0], model.index[-1]), ylim=(0, None))
    axes.text(
        start + (end - start) / 2,
        axes.get_ylim()[1] * 0.96,
        "trained on\nthese sales",
        color=NOTE,
        ha="center",
        va="top",
    )
    _percent_ticks(axes.yaxis)
    _legend(axes, loc="upper left", bbox_to_anchor=(0.3, 1))
    return figure


def honest_comparison(own: Estimate, later: Estimate, baseline: Estimate, *, learned: str, asked: str) -> Figure:
    """Show the error that flatters beside the one that counts and the one to beat.

    Parameters
    ----------
    own, later, baseline : median absolute percentage error of the model on its training sales, of the model on the
        period after, and of the baseline on the period after.
    learned, asked : names of the two periods: "2010", "2011".
    """
    figure, axes = _figure(
        f"{percent(own.value)} is what it remembers, {percent(later.value)} is what it knows", height=2.9
    )
    bars = [
        (f"model, asked about {learned}\n(the sales it learned from)", own, TRAINING),
        (f"model, asked about {asked}\n(sales it has never seen)", later, MODEL),
        (f"baseline, asked about {asked}\n(area’s median $ per sq ft)", baseline, BASELINE),
    ]
    for place, (_, estimate, colour) in enumerate(bars):
        axes.barh(place, estimate.value, color=colour, height=0.6)
        if estimate.low is not None and estimate.high is not None:
            axes.hlines(place, estimate.low, estimate.high, color="black", lw=1.5)
        axes.annotate(
            percent(estimate.value),
            (estimate.high or estimate.value, place),
            (6, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(range(len(bars)), [name for name, _, _ in bars])
    axes.invert_yaxis()
    axes.set(xlabel=f"{ERROR_LABEL} (black: 95 % interval)", xlim=(0, 1.2 * max(bar.value for _, bar, _ in bars)))
    _percent_ticks(axes.xaxis)
    axes.grid(visible=False, axis="y")
    return figure


def residual_plot(predicted: npt.ArrayLike, residuals: npt.ArrayLike, *, period: str) -> Figure:
    """Show paid ÷ predicted against the prediction, with the median through it.

    Parameters
    ----------
    predicted : array of shape (n_sales,), dollars.
    residuals : array of shape (n_sales,), log(paid / predicted).
    period : when the sales were: "2012".
    """
    prices, ratios = np.asarray(predicted, dtype=float), np.exp(np.asarray(residuals, dtype=float))
    figure, axes = _figure(
        f"Half of the {period} sales fetched between {np.quantile(ratios, 0.25):.2f} "
        f"and {np.quantile(ratios, 0.75):.2f} times the prediction"
    )
    blues = ListedColormap(colormaps["Blues"](np.linspace(0.3, 1, 128)))  # a single sale must be seen, too
    cells = axes.hexbin(prices, ratios, xscale="log", yscale="log", gridsize=(60, 36), mincnt=1, bins="log", cmap=blues)
    scale = figure.colorbar(cells, ax=axes, label="sales in a cell (log scale)", pad=0.01)
    scale.ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:g}"))
    scale.outline.set_visible(False)
    groups = np.array_split(np.argsort(prices), 12)
    axes.axhline(1, color="black", lw=1)
    axes.plot(
        [np.median(prices[group]) for group in groups],
        [np.median(ratios[group]) for group in groups],
        color=BASELINE,
        marker="o",
        ms=4,
        lw=2,
        label="median of a twelfth of the sales",
    )
    limit = 1.1 * float(np.exp(np.abs(np.log(ratios)).max()))
    axes.set(xlabel="predicted price", ylabel="paid ÷ predicted (1 = right)", ylim=(1 / limit, limit))
    _dollar_ticks(axes.xaxis, prices)
    axes.yaxis.set_major_locator(FixedLocator([0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))
    _legend(axes, loc="lower right")
    return figure


def calibration_plot(table: pd.DataFrame, *, period: str) -> Figure:
    """Show what was paid against what was predicted, one point a bin of `calibration`."""
    middle = float(table["paid_over_predicted"].median())
    finding = (
        "about as predicted"
        if abs(middle - 1) < 0.01
        else f"{percent(abs(middle - 1))} {'above' if middle > 1 else 'below'} the predictions"
    )
    figure, axes = _figure(f"In {period} the market paid {finding}")
    ends = np.array([table[["predicted", "paid"]].min().min() * 0.9, table[["predicted", "paid"]].max().max() * 1.1])
    axes.plot(ends, ends, color=NOTE, lw=1, ls="--", label="paid = predicted")
    axes.plot(
        table["predicted"], table["paid"], color=MODEL, marker="o", lw=1.5, label="medians of a tenth of the sales"
    )
    axes.set(xscale="log", yscale="log", xlabel="predicted price", ylabel="price paid", xlim=ends, ylim=ends)
    _dollar_ticks(axes.xaxis, ends)
    _dollar_ticks(axes.yaxis, ends)
    _legend(axes, loc="upper left")
    return figure


def validation_plot(curve: Curve, chosen: int) -> Figure:
    """Show both errors part as the trees grow, and below how the choice was made.

    Parameters
    ----------
    curve : of `validation_curve`.
    chosen : what `choose_complexity` made of it.
    """
    figure = Figure(figsize=(WIDTH, 5.6), layout="constrained")
    _title(figure, f"The training error keeps falling, the later error stops: {chosen} leaves a tree are enough")
    whole, close = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    _both_lines(whole, curve)
    whole.axvline(chosen, color=NOTE, lw=1, ls=":")
    whole.set(ylabel=ERROR_LABEL, ylim=(0, None))
    whole.annotate(f"chosen: {chosen}", (chosen, 0), (5, 5), textcoords="offset points", color=NOTE)
    _legend(whole, loc="lower left")
    later, spread = curve.mean_later, curve.standard_error_later
    limit = later.min() + spread[later.argmin()]
    close.errorbar(
        curve.values, later, spread, color=MODEL, marker="o", lw=2, capsize=4, label="later, ± 1 standard error"
    )
    close.axhline(limit, color=BASELINE, lw=1.5, ls="--", label="best + 1 standard error")
    close.axvline(chosen, color=NOTE, lw=1, ls=":")
    close.set(xscale="log", xlabel="leaves of a tree (stiff → flexible, log scale)", ylabel="later error, close up")
    for axes in (whole, close):
        _percent_ticks(axes.yaxis)
        _style(axes)
    _value_ticks(close, curve.values)
    _legend(close, loc="upper right")
    return figure


def learning_plot(curve: Curve) -> Figure:
    """Show both errors close in on each other as the training sales grow; ``curve`` is of `learning_curve`."""
    gaps = curve.mean_later - curve.mean_training
    figure, axes = _figure(
        f"More sales leave less to memorise: the gap goes from {100 * gaps[0]:.1f} "
        f"to {100 * gaps[-1]:.1f} percentage points"
    )
    _both_lines(axes, curve)
    axes.fill_between(curve.values, curve.mean_training, curve.mean_later, color=NOTE, alpha=0.1, lw=0)
    axes.set(xscale="log", xlabel="training sales (log scale)", ylabel=ERROR_LABEL, ylim=(0, None))
    _percent_ticks(axes.yaxis)
    _value_ticks(axes, curve.values)
    _legend(axes, loc="lower right")
    return figure


def bias_variance_plot(parts: Sequence[Decomposition]) -> Figure:
    """Show the squared error of each model in its two parts, from stiff to flexible."""
    stiff, flexible = parts[0], parts[-1]
    figure, axes = _figure(
        f"From {stiff.name} to {flexible.name}: bias² × {flexible.bias_squared / stiff.bias_squared:.2f}, "
        f"variance × {flexible.variance / stiff.variance:.1f}"
    )
    places = range(len(parts))
    bias, variance = [part.bias_squared for part in parts], [part.variance for part in parts]
    axes.bar(places, bias, color=MODEL, width=0.55, label="bias² and the noise of single sales (cannot be told apart)")
    axes.bar(places, variance, bottom=bias, color=BASELINE, width=0.55, hatch="//", edgecolor="white", label="variance")
    for place, part in enumerate(parts):
        total = part.bias_squared + part.variance
        for height, text in (
            (part.bias_squared / 2, part.bias_squared),
            (part.bias_squared + part.variance / 2, part.variance),
        ):
            axes.text(place + 0.3, height, f"{text:.4f}", va="center", color=NOTE)
        axes.text(place, total, f"{total:.4f}", ha="center", va="bottom", fontweight="bold")
    axes.set_xticks(places, [f"{part.name}\n{part.max_leaf_nodes} leaves" for part in parts])
    axes.set(
        ylabel="mean squared error of log price",
        xlabel="model",
        ylim=(0, 1.3 * max(map(sum, zip(bias, variance, strict=True)))),
    )
    axes.set_xlim(-0.5, len(parts) - 0.3)
    axes.grid(visible=False, axis="x")
    _legend(axes, loc="upper right")
    return figure


def importance_plot(table: pd.DataFrame) -> Figure:
    """Show what each feature is worth; ``table`` is of `feature_importance`."""
    figure, axes = _figure(
        f"Without “{table.index[0]}” the error grows by {100 * table['increase'].iloc[0]:.1f} percentage points",
        height=4.2,
    )
    axes.barh(table.index, 100 * table["increase"], xerr=100 * table["spread"], color=MODEL, height=0.65, capsize=2)
    axes.invert_yaxis()
    axes.axvline(0, color="black", lw=0.8)
    axes.set(xlabel="error added when the column is shuffled (percentage points)", ylabel="feature")
    axes.grid(visible=False, axis="y")
    return figure


def segment_plot(table: pd.DataFrame, *, segment: str, period: str) -> Figure:
    """Show the error of each segment with its interval, and how many sales it rests on.

    Parameters
    ----------
    table : of `evaluate_by`, in the order to be shown.
    segment : what a row is: "price band".
    period : when the sales were: "2012".
    """
    enough = table if table["small"].all() else table[~table["small"]]
    worst, best = enough[ERROR].idxmax(), enough[ERROR].idxmin()
    figure, axes = _figure(
        f"By {segment}, {period}: from {percent(enough.loc[best, ERROR])} ({best}) "
        f"to {percent(enough.loc[worst, ERROR])} ({worst})",
        height=1.4 + 0.26 * max(len(table), 6),
    )
    names = [f"{name}  (n = {sales:,})" for name, sales in table["sales"].items()]
    for place, (_, row) in enumerate(table.iterrows()):
        axes.plot(row[ERROR], place, marker="o", color=MODEL, mfc="white" if row["small"] else MODEL, ls="")
        axes.hlines(place, row[f"{ERROR}_low"], row[f"{ERROR}_high"], color=MODEL, lw=2, alpha=0.6)
    axes.set_yticks(range(len(table)), names, parse_math=False)
    axes.set_ylim(len(table) - 0.4, -0.6)
    hollow = "; hollow: under 30 sales" if table["small"].any() else ""
    axes.set(xlabel=f"{ERROR_LABEL} (line: 95 % interval{hollow})", ylabel=segment, xlim=(0, None))
    _percent_ticks(axes.xaxis)
    return figure


def _figure(title: str, *, height: float = 4) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    _title(figure, title)
    axes = figure.subplots()
    _style(axes)
    return figure, axes


def _title(figure: Figure, text: str) -> None:
    # Two dollar signs would otherwise start a formula.
    figure.suptitle(textwrap.fill(text, 64), fontsize=12, fontweight="bold", parse_math=False)


def _style(axes: Axes) -> None:
    axes.grid(color="#dddddd", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(axes: Axes, **place: Any) -> None:
    axes.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize=9, **place)


def _both_lines(axes: Axes, curve: Curve) -> None:
    for errors, mean, colour, marker, name in (
        (curve.later, curve.mean_later, MODEL, "o", "on the period after (mean and folds)"),
        (curve.training, curve.mean_training, TRAINING, "s", "on the training sales"),
    ):
        axes.plot(curve.values, errors, color=colour, marker=".", ls="", alpha=0.4)
        axes.plot(curve.values, mean, color=colour, marker=marker, lw=2, label=name)


def _percent_ticks(axis: Axis) -> None:
    axis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g}\u00a0%"))


def _value_ticks(axes: Axes, values: Sequence[int]) -> None:
    axes.xaxis.set_major_locator(FixedLocator(list(values)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _dollar_ticks(axis: Axis, prices: npt.ArrayLike) -> None:
    steps = np.array([1e5, 1.5e5, 2e5, 3e5, 5e5, 7.5e5, 1e6, 1.5e6, 2e6, 3e6, 5e6, 1e7])
    axis.set_major_locator(FixedLocator(steps[(steps >= np.min(prices)) & (steps <= np.max(prices))]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(
        FuncFormatter(lambda dollars, _: f"${dollars / 1e3:.0f}k" if dollars < 1e6 else f"${dollars / 1e6:g}M")
    )
