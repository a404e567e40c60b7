"""Response as time to confirmed worsening, by the landmark change of a value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._names import require_names, unmatched_names, unmatched_words
from longate._validation import listed, require_columns, table_of
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

FEWEST_EVENTS = 5
"""Events after the landmark below which curves are not compared."""


def time_to_worsening(
    visits: object,
    *,
    time: str = "months",
    score: str = "edss",
    by: float = 1.0,
    by_from: Sequence[tuple[float, float]] = ((5.5, 0.5),),
    confirmed_after: float = 6.0,
) -> pd.DataFrame:
    """Return each patient's time to confirmed worsening, from the scores at visits.

    Worsening is a score higher than the first one by at least `by` (less from the
    scores in `by_from`), which still holds at every later visit up to and including
    the first visit at least `confirmed_after` later. Its time is that of the first
    visit of the rise. Others are censored at the last visit at which worsening
    could have been confirmed: their last but what follows it within the interval.

    Parameters
    ----------
    visits : DataFrame, or an object with a ``.table``
        ``patient``, the time since the start (number), and the score.
    time, score : str
        Columns.
    by : float
        Rise from the first score.
    by_from : sequence of (float, float)
        First scores from which a smaller rise counts; by default .5 from 5.5 on.
    confirmed_after : float
        In the unit of time.

    Returns
    -------
    DataFrame
        ``patient, time`` (of worsening or censoring, since the first visit),
        ``worsened`` (bool), ``first_score``.

    Raises
    ------
    DesignError
        If values are not numbers, or visits of a patient repeat.

    References
    ----------
    Lublin et al. 2014, doi:10.1212/WNL.0000000000000560 (confirmed worsening).
    """
    import pandas as pd

    frame = table_of(visits, "the visits", DesignError)
    require_columns(frame, ["patient", time, score], "the visits", DesignError)
    names = require_names(frame, ["patient"], "the visits", DesignError)["patient"]
    numbers = frame[[time, score]].apply(pd.to_numeric, errors="coerce")
    bad = numbers[time].isna() | (numbers[score].isna() & frame[score].notna())
    if bad.any():
        where = listed(frame.index[bad])
        msg = f"{time} and {score} must be numbers; not in row(s) {where}"
        raise DesignError(msg)
    known = numbers.assign(patient=names)[numbers[score].notna()]
    twice = known.duplicated(["patient", time])
    if twice.any():
        msg = (
            f"{listed(known.loc[twice, 'patient'].unique())} have visits at one {time}"
        )
        raise DesignError(msg)
    rows = []
    for patient, own in known.sort_values(time).groupby("patient", sort=True):
        at, scores = own[time].to_numpy(float), own[score].to_numpy(float)
        rise = min([by, *(less for start, less in by_from if scores[0] >= start)])
        when = _confirmed(at, scores >= scores[0] + rise - 1e-9, confirmed_after)
        end = at[at <= at[-1] - confirmed_after]
        censored = float(end[-1] - at[0]) if len(end) else 0.0
        worsened = not math.isnan(when)
        rows.append(
            (patient, when - at[0] if worsened else censored, worsened, scores[0])
        )
    return pd.DataFrame(rows, columns=["patient", "time", "worsened", "first_score"])


def _confirmed(
    at: NDArray[np.float64], risen: NDArray[np.bool_], after: float
) -> float:
    """Return the first time of a rise that still holds `after` later, else NaN."""
    for start in np.flatnonzero(risen):
        later = np.flatnonzero(at >= at[start] + after)
        if len(later) and risen[start : later[0] + 1].all():
            return float(at[start])
    return math.nan


@dataclass(frozen=True, eq=False, repr=False)
class LandmarkComparison:
    """Time to worsening after a landmark, by the change up to it.

    Attributes
    ----------
    curves : DataFrame
        Kaplan-Meier: ``group, time, at_risk, events, survival, low, high``.
    test : DataFrame
        One row: ``statistic`` (log-rank), ``p``, ``hazard_ratio, low, high`` (Cox,
        higher against lower change), ``n_higher, n_lower, events``.
    patients : DataFrame
        ``patient, change, group, time`` (since the landmark), ``worsened``.
    landmark, threshold : float
    limits : tuple of str
        Who was left out, and what the numbers rest on.
    """

    curves: pd.DataFrame
    test: pd.DataFrame
    patients: pd.DataFrame
    landmark: float
    threshold: float
    limits: tuple[str, ...]

    def __repr__(self) -> str:
        row = self.test.iloc[0]
        head = (
            f"From the landmark at {self.landmark:g}: {row['n_higher']} patients with "
            f"a change above {self.threshold:.3g}, {row['n_lower']} others, "
            f"{row['events']} worsened; hazard ratio {row['hazard_ratio']:.2f} "
            f"({row['low']:.2f} to {row['high']:.2f}), log-rank p = {row['p']:.2g}."
        )
        return "\n".join((head, *(f"- {one}" for one in self.limits)))


def landmark_comparison(
    changes: object,
    worsening: object,
    *,
    landmark: float,
    threshold: float | None = None,
    confidence: float = 0.95,
) -> LandmarkComparison:
    """Compare time to worsening after a landmark by the change up to it.

    Only patients who were under observation and had not worsened at the landmark
    enter, their time counts from there, and groups are made of changes that were
    known by then: so nobody is immortal while the groups are formed.

    Parameters
    ----------
    changes : DataFrame, or an object with a ``.table``
        ``patient, change``: of the value, from baseline to the landmark.
    worsening : DataFrame, or an object with a ``.table``
        ``patient, time, worsened``, e.g. of :func:`time_to_worsening`.
    landmark : float
        In the unit of `time`; not before the visit of the change.
    threshold : float, optional
        Changes above it are the higher group; by default the median of those who
        enter, which does not look at the outcome.
    confidence : float
        Of intervals.

    Returns
    -------
    LandmarkComparison

    Raises
    ------
    DesignError
        If fewer than 5 events follow the landmark, a group is empty, or the package
        lifelines is not installed (``pip install "longate[survival]"``).

    References
    ----------
    Anderson, Cain and Gelber 1983, doi:10.1200/JCO.1983.1.11.710 (landmark).
    Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452. Davidson-Pilon 2019,
    doi:10.21105/joss.01317 (lifelines).
    """
    try:
        import lifelines
    except ImportError as error:
        msg = 'time to worsening needs lifelines: pip install "longate[survival]"'
        raise DesignError(msg) from error
    table, limits = _entered(changes, worsening, landmark)
    limit = float(table["change"].median()) if threshold is None else float(threshold)
    table["group"] = np.where(table["change"] > limit, "higher", "lower")
    events = int(table["worsened"].sum())
    if events < FEWEST_EVENTS:
        msg = (
            f"{events} of {len(table)} patients worsened after the landmark at "
            f"{landmark:g}; with fewer than {FEWEST_EVENTS} events curves are not "
            f"compared. Describe the patients, or wait"
        )
        raise DesignError(msg)
    if table["group"].nunique() < 2:
        msg = (
            f"no patient has a change on one side of {limit:g}; changes run from "
            f"{table['change'].min():g} to {table['change'].max():g}"
        )
        raise DesignError(msg)
    limits.append(
        "Groups by a change are neither randomised nor baseline groups: an "
        "association. The hazard ratio is a mean over the time after the landmark."
    )
    return LandmarkComparison(
        _curves(lifelines, table, confidence),
        _test(lifelines, table, confidence),
        table.reset_index(drop=True),
        float(landmark),
        limit,
        tuple(limits),
    )


def _entered(
    changes: object, worsening: object, landmark: float
) -> tuple[pd.DataFrame, list[str]]:
    """Return who is at risk at the landmark, and who was left out."""
    one = table_of(changes, "the changes", DesignError)
    other = table_of(worsening, "the times of worsening", DesignError)
    require_columns(one, ["patient", "change"], "the changes", DesignError)
    needed = ["patient", "time", "worsened"]
    require_columns(other, needed, "the times of worsening", DesignError)
    left = one.assign(
        patient=require_names(one, ["patient"], "", DesignError)["patient"]
    )
    right = other.assign(
        patient=require_names(other, ["patient"], "", DesignError)["patient"]
    )
    for what, frame in (("the changes", left), ("the times of worsening", right)):
        twice = frame.loc[frame["patient"].duplicated(), "patient"]
        if len(twice):
            msg = f"{what} have {listed(twice.unique())} more than once"
            raise DesignError(msg)
    lost = unmatched_names(list(left["patient"]), list(right["patient"]))
    if lost:
        msg = (
            f"no time of worsening for "
            f"{unmatched_words(lost, list(right['patient']))}; "
            f"a patient who did not worsen is censored at the last visit"
        )
        raise DesignError(msg)
    both = left[["patient", "change"]].merge(right[needed], on="patient")
    both["worsened"] = both["worsened"].astype(bool)
    limits = []
    for words, own in (
        ("without a change", both["change"].isna()),
        ("worsened by the landmark", both["worsened"] & (both["time"] <= landmark)),
        (
            "not followed beyond the landmark",
            ~both["worsened"] & (both["time"] <= landmark),
        ),
    ):
        if own.any():
            limits.append(f"left out, {words}: {listed(both.loc[own, 'patient'])}")
    kept = both[both["change"].notna() & (both["time"] > landmark)].copy()
    kept["time"] -= landmark
    return kept, limits


def _curves(lifelines: Any, table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for group in ("higher", "lower"):
        own = table[table["group"] == group]
        fitter = lifelines.KaplanMeierFitter(alpha=1 - confidence)
        fitter.fit(own["time"], own["worsened"])
        steps = fitter.event_table.loc[fitter.survival_function_.index]
        bounds = fitter.confidence_interval_.to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "group": group,
                    "time": steps.index.to_numpy(float),
                    "at_risk": steps["at_risk"].to_numpy(int),
                    "events": steps["observed"].to_numpy(int),
                    "survival": fitter.survival_function_.iloc[:, 0].to_numpy(float),
                    "low": bounds[:, 0],
                    "high": bounds[:, 1],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _test(lifelines: Any, table: pd.DataFrame, confidence: float) -> pd.DataFrame:
    import pandas as pd

    higher = (table["group"] == "higher").to_numpy()
    ranked = lifelines.statistics.logrank_test(
        table["time"][higher],
        table["time"][~higher],
        table["worsened"][higher],
        table["worsened"][~higher],
    )
    by_group = table.groupby("group")["worsened"].sum()
    ratio = low = high = math.nan
    if (by_group > 0).all():
        fitter = lifelines.CoxPHFitter(alpha=1 - confidence)
        frame = table[["time", "worsened"]].assign(higher=higher.astype(float))
        fitter.fit(frame, "time", "worsened")
        bounds = np.exp(fitter.confidence_intervals_.to_numpy()[0])
        ratio, (low, high) = float(np.exp(fitter.params_.iloc[0])), bounds
    return pd.DataFrame(
        [
            {
                "statistic": float(ranked.test_statistic),
                "p": float(ranked.p_value),
                "hazard_ratio": ratio,
                "low": float(low),
                "high": float(high),
                "n_higher": int(higher.sum()),
                "n_lower": int((~higher).sum()),
                "events": int(table["worsened"].sum()),
            }
        ]
    )
