"""Checks that cannot tell right from wrong are found out."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from labkit import doctor, proving
from labkit.catalog import Lab, load_labs
from labkit.project import Project
from labkit.proving import Case, Proof, Result, prove
from labkit.verdicts import Outcome, Verdicts
from tests.labkit.conftest import Labs
from tests.labkit.toy import CHECKS, make_toy

REPO = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The toy lab, proven once; what it requires counts as installed."""
    root = make_toy(tmp_path / "toy")
    (root / "requirements").mkdir()
    (root / "requirements/labs.txt").write_text("")
    (root / ".venv/bin").mkdir(parents=True)
    # A link would be taken for the environment that it lies in, which has no pytest.
    (root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (root / ".venv/bin/python").chmod(0o755)
    (root / ".venv/bin/uv").write_text("#!/bin/sh\n")
    (root / ".venv/bin/uv").chmod(0o755)
    for name, report in RECORDED.items():
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        (root / "tests/wrong_answers/lab_01" / name).write_text(f"# Python {version}\n{report}")
    return Project(root, root / ".venv")


RECORDED = {
    "1.1_printed.diagnosis.txt": """✗ 1.1 a greeting names the guest
    sent     a guest
    got      no name
    look at  the return        (labs hint 1.1)
    your code printed
      Welcome, guest 1.
""",
    "1.2_root.diagnosis.txt": """✗ 1.2 the container's process is not root's
    sent     the image
    got      root
    look at  USER        (labs hint 1.2)
""",
}


def proof_of(project: Project, *, update: bool = False) -> Proof:
    labs = load_labs(project.root)
    return prove(project, labs[0], labs, update=update)


def off(proof: Proof) -> dict[str, Outcome]:
    """Return the cases that did not come out as they must."""
    return {result.case.name: result.outcome for result in proof.results if result.outcome != "passed"}


def result(proof: Proof, name: str) -> Result:
    return next(result for result in proof.results if result.case.name == name)


def write_checks(project: Project, text: str) -> None:
    assert text != CHECKS
    (project.root / "tests/lab_01/test_shop.py").write_text(text)


def test_the_toy_is_proven(project: Project) -> None:
    told: list[tuple[int, int]] = []
    labs = load_labs(project.root)
    proof = prove(project, labs[0], labs, jobs=4, tell=lambda result, done, total: told.append((done, total)))
    assert (proof.exit_code, proof.broken, off(proof)) == (0, (), {})
    assert [result.case.name for result in proof.results] == [
        *("reference, seed 1", "reference, seed 2", "reference, seed 3"),
        *("1.1 blanked", "1.1 alone", "1.2 blanked", "1.2 alone"),
        *("wrong answer 1.1_printed", "wrong answer 1.2_root"),
    ]
    assert told == [(number, 9) for number in range(1, 10)]


def test_a_check_that_the_reference_fails(project: Project) -> None:
    write_checks(project, CHECKS.replace('"USER 1" in', '"USER 2" in'))
    proof = proof_of(project)
    assert proof.exit_code == 1
    assert off(proof)["reference, seed 1"] == "failed"
    told = result(proof, "reference, seed 1")
    assert told.wanted == "every check passes"
    assert told.got.startswith("✗ 1.2 the container's process is not root's\n")


def test_a_check_that_only_one_seed_passes(project: Project) -> None:
    write_checks(project, CHECKS.replace('"USER 1" in', 'seed() == 1 and "USER 1" in'))
    assert off(proof_of(project)) == {"reference, seed 2": "failed", "reference, seed 3": "failed"}


def test_a_check_that_passes_with_nothing_in_the_region(project: Project) -> None:
    write_checks(project, CHECKS.replace('"USER 1" in', '"TASK 1.2" in'))
    proof = proof_of(project)
    assert off(proof) == {"1.2 blanked": "failed", "wrong answer 1.2_root": "failed"}
    assert result(proof, "1.2 blanked").got == "all of them pass with nothing in the region"
    told = result(proof, "wrong answer 1.2_root")
    assert (told.wanted, told.got) == ("a check of task 1.2 fails (names the user that it was)", "all of them pass")


def test_a_task_that_fails_for_want_of_one_that_it_does_not_name(project: Project) -> None:
    toml = project.root / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace('after = ["1.1"]\n', ""))
    write_checks(project, CHECKS.replace('    expect("USER 1"', '    greet("Ada")\n    expect("USER 1"'))
    proof = proof_of(project)
    assert off(proof) == {"1.2 alone": "failed"}
    told = result(proof, "1.2 alone")
    assert told.wanted == (
        "every check passes of task 1.2, with nothing in any other but those that it comes after in lab.toml"
    )
    assert told.got.startswith("✗ 1.2 the container's process is not root's\n")


