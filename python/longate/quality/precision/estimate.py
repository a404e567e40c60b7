"""Measurement uncertainty of an assay, from replicates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longate._names import names_of
from longate._validation import listed, table_of
from longate.exceptions import DesignError
from longate.quality.precision.acceptance import acceptance_report
from longate.quality.precision.biases import bias_table
from longate.quality.precision.designs import design_of
from longate.quality.precision.intervals import Anova, balanced_anova
from longate.quality.precision.measurements import Measurements, read_measurements
from longate.quality.precision.model import (
    REPEATABILITY,
    EstimableModel,
    estimable_model,
    fixed_effects,
)
from longate.quality.precision.reml import Fit, fit
from longate.quality.precision.result import FEWEST_DF, Uncertainty
from longate.quality.precision.tables import component_table, total_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from longate.quality.precision.designs import PrecisionDesign
    from longate.quality.precision.likelihood import Model

_BIASES = ("instrument", "cytometer", "operator")
_FEW_LEVELS = 6
_COUNTING = ("counting_low", "counting_high")


def uncertainty(
    table: object,
    *,
    value: str = "index",
    design: str | None = None,
    terms: Sequence[str] = (),
    crossed: Sequence[str] = (),
    fixed: Sequence[str] = (),
    specimen: str | Sequence[str] | None = None,
    scale: str = "identity",
    counts: Sequence[str] = (),
    counting: str | tuple[str, str] | None = None,
    limits: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> Uncertainty:
    """Estimate the variance components of an assay from repeated measurements.

    ``y = specimen + fixed + Σ terms + repeatability + counting``, by REML on the
    analysis scale. Specimens are fixed effects: what differs between them is biology.
    The counting variance is known and is no component.

    Parameters
    ----------
    table : DataFrame, or a result with a ``.table``
        One row per measurement, such as a :class:`longate.nk.Maturation` of a study
        with replicates.
    value : str
        Column of the measurements. Not used with ``scale="logit"``.
    design : {"EP05-A3", "EP05-A3 multi-site", "EP15-A3"}, optional
        A precision design of one control: 20 days x 2 runs x 2; 3 sites x 5 days x 5;
        5 runs (or days) x 5. It names the terms, and what the table lacks of it is
        said.
    terms : sequence of str
        Columns of random terms, each nested in the one before: ``("day", "run")``.
        Without any, repeatability alone.
    crossed : sequence of str
        Further random terms whose labels mean the same everywhere, such as a lot.
    fixed : sequence of str
        Columns of fixed effects: a bias per label, or a slope for numbers (hours to
        stain). ``instrument``, ``cytometer`` and ``operator`` among the terms are
        taken as fixed below 6 levels: so few tell a bias, not a variance.
    specimen : str or sequence of str, optional
        Columns that tell specimens apart, such as ``("patient", "visit")`` of a study
        read with ``runs="keep"``. By default ``replicate_of``: the sample that
        a row repeats, empty for the first of them; a `design` without that column is
        of one specimen.
    scale : {"identity", "log", "logit"}
        Of the analysis: logit for fractions, log for counts per microlitre, identity
        for scores and indices.
    counts : sequence of str
        For ``"logit"`` the columns of k and n; for ``"log"`` columns of counted events
        (cells, beads).
    counting : str or (str, str), optional
        For ``"identity"``: a column of counting standard deviations, or the two ends
        of a 95 % counting interval; ``counting_low, counting_high`` of an index where
        the table has them.
    limits : mapping of str to float, optional
        Name of a total -> largest coefficient of variation allowed, in percent.
    confidence : float
        Of intervals.

    Returns
    -------
    Uncertainty
        Components that the design cannot estimate are named and have no value. These
        are the components of this study: the measurement uncertainty of a laboratory
        is long-term imprecision of controls, calibrator and bias (ISO/TS 20914).

    Raises
    ------
    DesignError
        If the table cannot be read, nothing is replicated, replicates are all equal,
        or fixed effects are aliased with specimens.

    Notes
    -----
    Intervals: of balanced nested designs by the modified large-sample method (Ting et
    al. 1990), the χ² law for repeatability and Graybill and Wang (1980) for totals;
    otherwise by profile likelihood. Degrees of freedom of totals are Satterthwaite's. A
    negative estimate becomes 0 and is said. Below 5 degrees of
    freedom a component is shown and not passed on.

    Terms may be a tube or a run of the same blood, a day, or two gatings of the same
    files (``pd.concat`` of two results with a column ``operator``, and
    ``specimen="sample"``); the slope of hours to stain, as ``fixed``, is stability.

    References
    ----------
    CLSI EP05-A3 (2014) and EP15-A3 (2014); Searle, Casella and McCulloch 1992,
    Variance Components.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import longate as lg
    >>> random = np.random.default_rng(1)
    >>> rows = [(run, 10 + shift + random.normal(0, 0.2)) for run in range(5)
    ...         for shift in [random.normal(0, 0.3)] for _ in range(5)]
    >>> table = pd.DataFrame(rows, columns=["run", "value"])
    >>> found = lg.quality.uncertainty(table, value="value", design="EP15-A3")
    >>> found.components["component"].tolist()
    ['run', 'repeatability']
    >>> found.components["df"].tolist()
    [4.0, 20.0]
    """
    if not 0 < confidence < 1:
        msg = f"confidence must lie between 0 and 1, got {confidence!r}"
        raise DesignError(msg)
    frame = table_of(table, "measurements", DesignError)
    terms, crossed, fixed, counts = (
        (given,) if isinstance(given, str) else tuple(given)
        for given in (terms, crossed, fixed, counts)
    )
    named = design_of(design, frame) if design is not None else None
    if named is not None and terms:
        msg = f"give design={design!r} or terms, not both: a design names its terms"
        raise DesignError(msg)
    random_terms = list(named.terms if named else terms)
    biased = [] if named else _few_levels(frame, [*random_terms, *crossed])
    random_terms = [term for term in random_terms if term not in biased]
    # Numbers of operators or instruments are names: no slope over them.
    frame = frame.assign(**{name: names_of(frame[name]) for name in biased})
    read = read_measurements(
        frame,
        value,
        scale=scale,
        counts=counts,
        counting=_counting(frame, value, scale, counting),
        specimen=specimen,
        one_specimen=named is not None,
        terms=random_terms,
        crossed=[term for term in crossed if term not in biased],
        fixed=[*fixed, *(term for term in biased if term not in fixed)],
    )
    return _estimated(read, named, biased, limits, confidence)


def _counting(
    table: pd.DataFrame, value: str, scale: str, given: str | tuple[str, str] | None
) -> str | tuple[str, str] | None:
    if given is None and scale == "identity" and value == "index":
        return _COUNTING if set(_COUNTING) <= set(table.columns) else None
    return given


def _few_levels(table: pd.DataFrame, terms: Sequence[str]) -> list[str]:
    return [
        term
        for term in terms
        if term in _BIASES and term in table and table[term].nunique() < _FEW_LEVELS
    ]


def _estimated(
    read: Measurements,
    named: PrecisionDesign | None,
    biased: Sequence[str],
    limits: Mapping[str, float] | None,
    confidence: float,
) -> Uncertainty:
    import pandas as pd

    if named is not None and read.n_specimens > 1:
        msg = (
            f"{named.name} is evaluated for one control at a time, and "
            f"{read.n_specimens} specimens were found; call it for each of them"
        )
        raise DesignError(msg)
    x, labels = fixed_effects(read)
    made = estimable_model(read, x)
    anova = _anova(read, made)
    best = _best(made.model, anova)
    components = component_table(read, made, best, anova, confidence)
    totals = total_table(read, made, best, anova, named, confidence)
    notes = [*read.words, *_notes(made, components, anova)]
    if biased:
        notes.append(
            f"{listed(biased)}: fewer than {_FEW_LEVELS} levels tell biases, not a "
            "variance; they are fixed effects here."
        )
    if named is not None:
        lacking = named.shortfall(list(read.levels.values()), len(read.y))
        notes += [lacking] if lacking else []
    return Uncertainty(
        components=components,
        totals=totals,
        biases=bias_table(made.model, best, labels, confidence),
        acceptance=acceptance_report(totals, limits or {}, confidence)
        if limits
        else pd.DataFrame(),
        counting_variance=float(read.known.mean()),
        mean=read.mean,
        scale=read.scale,
        design=named.name if named else " > ".join([*read.levels, REPEATABILITY]),
        n=len(read.y),
        n_specimens=read.n_specimens,
        confidence=confidence,
        words=tuple(notes),
    )


def _anova(read: Measurements, made: EstimableModel) -> Anova | None:
    """Return mean squares where they say everything; None for other designs."""
    if read.known.any() or read.fixed or made.lost:
        return None
    if not read.levels:
        sums = np.bincount(read.specimen, weights=read.y)
        inside = read.y - (sums / np.bincount(read.specimen))[read.specimen]
        df = float(len(read.y) - read.n_specimens)
        # Values of one specimen that are equal up to rounding have no variance.
        if not float(inside @ inside) > 1e-28 * float(read.y @ read.y):
            return None
        square = np.array([float(inside @ inside) / df])
        return Anova(square, np.array([df]), np.ones(1))
    if read.n_specimens > 1:
        return None
    return balanced_anova(read.y, list(read.levels.values()))


def _best(model: Model, anova: Anova | None) -> Fit:
    if anova is not None and len(anova.df) == 1:
        square, df = anova.mean_squares, anova.df
        none = np.zeros(0)
        return Fit(square, math.nan, np.diag(2 * square**2 / df), none, none)
    # Balanced and inside: REML is the analysis of variance, and the start its maximum.
    start = None
    if anova is not None and bool((anova.components > 0).all()):
        start = anova.components
    return fit(model, start=start)


def _notes(
    made: EstimableModel, components: pd.DataFrame, anova: Anova | None
) -> list[str]:
    found = [f"{name}: {why}." for name, why in made.lost.items()]
    zero = components[components["variance"] == 0]["component"].tolist()
    if zero:
        known = anova is not None and bool((anova.components < 0).any())
        words = "negative" if known else "at the border"
        found.append(
            f"{listed(zero)}: the estimate is {words} and is set to 0; look at its "
            "interval."
        )
    few = components[components["df"] < FEWEST_DF]["component"].tolist()
    if few:
        found.append(
            f"{listed(few)}: on fewer than {FEWEST_DF} degrees of freedom a size is "
            "hardly known (on 1 df its SD within a factor .45 to 32); shown, and not "
            "passed on."
        )
    found.append(
        "Components of this study. A laboratory's measurement uncertainty is long-term "
        "imprecision of controls, calibrator and bias (ISO/TS 20914)."
    )
    return found
