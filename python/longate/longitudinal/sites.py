"""Several sites: differences within sites, weighted, and summaries that travel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._names import require_names
from longate._validation import listed, require_columns, table_of
from longate.exceptions import DesignError
from longate.longitudinal.design import changes_of, read_design
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.measure import Measure
from longate.longitudinal.result_table import ResultTable, with_limits

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = (
    *("site", "outcome", "scale", "scheme", "baseline", "last"),
    *("n_responder", "n_non_responder", "difference", "variance"),
    *("variance_responder", "variance_non_responder"),
)
_ALONE = 2


def site_summaries(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    site: str = "site",
    baseline: object = None,
    last: object = None,
    scale: str = "identity",
    circular: str = "refused",
    unmatched: str = "error",
) -> ResultTable:
    """Summarise the difference in change within each site, without any patient.

    Parameters
    ----------
    data, response, value, baseline, last, scale, circular, unmatched
        As of :func:`longate.longitudinal.responder_analysis`.
    site : str
        The column of sites; a patient belongs to one.

    Returns
    -------
    DataFrame
        One row per site with two patients of each label who have both visits:
        ``site, outcome, scale, scheme, baseline, last, n_responder,
        n_non_responder, difference`` (responders minus non-responders),
        ``variance`` (of the difference, :math:`s_1^2/n_1 + s_2^2/n_2`),
        ``variance_responder, variance_non_responder`` (of the changes). The table
        can leave a site (``to_csv``); events and patients stay. ``.limits`` names
        sites that are too small.

    Raises
    ------
    DesignError
        If a patient has several sites, or no site is large enough.
    """
    frame = table_of(data, "the data", DesignError)
    require_columns(frame, ["patient", "visit", site], "the data", DesignError)
    names = require_names(frame, ["patient", site], "the data", DesignError)
    per_patient = names.groupby("patient")[site].agg(lambda one: sorted(set(one)))
    several = per_patient[per_patient.map(len) > 1]
    if len(several):
        msg = (
            f"{listed(several.index)} have more than one {site}; a patient belongs "
            f"to the site of the baseline"
        )
        raise DesignError(msg)
    measure = Measure.of(value, scale)
    labels = read_labels(response, unmatched=unmatched)
    refuse_circular(labels, measure.columns, circular)
    design = read_design(
        frame, labels, measure, by=None, family=None, baseline=baseline, last=last
    )
    outcome = design.outcomes[0]
    changes = changes_of(design, outcome).table
    changes = changes[changes["in_primary"]]
    own_site = changes["patient"].map(per_patient.map(lambda one: one[0]))
    scheme = str(frame["scheme"].dropna().iloc[0]) if "scheme" in frame else ""
    lead = {
        "outcome": outcome,
        "scale": design.measure_of(outcome).scale,
        "scheme": scheme,
        "baseline": design.baseline,
        "last": design.last,
    }
    rows, small = [], []
    for name, rows_of in changes.groupby(own_site, sort=True):
        groups = [
            rows_of.loc[rows_of["label"] == label, "change"].to_numpy(float)
            for label in (RESPONDER, NON_RESPONDER)
        ]
        if min(map(len, groups)) < _ALONE:
            small.append(f"{name} ({len(groups[0])} v {len(groups[1])})")
            continue
        rows.append({"site": name, **lead, **_summary(*groups)})
    if not rows:
        msg = (
            f"no {site} has {_ALONE} responders and {_ALONE} non-responders with both "
            f"visits: {listed(small)}"
        )
        raise DesignError(msg)
    import pandas as pd

    said = [
        f"left out, fewer than {_ALONE} patients of a label with both visits: {one}"
        for one in small
    ]
    return with_limits(
        pd.DataFrame(rows, columns=list(SUMMARY)), [*design.limits, *said]
    )


def _summary(
    first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]
) -> dict[str, float]:
    spread = [float(group.var(ddof=1)) for group in (first, second)]
    return {
        "n_responder": len(first),
        "n_non_responder": len(second),
        "difference": float(first.mean() - second.mean()),
        "variance": spread[0] / len(first) + spread[1] / len(second),
        "variance_responder": spread[0],
        "variance_non_responder": spread[1],
    }


def combine_sites(
    summaries: object, *, weights: str = "sizes", confidence: float = 0.95
) -> pd.DataFrame:
    r"""Combine sites' differences by a fixed effect.

    .. math:: \hat\delta = \sum_s w_s d_s / \sum_s w_s, \quad
       \mathrm{var} = \sum_s w_s^2 v_s / (\sum_s w_s)^2

    - sizes: :math:`w_s = n_{1s} n_{2s} / (n_{1s} + n_{2s})`, the stratified analysis
      of the primary estimand; the weights do not depend on the values. Degrees of
      freedom by Satterthwaite over all sites and groups.
    - inverse variance: :math:`w_s = 1 / v_s` with the normal distribution, as of
      meta-analyses; with few patients per site its p is too small.

    Parameters
    ----------
    summaries : DataFrame, or a list of them
        Of :func:`site_summaries`.
    weights : {"sizes", "inverse variance"}
    confidence : float
        Of the interval.

    Returns
    -------
    DataFrame
        One row: ``estimate, se, low, high, df, t, p, n_sites, n_responder,
        n_non_responder, Q, Q_df, Q_p`` (heterogeneity of the sites' differences),
        ``weights``.

    Raises
    ------
    DesignError
        If columns are missing, sites repeat, schemes, scales or visits differ, or
        variances are not above 0.

    References
    ----------
    Cochran 1954, doi:10.2307/3001666 (weights and Q).
    """
    import pandas as pd
    from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit

    if weights not in ("sizes", "inverse variance"):
        msg = f"weights must be 'sizes' or 'inverse variance', got {weights!r}"
        raise DesignError(msg)
    frame = _joined(summaries)
    n, m = (frame[c].to_numpy(float) for c in ("n_responder", "n_non_responder"))
    d, v = frame["difference"].to_numpy(float), frame["variance"].to_numpy(float)
    w = n * m / (n + m) if weights == "sizes" else 1 / v
    share = w / w.sum()
    estimate, variance = float(share @ d), float(share**2 @ v)
    parts = [
        share**2 * frame[f"variance_{label}"].to_numpy(float) / size
        for label, size in (("responder", n), ("non_responder", m))
    ]
    df = variance**2 / float(
        sum(
            (part**2 / (size - 1)).sum()
            for part, size in zip(parts, (n, m), strict=True)
        )
    )
    error = math.sqrt(variance)
    t = estimate / error
    if weights == "sizes":
        bar = float(stdtrit(df, (1 + confidence) / 2))
        p = 2 * float(stdtr(df, -abs(t)))
    else:
        df, bar = math.inf, float(ndtri((1 + confidence) / 2))
        p = 2 * float(ndtr(-abs(t)))
    inverse = 1 / v
    q = float((inverse * (d - (inverse @ d) / inverse.sum()) ** 2).sum())
    row = {
        **{"estimate": estimate, "se": error},
        **{"low": estimate - bar * error, "high": estimate + bar * error},
        **{"df": df, "t": t, "p": p, "n_sites": len(frame)},
        **{"n_responder": int(n.sum()), "n_non_responder": int(m.sum())},
        **{"Q": q, "Q_df": len(frame) - 1},
        "Q_p": float(chdtrc(len(frame) - 1, q)) if len(frame) > 1 else math.nan,
        "weights": weights,
    }
    return pd.DataFrame([row])


def _joined(summaries: object) -> pd.DataFrame:
    import pandas as pd

    several = summaries if isinstance(summaries, list | tuple) else [summaries]
    parts = [table_of(one, "the summaries", DesignError) for one in several]
    for part in parts:
        require_columns(part, list(SUMMARY), "the summaries", DesignError)
    frame = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    if frame.empty:
        msg = "the summaries have no rows"
        raise DesignError(msg)
    twice = frame.loc[frame["site"].astype(str).duplicated(), "site"]
    if len(twice):
        msg = f"the summaries have {listed(twice.unique())} more than once"
        raise DesignError(msg)
    for column in ("outcome", "scale", "scheme", "baseline", "last"):
        found = list(dict.fromkeys(frame[column].fillna("").astype(str)))
        if len(found) > 1:
            msg = (
                f"the sites' {column} differ ({listed(found)}), so their differences "
                f"are of different quantities and are not combined"
            )
            raise DesignError(msg)
    numbers = frame[["difference", "variance"]].to_numpy(float)
    if not (np.isfinite(numbers).all() and (numbers[:, 1] > 0).all()):
        bad = frame.loc[~(frame["variance"] > 0), "site"]
        msg = f"variances must be above 0 and finite; they are not for {listed(bad)}"
        raise DesignError(msg)
    return frame
