"""Task 1.7: the simplest model that later sales cannot tell from the best."""

from random import Random

import numpy as np
import pytest

from house_prices.model.complexity import Curve, choose_complexity
from labkit.checks import expect, seed

LEAVES = tuple(sorted(Random(seed()).sample(range(2, 200), 4)))
TRAINING = tuple((error, error, error, error) for error in (0.14, 0.11, 0.08, 0.03))
"""The training error falls with every leaf, as it does."""


def curve(*later: tuple[float, float]) -> Curve:
    """Return a curve of four folds; ``later`` gives mean and standard error at each number of leaves."""
    # Mean m and s/√3·√3: four folds at m ± d have the standard deviation 2d/√3, so the standard error d/√3.
    return of_folds(tuple(mean + sign * error * np.sqrt(3) for sign in (1, -1, 1, -1)) for mean, error in later)


def of_folds(later) -> Curve:
    """Return a curve; ``later`` gives the errors of the folds at each number of leaves."""
    errors = tuple(tuple(map(float, folds)) for folds in later)
    return Curve("max_leaf_nodes", LEAVES, tuple(folds[: len(errors[0])] for folds in TRAINING), errors)


def shown(asked: Curve) -> str:
    later = zip(asked.mean_later, asked.standard_error_later, strict=True)
    errors = [f"{mean:.1%} ± {error:.1%}" for mean, error in later]
    training = [f"{mean:.1%}" for mean in asked.mean_training]
    return f"leaves {', '.join(map(str, LEAVES))}: training {', '.join(training)}; later {', '.join(errors)}"


@pytest.fixture
def chosen(returned):
    """A function that asks for the choice, and returns a value that is one of the curve's."""

    def call(asked):
        wanted = "one of the curve's values"
        value = returned(choose_complexity(asked), (int, np.integer), shown(asked), wanted)
        got, where = f"{value}", "what is returned: a value, or something else?"
        expect(int(value) in LEAVES, sent=shown(asked), got=got, wanted=wanted, look_at=where)
        return int(value)

    return call


@pytest.mark.task("1.7")
def test_the_training_error_has_no_say(chosen):
    """the error on the training sales has no say"""
    # The two errors are closest at the first value, and the training error is lowest at the last.
    asked = curve((0.145, 0.001), (0.12, 0.001), (0.15, 0.001), (0.19, 0.001))
    got = chosen(asked)
    where = "which of the two errors decides, and where it is lowest"
    expect(got == LEAVES[1], sent=shown(asked), got=f"{got} leaves", look_at=where)


@pytest.mark.task("1.7")
def test_one_lucky_fold(chosen):
    """the mean over the folds decides, and not the luckiest of them"""
    lucky = Random(seed()).uniform(0.08, 0.1)
    folds = ((0.18,) * 4, (0.12, 0.121, 0.119, 0.12), (0.15,) * 4, (0.16, lucky, 0.17, 0.16))
    got = chosen(of_folds(folds))
    expect(
        got == LEAVES[1],
        sent=f"{LEAVES[1]} leaves with 12.0%, 12.1%, 11.9% and 12.0% in the four folds, {LEAVES[3]} leaves with 16.0%, "
        f"{lucky:.1%}, 17.0% and 16.0%, and others that are worse",
        got=f"{got} leaves",
        look_at="what sums up the folds of a value",
    )


@pytest.mark.task("1.7")
def test_the_simplest_that_is_good_enough(chosen):
    """of models that chance alone may part, the simplest is chosen"""
    lead = Random(seed()).uniform(0.2, 0.9)
    asked = curve((0.18, 0.004), (0.12 + lead * 0.004, 0.004), (0.121, 0.004), (0.12, 0.004))
    got = chosen(asked)
    expect(
        got == LEAVES[1],
        sent=shown(asked),
        got=f"{got} leaves",
        look_at="how far above the best an error may lie before it counts as worse",
    )


@pytest.mark.task("1.7")
def test_worse_is_worse(chosen):
    """a simpler model that is clearly worse is not chosen"""
    asked = curve((0.12 + Random(seed()).uniform(1.1, 1.6) * 0.004, 0.004), (0.16, 0.004), (0.12, 0.004), (0.13, 0.004))
    got = chosen(asked)
    expect(
        got == LEAVES[2],
        sent=shown(asked),
        got=f"{got} leaves",
        look_at="what a standard error is, and how many of them are allowed",
    )


@pytest.mark.task("1.7")
def test_whose_standard_error(chosen):
    """an unsteady model does not get in by its own unsteadiness"""
    asked = curve((0.135, 0.05), (0.12, 0.002), (0.14, 0.03), (0.13, 0.001))
    got = chosen(asked)
    expect(
        got == LEAVES[1],
        sent=shown(asked),
        got=f"{got} leaves",
        look_at="whose standard error is the yardstick",
    )


@pytest.mark.task("1.7")
def test_exactly_one_standard_error(chosen):
    """a simpler model that is exactly one standard error above the best is still good enough"""
    # Powers of two, of which floats calculate without rounding: the best is at 16/128 ± 1/128.
    far = Random(seed()).randint(24, 40)
    asked = of_folds(((mean + 1) / 128, (mean - 1) / 128) for mean in (far, 17, 16, far))
    got = chosen(asked)
    expect(
        got == LEAVES[1],
        sent=f"later errors of 12.5% ± 0.78125% for {LEAVES[2]} leaves, 13.28125% for {LEAVES[1]}, else much worse",
        got=f"{got} leaves",
        look_at="whether the limit itself is within the limit",
    )
