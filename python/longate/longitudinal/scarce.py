"""Groups and visits with too few events for log odds.

The empirical logit ln((k + 1/2) / (n - k + 1/2)) of a rare population depends on n:
with k = 0 throughout it is -ln(2 n + 1), so that a group whose n grows "changes".
By simulation (5 against 7 patients, n growing 1.5- to 4-fold in one group, no change
in the true fractions) Welch's t of logits rejects in 7 to 15 % of studies at .5
expected events per sample, in up to 70 % at .1, and in 5 % from 3 events on. The
fraction k / n has the same expectation whatever n is, and rejects in at most
4.2 % throughout (``tests/golden/scenarios/rare_events.csv``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate.longitudinal.labels import NON_RESPONDER, RESPONDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

FEWEST_EVENTS = 5.0
"""Mean events per sample of a group at a visit, below which fractions are analysed."""


@dataclass(frozen=True)
class Scarcity:
    """Why an outcome is analysed as a fraction and not as log odds.

    Attributes
    ----------
    cells : tuple of str
        Groups and visits with few events, in words.
    empty : tuple of str
        Groups and visits without any event (or with nothing else), in words.
    """

    cells: tuple[str, ...]
    empty: tuple[str, ...]

    def words(self) -> str:
        """Say which groups and visits have how few events, and what was done."""
        said = "; ".join((*self.empty, *self.cells))
        none = (
            " Where a group has no event at a visit there is no log-odds effect."
            if self.empty
            else ""
        )
        return (
            f"Few events ({said}): log odds of so few depend on the number of events "
            f"looked at, so that a change in n alone would pass for an effect. "
            f"The fractions k / n are analysed, whose mean does not depend on n "
            f"(by simulation Welch's t of them rejects in at most 4.2 % of studies "
            f"without a change, down to .1 expected events).{none}"
        )


def scarcity_of(
    counts: pd.DataFrame, labels: Mapping[str, str], visits: tuple[str, ...]
) -> Scarcity | None:
    """Look for groups and visits with too few events for log odds.

    Parameters
    ----------
    counts : DataFrame
        One outcome: ``patient, visit, k, n``; missing where nothing was counted.
    labels : mapping of str to str
        Label of each patient; without any, all patients are one group.
    visits : tuple of str
        In order.

    Returns
    -------
    Scarcity or None
        None where every group has at least :data:`FEWEST_EVENTS` events, and as
        many other ones, per sample at every visit.
    """
    known = counts[(counts["n"] > 0) & counts["k"].notna()]
    group = known["patient"].map(dict(labels))
    decided = group.isin([RESPONDER, NON_RESPONDER])
    if decided.any():
        known, group = known[decided], group[decided] + "s"
    else:
        group = known["patient"].map(lambda _: "patients")
    cells, empty = [], []
    for visit in visits:
        for name in dict.fromkeys(group):
            own = known[(known["visit"] == visit) & (group == name)]
            if own.empty:
                continue
            k, rest = own["k"].to_numpy(float), (own["n"] - own["k"]).to_numpy(float)
            where = f"in {name} at {visit}"
            if k.sum() == 0:
                empty.append(f"no event {where}")
            elif rest.sum() == 0:
                empty.append(f"nothing but events {where}")
            elif min(np.mean(k), np.mean(rest)) < FEWEST_EVENTS:
                few = "events" if np.mean(k) <= np.mean(rest) else "other events"
                cells.append(
                    f"{min(np.mean(k), np.mean(rest)):.2g} {few} on average {where}"
                )
    return Scarcity(tuple(cells), tuple(empty)) if cells or empty else None


def use_fractions_where_scarce(
    observations: pd.DataFrame, labels: Mapping[str, str], visits: tuple[str, ...]
) -> dict[str, Scarcity]:
    """Replace log odds of outcomes with too few events by their fractions, in place.

    Parameters
    ----------
    observations : DataFrame
        ``outcome, patient, visit, k, n, value, analysed``.
    labels, visits
        As of :func:`scarcity_of`.

    Returns
    -------
    dict of str to Scarcity
        The outcomes that were changed, and why.
    """
    found = {}
    for outcome in dict.fromkeys(observations["outcome"]):
        own = observations["outcome"] == outcome
        counts = observations.loc[own, ["patient", "visit", "k", "n"]]
        scarcity = scarcity_of(counts, labels, visits)
        if scarcity is not None:
            found[outcome] = scarcity
            observations.loc[own, "analysed"] = observations.loc[own, "value"]
    return found
