"""Task 1.7: the simplest model that later sales cannot tell from the best."""

from random import Random

import numpy as np
import pytest

from house_prices.model.complexity import Curve, choose_complexity
from labkit.checks import expect, seed

LEAVES = tuple(sorted(Random(seed()).sample(range(10, 200), 4)))
TRAINING = (0.14, 0.11, 0.08, 0.03)
"""The training error falls with every leaf, as it does."""


def curve(*later: tuple[float, float]) -> Curve:
    """Return a curve of four folds; ``later`` gives mean and standard error at each number of leaves."""
    return of_pairs(2, *later)


def of_pairs(pairs: int, *later: tuple[float, float]) -> Curve:
    """Return a curve of twice as many folds, half of them above the mean and half below it."""
    # n folds at m ± d have the standard deviation d·√(n/(n − 1)), so the standard error d/√(n − 1).
    far = np.sqrt(2 * pairs - 1)
    return of_folds(tuple(mean + sign * error * far for sign in (1, -1) * pairs) for mean, error in later)


def of_folds(later) -> Curve:
    """Return a curve; ``later`` gives the errors of the folds at each number of leaves."""
    errors = tuple(tuple(map(float, folds)) for folds in later)
    training = tuple((error,) * len(errors[0]) for error in TRAINING)
    return Curve("max_leaf_nodes", LEAVES, training, errors)


def shown(asked: Curve) -> str:
    later = zip(asked.mean_later, asked.standard_error_later, strict=True)
    errors = [f"{mean:.2%} ± {error:.2%}" for mean, error in later]
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
    """the mean over the folds decides, and neither one of them nor their median"""
    lucky = Random(seed()).uniform(0.08, 0.1)
    for at in range(4):
        folds = [[0.18] * 4, [0.12, 0.121, 0.119, 0.12], [0.15] * 4, [0.16, 0.16, 0.17, 0.16]]
        folds[3][at] = lucky
        got = chosen(of_folds(folds))
        expect(
            got == LEAVES[1],
            sent=f"{LEAVES[1]} leaves with 12.0%, 12.1%, 11.9% and 12.0% in the four folds, {LEAVES[3]} leaves with "
            f"{', '.join(f'{error:.1%}' for error in folds[3])}, and others that are worse",
            got=f"{got} leaves",
            look_at="what sums up the folds of a value",
        )
    # The best fold of all is one of the fourth's, whose mean is far off, and whose folds differ little otherwise.
    folds = [[0.2] * 6, [0.121, 0.119] * 3, [0.15] * 6, [lucky, *[0.2] * 5]]
    got = chosen(of_folds(folds))
    expect(
        got == LEAVES[1],
        sent=f"{LEAVES[1]} leaves with about 12% in each of six folds, {LEAVES[3]} leaves with {lucky:.1%} in one "
        "and 20% in the others, and others that are worse",
        got=f"{got} leaves",
        look_at="which value is the best: that of the lowest mean over its folds, or of the lowest single fold?",
    )
    # The second has the lowest mean, 9.8 ± 2.0 %; the third has the lowest median, 10 %, and a mean of 13.2 ± 2.0 %.
    got = chosen(of_folds(([0.2] * 5, [0.13, 0.05, 0.13, 0.05, 0.13], [0.1, 0.18, 0.1, 0.1, 0.18], [0.2] * 5)))
    expect(
        got == LEAVES[1],
        sent=f"{LEAVES[1]} leaves with 13%, 5%, 13%, 5% and 13% in five folds, {LEAVES[2]} leaves with 10%, 18%, 10%, "
        "10% and 18%, and others that are worse",
        got=f"{got} leaves" + (", of which the median over the folds is lowest" if got == LEAVES[2] else ""),
        look_at="what sums up the folds of a value",
    )


