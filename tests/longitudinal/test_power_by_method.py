"""Power of the design by method, against the table that binds."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from longate.exceptions import DesignError
from longate.longitudinal.power_by_method import (
    METHODS,
    detectable_effects,
    power_by_method,
)

EFFECTS = [1.0, 1.5, 1.8, 2.0]
# At 5 v 7, as simulated for the definitions (two digits).
TABLE = {
    "student": [0.34, 0.64, 0.79, 0.87],
    "mmrm": [0.34, 0.64, 0.79, 0.87],
    "welch": [0.32, 0.60, 0.77, 0.84],
    "random intercept": [0.37, 0.68, 0.83, 0.90],
    "permutation": [0.34, 0.63, 0.79, 0.87],
}


def power(method, **options):
    table = power_by_method(5, 7, effects=EFFECTS, methods=[method], **options)
    return table["power"].to_numpy()


@pytest.mark.parametrize("method", ["student", "mmrm", "welch", "random intercept"])
def test_the_table_of_five_v_seven(method):
    np.testing.assert_allclose(power(method), TABLE[method], atol=0.01)


def test_the_permutation_is_within_three_errors_of_the_table():
    found = power("permutation", replicates=1000)
    truth = np.array(TABLE["permutation"])
    error = np.sqrt(truth * (1 - truth) / 1000)
    assert (np.abs(found - truth) < 3 * error + 0.005).all()


def exact_permutation(effect, *, studentised, replicates, seed):
    """Return the power at 5 v 7 over all 792 assignments of labels, and its error."""
    first = np.array(list(combinations(range(12), 5)))
    chosen = np.zeros((len(first), 12))
    np.put_along_axis(chosen, first, 1.0, axis=1)
    observed = chosen[:, :5].all(axis=1).argmax()
    generator, rejected = np.random.default_rng(seed), 0
    for _ in range(replicates // 1000):
        changes = generator.normal(size=(1000, 12))
        changes[:, :5] += effect
        sums, squares = changes @ chosen.T, changes**2 @ chosen.T
        means = sums / 5, (changes.sum(axis=1)[:, None] - sums) / 7
        statistic = np.abs(means[0] - means[1])
        if studentised:
            rest = (changes**2).sum(axis=1)[:, None] - squares
            one = (squares - 5 * means[0] ** 2) / 4 / 5
            other = (rest - 7 * means[1] ** 2) / 6 / 7
            statistic = statistic / np.sqrt(one + other)
        reached = statistic >= statistic[:, [observed]] * (1 - 1e-9)
        rejected += (reached.mean(axis=1) <= 0.05).sum()
    power = rejected / replicates
    return power, math.sqrt(power * (1 - power) / replicates)


@pytest.mark.parametrize(
    ("studentised", "row"),
    [
        (False, TABLE["permutation"]),  # the row is that of the raw difference
        (True, [0.324, 0.625, 0.779, 0.855]),  # which the studentised is a little below
    ],
    ids=["raw", "studentised"],
)
def test_the_row_of_the_permutation_is_that_of_the_raw_difference(studentised, row):
    for at, effect in enumerate(EFFECTS):
        found, error = exact_permutation(
            effect, studentised=studentised, replicates=20_000, seed=at
        )
        rounding = 0.0005 if studentised else 0.005
        assert abs(found - row[at]) < 3 * error + rounding


def test_welch_is_within_three_errors_of_simulation():
    generator = np.random.default_rng(1)
    runs = 4000
    for n, m, effect in ((5, 7, 1.8), (3, 9, 1.5), (15, 4, 1.0)):
        first = generator.normal(effect, 1, (runs, n))
        second = generator.normal(0, 1, (runs, m))
        p = stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue
        truth = power_by_method(n, m, effects=[effect], methods=["welch"])["power"][0]
        error = math.sqrt(truth * (1 - truth) / runs)
        assert abs((p < 0.05).mean() - truth) < 3 * error


def test_the_smallest_effect_has_the_power_asked_for():
    found = detectable_effects(5, 7, replicates=250).set_index("method")["effect_sd"]
    assert found.index.tolist() == list(METHODS)
    assert found["student"] == pytest.approx(1.82, abs=0.005)
    assert found.between(1.65, 2.0).all()
    for method in ("student", "welch", "random intercept"):
        table = power_by_method(5, 7, effects=[found[method]], methods=[method])
        assert table["power"][0] == pytest.approx(0.8, abs=1e-5)


def test_without_an_effect_power_is_the_level():
    table = power_by_method(6, 6, effects=[0.0], methods=METHODS[:4])
    found = table.set_index("method")["power"]
    assert found["student"] == pytest.approx(0.05)
    assert 0.03 < found["welch"] <= 0.055


def test_three_v_three_cannot_reach_five_percent_by_permutation():
    # 2 of 20 allocations at best: p = .1.
    found = detectable_effects(3, 3, methods=["permutation"], replicates=200)
    assert math.isinf(found["effect_sd"][0])


def test_more_allocations_than_can_be_enumerated_are_sampled():
    table = power_by_method(
        12, 12, effects=[1.5], methods=["permutation", "student"], replicates=150
    )
    found, truth = table["power"]
    assert abs(found - truth) < 3 * table["monte_carlo_error"][0] + 0.02


def test_designs_are_checked():
    with pytest.raises(DesignError, match="two patients"):
        power_by_method(1, 7)
    with pytest.raises(DesignError, match="did you mean 'welch'"):
        power_by_method(5, 7, methods=["welsh"])
    with pytest.raises(DesignError, match="above alpha"):
        detectable_effects(5, 7, power=0.01)
