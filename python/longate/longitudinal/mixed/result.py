"""The result of a mixed model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from longate._validation import listed
from longate.exceptions import DesignError
from longate.longitudinal.labels import NON_RESPONDER, RESPONDER
from longate.longitudinal.mixed.variables import Factor

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal.mixed.fixed_effects import FixedEffects
    from longate.longitudinal.mixed.formula import Formula
    from longate.longitudinal.mixed.small_sample import SmallSample
    from longate.longitudinal.mixed.working_scale import WorkingScale

    Floats = NDArray[np.float64]

METHODS = {"kenward-roger": "Kenward-Roger", "satterthwaite": "Satterthwaite"}


@dataclass(frozen=True, eq=False)
class Estimates:
    """Inference on contrasts of a fitted model.

    Attributes
    ----------
    working : WorkingScale
        The scale of the fit.
    coefficients : (p,) array of float64
        In the units of the data.
    method : SmallSample
        On the working scale.
    confidence : float
    """

    working: WorkingScale
    coefficients: Floats
    method: SmallSample
    confidence: float

    def row(self, term: str, contrast: Floats) -> dict[str, object]:
        """Return term, estimate, se, df, t, p, low, high of one contrast."""
        from scipy.special import ndtr, ndtri, stdtr, stdtrit

        own = self.working.contrasts(contrast[None, :])[0]
        estimate = float(contrast @ self.coefficients)
        variance = float(own @ self.method.covariance @ own)
        if not variance > 0:
            msg = (
                f"the standard error of {term} is lost in rounding: the variances of "
                f"this model differ by too many orders of magnitude; are values on "
                f"the scale that was meant?"
            )
            raise DesignError(msg)
        se = self.working.unit * math.sqrt(variance)
        df = self.method.degrees_of_freedom(own)
        t = estimate / se
        level = (1 + self.confidence) / 2
        if math.isinf(df):
            p, half = 2 * float(ndtr(-abs(t))), float(ndtri(level)) * se
        else:
            p, half = 2 * float(stdtr(df, -abs(t))), float(stdtrit(df, level)) * se
        return {
            "term": term,
            "estimate": estimate,
            "se": se,
            "df": df,
            "t": t,
            "p": p,
            "low": estimate - half,
            "high": estimate + half,
        }

    def joint(self, term: str, contrasts: Floats) -> dict[str, object]:
        """Return term, F, df1, df2, p, scale of a joint test."""
        from scipy.special import chdtrc, fdtrc

        own = self.working.contrasts(contrasts)
        estimates = contrasts @ self.coefficients / self.working.unit
        found = self.method.joint(own, estimates)
        if math.isinf(found.df2):
            p = float(chdtrc(found.df1, found.df1 * found.statistic))
        else:
            p = float(fdtrc(found.df1, found.df2, found.statistic))
        return {
            "term": term,
            "F": found.statistic,
            "df1": found.df1,
            "df2": found.df2,
            "p": p,
            "scale": found.scale,
        }

    def covariance(self) -> Floats:
        """Return the covariance of the coefficients, in the units of the data."""
        back = self.working.unit * np.linalg.inv(self.working.r)
        found = back @ self.method.covariance @ back.T
        return np.asarray((found + found.T) / 2)


@dataclass(frozen=True, eq=False, repr=False)
class MixedModel:
    """A linear mixed model, fitted by restricted maximum likelihood.

    Attributes
    ----------
    table : DataFrame
        One row per fixed effect: ``term, estimate, se, df, t, p, low, high``.
        Categorical variables are coded as differences from their first level.
    anova : DataFrame
        One row per term of the formula: ``term, F, df1, df2, p, scale``; joint
        tests ("type III"), `scale` the factor of Kenward and Roger in F.
    covariance : DataFrame
        Covariance of the estimates (adjusted with Kenward-Roger), terms by
        terms.
    variances : DataFrame
        ``component, variance, sd``: patient and residual, or the visits.
    visit_covariance : DataFrame or None
        Covariance of one patient's visits, visits by visits; None where the
        model has no visits.
    notes : tuple of str
        What has to be known of this fit: singular, rows left out, assumptions.
    formula : Formula
    model : str
        What was fitted, in words.
    df_method : str
        kenward-roger or satterthwaite.
    deviance : float
        -2 log restricted likelihood.
    n_values, n_patients : int
    confidence : float
        Of all intervals.
    """

    table: pd.DataFrame
    anova: pd.DataFrame
    covariance: pd.DataFrame
    variances: pd.DataFrame
    visit_covariance: pd.DataFrame | None
    notes: tuple[str, ...]
    formula: Formula
    model: str
    df_method: str
    deviance: float
    n_values: int
    n_patients: int
    confidence: float
    _fixed: FixedEffects
    _estimates: Estimates
    _visit: str | None
    _group: str | None

    def contrast(
        self,
        coefficients: Mapping[str, float] | None = None,
        *,
        change: tuple[object, object] | None = None,
        between: tuple[str, str] | None = None,
    ) -> pd.DataFrame:
        """Estimate a contrast; by default the difference in change.

        A change within one group is given without p, and the difference of
        changes stands below it: whether groups differ is not seen from
        separate tests.

        Parameters
        ----------
        coefficients : mapping of str to float, optional
            Weights of terms of ``.table``.
        change : (visit, visit), optional
            From and to; by default the first and the last visit.
        between : (level, level), optional
            The groups, first minus second; by default responder minus
            non-responder, else the last level minus the reference.

        Returns
        -------
        DataFrame
            ``term, estimate, se, df, t, p, low, high``.

        Raises
        ------
        DesignError
            If a term, visit or level is not in the model, or the model has no
            difference in change.
        """
        import pandas as pd

        if coefficients is not None:
            if change is not None or between is not None:
                msg = "a contrast is given by coefficients, or by change= and between="
                raise DesignError(msg)
            weights = self._fixed.vector(coefficients)
            name = " ".join(f"{w:+g} {term}" for term, w in coefficients.items())
            row = self._estimates.row(name, weights)
            if not self._is_change_within_a_group(weights):
                return pd.DataFrame([row])
            row |= {"t": math.nan, "p": math.nan}
            return pd.DataFrame([row, self._difference(None, None)])
        return pd.DataFrame([self._difference(change, between)])

    def _two_factors(self) -> tuple[Factor, Factor]:
        visit = self._fixed.variables.get(self._visit or "")
        group = self._fixed.variables.get(self._group or "")
        interacts = {frozenset(term) for term in self._fixed.terms}
        if (
            not isinstance(visit, Factor)
            or not isinstance(group, Factor)
            or frozenset((visit.name, group.name)) not in interacts
        ):
            msg = (
                f"the model {self.formula.text!r} has no visit by group term, so no "
                f"difference in change; write visit * response, or give coefficients "
                f"of {listed(self._fixed.columns, most=12)}"
            )
            raise DesignError(msg)
        return visit, group

    def _difference(
        self, change: tuple[object, object] | None, between: tuple[str, str] | None
    ) -> dict[str, object]:
        from longate._names import name_of

        visit, group = self._two_factors()
        start, end = change or (visit.levels[0], visit.levels[-1])
        first, second = between or _two_groups(group)
        names = name_of(start), name_of(end)
        weights = self._change(*names, first) - self._change(*names, second)
        if not weights.any():
            msg = (
                f"a difference in change needs two visits and two groups, got "
                f"{names[0]!r} to {names[1]!r} and {first!r} minus {second!r}"
            )
            raise DesignError(msg)
        name = f"change {names[0]} to {names[1]}, {first} - {second}"
        return self._estimates.row(name, weights)

    def _change(self, start: str, end: str, group: str) -> Floats:
        visit, other = self._two_factors()
        after, before = (
            self._fixed.row({visit.name: level, other.name: group})
            for level in (end, start)
        )
        return after - before

    def _is_change_within_a_group(self, weights: Floats) -> bool:
        try:
            visit, group = self._two_factors()
        except DesignError:
            return False
        own = self._fixed.made_of({visit.name, group.name})
        if not weights[own].any():
            return False
        unit = weights[own] / np.linalg.norm(weights[own])
        for level in group.levels:
            for at, start in enumerate(visit.levels):
                for end in visit.levels[at + 1 :]:
                    change = self._change(start, end, level)[own]
                    if abs(abs(unit @ change) - np.linalg.norm(change)) < 1e-9:
                        return True
        return False

    def _headline(self) -> str:
        method = METHODS[self.df_method]
        about = (
            f"{self.formula.text}: {self.model}, {method}; {self.n_values} values of "
            f"{self.n_patients} patients."
        )
        try:
            row = self._difference(None, None)
        except DesignError:
            return about
        return (
            f"Difference in change ({row['term']}): {row['estimate']:.4g} "
            f"({100 * self.confidence:g} % interval {row['low']:.4g} to "
            f"{row['high']:.4g}), p = {row['p']:.2g}.\n{about}"
        )

    def __repr__(self) -> str:
        parts = [
            self._headline(),
            self.table.to_string(index=False, float_format=_number),
            "Joint tests:",
            self.anova.to_string(index=False, float_format=_number),
            "Variances:",
            self.variances.to_string(index=False, float_format=_number),
            *(f"- {note}" for note in self.notes),
            "look at: .table .anova .contrast() .covariance .variances "
            ".visit_covariance .notes",
        ]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        def shown(table: pd.DataFrame) -> str:
            return str(table.to_html(index=False, border=0, float_format=_number))

        first, *rest = self._headline().split("\n")
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            f"<div><p><b>{escape(first)}</b> {escape(' '.join(rest))}</p>"
            f"{shown(self.table)}<details open><summary>Joint tests</summary>"
            f"{shown(self.anova)}</details><details><summary>Variances</summary>"
            f"{shown(self.variances)}</details><ul>{notes}</ul></div>"
        )


def _two_groups(group: Factor) -> tuple[str, str]:
    if {RESPONDER, NON_RESPONDER} <= set(group.levels):
        return RESPONDER, NON_RESPONDER
    return group.levels[-1], group.levels[0]


def _number(value: float) -> str:
    return f"{value:.4g}"
