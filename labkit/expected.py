"""Find a lab's checks without running anything: whoever knows what must report cannot be told less."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import WrongUsage
from labkit.tasks import Task


@dataclass(frozen=True, slots=True)
class Check:
    """One question that a lab asks: a test function that is marked with its task.

    Attributes
    ----------
    task : the task that it belongs to.
    file, name : where it is: the file in the folder of the lab's checks, and the function.
    line : what it asks, in one line: its docstring.
    number : the line that it begins at.
    """

    task: str
    file: str
    name: str
    line: str
    number: int

    @property
    def id(self) -> str:
        return f"{self.file}::{self.name}"


class InvalidChecks(WrongUsage):
    """A check is not written as checks are; the message names the file and the line."""


def find_checks(tests: Path, tasks: Sequence[Task]) -> tuple[Check, ...]:
    """Return the checks in a folder, in the order of the tasks that they belong to.

    Parameters
    ----------
    tests : a folder with ``test_*.py``, as ``tests/lab_01``.
    tasks : the lab's.

    Raises
    ------
    InvalidChecks : a function has no task, an unknown one, no docstring, more marks than that, or a name that is taken.
    """
    order = {task.id: number for number, task in enumerate(tasks)}
    found: list[Check] = []
    for path in sorted(tests.glob("test_*.py")):
        try:
            module = ast.parse(path.read_bytes(), filename=str(path))
        except SyntaxError as error:
            raise InvalidChecks(f"{path}:{error.lineno}: {error.msg}") from error
        for node in module.body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                raise InvalidChecks(f"{path}:{node.lineno}: a check is a function, not part of a class")
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
                check = _read(path, node)
                if check.task not in order:
                    raise InvalidChecks(f"{path}:{check.number}: there is no task {check.task} in lab.toml")
                if any(check.id == other.id for other in found):
                    raise InvalidChecks(f"{path}:{check.number}: a second check named {node.name}")
                found.append(check)
    return tuple(sorted(found, key=lambda check: order[check.task]))


def _read(path: Path, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Check:
    where = f"{path}:{node.lineno}: {node.name}"
    line = " ".join((ast.get_docstring(node) or "").split())
    if not line:
        raise InvalidChecks(f"{where} has no docstring, which is the line that the learner reads")
    match node.decorator_list:
        case [ast.Call(func=mark, args=[ast.Constant(value=str(task))], keywords=[])] if (
            ast.unparse(mark) == "pytest.mark.task"
        ):
            return Check(task, path.name, node.name, line, node.lineno)
    # A skipif or a parametrize would make it hard to say what has to report.
    raise InvalidChecks(f'{where} must be marked @pytest.mark.task("…") and with nothing else')