def test_a_wrong_answer_that_passes(project: Project) -> None:
    (project.root / "tests/wrong_answers/lab_01/1.2_right.txt").write_text("# wrong: it is not\nUSER 1001\n")
    assert off(proof_of(project)) == {"wrong answer 1.2_right": "failed"}


def test_a_wrong_answer_with_a_marker_in_it(project: Project) -> None:
    (project.root / "tests/wrong_answers/lab_01/1.2_marked.txt").write_text("# wrong: ends early\n# END TASK 1.2\n")
    proof = proof_of(project)
    assert off(proof) == {"wrong answer 1.2_marked": "failed"}
    told = result(proof, "wrong answer 1.2_marked")
    assert told.got == "line 2 of what should go into task 1.2 reads '# END TASK 1.2', which cannot stand there."


def test_a_diagnosis_that_is_not_the_recorded_one(project: Project) -> None:
    write_checks(project, CHECKS.replace('got="root"', 'got="the superuser"'))
    proof = proof_of(project)
    assert off(proof) == {"wrong answer 1.2_root": "failed"}
    told = result(proof, "wrong answer 1.2_root")
    assert told.wanted == RECORDED["1.2_root.diagnosis.txt"]
    assert told.got == RECORDED["1.2_root.diagnosis.txt"].replace("root\n", "the superuser\n")


def test_numbers_count_only_on_the_python_that_is_recorded(project: Project) -> None:
    path = project.root / "tests/wrong_answers/lab_01/1.1_printed.diagnosis.txt"
    other = RECORDED[path.name].replace("guest 1.", "guest 3456.")
    path.write_text(f"# Python 3.99\n{other}")
    assert off(proof_of(project)) == {}
    path.write_text(f"# Python {proving.PYTHON}\n{other}")
    assert off(proof_of(project)) == {"wrong answer 1.1_printed": "failed"}


def test_update_records_what_is_told_now_and_nothing_else(project: Project) -> None:
    write_checks(project, CHECKS.replace('got="root"', 'got="the superuser"'))
    folder = project.root / "tests/wrong_answers/lab_01"
    kept = folder / "1.1_printed.diagnosis.txt"
    before = kept.stat().st_mtime_ns
    proof = proof_of(project, update=True)
    assert proof.exit_code == 0
    assert "-    got      root\n+    got      the superuser\n" in result(proof, "wrong answer 1.2_root").updated
    assert result(proof, "wrong answer 1.1_printed").updated == ""
    assert kept.stat().st_mtime_ns == before
    assert "the superuser" in (folder / "1.2_root.diagnosis.txt").read_text()
    assert proof_of(project).exit_code == 0


def test_a_wrong_answer_without_a_diagnosis(project: Project) -> None:
    (project.root / "tests/wrong_answers/lab_01/1.2_root.diagnosis.txt").unlink()
    proof = proof_of(project)
    assert off(proof) == {"wrong answer 1.2_root": "failed"}
    assert (
        "a recorded diagnosis, 1.2_root.diagnosis.txt (labs prove --update"
        in result(proof, "wrong answer 1.2_root").wanted
    )


