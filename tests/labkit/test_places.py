"""Which lines of a stack are the learner's, and how a report names them."""

import json
import sys
from pathlib import Path

import pytest

from labkit.places import Lines, Places

FILE = "labs/01_toy/shop.py"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    for tree in ("stand-in", "own"):
        (tmp_path / tree / FILE).parent.mkdir(parents=True)
        (tmp_path / tree / FILE).write_text("import json\n\n    json.loads('{')  # ü\n" + "x = 1  # " + "long " * 100)
    return Places([str(tmp_path / "stand-in"), str(tmp_path / "own")], str(tmp_path / "own/tests"))


def test_a_line_of_either_tree_is_named_from_the_projects_folder(places: Places, tmp_path: Path) -> None:
    for tree in ("stand-in", "own"):
        assert places.place(str(tmp_path / tree / FILE), 3) == f"{FILE}:3  `json.loads('{{')  # ü`"


def test_a_line_that_is_gone_is_named_without_its_code(places: Places, tmp_path: Path) -> None:
    assert places.place(str(tmp_path / "own" / FILE), 99) == f"{FILE}:99"


def test_a_long_line_is_shortened(places: Places, tmp_path: Path) -> None:
    assert len(places.place(str(tmp_path / "own" / FILE), 4)) < 140


@pytest.mark.parametrize(
    "file", [json.__file__, pytest.__file__, __file__, "<frozen importlib._bootstrap>", "{own}/tests/test_a.py", "x.py"]
)
def test_other_code_is_none_of_the_learners(places: Places, tmp_path: Path, file: str) -> None:
    assert places.place(file.replace("{own}", str(tmp_path / "own")), 1) == ""


def test_the_deepest_place_is_where_the_learners_code_called_a_library(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "own" / FILE
    with pytest.raises(json.JSONDecodeError) as caught:
        exec(compile(path.read_text().replace("    json", "json"), str(path), "exec"))
    assert places.deepest(caught.value.__traceback__) == places.place(str(path), 3)
    assert places.deepest(None) == ""


def test_a_place_in_the_region_comes_before_a_deeper_one(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "own" / FILE
    source = "def outer():\n    inner()\ndef inner():\n    1 / 0\nouter()\n"
    with pytest.raises(ZeroDivisionError) as caught:
        exec(compile(source, str(path), "exec"), {})
    placed = {
        first: places.deepest(caught.value.__traceback__, Lines(file, first, last)).partition("  ")[0]
        for file, first, last in ((FILE, 1, 3), (FILE, 5, 9), (FILE, 7, 9), ("labs/02_toy/shop.py", 2, 2))
    }
    assert placed == {1: f"{FILE}:2", 5: f"{FILE}:5", 7: f"{FILE}:4", 2: f"{FILE}:4"}


def test_the_callers_of_a_frame_are_looked_through(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "own" / FILE
    found: list[str] = []
    exec(compile("\n\nlook()", str(path), "exec"), {"look": lambda: found.append(places.calling(sys._getframe()))})
    assert found == [places.place(str(path), 3)]
