"""One value per patient, at a visit or of a change, with the patient's label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._names import name_of, require_names
from longate._validation import listed, require_columns, suggest, table_of
from longate._visits import order_visits
from longate.exceptions import DesignError
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    match_labels,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.measure import Measure
from longate.longitudinal.scarce import use_fractions_where_scarce
from longate.longitudinal.ties import difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

BEFORE = "measured before the period that made the labels"
WITHIN = (
    "measured within the period that made the labels: an association, not a prediction"
)
UNKNOWN = "whether the value precedes the labels is not known"


@dataclass(frozen=True, eq=False)
class CrossSection:
    """Labelled patients by outcomes.

    Attributes
    ----------
    wide : DataFrame
        Patients by outcomes, float64, missing values included.
    first : (n_patients,) array of bool
        Who is a responder; the others are non-responders.
    when : str
        The visit, or the later minus the earlier one.
    timing : str
        Whether the value precedes the labels.
    limits : tuple of str
        Patients who were left out as unmatched, by name.
    """

    wide: pd.DataFrame
    first: NDArray[np.bool_]
    when: str
    timing: str
    limits: tuple[str, ...]

    def groups(self, outcome: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return responders' and non-responders' known values."""
        values = self.wide[outcome].to_numpy(dtype=np.float64)
        known = ~np.isnan(values)
        return values[known & self.first], values[known & ~self.first]


def read_cross_section(
    data: object,
    response: object,
    *,
    value: str | tuple[str, str],
    visit: object,
    by: str | None,
    scale: str,
    circular: str,
    unmatched: str = "error",
) -> CrossSection:
    """Check the data and return one value per labelled patient and outcome.

    Raises
    ------
    DesignError
        If columns or visits are missing, patient-visits repeat, values are not
        numbers, or labels are circular.
    """
    import pandas as pd

    measure = Measure.of(value, scale)
    labels = read_labels(response, unmatched=unmatched)
    refuse_circular(labels, measure.columns, circular)
    frame = table_of(data, "the data", DesignError)
    groupers = [] if by is None else [by]
    needed = ["patient", "visit", *groupers, *measure.columns]
    require_columns(frame, needed, "the data", DesignError)
    names = require_names(frame, ["patient", "visit"], "the data", DesignError)
    labels = match_labels(labels, names["patient"])
    keys = pd.DataFrame(
        {
            "patient": names["patient"],
            "visit": names["visit"],
            "outcome": frame[by].astype(str) if by else measure.name,
        }
    )
    where = "patient " + keys["patient"] + ", visit " + keys["visit"]
    keys = keys.join(measure.read(frame, where))
    repeated = keys.duplicated(["patient", "visit", "outcome"], keep=False)
    if repeated.any():
        rows = listed(dict.fromkeys(where[repeated]), most=5)
        msg = f"the data have more than one row for {rows}; keep one, or give by="
        raise DesignError(msg)
    visits = _visits(visit, frame["visit"], list(dict.fromkeys(keys["visit"])))
    limits = list(labels.limits)
    if measure.scale == "logit":
        chosen = keys[keys["visit"].isin(visits)].copy()
        scarcity = use_fractions_where_scarce(chosen, labels.by_patient, tuple(visits))
        limits += [f"{name}: {found.words()}" for name, found in scarcity.items()]
        keys = chosen
    wide = [
        keys[keys["visit"] == name].pivot(
            index="patient", columns="outcome", values="analysed"
        )
        for name in visits
    ]
    table = wide[0] if len(wide) == 1 else _change(wide[0], wide[1])
    known = [
        name
        for name in table.index
        if labels.by_patient.get(name) in (RESPONDER, NON_RESPONDER)
    ]
    outcomes = list(dict.fromkeys(keys["outcome"]))
    table = table.reindex(index=known, columns=outcomes)
    first = np.array([labels.by_patient[name] == RESPONDER for name in known])
    return CrossSection(
        table,
        first.astype(bool),
        " - ".join(reversed(visits)),
        _timing(response, visits[-1]),
        tuple(limits),
    )


def _change(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Return later minus earlier, with ties settled, by patient and outcome."""
    earlier, later = earlier.align(later)
    return earlier.apply(lambda one: difference(later[one.name], one))


def _visits(visit: object, column: pd.Series, known: Sequence[str]) -> list[str]:
    names = [name_of(one) for one in (visit if isinstance(visit, tuple) else [visit])]
    if len(names) > 2 or len(set(names)) < len(names):
        msg = f"visit must be a visit, or a pair (earlier, later); got {visit!r}"
        raise DesignError(msg)
    for name in names:
        if name not in known:
            msg = (
                f"visit={name!r} is not a visit of the data; they have "
                f"{listed(known)}{suggest(name, known)}"
            )
            raise DesignError(msg)
    order = order_visits(column.dropna(), error=DesignError)
    positions = [order.names.index(name) for name in names if name in order.names]
    if order.certain and positions != sorted(positions):
        msg = (
            f"visit={visit!r} runs backwards: the order of visits is {order}; write "
            f"the earlier visit first, visit={tuple(reversed(names))!r}"
        )
        raise DesignError(msg)
    return names


def _timing(response: object, visit: str) -> str:
    """Say whether a visit comes before the window that made the labels."""
    window = getattr(getattr(response, "visits", None), "names", ())
    if not window:
        return UNKNOWN
    return WITHIN if visit in window[1:] else BEFORE
