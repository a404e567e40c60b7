"""CD56dim CD16- cells against the study's own fresh or bridging samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from longate._validation import listed
from longate.exceptions import LongateError
from longate.nk.robustness.calls import calls_of
from longate.nk.stages.scheme import CD56_BRIGHT, CD56_POSITIVE
from longate.quality.controls import control_events
from longate.quality.handling import FEWEST, FRESH_HOURS, fresh, handling_limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from longate.gating.results.populations import Populations
    from longate.nk.robustness.calls import CallRules
    from longate.nk.robustness.tables import Sampled
    from longate.quality.handling import Reference

_CAVEAT = (
    "A low share excludes neither delay nor freezing nor shedding, and a high one is "
    "not proof of them"
)


def handling_columns(
    samples: Mapping[str, Sampled],
    rules: CallRules,
    populations: Populations,
    tube: str,
) -> tuple[dict[str, NDArray[Any]], str]:
    """Return the handling flag of every sample, and the sentence beside it.

    Parameters
    ----------
    samples : mapping of str to Sampled
        In the order of the table.
    rules : CallRules
        How calls are made; both groups are judged by the strategy's gates.
    populations : Populations
        The gated study, whose sheet names bridging samples.
    tube : str
        Of the NK cells.

    Returns
    -------
    columns : dict of str to (n_samples,) arrays
        ``n_dim16neg, dim16neg_by_gates`` (share of NK cells), ``handling_limit``,
        ``handling_flag``; none where CD16 is not called.
    words : str
        Distribution of the reference and the flagged samples.
    """
    if not {CD56_BRIGHT, CD56_POSITIVE, "CD16"} <= set(rules.scheme.markers):
        return {}, ""
    counted = [_dim16neg(s.calls.counts(s.gates), rules) for s in samples.values()]
    k, n = (np.array(column) for column in zip(*counted, strict=True))
    own, problems = _bridging(populations, tube, rules)
    kind = "bridging samples"
    member = np.full(len(k), -1)
    if not own:
        kind = f"fresh samples (not frozen, stained within {FRESH_HOURS:g} hours)"
        rows = populations.study.samples
        rows = rows[(rows["tube"] == tube) & (rows["role"] == "sample")]
        good = set(rows.loc[fresh(rows), "sample"].astype(str))
        chosen = [at for at, sample in enumerate(samples) if sample in good]
        member[chosen] = np.arange(len(chosen))
        own = [counted[at] for at in chosen]
    parts = [np.array([pair[i] for pair in own], dtype=float) for i in (0, 1)]
    limits, reference = handling_limits(k, n, *parts, member=member)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(n > 0, k / np.maximum(n, 1), np.nan)
    flag = share > limits
    named = [s for s, high in zip(samples, flag, strict=True) if high]
    words = _sentence(share, reference, kind, named) + "".join(problems)
    return {
        "n_dim16neg": k.astype("int64"),
        "dim16neg_by_gates": share,
        "handling_limit": limits,
        "handling_flag": flag,
    }, words


def _sentence(
    share: NDArray[np.float64], reference: Reference, kind: str, named: list[str]
) -> str:
    seen = share[~np.isnan(share)]
    middle = f"{100 * np.median(seen):.1f} %" if len(seen) else "unknown"
    head = f"CD56dim CD16- cells are {middle} of NK cells (median over samples). "
    if not reference.n:
        return (
            f"{head}The sheet records no bridging sample and no fresh one (specimen, "
            f"hours_to_stain), so none is flagged. {_CAVEAT}."
        )
    spread = (
        f"In the study's own {kind} (n = {reference.n}) they are "
        f"{100 * reference.lowest:.1f} to {100 * reference.highest:.1f} %, median "
        f"{100 * reference.median:.1f} %"
    )
    if np.isnan(reference.limit):
        return (
            f"{head}{spread}: fewer than {FEWEST}, so no limit is estimated and no "
            f"sample is flagged. {_CAVEAT}."
        )
    flagged = f"{len(named)} of {len(share)} samples lie above" + (
        f" ({listed(named)})" if named else ""
    )
    return (
        f"{head}{spread}; the 99 % prediction limit is {100 * reference.limit:.1f} %, "
        f"and {flagged}. {_CAVEAT}."
    )


def _dim16neg(counts: NDArray[np.int64], rules: CallRules) -> tuple[int, int]:
    """Return CD56dim CD16- cells and NK cells from counts by combination of calls."""
    calls = rules.calls_of_code
    inside = rules.scheme.looks_at(calls)
    dim = inside & calls[CD56_POSITIVE] & ~calls[CD56_BRIGHT] & ~calls["CD16"]
    return int(counts[dim].sum()), int(counts[inside].sum())


def _bridging(
    populations: Populations, tube: str, rules: CallRules
) -> tuple[list[tuple[int, int]], list[str]]:
    """Return counts of the sheet's bridging samples, and what could not be read."""
    rows: pd.DataFrame = populations.study.samples
    roles = rows["role"].astype(str).str.strip().str.casefold()
    found, problems = [], []
    for number in rows.index[(rows["tube"] == tube) & (roles == "bridging")]:
        try:
            calls = calls_of(control_events(populations, number, tube), rules)
        except LongateError as error:
            problems.append(
                f" The bridging sample {rows.loc[number, 'file']} cannot be used: "
                f"{error}."
            )
            continue
        found.append(_dim16neg(calls.counts(calls.gates), rules))
    return found, problems
