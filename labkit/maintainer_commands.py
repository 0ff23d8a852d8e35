"""What a maintainer types to prove that the checks are right, and a teacher to grade with them.

Each command's own work is imported in it, so that `labs --help` answers at once.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labkit.catalog import find_lab, load_labs
from labkit.errors import NotRun, WorkFailed
from labkit.naming import TOOLS, find_tools
from labkit.project import Project
from labkit.terminal import err, out, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from labkit.proving import Proof, Result
    from labkit.verdicts import Verdict

CASES_A_LINE = 10
PANEL = "For maintainers and teachers"
JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout, all else to stderr.")]
_MARKS = {"passed": "[green]✓[/]", "failed": "[red]✗[/]", "not_run": "[yellow]–[/]"}


def add_to(app: typer.Typer) -> None:
    """Add the commands to `labs`."""
    for command in (prove, grade):
        app.command(rich_help_panel=PANEL)(command)


def prove(
    context: typer.Context,
    lab: Annotated[
        str | None, typer.Argument(metavar="[LAB]", help="Its number, as 01; otherwise all of them.")
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Record what wrong answers are told now, and show the difference.")
    ] = False,
    tools: Annotated[
        bool | None,
        typer.Option("--tools/--no-tools", help=f"Only the tasks that need {TOOLS}, or only those that need none."),
    ] = None,
    json: JsonOption = False,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, help="How many cases run at a time; by default one a processor.")
    ] = os.cpu_count() or 1,
) -> None:
    """Show that the checks tell right from wrong: the reference, holes, and wrong answers."""
    from labkit import proving
    from labkit.environment import ensure_installed

    project: Project = context.obj
    labs = load_labs(project.root)
    chosen = [find_lab(labs, lab)] if lab else [each for each in labs if each.tasks]
    proofs = []
    for each in chosen:
        ensure_installed(project, each.requirements)
        with _progress(f"lab {each.id}") as tell:
            proofs.append(proving.prove(project, each, labs, update=update, tools=tools, jobs=jobs, tell=tell))
    if json:
        print_json([proving.as_data(proof) for proof in proofs])
    for proof in proofs:
        _report(proof, err if json else out)
    codes = {proof.exit_code for proof in proofs}
    if 1 in codes:
        raise WorkFailed("Not proven; what is wrong stands above.")
    if codes - {0}:
        raise NotRun("Not all cases were run; what is missing stands above.")


def grade(
    context: typer.Context,
    tree: Annotated[
        Path, typer.Argument(metavar="TREE", help="The top folder of the clone to grade; it is only read.")
    ],
    lab: Annotated[
        list[str] | None,
        typer.Option("--lab", metavar="LAB", help="A lab to grade; otherwise those that were started."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where the scorecard goes (artifacts/grade).")
    ] = None,
    trusted: Annotated[
        Path | None, typer.Option("--trusted", metavar="ROOT", help="The clone whose last commit asks (this one).")
    ] = None,
    require: Annotated[
        str,
        typer.Option("--require", metavar="TOOLS", help=f"What the graded code may use and needs: {TOOLS}."),
    ] = "",
    json: JsonOption = False,
) -> None:
    """Grade a learner's clone as data, on a clean copy of a trusted one, and write a scorecard."""
    from labkit import grading, scorecard
    from labkit.submission import printable

    project: Project = context.obj
    folder = folder or project.root / "artifacts" / "grade"
    console = err if json else out

    def tell(verdict: "Verdict") -> None:
        # Behind the bar stands what the graded code wrote. A line that began with it could speak to a CI runner,
        # which takes `::error::` at the beginning of a line for its own.
        asked, *found = printable(str(verdict)).split("\n")
        console.print("\n".join([asked, *(f"  │{line}" for line in found)]), markup=False)

    needed = find_tools(require)
    card = grading.grade(project, tree, trusted=trusted, only=lab or (), require=needed, tell=tell)
    scorecard.write(card, folder)
    if unchanged := [task for graded in card.labs for task in graded.unchanged]:
        console.print(f"{', '.join(unchanged)}: {scorecard.UNCHANGED}")
    console.print(f"{card.summary}; see {folder / scorecard.MARKDOWN_FILE}", markup=False)
    if json:
        print_json(scorecard.as_data(card))
    raise typer.Exit(card.exit_code)


@contextlib.contextmanager
def _progress(name: str) -> Iterator["Callable[[Result, int, int], None]"]:
    """Give what shows on stderr how many cases have come in: a bar on a terminal, a line now and then in a log."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # What is printed meanwhile would otherwise go to stderr, wherever stdout leads to.
    with Progress(*columns, console=err, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        shown = bar.add_task(name, total=None)
        wrong = 0

        def tell(result: "Result", done: int, total: int) -> None:
            nonlocal wrong
            wrong += result.outcome == "failed"
            bar.update(shown, completed=done, total=total, description=f"{name}, {wrong} wrong" if wrong else name)
            if not err.is_terminal and done % CASES_A_LINE == 0:
                err.print(f"{name}: {done} of {total} cases, {wrong} wrong")

        yield tell


def _report(proof: "Proof", console: "Console") -> None:
    for line in proof.broken:
        console.print(f"✗ lab {proof.lab.id}: {line}", markup=False)
    for result in proof.results:
        if result.outcome == "passed" and not result.updated:
            continue
        console.print(f"{_MARKS[result.outcome]} {result.case.name}")
        for name, text in (("wanted", result.wanted), ("got", result.got), ("recorded", result.updated)):
            for number, line in enumerate(text.splitlines()):
                console.print(f"    {'' if number else name:<8} {line}", markup=False)
    outcomes = [result.outcome for result in proof.results]
    failed, not_run = outcomes.count("failed"), outcomes.count("not_run")
    counts = f"{len(outcomes) - failed - not_run} as they must be, {failed} not, {not_run} not run"
    console.print(f"lab {proof.lab.id}: {len(outcomes)} cases in {proof.seconds:.0f} s, {counts}")
