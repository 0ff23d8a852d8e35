"""What a learner types to open a lab, go back to the beginning, look at the answer, or bring in a newer upstream.

Each command's own work is imported in it, so that `labs --help` answers at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labkit.catalog import find_lab, load_labs
from labkit.errors import WrongUsage
from labkit.naming import LabArgument, TaskOption, find_named, find_named_task
from labkit.project import Project
from labkit.terminal import err, out

if TYPE_CHECKING:
    from labkit.workspace import Change

_WORDS = {
    "open": "[yellow]open[/]",
    "written": "[green]written[/]",
    "reference": "[green]equals the reference[/]",
    "skipped": "[dim]skipped[/]",
    "broken": "[red]cannot be read[/]",
}


def add_to(app: typer.Typer) -> None:
    """Add the commands to `labs`."""
    for command in (start, reset, solution, skip, update):
        app.command()(command)


def start(
    context: typer.Context, lab: Annotated[str, typer.Argument(metavar="LAB", help="Its number, as 01.")]
) -> None:
    """Open a lab: leave a hole for you in each of its tasks."""
    from labkit import workspace

    project: Project = context.obj
    root = project.root
    chosen = find_lab(load_labs(root), lab)
    if not chosen.tasks:
        raise WrongUsage(f"Lab {chosen.id} has no tasks.")
    change = workspace.start(root, chosen)
    known = workspace.states(root, chosen)
    if not change.tasks:
        out.print(f"Lab {chosen.id} has been started before; nothing was changed.")
    for state in known:
        out.print(f"  {state.task.id} {_WORDS[state.state]}  {state.task.title} [dim]{state.task.file}[/]")
        if state.problem:
            out.print(f"      {state.problem}\n      {state.problem.remedy}", markup=False)
    if change.tasks:
        out.print(f"Commit that, so that no clone loses it: git add --all && git commit -m 'Start lab {chosen.id}'")
    following = next((state.task.id for state in known if state.state == "open"), None)
    if following:
        out.print(f"Next: [bold]labs check {chosen.id} --task {following}[/], labs hint {following}")


def reset(context: typer.Context, lab: LabArgument, task: TaskOption = "") -> None:
    """Put a lab's tasks, or one of them, back to the hole; what you wrote is kept aside."""
    from labkit import workspace

    project: Project = context.obj
    root = project.root
    chosen, named = find_named(project, lab, task)
    change = workspace.reset(root, chosen, [named] if named else chosen.tasks)
    for file in change.rebuilt:
        out.print(f"{file} was made anew from the reference's version, with those of your tasks that could be read.")
    _report(root, change, "is open again")


def solution(
    context: typer.Context,
    lab: LabArgument,
    task: TaskOption = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Put it into your file; what you wrote is kept aside.")
    ] = False,
) -> None:
    """Show a task's reference solution."""
    from labkit import workspace
    from labkit.started import references

    project: Project = context.obj
    root = project.root
    chosen, wanted = find_named_task(project, lab, task)
    if apply:
        _report(root, workspace.apply_solution(root, chosen, wanted), "holds the reference")
        return
    err.print(f"[dim]{wanted.file}, task {wanted.id}: {wanted.title}[/]")  # stdout is the code alone: it can be kept
    out.print(references(root, chosen)[wanted.id].body, end="", markup=False)


def skip(
    context: typer.Context,
    lab: LabArgument,
    task: TaskOption = "",
    undo: Annotated[bool, typer.Option("--undo", help="Take it up again.")] = False,
) -> None:
    """Pass over a task: labs run with its reference, and its checks count as not run."""
    from labkit import workspace

    project: Project = context.obj
    chosen, wanted = find_named_task(project, lab, task)
    workspace.skip(project.root, chosen, wanted, undo=undo)
    if undo:
        out.print(f"Task {wanted.id} is yours again.")
    else:
        out.print(f"Task {wanted.id} is skipped: the reference stands in for it. Undo: labs skip {wanted.id} --undo")


def update(
    context: typer.Context,
    ref: Annotated[
        str | None, typer.Argument(metavar="[REF]", help="A commit; otherwise the newest of the remote upstream.")
    ] = None,
) -> None:
    """Bring in a newer version of the course, and keep what you wrote."""
    from labkit import updating

    project: Project = context.obj
    result = updating.update(project.root, ref)
    if result.rolled_back:
        out.print("An update that had been interrupted was undone first.")
    if result.current:
        out.print(f"There is nothing newer than {result.commit[:12]}.")
        return
    for tasks, news in (
        (result.new, "is new, and open"),
        (result.changed, "has another reference now: check your solution again"),
        (result.removed, "is no more; what you wrote was kept"),
        (result.unplaced, "could not be put back, because of the conflict; it was kept"),
    ):
        for task in tasks:
            out.print(f"  {task} {news}")
    if result.kept:
        out.print(f"  Kept: {result.kept.relative_to(project.root)}")
    if result.conflicts:
        out.print(f"You and upstream changed the same lines in {', '.join(result.conflicts)}: choose there, then")
        out.print("git add those files && git commit. Giving up: git merge --abort")
        raise typer.Exit(1)
    out.print(f"[green]✓[/] now at upstream {result.commit[:12]}; what you wrote is in its place")


def _report(root: Path, change: "Change", outcome: str) -> None:
    for task in change.tasks:
        out.print(f"  {task.id} {outcome}  [dim]{task.file}[/]")
    if not change.tasks:
        out.print("It was so already; nothing was changed.")
    if change.kept:
        out.print(f"Your version was kept: {change.kept.relative_to(root)}")
