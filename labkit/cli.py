"""The command line: the commands of the project, and those that its labs bring along.

What only one command needs is imported in it, so that `labs --help` answers at once.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from labkit import check_commands, learner_commands, maintainer_commands
from labkit.catalog import Command, InvalidLab, Lab, find_lab, load_labs
from labkit.errors import LabsError, NotRun, WorkFailed
from labkit.project import Project
from labkit.terminal import out, print_error, print_json

EPILOG = (
    "Exit codes: 0 done · 1 the work failed · 2 wrong usage · 3 not run, something is missing · "
    "4 set-up failed · 130 interrupted. A lab's own command ends with its own code."
)
LEARNER = ("start", "check", "hint", "watch", "progress", "reset", "solution", "skip", "update")
MAINTAINER = ("prove", "grade")
OWN = {"list", "run", "doctor", "test", "lint", "lock", "clean", *LEARNER, *MAINTAINER}
UPKEEP = "For maintainers"
MARKS = {True: "[green]✓[/]", False: "[red]✗[/]"}

JsonOption = Annotated[bool, typer.Option("--json", help="Write the result as JSON to stdout, all else to stderr.")]
Execute = Callable[[typer.Context], None]


def list_labs(context: typer.Context, json: JsonOption = False) -> None:
    """List the labs."""
    labs = load_labs(_project(context).root)
    if json:
        print_json([{"lab": lab.id, "title": lab.title, "hours": lab.hours, "needs": list(lab.needs)} for lab in labs])
        return
    for lab in labs:
        needs = f", needs {' and '.join(lab.needs)}" if lab.needs else ""
        out.print(f"[bold]{lab.id}[/]  {lab.title} [dim]({lab.hours:g} hours{needs})[/]")


def run(
    context: typer.Context, lab: Annotated[str, typer.Argument(help="Its number, as 01.")], json: JsonOption = False
) -> None:
    """Run a lab from end to end: install what it needs, say where its outputs are."""
    from labkit.running import run_lab

    project = _project(context)
    try:
        chosen = find_lab(load_labs(project.root), lab)
        _prepare(project, chosen)
        outcome = run_lab(project, chosen, output_to_stderr=json)
    except LabsError as error:
        if json:
            print_json({"lab": lab, "status": error.status, "reason": str(error), "remedy": error.remedy})
        raise
    if json:
        print_json(
            {
                "lab": chosen.id,
                "status": "done",
                "seconds": round(outcome.seconds, 1),
                "outputs": str(project.root / outcome.outputs),
                "open": str(project.root / outcome.open),
            }
        )
    else:
        out.print(f"{MARKS[True]} lab {chosen.id} done in {outcome.seconds:.0f} s; open {outcome.open}")


def doctor(context: typer.Context, json: JsonOption = False) -> None:
    """Say which labs run on this machine, and what the others lack."""
    from labkit.doctor import examine

    project = _project(context)
    checks, diagnoses = examine(project, load_labs(project.root))
    if json:
        print_json(
            {
                "checks": [asdict(check) for check in checks],
                "labs": [
                    {"lab": each.lab.id, "runs": each.runs, "lacks": [check.name for check in each.lacks]}
                    for each in diagnoses
                ],
            }
        )
    else:
        lacked = {check for each in diagnoses for check in each.lacks}
        for check in checks:
            mark = MARKS[check.ok] if check.ok or check in lacked else "–"
            remedy = f": {check.remedy}" if check.remedy else ""
            without = "" if check.ok or check in lacked else _without(check.name, (each.lab for each in diagnoses))
            out.print(f"{mark} {check.name:<10} {check.found}{without}{remedy}")
        out.print()
        for each in diagnoses:
            lacks = ", ".join(check.name for check in each.lacks)
            out.print(f"{MARKS[each.runs]} lab {each.lab.id} {f'does not run here: {lacks}' if lacks else 'runs here'}")
    if not all(each.runs for each in diagnoses):
        raise typer.Exit(NotRun.exit_code)


def _without(need: str, labs: Iterable[Lab]) -> str:
    """Say what a tool that is not there keeps from being checked."""
    tasks = [task.id for lab in labs for task in lab.tasks if need in task.needs]
    return f" (without it, no check of {', '.join(tasks)})" if tasks else " (no lab here needs it)"


def test(context: typer.Context) -> None:
    """Run the project's tests; what follows goes to pytest (labs test -k prices)."""
    from labkit import upkeep
    from labkit.environment import ensure_installed

    project = _project(context)
    ensure_installed(project, "dev")
    if upkeep.test(project, context.args):
        raise WorkFailed("Some tests failed, or none ran.")


