import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.regions import (
    MarkerError,
    Region,
    decode,
    encode,
    find,
    is_open,
    left_over,
    parse,
    read_text,
    readable_bodies,
    split_lines,
    stub,
    with_body,
)
from labkit.tasks import Task

FILE = """def greet(guest):
    # TASK 1.1: greet whoever comes in
    return guest
    # END TASK 1.1

def part(guest):
    # TASK 1.2: say "goodbye"
    return None
    # END TASK 1.2
"""


def task(file: str = "shop.py", scaffold: str = "") -> Task:
    return Task(id="1.1", title="greet whoever comes in", file=file, why="", scaffold=scaffold)


def region(body: str, *, indent: str = "    ", lead: str = "#") -> Region:
    return Region("1.1", "greet whoever comes in", 1, 3, indent, lead, body)


def test_a_file_has_its_regions_in_order() -> None:
    first, second = parse(FILE, "shop.py", known=("1.1", "1.2"))
    assert first == Region("1.1", "greet whoever comes in", 2, 4, "    ", "#", "    return guest\n")
    assert (second.task, second.title, second.start, second.end) == ("1.2", 'say "goodbye"', 7, 9)


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("    # END TASK 1.2\n", "", "shop.py:7: task 1.2 is not closed: its END TASK 1.2 is gone."),
        ("    # END TASK 1.1\n", "", "shop.py:6: task 1.2 begins inside task 1.1, which is not closed."),
        ("# TASK 1.1: greet whoever comes in", "", "shop.py:4: END TASK 1.1 closes a task that was not opened."),
        ("return guest", "# END TASK 1.2", "shop.py:3: END TASK 1.2 stands inside task 1.1."),
        ("return guest", "# TASK 1.1: again", "shop.py:3: task 1.1 begins a second time."),
        ("TASK 1.2: say", "TASK 1.1: say", "shop.py:7: task 1.1 begins a second time."),
        (
            "# TASK 1.2: say",
            "#TASK 1.2 say",
            "shop.py:7: '#TASK 1.2 say \"goodbye\"' is almost a marker: a marker reads",
        ),
        ("# END TASK 1.2", "# END TASK 1.2: x", "shop.py:9: '# END TASK 1.2: x' is almost a marker: a marker reads"),
        ("TASK 1.2", "TASK 1.9", "shop.py:7: there is no task 1.9 in lab.toml."),
        (
            "return guest",
            "\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b",
            "shop.py:4: a merge conflict was left in or around",
        ),
    ],
)
def test_markers_out_of_order_are_named(before: str, after: str, complaint: str) -> None:
    text = FILE.replace(before, after)
    if "1.9" in after:
        text = FILE.replace(before, after).replace("END TASK 1.2", "END TASK 1.9")
    with pytest.raises(MarkerError) as refusal:
        parse(text, "shop.py", known=("1.1", "1.2"))
    assert str(refusal.value).startswith(complaint)
    assert re.search(r"labs reset 01 --task 1\.\d ", refusal.value.remedy)


def test_a_conflict_over_a_marker_is_a_conflict_and_no_doubled_marker() -> None:
    marker = "    # TASK 1.1: greet whoever comes in\n"
    doubled = f"<<<<<<< HEAD\n{marker}=======\n{marker}>>>>>>> theirs\n"
    with pytest.raises(MarkerError, match=r"^shop.py:2: a merge conflict was left in or around task 1\.1\."):
        parse(FILE.replace(marker, doubled), "shop.py")


def test_a_region_that_is_gone_is_named() -> None:
    with pytest.raises(MarkerError, match=r"shop.py: the lines # TASK 1\.3: … and # END TASK 1\.3 are gone\."):
        find(FILE, "shop.py", "1.3")


@pytest.mark.parametrize("line", ["# END TASK 1.1", "  // TASK 3.4: more", "<<<<<<< HEAD", "#TASK1.1"])
def test_a_body_that_would_end_or_break_its_region_is_refused(line: str) -> None:
    with pytest.raises(MarkerError, match=re.escape(f"line 2 of what should go into task 1.1 reads {line.strip()!r}")):
        with_body(FILE, "shop.py", "1.1", f"    pass\n{line}\n")


BODY = st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=8)).map(
    lambda lines: "".join(line + "\n" for line in lines)
)
OUTSIDE = st.text(st.sampled_from("ab #/<=\n\t\x0c\u2028é\udce9"), max_size=30)


