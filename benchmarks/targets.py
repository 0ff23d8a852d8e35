"""What the project promises of a figure, and whether it is kept: a line for each, and the exit code of a benchmark."""

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A figure that was measured, and its bounds. NaN, where there was nothing to measure, is in none."""

    name: str
    measured: float
    least: float = -math.inf
    most: float = math.inf

    @property
    def met(self) -> bool:
        return self.least <= self.measured <= self.most

    def __str__(self) -> str:
        bound = f"at most {self.most:,.4g}" if self.least == -math.inf else f"at least {self.least:,.4g}"
        return f"{'✓' if self.met else '✗'} {self.name}: {self.measured:,.2f}, {bound}"


def judge(targets: Iterable[Target]) -> int:
    """Print each target, and return 1 if one of them is missed."""
    judged = list(targets)
    print("", *judged, sep="\n")
    return 0 if all(target.met for target in judged) else 1
