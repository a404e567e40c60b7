"""A count model: its likelihood over a table, and its fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from longate.exceptions import DesignError
from longate.longitudinal.counts.fitting import Maximum, maximise
from longate.longitudinal.counts.quadrature import Density, log_likelihood
from longate.longitudinal.counts.result import CountDifference, CountFit

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from longate.longitudinal.counts.table import CountTable

    Array = NDArray[np.float64]

NODES = 21
_BOUNDARY = 0.02
"""A standard deviation below this is held against 0."""
_NO_LOSS = 1e-4


class Simulating(Density, Protocol):
    """A density that can be drawn from."""

    def simulate(self, rng: np.random.Generator, eta: Array, own: Array) -> Array:
        """Draw counts at eta (P, J)."""


@dataclass(frozen=True)
class CountModel:
    """Which density, and what its parameters are called.

    Attributes
    ----------
    name : str
        For people.
    density : callable
        From a table and a number of nodes to the density.
    logs_size : bool
        Whether the logarithm of the table's size is an offset.
    start : tuple of float
        Where the density's own parameters begin, each a standard deviation or
        the inverse root of a precision.
    spread : callable
        From the own parameters to names and values.
    words : tuple of str
        What it means that an own parameter is 0.
    """

    name: str
    density: Callable[[CountTable, int], Simulating]
    logs_size: bool
    start: tuple[float, ...]
    spread: Callable[[Array], dict[str, float]]
    words: tuple[str, ...]

    def offset(self, table: CountTable) -> Array:
        """Return the offset, (P, J)."""
        if not self.logs_size:
            return np.zeros_like(table.size)
        return np.log(np.where(table.seen, table.size, 1.0))


@dataclass(frozen=True, eq=False)
class Problem:
    """One likelihood to be maximised: a model, a table, some of its terms."""

    model: CountModel
    table: CountTable
    columns: NDArray[np.bool_]
    nodes: int

    @cached_property
    def density(self) -> Simulating:
        """The density over the table."""
        return self.model.density(self.table, self.nodes)

    @property
    def p(self) -> int:
        """Number of fixed terms."""
        return int(self.columns.sum())

    def objective(self, theta: Array) -> Array:
        """Return the log likelihoods of (B, d) parameters."""
        x = self.table.design[:, :, self.columns]
        eta = np.einsum("pjc,bc->bpj", x, theta[:, : self.p])
        return log_likelihood(
            self.density,
            eta + self.model.offset(self.table),
            theta[:, self.p],
            theta[:, self.p + 1 :],
            self.nodes,
        )

    def start(self) -> tuple[Array, Array]:
        """Return parameters and a scale by generalised least squares."""
        own = np.array(self.model.start)
        value, weight = (part[0] for part in self.density.working(own[None]))
        x = self.table.design[:, :, self.columns]
        y = value - self.model.offset(self.table)
        between = 0.25 / (1.0 + 0.25 * weight.sum(axis=1))
        xw = np.einsum("pjc,pj->pc", x, weight)
        yw = (y * weight).sum(axis=1)
        information = np.einsum("pjc,pj,pjd->cd", x, weight, x)
        information -= np.einsum("p,pc,pd->cd", between, xw, xw)
        moment = np.einsum("pjc,pj->c", x, weight * y) - (between * yw) @ xw
        beta = np.linalg.solve(information, moment)
        left = ((y - x @ beta) * weight).sum(axis=1) / weight.sum(axis=1)
        patient = float(np.sqrt(max(left.var(ddof=1), 0.04)))
        theta = np.concatenate([beta, [patient], own])
        scale = np.diag(np.concatenate([np.ones(self.p), [0.25 * patient], 0.3 * own]))
        root = np.linalg.cholesky(np.linalg.inv(information))
        scale[: self.p, : self.p] = root
        return theta, scale


def problem_of(
    model: CountModel,
    table: CountTable,
    nodes: int,
    columns: NDArray[np.bool_] | None = None,
) -> Problem:
    """Return the likelihood of all terms, or of some."""
    chosen = np.ones(len(table.terms), bool) if columns is None else columns
    return Problem(model, table, chosen, nodes)


def fit(
    model: CountModel, table: CountTable, *, nodes: int, confidence: float
) -> CountFit:
    """Fit `model` to `table` by maximum likelihood.

    Returns
    -------
    CountFit
        With a ``problem`` in place of numbers where there is no maximum.

    Raises
    ------
    DesignError
        If `nodes` or `confidence` are out of range.
    """
    check(nodes, confidence)
    problem = problem_of(model, table, nodes)
    theta, scale = problem.start()
    found = maximise(problem.objective, theta, scale)
    found, zero = _at_boundary(problem, found, scale)
    reason = _without_end(table, whole=not model.logs_size) or found.problem
    notes = list(table.notes)
    for at, words in enumerate(("patient variance estimated 0", *model.words)):
        if zero[at] and not reason:
            notes.append(words)
    notes.append(
        "interval and p hold for many patients; with few they are too narrow and too "
        "small: see the bootstrap"
    )
    return _result(model, table, found, reason, notes, nodes, confidence)


def check(nodes: int, confidence: float) -> None:
    """Raise DesignError unless both are in range."""
    if isinstance(nodes, bool) or not isinstance(nodes, int) or not 1 <= nodes <= 101:
        msg = (
            f"nodes must be a whole number from 1 to 101 (e.g. {NODES}), got {nodes!r}"
        )
        raise DesignError(msg)
    if not 0 < confidence < 1:
        msg = f"confidence must be above 0 and below 1 (e.g. 0.95), got {confidence!r}"
        raise DesignError(msg)


def _at_boundary(
    problem: Problem, found: Maximum, scale: Array
) -> tuple[Maximum, NDArray[np.bool_]]:
    """Put spreads that are practically 0 at 0, where that costs nothing."""
    spreads = np.arange(problem.p, len(found.theta))
    zero = np.zeros(len(spreads), bool)
    for at in np.argsort(np.abs(found.theta[spreads])):
        if abs(found.theta[spreads[at]]) > _BOUNDARY:
            continue
        free = np.ones(len(found.theta), bool)
        free[spreads[zero]] = free[spreads[at]] = False
        start = found.theta * free
        without = maximise(problem.objective, start, scale, free=free)
        if not without.problem and without.value >= found.value - _NO_LOSS:
            found, zero[at] = without, True
    spread = np.abs(found.theta[spreads])
    theta = np.concatenate([found.theta[: problem.p], spread])
    return replace(found, theta=theta), zero


def _without_end(table: CountTable, *, whole: bool) -> str:
    """Say where a likelihood grows without end: a group with no events, or all.

    Every group has a mean of its own at every visit, so there the estimate is
    infinite, whatever the other counts are.
    """
    words = []
    groups = (("responders", table.responder), ("others", ~table.responder))
    for label, own in groups:
        events, sizes = table.k[own].sum(axis=0), table.size[own].sum(axis=0)
        for visit, k, n in zip(table.visits, events, sizes, strict=True):
            if k == 0:
                words.append(f"no event was seen among {label} at {visit}")
            elif whole and k == n:
                words.append(f"all events are counted among {label} at {visit}")
    if not words:
        return ""
    return (
        f"the estimate is infinite, as {'; '.join(words)}. The bootstrap of the "
        f"likelihood ratio and the permutation of empirical logits still can be had"
    )


def _result(
    model: CountModel,
    table: CountTable,
    found: Maximum,
    reason: str,
    notes: list[str],
    nodes: int,
    confidence: float,
) -> CountFit:
    import pandas as pd
    from scipy.special import ndtr, ndtri

    p = len(table.terms)
    lost = bool(reason) or found.covariance is None
    beta = np.full(p, np.nan) if lost else found.theta[:p]
    error = np.full(p, np.nan)
    if not lost and found.covariance is not None:
        error = np.sqrt(np.diag(found.covariance)[:p])
    half = float(ndtri((1 + confidence) / 2)) * error
    z = beta / error
    rows = pd.DataFrame(
        {
            "term": table.terms,
            "estimate": beta,
            "se": error,
            "z": z,
            "p": 2 * ndtr(-np.abs(z)),
            "low": beta - half,
            "high": beta + half,
        }
    )
    if lost:
        reason = reason or "the information is not positive definite"
        notes = [f"{model.name} could not be fitted: {reason}", *notes]
    row = rows.set_index("term").loc[table.term]
    numbers = {
        name: float(row[name]) for name in ("estimate", "se", "low", "high", "p")
    }
    spread = {"sd_patient": float(found.theta[p]), **model.spread(found.theta[p + 1 :])}
    difference = CountDifference(
        **numbers,
        n_responder=int(table.responder.sum()),
        n_non_responder=int((~table.responder).sum()),
        converged=not lost,
        notes=tuple(notes),
    )
    return CountFit(
        model=model.name,
        table=rows,
        spread={name: np.nan for name in spread} if lost else spread,
        log_likelihood=np.nan if lost else found.value,
        problem=reason,
        notes=tuple(notes),
        nodes=nodes,
        n_samples=int(table.seen.sum()),
        difference=difference,
    )
