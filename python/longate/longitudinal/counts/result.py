"""What a count model says: its terms, the difference in change, its failures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


@dataclass(frozen=True)
class CountDifference:
    """Responders' change minus non-responders', by a count model.

    Attributes
    ----------
    estimate, se, low, high, p : float
        Difference in change in log odds (k of n) or log rates (absolute counts),
        its standard error from the full observed information, and the interval
        and two-sided p that go with it. NaN where the model could not be fitted:
        the first note says why.
    n_responder, n_non_responder : int
        Patients with at least one count.
    converged : bool
        Whether there are numbers.
    notes : tuple of str
        What has to be known of the fit.
    """

    estimate: float
    se: float
    low: float
    high: float
    p: float
    n_responder: int
    n_non_responder: int
    converged: bool
    notes: tuple[str, ...]

    @property
    def limits(self) -> tuple[str, ...]:
        """The notes, under the name that all results share."""
        return self.notes

    @property
    def ratio(self) -> tuple[float, float, float]:
        """The ratio of odds ratios, or of rate ratios, with its interval."""
        return math.exp(self.estimate), math.exp(self.low), math.exp(self.high)


@dataclass(frozen=True, eq=False)
class CountFit:
    """A fitted count model.

    Attributes
    ----------
    model : str
        Its name.
    table : DataFrame
        ``term, estimate, se, z, p, low, high``, all float64 but the first.
    spread : mapping of str to float
        ``sd_patient``, and ``sd_sample``, ``precision`` (of the beta-binomial) or
        ``size`` (of the negative binomial; infinite where there is no variation
        beyond counting).
    log_likelihood : float
        At the maximum.
    problem : str
        Why there is none; empty where there is.
    notes : tuple of str
        What has to be known of the fit.
    nodes : int
        Of the quadrature.
    n_samples : int
        Counts that entered, however small.
    difference : CountDifference
        From baseline to the last visit.
    """

    model: str
    table: pd.DataFrame
    spread: Mapping[str, float]
    log_likelihood: float
    problem: str
    notes: tuple[str, ...]
    nodes: int
    n_samples: int
    difference: CountDifference

    @property
    def limits(self) -> tuple[str, ...]:
        """The notes, under the name that all results share."""
        return self.notes


@dataclass(frozen=True)
class LikelihoodRatio:
    """The test of visit x response by a parametric bootstrap.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log likelihoods.
    df : int
        Terms of visit x response.
    p : float
        (b + 1) / (B + 1) over the B replicates that could be fitted.
    p_chi_squared : float
        By the large-sample distribution, for comparison; too small at this n.
    replicates : int
        That were asked for.
    failures : mapping of str to int
        Replicates that could not be fitted, by reason.
    smallest_p : float
        1 / (B + 1).
    seed : int
        Each replicate has its own, made of it.
    notes : tuple of str
        What has to be known.
    """

    statistic: float
    df: int
    p: float
    p_chi_squared: float
    replicates: int
    failures: Mapping[str, int]
    smallest_p: float
    seed: int
    notes: tuple[str, ...]

    @property
    def limits(self) -> tuple[str, ...]:
        """The notes, under the name that all results share."""
        return self.notes
