import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

from labkit.progress import FILE, read_progress, record


def test_nothing_has_passed_at_first(tmp_path: Path) -> None:
    assert read_progress(tmp_path) == {}


def test_a_task_is_noted_once_when_it_passes_first(tmp_path: Path) -> None:
    assert record(tmp_path, ["1.1", "1.2"]) == ("1.1", "1.2")
    noted = read_progress(tmp_path)
    assert abs((datetime.now(UTC) - noted["1.1"]).total_seconds()) < 5
    assert record(tmp_path, ["1.2", "1.3", "1.3"]) == ("1.3",)
    assert read_progress(tmp_path) == noted | {"1.3": read_progress(tmp_path)["1.3"]}
    assert len((tmp_path / FILE).read_text().splitlines()) == 3


def test_the_first_time_stays(tmp_path: Path) -> None:
    record(tmp_path, ["1.1"])
    with (tmp_path / FILE).open("a") as file:
        file.write('{"task": "1.1", "passed": "2030-01-01T00:00:00+00:00"}\n')
    assert read_progress(tmp_path)["1.1"].year != 2030


def test_a_line_that_a_crash_has_torn_costs_nothing_but_itself(tmp_path: Path) -> None:
    record(tmp_path, ["1.1", "1.2"])
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-20])
    assert list(read_progress(tmp_path)) == ["1.1"]
    record(tmp_path, ["1.3"])
    assert list(read_progress(tmp_path)) == ["1.1", "1.3"]
    assert record(tmp_path, ["1.2"]) == ("1.2",)


def test_lines_that_say_something_else_are_passed_over(tmp_path: Path) -> None:
    record(tmp_path, ["1.1"])
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'\xff\n[]\n{"task": "1.2"}\n{"task": "1.3", "passed": "soon"}\n\n7\n')
    assert list(read_progress(tmp_path)) == ["1.1"]


def test_commands_that_end_at_the_same_time_leave_whole_lines(tmp_path: Path) -> None:
    (tmp_path / ".labs").mkdir()
    tasks = [[f"{lab}.{task}" for task in range(1, 30)] for lab in range(1, 7)]
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.starmap(record, [(tmp_path, each) for each in tasks])
    lines = (tmp_path / FILE).read_text().splitlines()
    assert sorted(json.loads(line)["task"] for line in lines) == sorted(task for each in tasks for task in each)
