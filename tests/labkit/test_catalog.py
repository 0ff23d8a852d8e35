"""A lab.toml is read strictly: whatever is wrong in it is named with its file and key."""

from pathlib import Path

import pytest

from labkit.catalog import InvalidLab, find_lab, load_labs
from labkit.errors import WrongUsage
from labkit.project import Project


def test_a_lab_says_what_its_run_is(project: Project) -> None:
    (lab,) = load_labs(project.root)
    assert (lab.id, lab.hours, lab.needs) == ("01", 1.5, ())
    assert (lab.run.module, lab.run.arguments) == ("toys.shop", ("open", "--all"))
    assert [command.name for command in lab.commands] == ["sell"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('id = "01"', "", "id is missing"),
        ('id = "01"', "id = 1", "id must be a text, not 1"),
        ('id = "01"', 'id = "1"', "id must be two digits, not '1'"),
        ("hours = 1.5", "hours = true", "hours must be a number above zero, not True"),
        ("hours = 1.5", "hours = 0", "hours must be a number above zero, not 0"),
        ("hours = 1.5", "hours = 1.5\nneeds = 'docker'", "needs must be a list, not 'docker'"),
        ("hours = 1.5", "hours = 1.5\nneeds = ['podman']", "needs knows docker, cluster, not 'podman'"),
        ("hours = 1.5", "hours = 1.5\nneeds = [1]", "needs must be a list in which each item is a text, not [1]"),
        ("hours = 1.5", "hours = 1.5\nports = [5000]", "ports has 5000, which macOS keeps for AirPlay"),
        ("hours = 1.5", "hours = 1.5\nhour = 2", "hour is not a key that labkit knows"),
        ("hours = 1.5", "hours = 1.5\nclean = ['sweep']", "clean must begin with a command of this lab, not 'sweep'"),
        ('open = "artifacts/lab-01/sign.txt"', "", "run.open is missing"),
        ("[run]", "[run]\nshell = 'rm'", "run.shell is not a key that labkit knows"),
        ('help = "sell a toy"', "", "commands.sell.help is missing"),
        ("[run]", "[run", "is not TOML"),
    ],
)
def test_a_mistake_is_named_with_file_and_key(
    project: Project, lab_toml: Path, old: str, new: str, complaint: str
) -> None:
    lab_toml.write_text(lab_toml.read_text().replace(old, new, 1))
    with pytest.raises(InvalidLab) as refusal:
        load_labs(project.root)
    assert str(refusal.value).startswith(f"{lab_toml}: {complaint}")


@pytest.mark.parametrize(("change", "claim"), [(("", ""), "id '01'"), (('"01"', '"02"'), "command 'sell'")])
def test_two_labs_cannot_claim_the_same(project: Project, lab_toml: Path, change: tuple[str, str], claim: str) -> None:
    other = project.root / "labs" / "02_games" / "lab.toml"
    other.parent.mkdir()
    other.write_text(lab_toml.read_text().replace(*change))
    with pytest.raises(InvalidLab, match=f"{claim} is taken by .*01_toys/lab.toml"):
        load_labs(project.root)


def test_labs_come_in_the_order_of_their_ids(project: Project, lab_toml: Path) -> None:
    other = project.root / "labs" / "00_before" / "lab.toml"
    other.parent.mkdir()
    other.write_text(lab_toml.read_text().replace('"01"', '"02"').replace("sell", "lend"))
    assert [lab.id for lab in load_labs(project.root)] == ["01", "02"]


@pytest.mark.parametrize("wanted", ["01", "1"])
def test_a_lab_is_found_by_its_number(project: Project, wanted: str) -> None:
    assert find_lab(load_labs(project.root), wanted).title == "Toys"


def test_an_unknown_lab_is_refused_with_those_that_there_are(project: Project) -> None:
    with pytest.raises(WrongUsage, match="no lab 09") as refusal:
        find_lab(load_labs(project.root), "09")
    assert refusal.value.remedy == "These are here: 01."
