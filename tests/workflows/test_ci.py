"""ci.yml and .ci/run, both as they are, in a repository whose Makefile only says what it was asked for."""

import os
import re
import shutil
import subprocess

import pytest

from bootstrap import SUPPORTED
from labkit.catalog import load_labs
from tests.labkit.toy import commit, git
from tests.workflows.github import ROOT, WORKFLOWS, GitHub, need_python

UPSTREAM = "upstream/mlops-labs"
MAKEFILE = """
PYTHON ?= python3
lab-01 lab-02 test lint check-01:
	@$(PYTHON) -c 'import sys; print("$@ with %d.%d" % sys.version_info[:2])'
"""


@pytest.fixture
def upstream(github: GitHub) -> GitHub:
    root = github.repository(UPSTREAM)
    for name in (".ci/run", ".github/workflows/ci.yml"):
        (root / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, root / name)
    (root / "Makefile").write_text(MAKEFILE)
    (root / ".ci" / "sbom").write_text('#!/bin/sh\nmkdir "$1" && echo bill >"$1/sbom.json"\n')
    (root / ".ci" / "sbom").chmod(0o755)
    labs = root / ".venv" / "bin" / "labs"
    labs.parent.mkdir(parents=True)
    labs.write_text("#!/bin/sh\nexit 3\n")  # as where there is no engine and no cluster
    labs.chmod(0o755)
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@example.org")
    commit(root)
    return github


def test_each_supported_python_has_a_job() -> None:
    (listed,) = re.findall(r"^ +python: \[(.*)]$", (WORKFLOWS / "ci.yml").read_text(), flags=re.MULTILINE)
    assert re.findall(r'"(.+?)"', listed) == sorted(SUPPORTED)


@pytest.mark.parametrize("version", SUPPORTED)
def test_a_job_does_what_ci_run_does_with_its_python_and_no_other(upstream: GitHub, version: str) -> None:
    need_python(version)
    jobs = upstream.push(UPSTREAM, "ci.yml", "--matrix", f"python:{version}")
    assert [(name, job.result) for name, job in jobs.items()] == [(f"CI/Python {version}", "success")]
    (job,) = jobs.values()
    assert re.findall(r"^(\S+) with (.+)$", job.log, flags=re.MULTILINE) == [
        (target, version) for target in ("lab-01", "test", "test", "test", "lab-02", "lint", "test")
    ]


def test_the_bill_of_materials_is_kept(upstream: GitHub) -> None:
    need_python("3.11")
    upstream.push(UPSTREAM, "ci.yml", "--matrix", "python:3.11")
    assert (upstream.artifact("sbom") / "sbom.json").read_text() == "bill\n"


def test_what_fails_in_ci_run_fails_the_job(upstream: GitHub) -> None:
    need_python("3.12")
    root = upstream.repository(UPSTREAM)
    (root / "Makefile").write_text(MAKEFILE.replace(" lint ", " ") + "lint:\n\texit 1\n")
    commit(root)
    (job,) = upstream.push(UPSTREAM, "ci.yml", "--matrix", "python:3.12").values()
    assert job.result == "failure"
    assert re.search(r"^✗ \(2\) offline .* make lint$", job.log, flags=re.MULTILINE)


WEEKLY = """
test:
	@echo "asked: $(ARGS), payloads: $(LABS_PAYLOADS)"
	@case "$(ARGS)" in *strangers*) exit $(STATUS);; esac
"""


@pytest.mark.parametrize("event", ["schedule", "workflow_dispatch"])
@pytest.mark.parametrize(("status", "result"), [(0, "success"), (1, "failure")])
def test_what_is_too_long_for_each_push_is_asked_weekly_and_all_of_it(
    upstream: GitHub, event: str, status: int, result: str
) -> None:
    need_python("3.11")
    root = upstream.repository(UPSTREAM)
    (root / "Makefile").write_text(f"STATUS = {status}\n{WEEKLY}")
    commit(root)
    jobs = upstream.push(UPSTREAM, "ci.yml", event=event)
    assert [(name, job.result) for name, job in jobs.items()] == [("CI/Weekly", result)]
    strangers = "tests/product/serving/protocols/test_strangers.py"
    assert re.findall(r"^asked: (.+), payloads: (.*)$", jobs["CI/Weekly"].log, flags=re.MULTILINE) == [
        (strangers, "10000"),
        ("-m clients", ""),
    ]
    assert "LABS_PAYLOADS" in (ROOT / strangers).read_text()


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch"])
def test_nothing_runs_in_a_fork(upstream: GitHub, event: str) -> None:
    assert upstream.push(UPSTREAM, "ci.yml", fork=True, event=event) == {}


def test_elsewhere_ci_run_tries_the_newest_python_too(upstream: GitHub) -> None:
    # These tests may themselves have been called by one of ci.yml's jobs.
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "PYENV_ROOT")}
    root = upstream.repository(UPSTREAM)
    done = subprocess.run([".ci/run"], cwd=root, env=environment, capture_output=True, text=True, check=True)
    assert re.search(r"^– proof .*labs prove 02 --tools.* \(in part not run", done.stdout, flags=re.MULTILINE)
    newest = SUPPORTED[0]
    assert f"lab-01 with {newest}\n" in done.stdout or f"not run: no Python {newest} here" in done.stdout


def test_ci_run_proves_each_task() -> None:
    said = re.findall(
        r"^ *step proof .* prove (\d\d)(?: --((?:no-)?tools).*)?$", (ROOT / ".ci" / "run").read_text(), re.M
    )
    proven = {
        task.id
        for lab in load_labs(ROOT)
        for task in lab.tasks
        if (lab.id, "") in said or (lab.id, "tools" if task.needs else "no-tools") in said
    }
    assert proven == {task.id for lab in load_labs(ROOT) for task in lab.tasks}
