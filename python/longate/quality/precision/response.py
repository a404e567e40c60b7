"""The assay's share of a responder analysis, and effects corrected for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed
from longate.exceptions import DesignError
from longate.quality.precision.attenuation import corrected_for_assay

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal import ResponderAnalysis
    from longate.quality.precision.result import Uncertainty

_LABELS = ("responder", "non-responder")


@dataclass(frozen=True, repr=False, eq=False)
class AssayShare:
    """How much of an analysis is error of measurement.

    Parameters
    ----------
    table : DataFrame
        Of each outcome the measures of :func:`longate.quality.corrected_for_assay`,
        as observed and as corrected: ``outcome, measure, row, estimate, low, high,
        assay_share, tag``.
    words : tuple of str
        One sentence per outcome.
    """

    table: pd.DataFrame
    words: tuple[str, ...]

    def __repr__(self) -> str:
        """Say the sentences."""
        return "\n".join(["AssayShare", *(f"  {words}" for words in self.words)])


def assay_share(
    analysis: ResponderAnalysis, uncertainty: Uncertainty, *, outcome: str | None = None
) -> AssayShare:
    """Say the assay's share of the variance of change, and correct what it attenuates.

    Error of measurement does not bias a difference of mean changes: neither the
    estimate nor its interval is touched. The standardised effect (Hedges' g), the area
    under the ROC curve and the slope of last on baseline value within groups are
    attenuated and get a corrected row beside the observed one.

    Parameters
    ----------
    analysis : ResponderAnalysis
        From :func:`longate.longitudinal.responder_analysis`.
    uncertainty : Uncertainty
        Of the same value, on the analysis's scale.
    outcome : str, optional
        Needed where the analysis has several outcomes.

    Returns
    -------
    AssayShare

    Raises
    ------
    DesignError
        If scales differ, the outcome is unknown or one of several, a group has fewer
        than two patients, or assay variation explains all of the variance.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import longate as lg
    >>> random = np.random.default_rng(5)
    >>> base = random.normal(0.7, 0.05, 12)
    >>> rows = [(f"P{i}", v, base[i] + (v == "m12") * (0.06 * (i < 5)
    ...          + random.normal(0, 0.03))) for i in range(12) for v in ("m00", "m12")]
    >>> data = pd.DataFrame(rows, columns=["patient", "visit", "index"])
    >>> labels = pd.DataFrame({"patient": [f"P{i}" for i in range(12)],
    ...     "label": ["responder"] * 5 + ["non-responder"] * 7})
    >>> found = lg.longitudinal.responder_analysis(data, labels, value="index",
    ...                                            models=False)
    >>> tubes = pd.DataFrame({"blood": np.repeat(np.arange(20), 2),
    ...                       "index": random.normal(0.7, 0.01, 40)})
    >>> assay = lg.quality.uncertainty(tubes, specimen="blood")
    >>> share = lg.quality.assay_share(found, assay)
    >>> share.table["measure"].unique().tolist()
    ['standardised effect', 'AUC', 'ANCOVA slope']
    """
    name = _outcome(analysis, outcome)
    row = analysis.table[analysis.table["outcome"] == name].iloc[0]
    if row["scale"] != uncertainty.scale:
        msg = (
            f"{name!r} was analysed on the scale {row['scale']!r} and the assay's "
            f"variation estimated on {uncertainty.scale!r}; estimate it again with "
            f"scale={row['scale']!r}"
        )
        raise DesignError(msg)
    changes = analysis.changes
    own = changes[(changes["outcome"] == name) & changes["in_primary"].astype(bool)]
    groups = [own[own["label"] == label] for label in _LABELS]
    if min(len(group) for group in groups) < 2:
        msg = f"{name!r}: a group has fewer than two patients, so no SD of its changes"
        raise DesignError(msg)
    sd_change = _pooled(groups, "change")
    table = _corrected(groups, uncertainty, sd_change, analysis.confidence)
    table.insert(0, "outcome", name)
    share = uncertainty.share_of_change(sd_change)
    words = (
        f"{name}: {100 * share:.0f} % of the variance of the patients' changes (SD "
        f"{sd_change:.3g}) is assay variation (SD {uncertainty.total()['sd']:.3g}, "
        f"{uncertainty.design}). It does not bias the difference between the groups, "
        "and no interval of it is narrowed."
    )
    return AssayShare(table, (words,))


def _outcome(analysis: ResponderAnalysis, outcome: str | None) -> str:
    names = [str(name) for name in analysis.table["outcome"]]
    if outcome is None and len(names) == 1:
        return names[0]
    if outcome not in names:
        msg = f"choose one of the analysis's outcomes: {listed(names)}"
        raise DesignError(msg)
    return outcome


def _pooled(groups: list[pd.DataFrame], column: str) -> float:
    squares = sum(
        float(group[column].var(ddof=1)) * (len(group) - 1) for group in groups
    )
    return math.sqrt(squares / sum(len(group) - 1 for group in groups))


def _corrected(
    groups: list[pd.DataFrame],
    uncertainty: Uncertainty,
    sd_change: float,
    confidence: float,
) -> pd.DataFrame:
    from longate.longitudinal.effects.ordinal import auc_interval
    from longate.longitudinal.effects.standardised import hedges_g

    first, second = (group["change"].to_numpy(dtype=float) for group in groups)
    effect = hedges_g(first, second, confidence=confidence)
    area = auc_interval(first, second, confidence=confidence)
    sd_baseline = _pooled(groups, "baseline")
    given: dict[str, Any] = {}
    if sd_baseline > 0:
        given = {"slope": _slope(groups, confidence), "sd_baseline": sd_baseline}
    return corrected_for_assay(
        uncertainty,
        sd_change=sd_change,
        standardised=(effect.estimate, effect.low, effect.high),
        auc=(area.estimate, area.low, area.high),
        **given,
    )


def _slope(groups: list[pd.DataFrame], confidence: float) -> tuple[float, float, float]:
    """Return the slope of last on baseline within groups, with its interval."""
    from scipy.stats import t

    centred = [
        [_centred(group[column]) for group in groups] for column in ("baseline", "last")
    ]
    x, y = (np.concatenate(parts) for parts in centred)
    df = len(x) - len(groups) - 1
    slope = float(x @ y / (x @ x))
    if df < 1:
        return slope, math.nan, math.nan
    residual = y - slope * x
    error = math.sqrt(float(residual @ residual) / df / float(x @ x))
    half = float(t.ppf((1 + confidence) / 2, df)) * error
    return slope, slope - half, slope + half


def _centred(column: pd.Series) -> NDArray[np.float64]:
    values = column.to_numpy(dtype=float)
    return np.asarray(values - values.mean())