@given(BODY, BODY, OUTSIDE, OUTSIDE, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_splicing_changes_the_lines_between_the_markers_and_nothing_else(
    old: str, new: str, before: str, after: str, line_end: str, mark: bool, ends: bool
) -> None:
    def text(body: str) -> str:
        opening, closing = "\t-- TASK 1.1: a title\n", "\t-- END TASK 1.1" + ("\n" + after if ends else "")
        return ("\ufeff" if mark else "") + (before + "\n" + opening + body + closing).replace("\n", line_end)

    spliced = with_body(text(old), "query.sql", "1.1", new)
    assert spliced == text(new)
    assert find(spliced, "query.sql", "1.1").body == new.replace("\n", line_end)
    assert decode(encode(spliced)) == spliced
    assert readable_bodies(spliced) == {"1.1": new.replace("\n", line_end)}


def test_bytes_that_are_no_text_survive(tmp_path: Path) -> None:
    path = tmp_path / "shop.py"
    path.write_bytes(b"\xef\xbb\xbf# TASK 1.1: a title\r\n\xff\r\n# END TASK 1.1")
    spliced = with_body(read_text(path), path, "1.1", "b\nc")
    assert encode(spliced) == b"\xef\xbb\xbf# TASK 1.1: a title\r\nb\r\nc\r\n# END TASK 1.1"


def test_what_can_be_read_of_a_broken_file_is_read() -> None:
    broken = FILE.replace("    # END TASK 1.1\n", "")
    assert readable_bodies(broken) == {"1.2": "    return None\n"}
    assert readable_bodies(FILE + FILE.partition("def part")[0]) == {"1.2": "    return None\n"}
    assert readable_bodies(FILE.replace("return guest", "\n<<<<<<< a\n>>>>>>> b")) == {"1.2": "    return None\n"}


def test_a_python_stub_raises_its_task_and_title() -> None:
    quoted = Task(id="1.2", title='say "goodbye" \\o', file="shop.py", why="")
    with pytest.raises(NotImplementedError) as raised:
        exec(stub(quoted, region("", indent="")))
    assert str(raised.value) == 'Task 1.2: say "goodbye" \\o'


def test_another_stub_says_what_belongs_there_and_brings_the_scaffold() -> None:
    written = stub(task("compose.yaml", scaffold="user: # whose?\n\ncommand: []\n"), region("", indent="  "))
    assert written == "  # Task 1.1: greet whoever comes in\n  user: # whose?\n\n  command: []\n"


@pytest.mark.parametrize(
    ("body", "opened"),
    [
        ("", True),
        (" \r\n\r\n", True),
        ('raise NotImplementedError("Task 1.1: greet whoever comes in")\r\n', True),
        ("  # later\n\n  raise NotImplementedError(\n    'Task 1.1: an older title',\n  )\n", True),
        ('raise NotImplementedError("Task 1.2: another")\n', False),
        ('if not guest:\n    raise NotImplementedError("Task 1.1: greet whoever comes in")\n', False),
        ("# later\n", True),
        ("pass\n", False),
    ],
)
def test_open_is_what_holds_the_stub_or_nothing(body: str, opened: bool) -> None:
    assert is_open(task(), region(body)) is opened


def test_a_comment_is_an_answer_where_it_may_be_one() -> None:
    dockerfile = task("Dockerfile")
    assert is_open(dockerfile, region("# Task 1.1: greet whoever  comes in\r\n"))
    assert not is_open(dockerfile, region("# escape=`\n"))


def test_the_words_of_a_stub_are_found_beside_an_answer_where_nothing_raises() -> None:
    words = "# Task 1.1: greet whoever comes in\n"
    found = region(f"FROM scratch\n  {words}")
    assert left_over(task("Dockerfile"), found) == found.start + 2
    assert left_over(task("Dockerfile"), region(words)) is None
    assert left_over(task("Dockerfile"), region("FROM scratch\n# Task 1.1: in other words\n")) == found.start + 2
    assert left_over(task("Dockerfile"), region("FROM scratch\n# Task 1.2: another\n# Task 1.1 is done\n")) is None
    assert left_over(task(), region(f"return 1\n{words}")) is None


def test_lines_end_where_python_says_they_do() -> None:
    assert split_lines("a\r\nb\rc\nd\u2028e\x0cf") == ["a", "b", "c", "d\u2028e\x0cf"]