def test_paths_of_temporary_folders_are_no_part_of_a_diagnosis(project: Project) -> None:
    (project.root / "tests/wrong_answers/lab_01/1.1_said.py").write_text(
        "    # wrong: says where it is\n"
        "    import tempfile\n"
        "    print(os.getcwd() + '/shop', Path(tempfile.gettempdir()) / 'pytest-of-ada/pytest-0/test_a0')\n"
    )
    told = result(proof_of(project), "wrong answer 1.1_said").got
    assert told.endswith("    your code printed\n      tree/shop tmp/test_a0\n")


@pytest.fixture
def asked(project: Project, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The toy's tasks come after nothing; what was asked of each tree, but for the reference's."""
    toml = project.root / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace('after = ["1.1"]\n', ""))
    asked: list[list[str]] = []
    run = proving._run

    def note(project: Project, lab: Lab, labs: tuple[Lab, ...], cases: list[Case], *others: Any) -> list[Result]:
        if cases[0].task:
            asked.append([case.name.removeprefix("wrong answer ") for case in cases])
        return run(project, lab, labs, cases, *others)

    monkeypatch.setattr(proving, "_run", note)
    return asked


def of_answers(asked: list[list[str]]) -> list[list[str]]:
    return sorted(names for names in asked if "_" in names[0])


def test_cases_that_do_not_meet_share_a_tree(project: Project, asked: list[list[str]]) -> None:
    assert off(proof_of(project)) == {}
    assert sorted(asked) == [["1.1 alone"], ["1.1 blanked", "1.2 blanked"], ["1.1_printed", "1.2_root"], ["1.2 alone"]]


def test_a_task_that_comes_after_another_is_blanked_in_a_tree_of_its_own(
    project: Project, asked: list[list[str]]
) -> None:
    """else it would fail for want of the other one"""
    toml = project.root / "labs/01_toy/lab.toml"
    toml.write_text(
        toml.read_text().replace('title = "run as somebody"\n', 'title = "run as somebody"\nafter = ["1.1"]\n')
    )
    proof_of(project)
    assert ["1.1 blanked"] in asked
    assert ["1.2 blanked"] in asked


def test_a_task_is_blanked_with_all_but_those_that_it_comes_after(project: Project) -> None:
    labs = load_labs(project.root)
    blanked = {(case.name, *sorted(case.bodies)) for case in proving.cases_of(project.root, labs[0], [])[3:]}
    assert blanked == {("1.1 blanked", "1.1", "1.2"), ("1.1 alone", "1.2"), ("1.2 blanked", "1.2"), ("1.2 alone",)}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('title = "run as somebody"\n', 'title = "run as somebody"\nafter = ["1.1"]\n'),
        ('file = "labs/01_toy/Dockerfile"\n', 'file = "labs/01_toy/Dockerfile"\nneeds = ["cluster"]\n'),
        ("labs/01_toy/Dockerfile", "labs/01_toy/toy_product/shop.py"),
    ],
)
def test_wrong_answers_that_may_meet_do_not(project: Project, asked: list[list[str]], old: str, new: str) -> None:
    toml = project.root / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace(old, new))
    if "shop.py" in new:
        file = project.root / "labs/01_toy/toy_product/shop.py"
        file.write_text(file.read_text() + "\n# TASK 1.2: run as somebody\nUSER = 1000\n# END TASK 1.2\n")
        (project.root / "labs/01_toy/Dockerfile").write_text("USER 1000\n")
    proof_of(project)
    assert of_answers(asked) == [["1.1_printed"], ["1.2_root"]]


def test_what_is_recorded_was_told_to_a_wrong_answer_alone(
    project: Project, asked: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    updating: list[tuple[bool, int]] = []
    judge = proving._judge

    def note(case: Case, verdicts: Verdicts, update: bool) -> Any:
        if case.answer:
            updating.append((update, len({verdict.task for verdict in verdicts.checks})))
        return judge(case, verdicts, update)

    monkeypatch.setattr(proving, "_judge", note)
    write_checks(project, CHECKS.replace('got="root"', 'got="the superuser"'))
    assert proof_of(project, update=True).exit_code == 0
    assert "the superuser" in (project.root / "tests/wrong_answers/lab_01/1.2_root.diagnosis.txt").read_text()
    assert of_answers(asked) == [["1.1_printed", "1.2_root"], ["1.2_root"]]
    assert set(updating) == {(False, 2), (True, 1)}


def test_nothing_to_prove_is_proven(project: Project) -> None:
    labs = load_labs(project.root)
    proof = prove(project, labs[0], labs, tools=True)
    assert (proof.exit_code, proof.results) == (0, ())


def test_only_what_comes_of_a_wrong_answer_alone_counts_against_it(project: Project, asked: list[list[str]]) -> None:
    """here one writes where another one stands, which then passes"""
    folder = project.root / "tests/wrong_answers/lab_01"
    body = "    # wrong: writes elsewhere\n    Path('labs/01_toy/Dockerfile').write_text('USER 1000')\n"
    (folder / "1.1_elsewhere.py").write_text(body)
    (folder / "1.1_elsewhere.diagnosis.txt").write_text("")
    (folder / "1.1_printed.py").unlink()
    (folder / "1.1_printed.diagnosis.txt").unlink()
    assert off(proof_of(project)) == {"wrong answer 1.1_elsewhere": "failed"}
    assert of_answers(asked) == [["1.1_elsewhere"], ["1.1_elsewhere", "1.2_root"], ["1.2_root"]]


def need_a_cluster(project: Project) -> None:
    """Have task 1.2 need a cluster, and come after none."""
    toml = project.root / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace('after = ["1.1"]\n', 'needs = ["cluster"]\n'))


@pytest.fixture
def with_a_tool(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The toy, whose task 1.2 needs a cluster, which is there."""
    need_a_cluster(project)
    monkeypatch.setitem(doctor.NEED_CHECKS, "cluster", lambda: doctor.Check("cluster", ok=True, found="here"))
    return project


def test_tools_are_asked_only_what_could_come_out_differently(with_a_tool: Project) -> None:
    proof = proof_of(with_a_tool)
    assert (proof.exit_code, off(proof)) == (0, {})
    assert {result.case.name: result.case.asked for result in proof.results} == {
        "reference, seed 1": ("1.1", "1.2"),
        "reference, seed 2": ("1.1",),
        "reference, seed 3": ("1.1",),
        "1.1 blanked": ("1.1",),
        "1.1 alone": ("1.1",),
        "1.2 blanked": ("1.2",),
        "1.2 alone": ("1.2",),
        "wrong answer 1.1_printed": ("1.1",),
        "wrong answer 1.2_root": ("1.2",),
    }


@pytest.mark.parametrize(
    ("tools", "cases"),
    [
        (True, ["reference, seed 1", "1.2 blanked", "1.2 alone", "wrong answer 1.2_root"]),
        (False, [*(f"reference, seed {n}" for n in (1, 2, 3)), "1.1 blanked", "1.1 alone", "wrong answer 1.1_printed"]),
    ],
)
def test_tasks_with_tools_can_be_proven_apart(with_a_tool: Project, tools: bool, cases: list[str]) -> None:
    labs = load_labs(with_a_tool.root)
    proof = prove(with_a_tool, labs[0], labs, tools=tools)
    assert (proof.exit_code, [result.case.name for result in proof.results]) == (0, cases)
    assert {task for result in proof.results for task in result.case.asked} == {"1.2" if tools else "1.1"}


def test_a_check_with_a_tool_that_fails_for_want_of_a_task_that_it_does_not_name(with_a_tool: Project) -> None:
    write_checks(with_a_tool, CHECKS.replace('    expect("USER 1"', '    greet("Ada")\n    expect("USER 1"'))
    proof = proof_of(with_a_tool)
    assert off(proof) == {"1.2 alone": "failed"}
    assert result(proof, "1.2 alone").got.startswith("✗ 1.2 the container's process is not root's\n")


def test_what_needs_a_tool_that_is_missing_is_not_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    need_a_cluster(project)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")
    proof = proof_of(project)
    assert proof.exit_code == 3
    assert set(off(proof).values()) == {"not_run"}
    assert set(off(proof)) == {"reference, seed 1", "1.2 blanked", "1.2 alone", "wrong answer 1.2_root"}


def test_broken_markers_are_told_and_nothing_is_run(project: Project) -> None:
    file = project.root / "labs/01_toy/Dockerfile"
    file.write_text(file.read_text().replace("# END TASK 1.2\n", ""))
    proof = proof_of(project)
    assert proof.exit_code == 1
    assert proof.results == ()
    assert any("task 1.2 is not closed" in line for line in proof.broken)


def test_a_check_that_is_not_written_as_checks_are(project: Project) -> None:
    write_checks(project, CHECKS.replace('@pytest.mark.task("1.2")', '@pytest.mark.task("1.7")'))
    proof = proof_of(project)
    assert proof.exit_code == 1
    assert any("1.7" in line for line in proof.broken)


# On the command line


def run(labs: Labs, *arguments: str) -> tuple[int, str, str]:
    done = labs(*arguments, PYTHONPATH=os.pathsep.join([str(labs.project.root / "labs/01_toy"), str(REPO)]))
    return done.returncode, done.stdout, done.stderr


def test_prove_says_little_where_all_is_well(labs: Labs) -> None:
    code, said, _ = run(labs, "prove", "--jobs", "3")
    assert code == 0
    assert said.startswith("lab 01: 9 cases in ")
    assert said.endswith("9 as they must be, 0 not, 0 not run\n")


def test_prove_says_what_was_wanted_and_what_came(labs: Labs) -> None:
    (labs.project.root / "tests/wrong_answers/lab_01/1.2_right.txt").write_text("# wrong: it is not\nUSER 1001\n")
    code, said, trouble = run(labs, "prove", "01")
    assert code == 1
    assert "✗ wrong answer 1.2_right\n    wanted   a check of task 1.2 fails (it is not)\n" in said
    assert "    got      all of them pass\n" in said
    assert "Not proven" in trouble


def test_prove_as_json(labs: Labs) -> None:
    code, said, _ = run(labs, "prove", "--json")
    assert code == 0
    (proof,) = json.loads(said)
    assert (proof["lab"], proof["proven"], len(proof["cases"])) == ("01", True, 9)


def test_grade_writes_a_scorecard_and_says_so_by_its_exit_code(labs: Labs, tmp_path: Path) -> None:
    learner = make_toy(tmp_path / "learner")
    code, said, _ = run(labs, "grade", str(learner), "--lab", "1", "--out", str(tmp_path / "out"))
    assert (code, said.splitlines()[-1]) == (
        0,
        f"2 tasks: 2 passed, 0 failed, 0 not run; see {tmp_path / 'out/scorecard.md'}",
    )
    assert json.loads((tmp_path / "out/result.json").read_text())["passed"] is True
    shop = learner / "labs/01_toy/toy_product/shop.py"
    shop.write_text(
        shop.read_text().replace("        return", "").replace('    return f"', '    print("::error::x")\n    f"')
    )
    code, said, _ = run(labs, "grade", str(learner), "--lab", "1", "--out", str(tmp_path / "out"))
    assert code == 1
    assert "::error::x" in said
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())
    assert "# Scorecard: not everything passed" in (tmp_path / "out/scorecard.md").read_text()


def test_grade_as_json_is_the_scorecard_and_alone_on_stdout(labs: Labs, tmp_path: Path) -> None:
    learner = make_toy(tmp_path / "learner")
    code, said, trouble = run(labs, "grade", str(learner), "--lab", "1", "--out", str(tmp_path / "out"), "--json")
    assert code == 0
    assert json.loads(said) == json.loads((tmp_path / "out/result.json").read_text())
    assert "2 tasks: 2 passed" in trouble


def test_grade_of_a_tree_in_which_nothing_was_started(labs: Labs, tmp_path: Path) -> None:
    code, _, trouble = run(labs, "grade", str(make_toy(tmp_path / "learner")))
    assert code == 3
    assert "No lab was started" in trouble
