"""Whether one patient changed by more than biology, assay and counting explain."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from longate._names import name_of
from longate._validation import require_columns, table_of
from longate.exceptions import DesignError
from longate.longitudinal.classical.outcome_by_visit import read_pairs
from longate.longitudinal.classical.paired import check_confidence
from longate.statistics import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    import pandas as pd

    from longate.longitudinal.classical.outcome_by_visit import OutcomeByVisit


def reference_changes(
    data: object,
    *,
    value: str,
    cv_within: float,
    cv_analytical: float,
    counts: Sequence[str] = (),
    pairs: Sequence[tuple[object, object]] | None = None,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    df: float = math.inf,
) -> pd.DataFrame:
    r"""Flag single patients by their reference change value.

    .. math:: \left|\ln(y_2/y_1)\right| > z \sqrt{2\,\sigma^2 + c_1 + c_2}, \quad
       \sigma^2 = \ln(1 + CV_I^2) + \ln(1 + CV_A^2), \quad
       c = \sum_k \ln(1 + 1/k)

    Parameters
    ----------
    data : DataFrame, or an object with a ``.table``
        Tidy: ``patient``, ``visit``, the value (above 0; e.g. cells per
        microlitre) and the counts behind it.
    value : str
        The column to judge.
    cv_within, cv_analytical : float
        Coefficients of variation within a stable person and of the assay, as
        fractions (0.2 for 20 %). Both are the user's: no default is known.
    counts : sequence of str
        Columns with the events that were counted (cells, beads); each adds the
        counting error of both visits.
    pairs, by
        As in :func:`longate.longitudinal.classical.paired_t`.
    confidence : float
        A stable patient is flagged with probability 1 - confidence.
    df : float
        Degrees of freedom of both coefficients of variation together, where they
        were estimated: the quantile is then that of t.

    Returns
    -------
    DataFrame
        One row per outcome, pair and patient with both visits: ``outcome``,
        ``contrast``, ``patient``, ``ratio`` (later / earlier), ``limit_low``,
        ``limit_high`` (ratios beyond which it is flagged), ``flag`` (rise, fall
        or none), ``n_tested``, ``expected_false_flags`` (n_tested times 1 -
        confidence, per outcome and pair), ``problem`` (a value or count of 0 has
        no ratio).

    Raises
    ------
    DesignError
        If the data are malformed, or a coefficient of variation is below 0.

    References
    ----------
    Fraser and Harris 1989, doi:10.3109/10408368909106595. Fokkema et al. 2006,
    doi:10.1373/clinchem.2006.072413 (the logarithmic form).

    Examples
    --------
    >>> import pandas as pd
    >>> data = pd.DataFrame(
    ...     {"patient": list("ABAB"), "visit": [0, 0, 6, 6], "nk": [10, 10, 17, 19.0]}
    ... )
    >>> found = reference_changes(data, value="nk", cv_within=0.2, cv_analytical=0.08)
    >>> found["flag"].tolist()
    ['none', 'rise']
    >>> [round(float(found[name][0]), 2) for name in ("limit_low", "limit_high")]
    [0.55, 1.81]
    """
    check_confidence(confidence)
    variance = 2 * sum(
        _log_variance(name, cv)
        for name, cv in (("cv_within", cv_within), ("cv_analytical", cv_analytical))
    )
    frame = table_of(data, "the data", DesignError)
    names = [counts] if isinstance(counts, str) else list(counts)
    require_columns(frame, [value, *names], "the data", DesignError)
    zero = (frame[[value, *names]] == 0).any(axis=1)
    known = frame.assign(**{value: frame[value].where(~zero)})
    known["_counting"] = _counting(known, names).where(~zero)
    options = {"scale": "identity", "by": by, "pairs": pairs}
    _, logs = read_pairs(known, value=value, **(options | {"scale": "log"}))  # type: ignore[arg-type]
    _, errors = read_pairs(known, value="_counting", **options)  # type: ignore[arg-type]
    without = {
        (name_of(row.patient), name_of(row.visit))
        for row in frame.loc[zero, ["patient", "visit"]].itertuples()
    }
    quantile = normal_quantile(confidence, df)
    return _table(logs, errors, variance, quantile, confidence, without)


def _log_variance(name: str, cv: float) -> float:
    if not 0 <= cv < math.inf:
        msg = f"{name} must be a fraction of at least 0 (0.2 for 20 %), got {cv!r}"
        raise DesignError(msg)
    return math.log1p(cv * cv)


def _counting(frame: pd.DataFrame, names: list[str]) -> pd.Series:
    """Return the squared relative counting error of each row."""
    import pandas as pd

    total = pd.Series(0.0, index=frame.index)
    for name in names:
        k = pd.to_numeric(frame[name], errors="coerce")
        bad = k.notna() & ~((k >= 0) & (k % 1 == 0))
        if bad.any() or (k.isna() & frame[name].notna()).any():
            msg = f"{name} must hold counts (0, 1, 2 ...), but some rows do not"
            raise DesignError(msg)
        total = total + np.log1p(1 / k.where(k > 0))
    return total


def _table(
    logs: Sequence[OutcomeByVisit],
    errors: Sequence[OutcomeByVisit],
    variance: float,
    quantile: float,
    confidence: float,
    without: set[tuple[str, str]],
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for log, error in zip(logs, errors, strict=True):
        for start, end in log.pairs:
            contrast = f"{end} - {start}"
            judged = _pair_rows(log, error, (start, end), variance, quantile)
            tested = {
                "n_tested": len(judged),
                "expected_false_flags": len(judged) * (1 - confidence),
            }
            lead = {"outcome": log.outcome, "contrast": contrast}
            rows += [lead | row | tested | {"problem": None} for row in judged]
            seen = {row["patient"] for row in judged}
            rows += [
                lead
                | {"patient": patient, "flag": "none"}
                | tested
                | {"problem": "a value or count of 0 has no ratio"}
                for patient in log.wide.index
                if patient not in seen
                and ({(patient, start), (patient, end)} & without)
            ]
    if not rows:
        msg = "no patient has a value above 0 at both visits of a pair"
        raise DesignError(msg)
    table = pd.DataFrame(rows)
    words = table["problem"].astype(object)
    return table.assign(problem=words.where(words.notna(), None))


def _pair_rows(
    log: OutcomeByVisit,
    error: OutcomeByVisit,
    pair: tuple[str, str],
    variance: float,
    quantile: float,
) -> list[dict[str, Any]]:
    visits = list(pair)
    whole, _ = log.complete(visits)
    counted = error.wide.reindex(whole.index)[visits].sum(axis=1, skipna=False)
    change = (whole[visits[1]] - whole[visits[0]]).to_numpy()
    half = quantile * np.sqrt(variance + counted.to_numpy())
    rows = []
    for patient, moved, limit in zip(whole.index, change, half, strict=True):
        if math.isnan(limit):
            continue
        flag = "none" if abs(moved) <= limit else ("rise" if moved > 0 else "fall")
        rows.append(
            {
                "patient": patient,
                "ratio": math.exp(moved),
                "limit_low": math.exp(-limit),
                "limit_high": math.exp(limit),
                "flag": flag,
            }
        )
    return rows
