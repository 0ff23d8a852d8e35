"""Train and ask the model from the shell.

What a command needs is imported when it runs: a page of help should not wait for scikit-learn.
"""

import io
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from house_prices.model.columns import HOUSE_COLUMNS
from house_prices.model.errors import HousePricesError

if TYPE_CHECKING:
    from house_prices.model.model_file import LoadedModel
    from house_prices.model.stages import Run

MODEL_FOLDER = Path("artifacts/lab-01")
KNOWN_MODELS = Path("artifacts/known-models.json")

app = typer.Typer(
    name="python -m house_prices.model",
    help="An honest model of house prices in Seattle: train it, ask it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


class WrongHouse(HousePricesError):
    """The words of the command do not describe a house."""


def main() -> None:
    """Run the command line; an error that the user can mend ends it with one message and code 1."""
    try:
        # Behind `labs predict` it goes by that name; otherwise it finds out its own.
        app(prog_name=os.environ.get("LABS_PROGRAM"))
    except HousePricesError as error:
        _say_error(str(error))
    except OSError as error:
        # What could not be written would be tried once more at the end, and make the exit code 120.
        with suppress(OSError):
            sys.stdout.close()
        where = f"{error.filename}: " if error.filename else ""
        _say_error(f"{where}{(error.strerror or str(error)).lower()}; what was there before is still as it was")


def _say_error(message: str) -> None:
    Console(stderr=True).print(f"error: {message}", style="red", highlight=False, markup=False, soft_wrap=True)
    sys.exit(1)


Known = Annotated[Path, typer.Option(help="Record of the models that were made or accepted on this machine.")]


@app.command()
def train(
    out: Annotated[
        Path, typer.Option(help="Folder for model, manifest, card, metrics, plots and report.")
    ] = MODEL_FOLDER,
    seed: Annotated[int, typer.Option(min=0, help="Same data and seed: the same predictions, bit for bit.")] = 0,
    known: Known = KNOWN_MODELS,
) -> None:
    """Train on the sales of 2010 and 2011, judge the model on what came after, and write a report."""
    from house_prices.model.progress import StagesOnScreen

    screen = StagesOnScreen(Console())
    with screen:
        screen.begin("import pandas and scikit-learn")
        from house_prices.model.model_file import KnownModels
        from house_prices.model.stages import STAGES, run

        screen.expect(len(STAGES))
        done = run(out, KnownModels(known), seed=seed, stage=screen.begin)
    _summarise(done)


HOUSE = " ".join(f"{column.name}=…" for column in HOUSE_COLUMNS)
MEANINGS = "\n\n".join(f"[cyan]{column.name}[/]: {column.meaning}; {column.rule}" for column in HOUSE_COLUMNS)
EXAMPLE = (
    "predict area=44 use_type=sfr tot_sf=1680 lot_sf=4800 bldg_grade=7 beds=3 baths=1.75 age=64 eff_age=60 wfnt=0 "
    "longitude=-122.29 latitude=47.55"
)


@app.command(epilog=f"A house is described by\n\n{MEANINGS}\n\nFor example:\n\n{EXAMPLE}")
def predict(
    house: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="One house: all the names below.", show_default=False),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            help="Price a CSV file of houses instead, gzipped if it ends in .gz; - reads plain CSV from stdin."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="With --csv: where the priced rows go, instead of stdout.")] = None,
    rejected: Annotated[
        Path | None, typer.Option(help="With --csv: where the bad rows are listed, as CSV, instead of stderr.")
    ] = None,
    model: Annotated[Path, typer.Option(help="Folder of the model.")] = MODEL_FOLDER,
    known: Known = KNOWN_MODELS,
    digest: Annotated[
        str | None, typer.Option(help="Trust the model with this digest, whatever the record says.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One house: the answer as JSON.")] = False,
) -> None:
    """Price one house, or a CSV file of them, row by row and of any length.

    Bad rows are listed with their reasons and do not stop the good ones; the command then ends with code 1.
    """
    if bool(house) == bool(csv):
        raise typer.BadParameter("describe one house as NAME=VALUE …, or name a file with --csv")
    if (csv and as_json) or (house and (out or rejected)):
        raise typer.BadParameter("--json goes with one house, --out and --rejected with --csv")
    if out and rejected and out.resolve() == rejected.resolve():
        raise typer.BadParameter("--out and --rejected name the same file")
    if house:
        values = _values(house)
        _price_one(_load(model, known, digest), values, as_json=as_json)
    else:
        assert csv is not None
        _price_csv(_load(model, known, digest), csv, out, rejected)


