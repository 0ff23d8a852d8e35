"""Workflows run on this machine by act, with stubs in the place of other people's actions (``actions/``).

What GitHub would know is in folders: ``origins/OWNER/NAME`` are its repositories, ``artifacts`` what a run leaves.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from bootstrap import SUPPORTED

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
PROGRAMS = Path(sys.prefix) / "bin"
STUBS = Path(__file__).parent / "actions"
SECONDS = 60

USES = re.compile(r"\buses: (?P<action>[\w.-]+/[\w./-]+)@(?P<ref>\S+)")
PIN = re.compile(r"(?<=^  CHECKER: )[0-9a-f]{40}$", flags=re.MULTILINE)


@dataclass
class Job:
    """What there is to see of a job.

    Attributes
    ----------
    result : "success" or "failure".
    summary : what its steps wrote to the job summary.
    log : what its steps printed.
    """

    result: str = ""
    summary: str = ""
    log: str = ""


@dataclass(frozen=True)
class GitHub:
    """Repositories, and a runner for their workflows.

    Attributes
    ----------
    called : repositories that workflows are called from, as `uses` names them (``OWNER/NAME@REF``), and their folders.
    """

    folder: Path
    called: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("origins", "artifacts", "pythons", "home"):
            (self.folder / name).mkdir()
        for version in SUPPORTED:
            if interpreter := find_python(version):
                (self.folder / "pythons" / version).mkdir()
                for name in ("python", "python3", f"python{version}"):
                    (self.folder / "pythons" / version / name).symlink_to(interpreter)

    def repository(self, name: str) -> Path:
        """Return where a repository is, or shall be."""
        return self.folder / "origins" / name

    def artifact(self, name: str) -> Path:
        return self.folder / "artifacts" / name

    def push(
        self, repository: str, workflow: str, *arguments: str, fork: bool = False, event: str = "push"
    ) -> dict[str, Job]:
        """Run a workflow as a push to a repository does, or another event, and return what ran, by job.

        Parameters
        ----------
        workflow : the name of its file.
        arguments : more for act.
        fork : what GitHub says of the repository.
        """
        root = self.repository(repository)
        file = root / ".github" / "workflows" / workflow
        payload = self.folder / "event.json"
        payload.write_text(json.dumps({"repository": {"full_name": repository, "fork": fork}}))
        given = {
            "ORIGINS": self.folder / "origins",
            "ARTIFACTS": self.folder / "artifacts",
            "PYTHONS": self.folder / "pythons",
            "GITHUB_REPOSITORY": repository,
        }
        done = subprocess.run(
            [
                *(PROGRAMS / "act", event, "--json", "--workflows", file, "--eventpath", payload),
                *("--platform", "ubuntu-latest=-self-hosted", "--no-skip-checkout", "--no-cache-server"),
                *("--action-cache-path", self.folder / "cache"),
                *(part for name, value in given.items() for part in ("--env", f"{name}={value}")),
                *(part for stub in self._stubs() for part in ("--local-repository", stub)),
                *arguments,
            ],
            cwd=root,
            # Nothing of who runs the tests: another workflow, say.
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder / "home")},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        jobs = _jobs(done.stdout)
        failed = any(job.result != "success" for job in jobs.values())
        assert (done.returncode != 0) == failed, done.stdout + done.stderr
        return jobs

    def _stubs(self) -> list[str]:
        texts = [file.read_text() for file in WORKFLOWS.iterdir()]
        used = {match["action"]: match["ref"] for text in texts for match in USES.finditer(text)}
        stubs = {f"{action}@{ref}": STUBS / action.partition("/")[2] for action, ref in used.items()}
        return [f"{name}={folder}" for name, folder in (stubs | self.called).items()]


@cache
def find_python(version: str) -> Path | None:
    """Return an interpreter of a version, or None if there is none on this machine."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for candidate in (shutil.which(f"python{version}"), *sorted(pyenv.glob(f"versions/{version}.*/bin/python"))):
        # pyenv has a name on the PATH for versions that are switched off, so ask whether it runs.
        if candidate:
            command = [candidate, "-c", "import sys; print(sys.executable)"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return Path(done.stdout.strip())
    return None


def need_python(version: str) -> None:
    """Skip a test for which the machine has no interpreter."""
    if not find_python(version):
        pytest.skip(f"there is no Python {version} here")


def documented_workflow() -> str:
    """Return the workflow that docs/grading.md shows to a teacher."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs" / "grading.md").read_text(), flags=re.M | re.S)
    return str(block)


def _jobs(log: str) -> dict[str, Job]:
    jobs: dict[str, Job] = {}
    for line in log.splitlines():
        event = json.loads(line)
        if "job" not in event:
            continue
        job = jobs.setdefault(event["job"].rstrip(), Job())  # act makes all names as long as the longest
        job.result = event.get("jobResult", job.result)
        if event.get("command") == "summary":
            job.summary += event["content"]
        elif event.get("raw_output"):
            job.log += event["msg"]
    # What only calls another workflow has no result of its own.
    return {name: job for name, job in jobs.items() if job.result}
