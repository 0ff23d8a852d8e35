"""Run what a lab.toml names, as a process of its own that the terminal belongs to."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labkit.assembly import standing_in
from labkit.catalog import Lab, load_labs
from labkit.errors import LabsError, WorkFailed
from labkit.module_runner import REPORT, STOPPED, Stop
from labkit.project import Project
from labkit.regions import find, read_text
from labkit.started import read_started
from labkit.tasks import Task
from labkit.terminal import err

# Tells a module what the user has typed, so that its help and its errors can say the same.
CALLED_AS = {"LABS_PROGRAM": "labs"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that succeeded: how long it took, in seconds, and where its outputs are, relative to the project."""

    seconds: float
    outputs: str
    open: str


class StoppedAtTask(LabsError):
    """A run came to a task that is open."""

    exit_code = STOPPED
    status = "stopped"

    def __init__(self, stop: Stop) -> None:
        super().__init__(str(stop), stop.next)


def run_lab(project: Project, lab: Lab, *, output_to_stderr: bool = False) -> Outcome:
    """Run a lab from end to end.

    Parameters
    ----------
    output_to_stderr : leave stdout to the caller, who has something to say there that a program reads.

    Raises
    ------
    StoppedAtTask : it came to a task that is open.
    WorkFailed : it ended with another code than 0, or without leaving the file that it promises.
    KeyboardInterrupt : the user stopped it.
    """
    started = time.monotonic()
    status = run_for_lab(project, lab, lab.run.module, lab.run.arguments, output_to_stderr=output_to_stderr)
    if status:
        raise WorkFailed(f"Lab {lab.id} failed: {_describe(status)}.", "Its own words stand above.")
    if not (project.root / lab.run.open).exists():
        raise WorkFailed(f"Lab {lab.id} ended well, but left no {lab.run.open}.")
    return Outcome(seconds=time.monotonic() - started, outputs=lab.run.outputs, open=lab.run.open)


def run_for_lab(
    project: Project, lab: Lab, module: str, arguments: Sequence[str], *, output_to_stderr: bool = False
) -> int:
    """Run one of a lab's modules and return its exit code; half-solved labs before it get the reference where open.

    Raises
    ------
    StoppedAtTask : it came to a task that is open.
    MarkerError, NotRun, NoReference : as in ``labkit.assembly.standing_in``.
    KeyboardInterrupt : the user stopped it; the process has ended by then.
    """
    if not read_started(project.root):
        return run_module(project, module, arguments, output_to_stderr=output_to_stderr)
    labs = load_labs(project.root)
    with standing_in(project.root, labs, lab) as stand_in:
        for tasks, why in ((stand_in.open, "open"), (stand_in.skipped, "skipped")):
            if tasks:
                err.print(f"[dim]Running with the reference for {_name(tasks)}, {why} in your files.[/]")
        report = stand_in.folder / "stop.json"
        paths = [*map(str, stand_in.paths), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**CALLED_AS, REPORT: str(report), **({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})}
        command: list[str | Path] = [project.python, "-m", "labkit.module_runner", module, *arguments]
        status = run_program(command, project.root, output_to_stderr=output_to_stderr, environment=environment)
        if status == STOPPED and report.exists():
            raise StoppedAtTask(_at_its_region(project.root, labs, Stop(**json.loads(report.read_text()))))
    return status


def run_module(project: Project, module: str, arguments: Sequence[str], *, output_to_stderr: bool = False) -> int:
    """Run ``python -m module arguments…`` in the project's folder and return its exit code.

    Raises
    ------
    KeyboardInterrupt : the user stopped it; the process has ended by then.
    """
    command: list[str | Path] = [project.python, "-m", module, *arguments]
    return run_program(command, project.root, output_to_stderr=output_to_stderr, environment=CALLED_AS)


def run_program(
    command: Sequence[str | Path],
    folder: Path,
    *,
    output_to_stderr: bool = False,
    environment: Mapping[str, str] | None = None,
) -> int:
    """Run a program with this process's input and output and return its exit code (negative: the signal's number).

    Parameters
    ----------
    environment : variables that it gets beside those of this process.

    Raises
    ------
    KeyboardInterrupt : the user stopped it; the process has ended by then.
    """
    sys.stdout.flush()
    interrupted = False
    output = sys.stderr if output_to_stderr else None
    with subprocess.Popen(command, cwd=folder, stdout=output, env={**os.environ, **(environment or {})}) as process:
        while True:
            try:
                status = process.wait()
                break
            except KeyboardInterrupt:  # the terminal has told the process too: let it tidy up
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return status


def _at_its_region(root: Path, labs: Sequence[Lab], stop: Stop) -> Stop:
    """Return a stop with its task's own place, where it was met in another file: its region is in no Python, say."""
    for task in (task for lab in labs for task in lab.tasks):
        if task.id == stop.task and task.file != stop.file:
            region = find(read_text(root / task.file), task.file, task.id)
            return replace(stop, file=task.file, line=region.start + 1)
    return stop


def _name(tasks: Sequence[Task]) -> str:
    return f"task{'s' if len(tasks) > 1 else ''} {', '.join(task.id for task in tasks)}"


def _describe(status: int) -> str:
    return f"exit code {status}" if status > 0 else f"ended by signal {-status}"