def _values(house: list[str]) -> dict[str, str]:
    names = {column.name for column in HOUSE_COLUMNS}
    values: dict[str, str] = {}
    wrong = []
    for word in house:
        name, equals, value = word.partition("=")
        if not equals or name not in names:
            wrong.append(f"{word!r} is not of the form NAME=VALUE with one of the names {', '.join(sorted(names))}")
        elif name in values:
            wrong.append(f"{name} is given twice")
        else:
            values[name] = value
    if wrong:
        raise WrongHouse("; ".join(wrong))
    return values


def _load(folder: Path, known: Path, digest: str | None) -> "LoadedModel":
    from house_prices.model.model_file import KnownModels, load_model

    return load_model(folder, {digest} if digest else KnownModels(known).digests())


def _price_one(loaded: "LoadedModel", values: dict[str, str], *, as_json: bool) -> None:
    from house_prices.model.prediction import price_house

    priced = price_house(loaded.model, loaded.manifest.inputs, values)
    about = f"{loaded.manifest.name} {loaded.manifest.version}"
    if as_json:
        print(json.dumps({"predicted_price": priced.price, "notes": list(priced.notes), "model": about}))
        return
    print(f"${priced.price:,.0f}", flush=True)  # before the notes, into a pipe as well
    console = Console(stderr=True)
    for note in (*priced.notes, f"{about}: as of {loaded.manifest.training.last_sale}, in dollars of that time"):
        console.print(f"  {note}", style="dim", highlight=False, markup=False, soft_wrap=True)


def _price_csv(loaded: "LoadedModel", source: Path, out: Path | None, rejected: Path | None) -> None:
    from contextlib import ExitStack

    from house_prices.model.prediction import price_file, replacing

    # CSV is UTF-8 whatever the shell's locale is, perhaps with the byte order mark that spreadsheets put in front.
    for stream, encoding in ((sys.stdin, "utf-8-sig"), (sys.stdout, "utf-8"), (sys.stderr, "utf-8")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="strict", newline="")
    with ExitStack() as files:
        priced = files.enter_context(replacing(out)) if out else sys.stdout
        refused = files.enter_context(replacing(rejected)) if rejected else sys.stderr
        counts = price_file(
            loaded.model, loaded.manifest.inputs, sys.stdin if str(source) == "-" else source, priced, refused
        )
    sys.stdout.flush()
    print(f"{counts.priced:,} priced, {counts.refused:,} refused", file=sys.stderr)
    if counts.refused:
        raise typer.Exit(1)


def _summarise(run: "Run") -> None:
    """Print what a person reads in ten seconds; the rest is in the report."""
    error = "median_absolute_percentage_error"
    rehearsal, champion = run.results.rehearsal, run.results.champion

    def percent(value: float) -> str:
        return f"{value:.1%}".replace("%", " %")

    table = Table(title="Median error, as a share of the price paid", title_justify="left", box=None, pad_edge=False)
    for heading in ("trained on", "asked about", "model", "baseline", ""):
        table.add_column(heading, justify="right" if heading in ("model", "baseline") else "left", style="bold")
    table.columns[-1].style = "dim"
    flattering, honest = percent(rehearsal.own[error].value), percent(rehearsal.later[error].value)
    table.add_row(rehearsal.learned, f"{rehearsal.learned}, its own sales", flattering, "", "the flattering figure")
    row: list[Any] = [rehearsal.learned, rehearsal.asked, honest, percent(rehearsal.baseline[error].value)]
    table.add_row(*row, "the honest one")
    for year, figures in run.results.by_year.iterrows():
        if str(year) >= champion.asked:
            baseline = run.results.baseline_by_year.loc[year, error]
            aged = str(year) == str(run.results.by_year.index[-1])
            remark = "the champion" if str(year) == champion.asked else "same model, the market moved" if aged else ""
            table.add_row(champion.learned, str(year), percent(figures[error]), percent(baseline), remark)
    console = Console()
    console.print()
    console.print(table)
    console.print()
    leaves = run.results.chosen
    console.print(f"{leaves} leaves a tree, chosen by temporal folds. Model digest {run.digest[:12]}…", highlight=False)
    console.print(f"Everything else: {run.folder / 'report.html'}", highlight=False, soft_wrap=True)
