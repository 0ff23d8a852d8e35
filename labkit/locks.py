"""Turn the dependency groups of pyproject.toml into locks: one hashed file a group, which all agree with each other.

The group ``all`` holds everything that any lab will ask for. It is resolved first, and the others only choose from it,
so that one .venv can hold any of them, and no lab moves a version under another. A group that ``all`` does not hold is
for an environment of its own, and chooses freely.
"""

import hashlib
import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

from labkit.errors import SetUpFailed
from labkit.project import Project
from labkit.terminal import err

EVERYTHING = "all"


def read_groups(root: Path) -> dict[str, list[str]]:
    """Return the requirements of each dependency group, included groups and all, sorted.

    The group ``all`` comes first.
    """
    groups: dict[str, list[Any]] = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]

    def expand(name: str) -> set[str]:
        nested = (expand(item["include-group"]) if isinstance(item, dict) else {item} for item in groups[name])
        return set().union(*nested)

    order = sorted(groups, key=lambda name: (name != EVERYTHING, name))
    return {name: sorted(expand(name)) for name in order}


def lock(project: Project, *, upgrade: bool = False) -> None:
    """Resolve every group and write its lock.

    Parameters
    ----------
    upgrade : take the newest versions that fit, instead of keeping those in the locks where they still do.

    Raises
    ------
    SetUpFailed : there is no solution, or the package index does not answer; what uv said stands above.
    """
    groups = read_groups(project.root)
    for group, requirements in groups.items():
        err.print(f"[dim]resolving {group}[/]")
        path = project.lock(group)
        path.parent.mkdir(exist_ok=True)
        command: list[str | Path] = [
            *(project.uv, "pip", "compile", "pyproject.toml", "--group", group, "--quiet"),
            # One file for every system and for 3.11 to 3.13, and one version of a package in it wherever that can be.
            *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--generate-hashes"),
            # No address of a package index: whoever installs this uses their own.
            *("--no-header", "--no-emit-index-url", "--no-emit-find-links"),
            *("--output-file", f"requirements/{group}.txt"),
            *(["--constraints", f"requirements/{EVERYTHING}.txt"] if _chooses_from_all(group, groups) else []),
            *(["--upgrade"] if upgrade else []),
        ]
        if subprocess.call(command, cwd=project.root, stdout=subprocess.DEVNULL):
            raise SetUpFailed(f"The group {group} cannot be locked.", "The reason stands above.")
        path.write_text(_header(group, requirements) + path.read_text())


def stale_locks(root: Path) -> list[str]:
    """Return what is wrong with the locks, a line each: an answer from the files alone, without asking any index."""
    groups = read_groups(root)
    texts = {group: path.read_text() for group in groups if (path := root / f"requirements/{group}.txt").exists()}
    lines = [f"requirements/{group}.txt is missing" for group in groups if group not in texts]
    for group, text in texts.items():
        if not text.startswith(_header(group, groups[group])):
            lines.append(f"requirements/{group}.txt is not what the group {group} in pyproject.toml asks for")
        foreign = sorted(_pins(text) - _pins(texts.get(EVERYTHING, "")))
        if foreign and _chooses_from_all(group, groups):
            lines.append(f"requirements/{group}.txt has {foreign[0]}, which requirements/{EVERYTHING}.txt has not")
    return lines


def _chooses_from_all(group: str, groups: dict[str, list[str]]) -> bool:
    return group != EVERYTHING and set(groups[group]) <= set(groups[EVERYTHING])


def _header(group: str, requirements: list[str]) -> str:
    digest = hashlib.sha256(json.dumps(requirements).encode()).hexdigest()
    return f"# The group {group} of pyproject.toml for CPython 3.11 to 3.13, by `labs lock`. Do not edit.\n# {digest}\n"


def _pins(text: str) -> set[str]:
    return set(re.findall(r"(?m)^[\w.-]+==[\w.+!-]+", text))
