"""What the estimate owes to labels that are not known and to single patients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.labels import NON_RESPONDER, RESPONDER, UNCLASSIFIABLE
from longate.longitudinal.welch import FEWEST_FOR_TEST, Estimate, group_difference

if TYPE_CHECKING:
    from longate.longitudinal.design import Changes
    from longate.longitudinal.exact import Permutation

_TAG = "sensitivity"
_UNEQUAL = (
    "; by Monte Carlo at 5 against 7 it rejects in 6.5 to 7 % of studies where "
    "responders vary twice as much, in 7.5 to 8 % at three times"
)


def sensitivity_of(
    outcome: str,
    changes: Changes,
    primary: Estimate,
    exact: Permutation,
    confidence: float,
) -> list[dict[str, object]]:
    """Compute one outcome's sensitivity analyses beside its primary one.

    Returns
    -------
    list of dict
        Rows with outcome, analysis, tag, estimate, low, high, p, n_responder,
        n_non_responder, note. Worst-case labels are those most against the
        primary estimate, best-case labels those most for it.
    """
    first = changes.group(RESPONDER)
    second = changes.group(NON_RESPONDER)
    shared = {"n_responder": len(first), "n_non_responder": len(second)}
    rows = [
        _row(*_primary_words(len(first), len(second)), primary)
        | shared
        | {"tag": "primary"},
        {
            "analysis": "exact permutation of labels, Welch-studentised",
            "tag": _TAG,
            "estimate": primary.estimate,
            "low": exact.low,
            "high": exact.high,
            "p": exact.p,
            "note": exact.words() + _UNEQUAL,
        }
        | shared,
    ]
    if len(changes.group(UNCLASSIFIABLE)):
        rows += _unclassifiable(changes, primary, confidence)
    rows += _one_left_out(changes, confidence)
    return [{"outcome": outcome} | row for row in rows]


def _primary_words(n: int, m: int) -> tuple[str, str]:
    """Return what the primary row is called, and its note."""
    if min(n, m) >= FEWEST_FOR_TEST:
        return "Welch t of the changes", ""
    return (
        "interval of the difference in change, no test",
        f"too few patients for Welch's t (fewer than {FEWEST_FOR_TEST} in a group): "
        f"the interval takes {min(n, m) - 1} degrees of freedom, which covers "
        f"whatever the variances",
    )


def _row(analysis: str, note: str, found: Estimate | None) -> dict[str, object]:
    nan = float("nan")
    numbers = (
        (nan, nan, nan, nan)
        if found is None
        else (found.estimate, found.low, found.high, found.p)
    )
    row: dict[str, object] = {"analysis": analysis, "tag": _TAG}
    row |= dict(zip(("estimate", "low", "high", "p"), numbers, strict=True))
    return row | {"note": note if found else f"no variation; {note}".strip("; ")}


def _unclassifiable(
    changes: Changes, primary: Estimate, confidence: float
) -> list[dict[str, object]]:
    """Label the unclassifiable who have both visits in every way that matters.

    For a given number of them among the responders, the difference of means is
    extreme where these have the largest (or the smallest) changes; so the
    extremes over all allocations are among 2 (u + 1) splits of the sorted ones.
    """
    unknown = np.sort(changes.group(UNCLASSIFIABLE))
    responders = changes.group(RESPONDER)
    others = changes.group(NON_RESPONDER)
    u = len(unknown)
    note = f"{u} unclassifiable with both visits"

    def split(in_responders: np.ndarray, in_others: np.ndarray) -> dict[str, object]:
        one = np.concatenate([responders, in_responders])
        two = np.concatenate([others, in_others])
        row = _row("", note, group_difference(one, two, confidence))
        return row | {"n_responder": len(one), "n_non_responder": len(two)}

    none = unknown[:0]
    splits = []
    for cut in range(u + 1):
        splits.append(split(unknown[cut:], unknown[:cut]))
        splits.append(split(unknown[:cut], unknown[cut:]))
    known = [row for row in splits if np.isfinite(float(str(row["estimate"])))]
    sign = 1.0 if primary.estimate >= 0 else -1.0
    ranked = sorted(known, key=lambda row: sign * float(str(row["estimate"])))
    named = {
        "unclassifiable as non-responders, seen changes alone": split(none, unknown),
        "unclassifiable as responders, seen changes alone": split(unknown, none),
    }
    if ranked:
        named["worst-case labels of the unclassifiable, seen changes alone"] = ranked[0]
        named["best-case labels of the unclassifiable, seen changes alone"] = ranked[-1]
    return [row | {"analysis": name} for name, row in named.items()]


def _one_left_out(changes: Changes, confidence: float) -> list[dict[str, object]]:
    table = changes.table[changes.table["in_primary"]]
    values = table["change"].to_numpy(dtype=np.float64)
    responder = (table["label"] == RESPONDER).to_numpy()
    rows = []
    for at, patient in enumerate(table["patient"]):
        keep = np.arange(len(values)) != at
        one, two = values[keep & responder], values[keep & ~responder]
        found = group_difference(one, two, confidence)
        if found is not None:
            row = _row("", f"without {patient}", found)
            rows.append(row | {"n_responder": len(one), "n_non_responder": len(two)})
    if not rows:
        return []

    def by(column: str) -> list[dict[str, object]]:
        return sorted(rows, key=lambda row: float(str(row[column])))

    with_p = [row for row in rows if np.isfinite(float(str(row["p"])))]
    named = {
        "one patient left out: lowest estimate": by("estimate")[0],
        "one patient left out: highest estimate": by("estimate")[-1],
    }
    if with_p:
        largest = max(with_p, key=lambda row: float(str(row["p"])))
        named["one patient left out: largest p"] = largest
    return [row | {"analysis": name} for name, row in named.items()]
