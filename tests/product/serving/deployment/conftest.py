"""The tools of the machine, replaced by ones that answer as the case asks."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Tools:
    """The only folder on the PATH."""

    folder: Path

    def answer(self, name: str, script: str) -> None:
        """Have a program of this name run a script; what it was asked is written down first."""
        tool = self.folder / name
        tool.write_text(f"#!/bin/sh\necho {name} \"$@\" >> '{self.folder}/asked'\n{script}\n")
        tool.chmod(0o755)

    def asked(self) -> list[str]:
        """Return the commands that were run, in their order."""
        return (self.folder / "asked").read_text().splitlines()

    def kubectl(self, context: str, server: str, script: str = "", **more: str) -> None:
        """Have kubectl know one context, with ``more`` in its cluster's entry, and answer all else by a script."""
        config = json.dumps({"current-context": context, "clusters": [{"cluster": {"server": server, **more}}]})
        self.answer("kubectl", f"[ \"$1\" != config ] || {{ echo '{config}'; exit; }}\n{script}")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tools:
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("LABS_KUBE_CONTEXT", "LABS_IMAGE_LOAD", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    return Tools(folder)
