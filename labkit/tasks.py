"""The tasks of a lab: what the ``[[task]]`` tables of its lab.toml say."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from labkit.tables import Table

NEEDS = ("docker", "cluster")
SECONDS_FOR_A_CHECK = 20.0


@dataclass(frozen=True, slots=True)
class Task:
    """One hole that a learner fills.

    Attributes
    ----------
    id : the lab's number and the task's, as ``1.2``.
    title : what there is to do; the opening marker of its region says the same.
    file : where its region is, from the project's folder, with forward slashes.
    why : what it matters for to a backend developer.
    after : tasks of this lab whose checks must have passed for these checks to mean anything.
    needs : what its checks need beside Python, of ``NEEDS``.
    scaffold : what `labs start` leaves in a region that is not Python.
    hints : from what to look at, over the concept, to the shape of the answer.
    timeout : how long one of its checks may take, in seconds.
    """

    id: str
    title: str
    file: str
    why: str
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    scaffold: str = ""
    hints: tuple[str, ...] = ()
    timeout: float = SECONDS_FOR_A_CHECK

    @property
    def is_python(self) -> bool:
        return self.file.endswith(".py")


def read_tasks(tables: tuple[Table, ...], lab: str) -> tuple[Task, ...]:
    """Return the tasks of a lab in the order in which its lab.toml lists them.

    Parameters
    ----------
    tables : its ``[[task]]`` tables.
    lab : its id, two digits.

    Raises
    ------
    InvalidLab : a key is missing, unknown or does not say what it should; the message names the file and the key.
    """
    tasks: dict[str, Task] = {}
    for table in tables:
        task = Task(
            id=table.take("id", str),
            title=table.take("title", str),
            file=table.take("file", str),
            why=table.take("why", str),
            after=table.take_list("after", str),
            needs=table.take_list("needs", str),
            scaffold=table.take("scaffold", str, ""),
            hints=table.take_list("hints", str),
            timeout=table.take_number("timeout", SECONDS_FOR_A_CHECK),
        )
        table.finish()
        _refuse(task, table, lab, tasks)
        tasks[task.id] = task
    return tuple(tasks.values())


def _refuse(task: Task, table: Table, lab: str, earlier: dict[str, Task]) -> None:
    if not re.fullmatch(rf"{int(lab)}\.[1-9]\d*", task.id):
        raise table.wrong("id", f"must be {int(lab)}. and a number, not {task.id!r}")
    if task.id in earlier:
        raise table.wrong("id", f"is {task.id!r}, as in an earlier task")
    if task.title != task.title.strip() or len(task.title.splitlines()) != 1:
        raise table.wrong("title", f"must be one line, not {task.title!r}")
    path = PurePosixPath(task.file)
    if path.is_absolute() or ".." in path.parts or str(path) != task.file:
        raise table.wrong("file", f"must be a path from the project's folder, not {task.file!r}")
    for other in task.after:
        if other not in earlier:
            raise table.wrong("after", f"names {other!r}, which is no earlier task of this lab")
    for need in task.needs:
        if need not in NEEDS:
            raise table.wrong("needs", f"knows {', '.join(NEEDS)}, not {need!r}")
    if task.scaffold and task.is_python:
        raise table.wrong("scaffold", "is for files that are not Python: those get a line that raises")
