"""What `labs` does with a lab that it knows nothing of, and the exit codes that scripts rely on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from labkit.project import Project
from tests.labkit.conftest import Labs

INSTALLED = Path(sys.executable).with_name("labs")


def test_help_lists_commands_those_of_labs_too_and_the_exit_codes(labs: Labs) -> None:
    page = labs("--help").stdout
    for word in ("list", "run", "doctor", "sell a toy", "Exit codes: 0 done", "130 interrupted"):
        assert word in page


def test_help_waits_for_nothing_that_only_a_command_needs() -> None:
    # What it takes in seconds is for benchmarks/front_door.py to say.
    script = (
        "import sys; from labkit.cli import main; sys.argv = ['labs', '--help']\ntry: main()\nexcept SystemExit: pass\n"
    )
    late = {"pytest", "pandas", "labkit.doctor", "labkit.updating", "labkit.checking", "labkit.proving"}
    script += f"print(sorted({late} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_list_names_the_labs(labs: Labs) -> None:
    assert labs("list").stdout == "01  Toys (1.5 hours)\n"
    assert json.loads(labs("list", "--json").stdout) == [{"lab": "01", "title": "Toys", "hours": 1.5, "needs": []}]


def test_run_starts_the_module_and_says_where_the_outputs_are(labs: Labs) -> None:
    result = labs("run", "1")
    assert result.returncode == 0
    assert "arguments ['open', '--all']" in result.stdout
    assert "open artifacts/lab-01/sign.txt" in result.stdout


def test_run_as_json_leaves_stdout_to_the_result(labs: Labs, project: Project) -> None:
    result = labs("run", "01", "--json")
    answer = json.loads(result.stdout)
    assert (answer["lab"], answer["status"]) == ("01", "done")
    assert answer["open"] == str(project.root / "artifacts/lab-01/sign.txt")
    assert "arguments ['open', '--all']" in result.stderr


def test_a_failing_run_ends_with_1_and_tells_its_code(labs: Labs, lab_toml: Path) -> None:
    lab_toml.write_text(lab_toml.read_text().replace('["open", "--all"]', '["fail"]'))
    result = labs("run", "01", "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)["reason"] == "Lab 01 failed: exit code 7."


def test_a_run_that_leaves_no_output_failed(labs: Labs, lab_toml: Path) -> None:
    lab_toml.write_text(lab_toml.read_text().replace("sign.txt", "other.txt"))
    result = labs("run", "01")
    assert result.returncode == 1
    assert "left no artifacts/lab-01/other.txt" in result.stderr


def test_a_command_of_a_lab_gets_every_argument_and_the_input_and_gives_its_code(labs: Labs) -> None:
    result = labs("sell", "--help", "-x", "a b", "--json")
    assert "arguments ['sell', '--help', '-x', 'a b', '--json']" in result.stdout
    assert result.returncode == 7
    assert "read three bears" in labs("sell", "--read", stdin="three bears").stdout


def test_a_command_of_a_lab_is_told_what_it_was_called_as(labs: Labs, project: Project) -> None:
    (project.root / "toys" / "shop.py").write_text("import os\nprint(os.environ['LABS_PROGRAM'])\n")
    assert labs("sell").stdout == "labs\n"


def test_wrong_usage_ends_with_2(labs: Labs, lab_toml: Path) -> None:
    for arguments in (["run"], ["run", "09"], ["fly"], ["list", "--yaml"]):
        assert labs(*arguments).returncode == 2
    lab_toml.write_text(lab_toml.read_text().replace("commands.sell", "commands.run"))
    result = labs("list")
    assert result.returncode == 2
    assert "commands.run is a command of labs itself" in result.stderr


def test_a_missing_tool_ends_with_3(labs: Labs, lab_toml: Path) -> None:
    lab_toml.write_text(lab_toml.read_text().replace("hours", 'needs = ["docker"]\nhours'))
    result = labs("run", "01", PATH="/nowhere")
    assert result.returncode == 3
    assert "Lab 01 needs docker, and there is no docker command." in result.stderr


def test_a_set_up_that_fails_ends_with_4(labs: Labs, project: Project) -> None:
    project.uv.write_text("#!/bin/sh\nexit 2\n")
    assert labs("run", "01").returncode == 4


def test_an_interrupt_reaches_the_lab_and_ends_with_130(labs: Labs, project: Project) -> None:
    (project.root / "toys" / "shop.py").write_text(
        "import time\ntry:\n    print('waiting', flush=True); time.sleep(30)\n"
        "except KeyboardInterrupt:\n    print('tidied up', flush=True)\n"
    )
    with subprocess.Popen(
        labs.command("run", "01"),
        cwd=project.root,
        env=labs.environment(),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does at Ctrl-C
        assert process.stdout.read() == "tidied up\n"
    assert process.returncode == 130


def test_colours_only_on_a_terminal_that_wants_them(labs: Labs) -> None:
    assert "\x1b" not in labs("list").stdout
    assert "\x1b" in labs("list", FORCE_COLOR="1").stdout
    assert "\x1b[3" not in labs("doctor", FORCE_COLOR="1", NO_COLOR="1").stdout
