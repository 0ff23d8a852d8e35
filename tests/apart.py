"""Programs that have environments of their own, as they would not get on with what is in .venv."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def program(group: str, name: str) -> list[str | Path]:
    """Return the words that run a program with what is locked for a dependency group, and nothing else."""
    uv = Path(sys.prefix) / "bin" / "uv"
    words: list[str | Path] = [uv, "run", "--quiet", "--no-project", "--isolated", "--python", sys.executable]
    return [*words, "--with-requirements", ROOT / "requirements" / f"{group}.txt", name]
