"""A toy project in a temporary folder: one lab whose modules only need the standard library."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from labkit.project import Project

LAB = """
id = "01"
title = "Toys"
hours = 1.5
requirements = "toys"
memory_gb = 0.1
disk_gb = 0.1

[run]
module = "toys.shop"
arguments = ["open", "--all"]
outputs = "artifacts/lab-01"
open = "artifacts/lab-01/sign.txt"

[commands.sell]
help = "sell a toy"
module = "toys.shop"
arguments = ["sell"]
"""

SHOP = """
import pathlib, sys
print("arguments", sys.argv[1:])
print("trouble", file=sys.stderr)
if sys.argv[1] == "open":
    pathlib.Path("artifacts/lab-01").mkdir(parents=True)
    pathlib.Path("artifacts/lab-01/sign.txt").write_text("open")
elif "--read" in sys.argv:
    print("read", sys.stdin.read())
else:
    sys.exit(7)
"""


@pytest.fixture
def lab_toml(tmp_path: Path) -> Path:
    return tmp_path / "labs" / "01_toys" / "lab.toml"


@pytest.fixture
def project(tmp_path: Path, lab_toml: Path) -> Project:
    """The toy project; what it requires is nothing, and counts as installed."""
    lab_toml.parent.mkdir(parents=True)
    lab_toml.write_text(LAB)
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "shop.py").write_text(SHOP)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "toys.txt").write_text("")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    uv = tmp_path / ".venv" / "bin" / "uv"
    uv.write_text('#!/bin/sh\necho "$@" >> uv-was-asked\n')
    uv.chmod(0o755)
    return Project(root=tmp_path, venv=tmp_path / ".venv")


@dataclass(frozen=True)
class Labs:
    """Runs `labs ARGUMENTS…` in a process of its own, as a shell would, but for the toy project."""

    project: Project

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.project.root,
            env=self.environment(**environment),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def command(self, *arguments: str) -> list[str]:
        here = f"cli.Project(Path({str(self.project.root)!r}), Path({str(self.project.venv)!r}))"
        entry = f"from pathlib import Path; from labkit import cli; cli.main({here})"
        return [sys.executable, "-c", entry, *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "NO_COLOR")}
        return plain | {"PYTHONPATH": str(self.project.root)} | more


@pytest.fixture
def labs(project: Project) -> Labs:
    return Labs(project)
