"""Likelihood ratio of visit x response, its null distribution by simulation."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal.counts.fitting import Maximum, maximise
from longate.longitudinal.counts.model import CountModel, Problem, check, problem_of
from longate.longitudinal.counts.result import LikelihoodRatio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from longate.longitudinal.counts.table import CountTable

    Array = NDArray[np.float64]

NODES = 11
_LOWER = 1e-3
"""A larger model whose likelihood is lower by more than this was not fitted."""
_NO_ESTIMATE = "the observed counts could not be fitted"


def bootstrap(
    model: CountModel, table: CountTable, *, replicates: int, seed: int, nodes: int
) -> LikelihoodRatio:
    """Test all terms of visit x response together.

    Counts are drawn from the fit without these terms (patients' effects anew),
    with the very patients, visits and sizes of the table; both models are fitted
    to each draw.

    Raises
    ------
    DesignError
        If `replicates`, `seed` or `nodes` are out of range.
    """
    check(nodes, 0.95)
    _check(replicates, seed)
    crossed = np.array([":" in term for term in table.terms])
    small = problem_of(model, table, nodes, ~crossed)
    large = problem_of(model, table, nodes)
    theta, scale = small.start()
    null = maximise(small.objective, theta, scale, polish=False)
    observed, reason = _ratio(small, large, null.theta)
    failures: Counter[str] = Counter()
    statistics = []
    if not reason:
        for number in range(replicates):
            rng = np.random.default_rng([seed, number])
            drawn = replace(table, k=_draw(small, null.theta, rng))
            fitted, why = _replicate(model, drawn, crossed, nodes, null.theta)
            if why:
                failures[why] += 1
            else:
                statistics.append(fitted)
    return _result(
        observed,
        reason,
        np.array(statistics),
        failures,
        seed,
        replicates,
        int(crossed.sum()),
        table.notes,
    )


def _check(replicates: int, seed: int) -> None:
    for name, value, least, most in (
        ("replicates", replicates, 1, 1_000_000),
        ("seed", seed, 0, 2**64 - 1),
    ):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or not least <= value <= most:
            msg = f"{name} must be a whole number from {least} to {most}, got {value!r}"
            raise DesignError(msg)


def _draw(small: Problem, theta: Array, rng: np.random.Generator) -> Array:
    table, model = small.table, small.model
    eta = table.design[:, :, small.columns] @ theta[: small.p] + model.offset(table)
    eta = eta + (rng.normal(size=len(eta)) * theta[small.p])[:, None]
    own = theta[None, small.p + 1 :]
    return np.where(table.seen, small.density.simulate(rng, eta, own), 0.0)


def _replicate(
    model: CountModel,
    table: CountTable,
    crossed: NDArray[np.bool_],
    nodes: int,
    truth: Array,
) -> tuple[float, str]:
    small = problem_of(model, table, nodes, ~crossed)
    large = problem_of(model, table, nodes)
    try:
        return _ratio(small, large, truth)
    except np.linalg.LinAlgError:
        return np.nan, "an estimate has no finite start"


def _ratio(small: Problem, large: Problem, near: Array) -> tuple[float, str]:
    """Return twice the difference of the log likelihoods, or why there is none."""
    null = _best(small, near)
    lifted = np.zeros(large.p + len(near) - small.p)
    lifted[: large.p][small.columns] = null.theta[: small.p]
    lifted[large.p :] = null.theta[small.p :]
    full = _best(large, lifted)
    for found, which in ((null, "without"), (full, "with")):
        if found.problem:
            return np.nan, f"{which} visit x response: {found.problem}"
    ratio = 2.0 * (full.value - null.value)
    if ratio < -_LOWER:
        return np.nan, "the larger model has the lower likelihood"
    return max(ratio, 0.0), ""


def _best(problem: Problem, near: Array) -> Maximum:
    """Climb from what is known, and once more from least squares if that fails."""
    start, scale = problem.start()
    # A spread of 0 is a stationary point: it could never be left.
    near = near.copy()
    spread = near[problem.p :]
    near[problem.p :] = np.where(np.abs(spread) < 0.05, 0.05, spread)
    found = maximise(problem.objective, near, scale, polish=False)
    if found.problem:
        found = maximise(problem.objective, start, scale, polish=False)
    return found


def _result(
    observed: float,
    reason: str,
    statistics: Array,
    failures: Counter[str],
    seed: int,
    replicates: int,
    df: int,
    notes: tuple[str, ...],
) -> LikelihoodRatio:
    from scipy.special import gammaincc

    said = list(notes)
    if reason:
        said.insert(0, f"{_NO_ESTIMATE}: {reason}")
    if failures:
        parts = ", ".join(f"{number} ({why})" for why, number in failures.items())
        said.append(f"replicates that could not be fitted, left out: {parts}")
    fitted = len(statistics)
    tested = not reason and fitted > 0
    beyond = int((statistics >= observed - 1e-6).sum()) if tested else 0
    return LikelihoodRatio(
        statistic=observed,
        df=df,
        p=(beyond + 1) / (fitted + 1) if tested else np.nan,
        p_chi_squared=np.nan if reason else float(gammaincc(df / 2, observed / 2)),
        replicates=replicates,
        failures=dict(failures),
        smallest_p=1 / (fitted + 1) if tested else np.nan,
        seed=seed,
        notes=tuple(said),
    )
