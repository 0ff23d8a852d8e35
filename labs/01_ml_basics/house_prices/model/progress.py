"""Show a long run as it goes: which stage, how many are left, how long each took."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status


class StagesOnScreen:
    """A line for each stage that is done, and a spinner for the one that is not; in a file, the lines alone.

    Parameters
    ----------
    console : where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._name: str | None = None
        self._started = 0.0
        self._number = 0
        self._total = 0

    def expect(self, stages: int) -> None:
        """Count the stages from the next one on, out of ``stages``."""
        self._end(counted=False)
        self._number, self._total = 0, stages

    def begin(self, name: str) -> None:
        """End the stage before, if any, and begin this one."""
        self._end(counted=self._total > 0)
        self._name, self._started = name, time.perf_counter()
        if self._console.is_terminal:
            self._status = self._console.status(self._label(self._number + 1))
            self._status.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._end(counted=self._total > 0)
        elif self._status is not None:
            self._status.stop()

    def _end(self, *, counted: bool) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        if self._name is None:
            return
        self._number += counted
        seconds = time.perf_counter() - self._started
        label = f"{self._label(self._number):<62} {seconds:5.1f} s"
        self._console.print(f"[green]✓[/] {label}", highlight=False, soft_wrap=True)
        self._name = None

    def _label(self, number: int) -> str:
        return f"{number}/{self._total}  {self._name}" if self._total else f"     {self._name}"
