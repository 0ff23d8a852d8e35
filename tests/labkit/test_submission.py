"""What is taken from a learner's tree, and what never is."""

import os
from pathlib import Path

import pytest

from labkit.catalog import Lab, load_labs
from labkit.submission import (
    LARGEST_BODY,
    Submission,
    Unreadable,
    differences_outside,
    printable,
    read_regular_file,
    read_started_labs,
    read_submission,
)
from tests.labkit.toy import DOCKERFILE, SHOP, make_toy

SHOP_FILE = "labs/01_toy/toy_product/shop.py"
DOCKERFILE_NAME = "labs/01_toy/Dockerfile"
BODY = SHOP[SHOP.index("    shop = ") : SHOP.index("    # END")]


@pytest.fixture
def trusted(tmp_path: Path) -> Path:
    return make_toy(tmp_path / "trusted")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A learner's tree with nothing in it but the files that hold tasks."""
    root = tmp_path / "learner"
    for name, text in ((SHOP_FILE, SHOP), (DOCKERFILE_NAME, DOCKERFILE)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def labs(trusted: Path) -> tuple[Lab, ...]:
    return load_labs(trusted)


@pytest.fixture
def shop(tree: Path) -> Path:
    return tree / SHOP_FILE


def read(tree: Path, trusted: Path) -> Submission:
    return read_submission(tree, trusted, load_labs(trusted))


def test_bodies_are_taken_and_nothing_is_remarked_on_an_untouched_tree(tree: Path, trusted: Path) -> None:
    assert read(tree, trusted) == Submission({"1.1": BODY, "1.2": "USER 1000\n"}, {}, ())


def test_crlf_and_a_byte_order_mark_are_no_differences(tree: Path, trusted: Path, shop: Path) -> None:
    shop.write_bytes(b"\xef\xbb\xbf" + SHOP.replace("\n", "\r\n").encode())
    found = read(tree, trusted)
    assert found.bodies["1.1"] == BODY.replace("\n", "\r\n")
    assert found.remarks == ()


def test_lines_outside_regions_are_named(tree: Path, trusted: Path, shop: Path) -> None:
    text = SHOP.replace("def greet(guest: str)", "def greet(guest)").replace(
        '    print(f"The sign', '    exit()  # print(f"'
    )
    shop.write_text(text)
    found = read(tree, trusted)
    assert found.bodies["1.1"] == BODY
    first, second = found.remarks
    assert first == f"{SHOP_FILE}:7: def greet(guest) -> str:"
    assert second.startswith(f"{SHOP_FILE}:19: exit()")


def test_lines_taken_out_and_put_in_are_named() -> None:
    reference = "a\nb\nc\n# TASK 1.1: x\nbody\n# END TASK 1.1\nd\n"
    assert differences_outside(reference.replace("b\n", ""), reference, "f") == [
        "f:2: 1 line taken out before this line"
    ]
    assert differences_outside("new\nnewer\n" + reference, reference, "f") == ["f:1-2: new"]
    assert differences_outside(reference.replace("body", "other\nbody"), reference, "f") == []


def test_regions_in_another_order_are_a_difference() -> None:
    one, two = "# TASK 1.1: x\n1\n# END TASK 1.1\n", "# TASK 1.2: y\n2\n# END TASK 1.2\n"
    assert differences_outside(two + one, one + two, "f") == [
        "f:1: # TASK 1.2: y",
        "f:3-4: # END TASK 1.2",
        "f:6: # END TASK 1.1",
    ]
    assert differences_outside(one, one + two, "f") == ["f: its regions are not those of the trusted file"]


def test_a_missing_file_is_told(tree: Path, trusted: Path, shop: Path) -> None:
    shop.unlink()
    found = read(tree, trusted)
    assert found.missing == {"1.1": f"{SHOP_FILE} is missing"}
    assert "1.2" in found.bodies


def test_a_missing_region_is_told(tree: Path, trusted: Path, shop: Path) -> None:
    shop.write_text(SHOP.replace("    # TASK 1.1: greet whoever comes in\n", "").replace("    # END TASK 1.1\n", ""))
    found = read(tree, trusted)
    assert found.missing == {"1.1": f"its region is not in {SHOP_FILE}"}


def test_another_tasks_end_marker_ends_nothing(tree: Path, trusted: Path, shop: Path) -> None:
    shop.write_text(SHOP.replace(BODY, "    # END TASK 1.2\n" + BODY))
    found = read(tree, trusted)
    assert "1.1" not in found.bodies
    assert found.missing["1.1"] == f"{SHOP_FILE}:10: END TASK 1.2 stands inside task 1.1."


def test_one_broken_region_costs_only_itself(tmp_path: Path) -> None:
    trusted = make_toy(tmp_path / "trusted")
    both = SHOP + "# TASK 1.2: run as somebody\nUSER = 1\n# END TASK 1.2\n"
    (trusted / SHOP_FILE).write_text(both)
    toml = trusted / "labs/01_toy/lab.toml"
    toml.write_text(toml.read_text().replace(DOCKERFILE_NAME, SHOP_FILE))
    tree = tmp_path / "tree"
    (tree / SHOP_FILE).parent.mkdir(parents=True)
    (tree / SHOP_FILE).write_text(both.replace("# END TASK 1.2\n", ""))
    found = read(tree, trusted)
    assert found.bodies == {"1.1": BODY}
    assert found.missing == {"1.2": f"{SHOP_FILE}:20: task 1.2 is not closed: its END TASK 1.2 is gone."}


def test_a_merge_conflict_in_a_region_is_told(tree: Path, trusted: Path, shop: Path) -> None:
    shop.write_text(SHOP.replace(BODY, f"<<<<<<< HEAD\n{BODY}=======\n    return 'hi'\n>>>>>>> other\n"))
    assert "a merge conflict was left" in read(tree, trusted).missing["1.1"]


def test_a_body_that_is_too_large_is_refused(tree: Path, trusted: Path, shop: Path) -> None:
    shop.write_text(SHOP.replace(BODY, "    x = 1\n" * (LARGEST_BODY // 10 + 1)))
    assert read(tree, trusted).missing["1.1"] == f"the region in {SHOP_FILE} has 100,010 bytes; the most is 100,000"


def test_a_file_of_200_mb_is_refused_without_being_read(tree: Path, trusted: Path, shop: Path) -> None:
    with shop.open("wb") as file:
        file.truncate(200_000_000)
    assert read(tree, trusted).missing["1.1"] == f"{SHOP_FILE} has 200,000,000 bytes; the most is 1,000,000"


def test_a_fifo_is_refused_without_waiting(tree: Path, trusted: Path, shop: Path) -> None:
    shop.unlink()
    os.mkfifo(shop)
    assert read(tree, trusted).missing["1.1"] == f"{SHOP_FILE} is not a regular file"


def test_a_device_and_a_folder_are_refused(tree: Path, shop: Path) -> None:
    with pytest.raises(Unreadable, match="is not a regular file"):
        read_regular_file(tree, "labs/01_toy")
    with pytest.raises(Unreadable, match="is not a regular file"):
        read_regular_file(Path("/dev"), "null")


def test_a_file_without_a_size_that_holds_too_much_is_refused() -> None:
    if not Path("/proc/self/maps").is_file():
        pytest.skip("no /proc here")
    with pytest.raises(Unreadable, match="has more than 100 bytes"):
        read_regular_file(Path("/proc/self"), "maps", largest=100)


def test_a_link_to_a_file_is_refused(tree: Path, trusted: Path, shop: Path, tmp_path: Path) -> None:
    shop.rename(tmp_path / "elsewhere.py")
    shop.symlink_to(tmp_path / "elsewhere.py")
    assert read(tree, trusted).missing["1.1"] == (
        f"{SHOP_FILE} is a symbolic link; a submission's files are regular files"
    )


def test_a_folder_that_is_a_link_is_refused(tree: Path, trusted: Path, tmp_path: Path) -> None:
    (tree / "labs").rename(tmp_path / "elsewhere")
    (tree / "labs").symlink_to(tmp_path / "elsewhere")
    found = read(tree, trusted)
    assert found.bodies == {}
    assert found.missing["1.1"].startswith(f"{SHOP_FILE} is behind a link")


def test_bytes_that_are_no_text_are_taken_as_they_are(tree: Path, trusted: Path, shop: Path) -> None:
    shop.write_bytes(SHOP.encode().replace(b"    shop = ", b"    # \xff\x00\x1b[2J\n    shop = "))
    assert read(tree, trusted).bodies["1.1"].startswith("    # \udcff\x00\x1b[2J\n")


def test_an_unknown_task_in_a_file_is_told_and_the_others_are_taken(tree: Path, trusted: Path, shop: Path) -> None:
    shop.write_text(SHOP + "# TASK 9.9: mine\n# END TASK 9.9\n")
    assert read(tree, trusted).bodies["1.1"] == BODY


def test_started_labs_are_read_as_data(tree: Path) -> None:
    assert read_started_labs(tree) == (None, "labs/started.toml is missing")
    (tree / "labs/started.toml").write_text('[lab.01]\nbase = "abc"\nskipped = ["1.2"]\n')
    started, _ = read_started_labs(tree)
    assert started
    assert started["01"].skipped == ("1.2",)
    (tree / "labs/started.toml").write_bytes(b"\xff = 3")
    started, problem = read_started_labs(tree)
    assert started is None
    assert problem.startswith("labs/started.toml cannot be read")


def test_what_steers_a_terminal_is_not_printed() -> None:
    assert printable("a\x1b[2J\tb\n\udcff\u202e") == "a�[2J\tb\n��"
