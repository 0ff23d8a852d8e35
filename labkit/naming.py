"""How a command's words name a lab and a task of it (``01``, ``01 --task 1.2``, or ``1.2`` alone), and tools."""

from typing import Annotated

import typer

from labkit.catalog import NEEDS, Lab, find_lab, load_labs
from labkit.errors import WrongUsage
from labkit.project import Project
from labkit.tasks import Task

TOOLS = ",".join(NEEDS)
LabArgument = Annotated[str, typer.Argument(metavar="LAB", help="Its number, as 01; a task's, as 1.2, will do.")]
TaskOption = Annotated[str, typer.Option("--task", metavar="TASK", help="One task of it, as 1.2.")]


def find_named(project: Project, lab: str, task: str = "") -> tuple[Lab, Task | None]:
    """Return the lab that has been named, and the task if one was.

    Parameters
    ----------
    lab : the argument: a lab's number or a task's.
    task : the option; empty where it was not given.

    Raises
    ------
    WrongUsage : there is no such lab or task, the lab has no tasks, or two tasks were named.
    """
    number, is_task, _ = lab.partition(".")
    if is_task and task and task != lab:
        raise WrongUsage(f"{lab} and --task {task} name two tasks.", "Name one of them.")
    chosen = find_lab(load_labs(project.root), number)
    if not chosen.tasks:
        raise WrongUsage(f"Lab {chosen.id} has no tasks.")
    wanted = task or (lab if is_task else "")
    return chosen, _find_task(chosen, wanted) if wanted else None


def find_named_task(project: Project, lab: str, task: str = "") -> tuple[Lab, Task]:
    """Return the task that has been named, and its lab, for a command that needs one.

    Raises
    ------
    WrongUsage : as in `find_named`, or only a lab was named.
    """
    chosen, named = find_named(project, lab, task)
    if not named:
        raise WrongUsage(f"Lab {chosen.id} was named, and none of its tasks.", _there(chosen))
    return chosen, named


def find_tools(listed: str) -> list[str]:
    """Return the tools that have been named, as in ``docker,cluster``.

    Raises
    ------
    WrongUsage : there is no such tool.
    """
    tools = [tool.strip() for tool in listed.split(",") if tool.strip()]
    for tool in tools:
        if tool not in NEEDS:
            raise WrongUsage(f"--require knows {', '.join(NEEDS)}, not {tool}.")
    return tools


def _find_task(lab: Lab, wanted: str) -> Task:
    for task in lab.tasks:
        if task.id == wanted:
            return task
    raise WrongUsage(f"Lab {lab.id} has no task {wanted}.", _there(lab))


def _there(lab: Lab) -> str:
    return f"These are there: {', '.join(task.id for task in lab.tasks)}."
