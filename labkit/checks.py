"""What the checks of a lab are written with: ``expect`` says what a check found, ``seed`` and ``rng`` what it tries.

A check is a pytest function, marked with its task, whose docstring is the line that the learner reads::

    @pytest.mark.task("1.2")
    def test_no_later_sale_is_trained_on(sales, cutoff):
        \"\"\"every training sale is older than every evaluation sale\"\"\"
        earlier, later = split_by_date(sales, cutoff)
        newest, oldest = earlier["sale_date"].max(), later["sale_date"].min()
        expect(newest < oldest, sent=cutoff, got=f"{newest} after {oldest}", look_at="what decides the side")
"""

import os
import random
import re
import reprlib
import sys
from typing import Any

LONGEST = 400  # characters of a field in a report
MOST_LINES = 12  # and lines


class CheckFailed(AssertionError):
    """What a check found is not what it should be.

    Attributes
    ----------
    sent, got, wanted, look_at : what went in, what came back, what should have, and where to look, as texts; empty
        where there is nothing to say.

    Notes
    -----
    Raised ``from`` an error of the learner's code, it is reported with the place that this error comes from.
    """

    def __init__(self, *, sent: Any, got: Any, wanted: Any = None, look_at: str = "") -> None:
        self.sent, self.got, self.look_at = show(sent), show(got), show(look_at)
        self.wanted = "" if wanted is None else show(wanted)
        super().__init__(f"sent {self.sent}, got {self.got}")


def expect(condition: object, *, sent: Any, got: Any, wanted: Any = None, look_at: str) -> None:
    """Fail the check unless the condition is true.

    Only True itself will do, Python's or NumPy's: what a learner's object answers to ``==`` or ``<`` can be anything,
    and anything is truthy. Where the object might be made to say True, compare with ``equal``.

    Parameters
    ----------
    sent : what the learner's code was given.
    got : what it gave back; the learner reads it, so it never holds the answer.
    wanted : what was expected, where saying so does not give the answer away.
    look_at : where to look for the cause.

    Raises
    ------
    CheckFailed : the condition is not True.
    """
    if not _is_bool(condition):
        got = f"{show(got)} (to compare it gives {show(condition)}, which is neither True nor False)"
    elif condition:
        return
    raise CheckFailed(sent=sent, got=got, wanted=wanted, look_at=look_at)


def equal(got: object, wanted: object) -> bool:
    """Say whether two plain values are the same, without asking an object that answers for itself.

    Numbers are compared by value, whatever their kind (3 and numpy.int64(3)); lists, tuples and dicts by what is in
    them; all else has to be of the very same type.
    """
    if _is_number(got) and _is_number(wanted):
        return bool(got == wanted)
    if type(got) is not type(wanted):
        return False
    if isinstance(got, list | tuple) and isinstance(wanted, list | tuple):
        return len(got) == len(wanted) and all(map(equal, got, wanted))
    if isinstance(got, dict) and isinstance(wanted, dict):
        # The wanted keys look each other up: one of the learner's, equal to anything, is none of them.
        return all(type(key) in map(type, wanted) for key in got) and (
            got.keys() == wanted.keys() and all(equal(got[key], wanted[key]) for key in wanted)
        )
    return bool(got == wanted)


def seed() -> int:
    """Return the seed of this run: drawn and printed by `labs check`, or given to it with --seed."""
    return _SEED


def rng() -> random.Random:
    """Return a new generator with the run's seed: what a check draws does not depend on the checks before it."""
    return random.Random(seed())


def show(value: object, longest: int = LONGEST) -> str:
    """Return a value as a text for a report: printable, and never long. A text stands for itself."""
    if type(value) is str:
        text: str = value
    else:
        try:
            text = _SHORT.repr(value)
        except BaseException as error:  # it is the learner's, and may fail in any way
            text = f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    # Where an object is in memory tells nobody anything, and differs each time.
    text = shorten(re.sub(r" at 0x[0-9a-f]+\b", "", text), longest)
    # What is left could still move the cursor, or be no character at all.
    return "".join(char if char.isprintable() or char == "\n" else "�" for char in text.expandtabs(4))


def shorten(text: str, longest: int = LONGEST, most_lines: int = MOST_LINES) -> str:
    """Return a text with its middle left out where it is too long."""
    if len(text) > longest:
        text = f"{text[: longest * 3 // 4]} … {text[len(text) - longest // 4 :]}"
    lines = text.splitlines()
    if len(lines) > most_lines:
        lines[most_lines // 2 : len(lines) - most_lines // 2] = ["…"]
    return "\n".join(lines)


_SHORT = reprlib.Repr()
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxset = _SHORT.maxfrozenset = _SHORT.maxdict = _SHORT.maxarray = 12
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = LONGEST

# Read once: the code that is checked may change the environment.
_SEED = int(os.environ.get("LABS_SEED", "0"))


def _is_bool(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return type(value) is bool or (numpy is not None and type(value) is numpy.bool_)


def _is_number(value: object) -> bool:
    kind = type(value)
    if kind in (int, float):
        return True
    # A class of the learner's may inherit from NumPy's; one of NumPy's own is found there under its name.
    numpy = sys.modules.get("numpy")
    return numpy is not None and issubclass(kind, numpy.number) and getattr(numpy, kind.__name__, None) is kind