@pytest.mark.task("1.7")
def test_the_simplest_that_is_good_enough(chosen):
    """of models that chance alone may part, the simplest is chosen"""
    lead = Random(seed()).uniform(0.05, 0.15)
    asked = curve((0.18, 0.004), (0.12 + lead * 0.004, 0.004), (0.12, 0.004), (0.1201, 0.004))
    got = chosen(asked)
    where = "how far above the best an error may lie before it counts as worse"
    if got == LEAVES[3]:
        where = "which of those that are good enough is taken: the first from the simple end, or the last?"
    expect(got == LEAVES[1], sent=shown(asked), got=f"{got} leaves", look_at=where)


@pytest.mark.task("1.7")
def test_each_value_is_asked(chosen):
    """a simple model that is good enough is chosen, whatever lies between it and the best"""
    worse = Random(seed()).uniform(0.14, 0.17)
    asked = curve((0.1204, 0.004), (worse, 0.004), (0.12, 0.004), (0.13, 0.004))
    got = chosen(asked)
    expect(
        got == LEAVES[0],
        sent=shown(asked),
        got=f"{got} leaves",
        look_at="which values are compared with the limit: each of them, or only those next to the best?",
    )


def furthest(chosen, pairs: int, error: float) -> float:
    """Return how far above the best a simpler model may lie and is chosen, in standard errors; 10 at most."""
    near, far = 0.0, 10.0
    for _ in range(12):
        middle = (near + far) / 2
        asked = of_pairs(pairs, (0.9, error), (0.3 + middle * error, error), (0.3, error), (0.9, error))
        near, far = (middle, far) if chosen(asked) == LEAVES[1] else (near, middle)
    return near


@pytest.mark.task("1.7")
def test_one_standard_error(chosen):
    """a simpler model may lie one standard error above the best, however large that is, and no further"""
    error = Random(seed()).uniform(0.002, 0.003)
    cases = [(1, error), (2, error), (2, 8 * error)]
    of_two, of_four, wide = limits = [furthest(chosen, *case) for case in cases]
    wheres = (
        # Twice: of two folds, and of four.
        (0.0, 0.0, "how far above the best an error may lie before it counts as worse"),
        (
            0.707,
            0.866,
            "what the standard error is divided by: the number of folds, or one less than that? See `Curve`",
        ),
        (1.414, 2.0, "whose error it is: that of a single fold, or that of the mean over the folds?"),
        (1.0, 1.732, "whose error it is: that of a single fold, or that of the mean over the folds?"),
        (0.3, 0.3, "whether the standard error is added to the lowest error, or multiplied with it"),
        (0.5, 0.25, "whether the error and its standard error are both of the mean, as in `Curve`, or one of a sum"),
    )
    where = "what a standard error is, and how many of them are allowed"
    for two, four, said in wheres:
        if abs(of_two - two) < 0.02 and abs(of_four - four) < 0.02:
            where = said
    if wide < 0.5 * of_four:
        where = "whether the limit moves with the standard error: here it is about as far off, whatever the folds do"
    expect(
        all(abs(limit - 1) < 0.02 for limit in limits),
        sent="; ".join(f"{2 * pairs} folds with a standard error of {error:.2%}" for pairs, error in cases)
        + "; and each time a simpler model that lies further and further above the best",
        got="; ".join(f"good enough up to {limit:.2f} standard errors" for limit in limits),
        look_at=where,
    )


@pytest.mark.task("1.7")
def test_whose_standard_error(chosen):
    """the yardstick is the standard error of the best, whether others are less steady or more"""
    where = "whose standard error is the yardstick"
    unsteady = curve((0.135, 0.05), (0.12, 0.002), (0.14, 0.03), (0.13, 0.001))
    got = chosen(unsteady)
    expect(got == LEAVES[1], sent=shown(unsteady), got=f"{got} leaves", look_at=where)
    steady = curve((0.135, 0.001), (0.136, 0.002), (0.12, 0.02), (0.17, 0.001))
    got = chosen(steady)
    expect(got == LEAVES[0], sent=shown(steady), got=f"{got} leaves", look_at=where)


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
