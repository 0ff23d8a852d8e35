"""What a learner types to know whether it works: check, hint, watch and progress.

Each command's own work is imported in it, so that `labs --help` answers at once.
"""

import contextlib
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labkit.catalog import Lab, load_labs
from labkit.errors import NotRun
from labkit.naming import TOOLS, LabArgument, TaskOption, find_named, find_tools
from labkit.project import Project
from labkit.terminal import out, print_json

if TYPE_CHECKING:
    from labkit.verdicts import Verdict, Verdicts

JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout, all else to stderr.")]

_BAR = 24  # characters
_PROGRESS_MARKS = {"solved": "[green]✓[/]", "failed": "[red]✗[/]", "skipped": "[yellow]–[/]"}
_NOW = {
    "skipped": "skipped",
    "open": "open again",
    "failed": "failed when last checked",
    "not run": "not run when last checked",
    "broken": "cannot be read now",
}
_STYLES = {"passed": "green", "failed": "bold red", "not_run": "yellow"}


def add_to(app: typer.Typer) -> None:
    """Add the commands to `labs`."""
    for command in (check, hint, watch, progress):
        app.command()(command)


def check(
    context: typer.Context,
    lab: LabArgument,
    task: TaskOption = "",
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Ask with the values of another run, which named its seed.")
    ] = None,
    require: Annotated[
        str, typer.Option("--require", metavar="TOOLS", help=f"Fail where these are missing: {TOOLS}.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Ask the running thing whether your solution works."""
    from labkit.started import edited_outside

    project: Project = context.obj
    chosen, named = find_named(project, lab, task)
    only = [named.id] if named else []
    required = find_tools(require)
    if json:
        from labkit.terminal import err

        verdicts = _check(project, chosen, only, seed=seed, require=required, tell=lambda verdict: None)
        err.print(verdicts.summary)
        print_json({"lab": chosen.id, **verdicts.as_data()})
    else:
        with _working(f"checking {named.id if named else f'lab {chosen.id}'}"):
            verdicts = _check(project, chosen, only, seed=seed, require=required, tell=_printer())
        if verdicts.count("failed"):
            asked = named.id if named else chosen.id
            out.print(f"[dim]The same values again: labs check {asked} --seed {verdicts.seed}[/]")
        for file in edited_outside(project.root, chosen):
            out.print(
                f"[dim]{file} differs outside its tasks, too: a grader takes what is between the markers alone.[/]"
            )
        out.print(verdicts.summary)
    raise typer.Exit(verdicts.exit_code)


def hint(context: typer.Context, lab: LabArgument, task: TaskOption = "") -> None:
    """Give a hint for the first task that has not passed, or for another; the next call gives a bigger one."""
    from labkit.hints import first_to_solve, next_hint

    project: Project = context.obj
    chosen, named = find_named(project, lab, task)
    about = named or first_to_solve(project.root, chosen)
    if not about:
        out.print(f"Nothing is left to solve in lab {chosen.id}: its tasks had passed when they were last checked.")
        return
    given = next_hint(project.root, chosen, about)
    out.print(f"[bold]{about.id} {about.title}[/]  [dim]{about.file}[/]")
    if given.seen:
        out.print("When it was last checked:")
        _printer()(given.seen)
    out.print(f"Hint {given.number} of {given.of}: {given.text}", markup=False)
    if given.is_last:
        out.print(f"[dim]That is the last one. The answer: labs solution {chosen.id} --task {about.id}[/]")
    else:
        out.print(f"[dim]The next one: labs hint {about.id}[/]")


def watch(context: typer.Context, lab: LabArgument, task: TaskOption = "") -> None:
    """Check the first task that has not passed, or another, each time that you save; Ctrl-C ends it."""
    from labkit.hints import first_to_solve
    from labkit.watching import saves

    project: Project = context.obj
    chosen, named = find_named(project, lab, task)
    files = sorted({project.root / each.file for each in chosen.tasks})
    for _ in saves(files):
        while about := named or first_to_solve(project.root, chosen):
            out.print(f"[dim]{datetime.now():%H:%M:%S}[/] [bold]{about.id} {about.title}[/]  [dim]{about.file}[/]")
            with _working(f"checking {about.id}"):
                verdicts = _check(project, chosen, [about.id], tell=_printer())
            out.print(verdicts.summary)
            if named or not verdicts.passed(about.id):
                break
        if not about:
            out.print(f"[green]✓[/] nothing is left to solve in lab {chosen.id}")
            return


def progress(context: typer.Context, json: JsonOption = False) -> None:
    """Show what you have solved, when that first passed, and what is no longer so."""
    from labkit.standing import achievements

    project: Project = context.obj
    labs = {lab: achievements(project.root, lab) for lab in load_labs(project.root) if lab.tasks}
    if json:
        print_json(
            [
                {
                    "lab": lab.id,
                    "title": lab.title,
                    "passed": sum(each.state == "solved" for each in found),
                    "tasks": [
                        {
                            "task": each.task.id,
                            "title": each.task.title,
                            "state": each.state,
                            "passed": each.passed.isoformat() if each.passed else None,
                        }
                        for each in found
                    ],
                }
                for lab, found in labs.items()
            ]
        )
        return
    for lab, found in labs.items():
        done = sum(each.state == "solved" for each in found)
        full = round(_BAR * done / len(found))
        # Two kinds of line, so that the bar is one without colours as well.
        bar = f"[green]{'━' * full}[/][dim]{'─' * (_BAR - full)}[/]"
        out.print(f"[bold]{lab.id}[/] {bar} {done} of {len(found)}  {lab.title}")
        for each in found:
            when = f"{each.passed.astimezone():%Y-%m-%d %H:%M}" if each.passed else ""
            now = _NOW.get(each.state, "") if when or each.state == "skipped" else ""
            passed = f"passed {when}" if when and now else when
            note = f"  [dim]{', '.join(filter(None, (passed, now)))}[/]" if when or now else ""
            out.print(f"  {_PROGRESS_MARKS.get(each.state, '[dim]·[/]')} {each.task.id} {each.task.title}{note}")


def _check(
    project: Project,
    lab: Lab,
    only: Collection[str],
    *,
    tell: "Callable[[Verdict], None]",
    seed: int | None = None,
    require: Collection[str] = (),
) -> "Verdicts":
    """Check a lab as it stands in the learner's files, and keep what came of it.

    Earlier labs' open tasks and skipped ones hold the reference meanwhile.
    """
    from labkit.assembly import standing_in
    from labkit.checking import check_lab
    from labkit.environment import ensure_installed
    from labkit.progress import record
    from labkit.regions import MarkerError
    from labkit.started import read_started
    from labkit.verdicts import remember

    tests = project.root / "tests" / f"lab_{lab.id}"
    if not any(tests.glob("test_*.py")):
        raise NotRun(f"Lab {lab.id} has no checks in {tests.relative_to(project.root)}.")
    ensure_installed(project, lab.requirements)
    labs = load_labs(project.root)
    started = read_started(project.root).get(lab.id)
    with contextlib.ExitStack() as stack:
        in_front: tuple[Path, ...] = ()
        try:
            in_front = stack.enter_context(standing_in(project.root, labs, lab)).paths
        except MarkerError as error:
            # The checks of this lab say that themselves, and go on with its other files.
            if error.task not in [task.id for task in lab.tasks]:
                raise
        verdicts = check_lab(
            tests,
            lab.tasks,
            root=project.root,
            paths=[*in_front, *(each.folder for each in labs)],
            only=only,
            skipped=started.skipped if started else (),
            seed=seed,
            require=require,
            python=project.python,
            on_verdict=tell,
        )
    remember(project.root, lab.id, verdicts)
    if started:  # otherwise it is the reference that has passed
        record(project.root, [task.id for task in lab.tasks if verdicts.passed(task.id)])
    return verdicts


def _working(what: str) -> "contextlib.AbstractContextManager[object]":
    """Say on a terminal what is being done, and for how long, until the ``with`` block ends."""
    if not out.is_terminal:
        return contextlib.nullcontext()
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    working = Progress(SpinnerColumn(), TextColumn(what), TimeElapsedColumn(), console=out, transient=True)
    working.add_task(what)
    return working


def _printer() -> "Callable[[Verdict], None]":
    """Return what prints verdicts as they come; what stops several checks of a task is shown once."""
    from rich.text import Text

    from labkit.verdicts import MARKS, text_of

    told: dict[tuple[str, ...], Verdict] = {}
    stopped: set[tuple[str, str]] = set()

    def tell(verdict: "Verdict") -> None:
        if verdict.outcome == "not_run":
            if (verdict.task, verdict.reason) in stopped:
                return
            stopped.add((verdict.task, verdict.reason))
            text = Text(f"{MARKS['not_run']} {verdict.task} not run: {verdict.reason}")
        else:
            text = Text(text_of(verdict, told))
        text.stylize(_STYLES[verdict.outcome], 0, 1)
        out.print(text)

    return tell
