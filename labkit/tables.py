"""TOML tables that are read strictly: every key is asked for by name and kind, and all else is an error."""

from collections.abc import Mapping
from typing import Any, TypeVar

from labkit.errors import WrongUsage

T = TypeVar("T")

_NAMES: dict[type, str] = {str: "a text", int: "a whole number", list: "a list", dict: "a table"}


class InvalidLab(WrongUsage):
    """A lab.toml does not say what it should; the message names the file and the key."""


class Table:
    """A TOML table from which keys are taken; what nobody took is a mistake."""

    def __init__(self, values: Mapping[str, Any], where: str, prefix: str = "") -> None:
        self._values, self._where, self._prefix = dict(values), where, prefix

    def wrong(self, key: str, problem: str) -> InvalidLab:
        return InvalidLab(f"{self._where}: {self._prefix}{key} {problem}")

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Remove and return the value of a key, which must be there unless there is a default."""
        value = self._values.pop(key, default)
        if value is None:
            raise self.wrong(key, "is missing")
        # bool is an int to Python, but `hours = true` is not a number of hours.
        if not isinstance(value, kind) or isinstance(value, bool):
            raise self.wrong(key, f"must be {_NAMES[kind]}, not {value!r}")
        return value

    def take_number(self, key: str, default: float | None = None) -> float:
        value = self._values.pop(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise self.wrong(key, "is missing" if value is None else f"must be a number above zero, not {value!r}")
        return float(value)

    def take_list(self, key: str, kind: type[T]) -> tuple[T, ...]:
        values: list[Any] = self.take(key, list, [])
        if not all(isinstance(value, kind) and not isinstance(value, bool) for value in values):
            raise self.wrong(key, f"must be a list in which each item is {_NAMES[kind]}, not {values!r}")
        return tuple(values)

    def take_table(self, key: str, default: Mapping[str, Any] | None = None) -> "Table":
        return Table(self.take(key, dict, default), self._where, f"{self._prefix}{key}.")

    def take_tables(self, key: str) -> tuple["Table", ...]:
        """Remove and return the tables of an array (``[[key]]``); there may be none."""
        values = self.take(key, list, [])
        if not all(isinstance(value, dict) for value in values):
            raise self.wrong(key, f"must be tables, each under [[{key}]]")
        return tuple(Table(value, self._where, f"{key} {i}: ") for i, value in enumerate(values, start=1))

    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)

    def finish(self) -> None:
        """Complain about keys that nobody took: a key that is misspelt would otherwise do nothing, silently."""
        for key in self._values:
            raise self.wrong(key, "is not a key that labkit knows")