def lint(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Only the style of these: what a commit waits for.")
    ] = None,
) -> None:
    """Check style, types, the order of imports, and that the locks are fresh."""
    from labkit import upkeep
    from labkit.environment import ensure_installed

    project = _project(context)
    ensure_installed(project, "dev")
    if files:
        upkeep.lint_files(project, files)
    else:
        upkeep.lint(project)


def lock(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the locks are stale.")] = False,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Take the newest versions that fit.")] = False,
) -> None:
    """Resolve the dependency groups of pyproject.toml into requirements/."""
    from labkit import locks

    project = _project(context)
    if not check:
        locks.lock(project, upgrade=upgrade)
    elif stale := locks.stale_locks(project.root):
        raise WorkFailed("\n  ".join(stale), "labs lock")


def clean(
    context: typer.Context,
    all: Annotated[bool, typer.Option("--all", help=".venv too: the next command sets it up again.")] = False,
) -> None:
    """Remove outputs and caches, and what the labs have made outside of this folder."""
    from labkit import upkeep

    project = _project(context)
    remaining = upkeep.clean_outside(project, load_labs(project.root))
    removed = upkeep.clean(project, environment=all)
    out.print("\n".join(f"removed {path.relative_to(project.root)}" for path in removed) or "nothing to remove")
    if remaining:
        raise WorkFailed(
            f"Something that lab {', '.join(remaining)} has made could not be removed; the reason stands above."
        )


def build_app(labs: tuple[Lab, ...]) -> typer.Typer:
    """Return the command line: the commands of the project itself, and those that the labs bring along."""
    app = typer.Typer(epilog=EPILOG, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(labs_command)
    app.command("list")(list_labs)
    app.command()(run)
    app.command()(doctor)
    learner_commands.add_to(app)
    check_commands.add_to(app)
    for lab in labs:
        for brought in lab.commands:
            if brought.name in OWN:
                raise InvalidLab(f"{lab.folder / 'lab.toml'}: commands.{brought.name} is a command of labs itself")
            _pass_on(app, brought.name, brought.help, f"Lab {lab.id}")(_executor(lab, brought))
    _pass_on(app, "test", None, UPKEEP)(test)
    app.command(rich_help_panel=UPKEEP)(lint)
    app.command(rich_help_panel=UPKEEP)(lock)
    app.command(rich_help_panel=UPKEEP)(clean)
    maintainer_commands.add_to(app)
    return app


def labs_command() -> None:
    """Run the labs of this course, one by one, on this machine."""


def _pass_on(app: typer.Typer, name: str, help: str | None, panel: str) -> Callable[[Execute], Execute]:
    """Declare a command that takes any arguments, --help too, as they are: somebody else reads them."""
    any_arguments = {"allow_extra_args": True, "ignore_unknown_options": True}
    return app.command(
        name,
        help=help,
        context_settings=any_arguments,
        add_help_option=False,
        rich_help_panel=panel,
    )


def _executor(lab: Lab, command: Command) -> Execute:
    def execute(context: typer.Context) -> None:
        from labkit.running import run_for_lab

        project = _project(context)
        _prepare(project, lab)
        status = run_for_lab(project, lab, command.module, [*command.arguments, *context.args])
        raise typer.Exit(status if status >= 0 else 128 - status)

    return execute


def _prepare(project: Project, lab: Lab) -> None:
    """Make sure that a lab has what it needs: tools that only the user can install, packages that we can."""
    from labkit.environment import ensure_installed

    if lab.needs:
        from labkit.doctor import require

        require(lab)
    ensure_installed(project, lab.requirements)


def _project(context: typer.Context) -> Project:
    project: Project = context.obj
    return project


def main(project: Project | None = None) -> None:
    """Run `labs` for a project, by default the one that it is installed from."""
    project = project or Project.installed()
    try:
        build_app(load_labs(project.root))(obj=project, prog_name="labs")
    except LabsError as error:
        print_error(error)
        sys.exit(error.exit_code)
