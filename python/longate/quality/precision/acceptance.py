"""Acceptance of measured precision against stated limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from longate._validation import listed, suggest
from longate.exceptions import DesignError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

MET, COMPATIBLE, EXCEEDED = "met", "compatible", "exceeded"

_WORDS = {
    MET: "the upper confidence limit is within it",
    COMPATIBLE: "the estimate does not exceed it by more than chance, but the upper "
    "confidence limit does: more measurements would tell",
    EXCEEDED: "the estimate exceeds its verification limit",
}


def acceptance_report(
    totals: pd.DataFrame, limits: Mapping[str, float], confidence: float
) -> pd.DataFrame:
    """Return a verdict on each stated limit.

    Parameters
    ----------
    totals : DataFrame
        ``total, cv_percent, cv_high, df`` (as :class:`Uncertainty` has them), or
        ``sd, sd_high`` where no coefficient of variation is known.
    limits : mapping of str to float
        Name of the total -> largest coefficient of variation allowed, in percent; or
        largest standard deviation where there is no coefficient of variation.
    confidence : float
        Of the verification limit, one-sided at ``1 - (1 - confidence) / 2``.

    Returns
    -------
    DataFrame
        ``total, unit, estimate, upper, limit, verification_limit, verdict, words``.
        The verification limit is ``limit sqrt(χ²_{1-α}(df) / df)``: an estimate below
        it is compatible with a true value at the limit (EP15-A3).

    Raises
    ------
    DesignError
        If a limit is for no total, or not above 0.
    """
    import pandas as pd

    by_name = totals.set_index("total")
    rows = []
    for name, limit in limits.items():
        if name not in by_name.index:
            msg = (
                f"limits: there is no total {name!r}{suggest(name, by_name.index)}; "
                f"there are {listed(by_name.index)}"
            )
            raise DesignError(msg)
        if not (limit > 0 and math.isfinite(limit)):
            msg = f"limits: {name!r} must be above 0, got {limit!r}"
            raise DesignError(msg)
        rows.append(_judged(name, by_name.loc[name], float(limit), confidence))
    columns = ["total", "unit", "estimate", "upper", "limit", "verification_limit"]
    return pd.DataFrame(rows, columns=[*columns, "verdict", "words"])


def _judged(name: str, row: Any, limit: float, confidence: float) -> dict[str, Any]:
    from scipy.stats import chi2

    relative = not math.isnan(row["cv_percent"])
    estimate, upper = (
        (row["cv_percent"], row["cv_high"]) if relative else (row["sd"], row["sd_high"])
    )
    df = float(row["df"])
    known = math.isfinite(df) and df > 0
    one_sided = 1 - (1 - confidence) / 2
    allowed = limit * math.sqrt(float(chi2.ppf(one_sided, df)) / df) if known else limit
    if math.isnan(estimate):
        verdict, words = "not estimable", "the design cannot tell"
    else:
        verdict = (
            MET if upper <= limit else COMPATIBLE if estimate <= allowed else EXCEEDED
        )
        words = _WORDS[verdict]
    return {
        "total": name,
        "unit": "CV %" if relative else "SD",
        "estimate": estimate,
        "upper": upper,
        "limit": limit,
        "verification_limit": allowed,
        "verdict": verdict,
        "words": words,
    }
