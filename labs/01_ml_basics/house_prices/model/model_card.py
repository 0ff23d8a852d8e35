"""Write the model card: what a person should know before using the model."""

from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from house_prices.model.manifest import Input, Interval, Manifest

_METRICS = (
    ("median_absolute_percentage_error", "Median absolute percentage error"),
    ("share_within_10_percent", "Within 10 %"),
    ("share_within_20_percent", "Within 20 %"),
    ("mean_absolute_error", "Mean absolute error"),
    ("root_mean_squared_log_error", "RMSLE"),
)


def write_card(path: Path, manifest: Manifest) -> None:
    """Write the card of the model that ``manifest`` describes, as Markdown; an existing file is replaced.

    The idea and most of the headings are from Mitchell et al., *Model Cards for Model Reporting* (2019).
    """
    # Markdown has no escaping that jinja2 knows of; what comes from outside goes through the filter `cell`.
    environment = Environment(autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"cell": _cell, "figure": _figure, "seen": _seen, "allowed": _allowed}
    template = environment.from_string(files("house_prices.model").joinpath("model_card.md.j2").read_text("utf-8"))
    path.write_text(template.render(m=manifest, metrics=_METRICS) + "\n", encoding="utf-8")


def _cell(text: str) -> str:
    """Keep a text inside of its table cell, as text."""
    for special in "\\`|<>*_[]":
        text = text.replace(special, f"\\{special}")
    return " ".join(text.split())


def _figure(interval: Interval, metric: str) -> str:
    def shown(value: float) -> str:
        if metric == "mean_absolute_error":
            return f"${value:,.0f}"
        return f"{value:.3f}" if metric == "root_mean_squared_log_error" else f"{value:.1%}".replace("%", " %")

    if interval.low is None or interval.high is None:
        return shown(interval.value)
    return f"{shown(interval.value)} [{shown(interval.low)}, {shown(interval.high)}]"


def _seen(column: Input) -> str:
    if column.categories is not None:
        return ", ".join(_cell(str(category)) for category in column.categories)
    return _range(column.seen_minimum, column.seen_maximum)


def _allowed(column: Input) -> str:
    if column.categories is not None:
        return "these" if column.closed else f"any, {_range(column.minimum, column.maximum)}"
    return _range(column.minimum, column.maximum)


def _range(low: float | None, high: float | None) -> str:
    return " … ".join("" if limit is None else f"{limit:,.10g}" for limit in (low, high))
