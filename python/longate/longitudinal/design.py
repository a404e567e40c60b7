"""The design: who was seen when, with which label, and what is compared."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from longate._names import name_of, require_names
from longate._validation import listed, require_columns, suggest, table_of
from longate._visits import VisitOrder, order_visits
from longate.exceptions import DesignError
from longate.longitudinal.covariates import checked_covariates
from longate.longitudinal.labels import match_labels, with_spelling
from longate.longitudinal.scarce import use_fractions_where_scarce
from longate.longitudinal.ties import difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal.labels import Labels
    from longate.longitudinal.measure import Measure
    from longate.longitudinal.scarce import Scarcity

JOIN = " · "
_WHAT = "the data"


@dataclass(frozen=True)
class Design:
    """Checked observations and the comparison that was declared.

    Attributes
    ----------
    measure : Measure
        What is analysed, on which scale.
    observations : DataFrame
        outcome, patient, visit (ordered categorical), value, analysed; one row
        per outcome, patient and visit of the data, missing values included.
    outcomes : tuple of str
        The outcomes, in order; one with the measure's name where there is no
        `by`.
    order : VisitOrder
        The visits in the data.
    baseline, last : str
        The visits whose difference is the change.
    labels : Labels
        The patients' labels.
    source : DataFrame
        outcome, patient, visit, and the columns of the data that models need.
    scarcity : mapping of str to Scarcity
        Outcomes that were declared on the logit scale and have too few events for
        it; they are analysed as fractions.
    """

    measure: Measure
    observations: pd.DataFrame
    outcomes: tuple[str, ...]
    order: VisitOrder
    baseline: str
    last: str
    labels: Labels
    source: pd.DataFrame
    scarcity: Mapping[str, Scarcity] = field(default_factory=dict)

    @property
    def limits(self) -> tuple[str, ...]:
        """What has to be said of the patients and scales, in sentences."""
        scarce = [f"{name}: {one.words()}" for name, one in self.scarcity.items()]
        return (*self.labels.limits, *scarce)

    def measure_of(self, outcome: str) -> Measure:
        """Return what is analysed of one outcome: its fraction where events are few."""
        if outcome in self.scarcity:
            return replace(self.measure, scale="fraction")
        return self.measure

    @cached_property
    def _wide(self) -> pd.DataFrame:
        wide = self.observations.astype({"visit": str}).pivot(
            index=["outcome", "patient"], columns="visit", values="analysed"
        )
        return wide.reindex(columns=list(self.order.names))

    def of(self, outcome: str) -> pd.DataFrame:
        """Return one outcome on the scale of analysis, patients by visits."""
        return self._wide.loc[outcome]


def read_design(
    data: object,
    labels: Labels,
    measure: Measure,
    *,
    by: str | Sequence[str] | None,
    family: Sequence[str] | None,
    baseline: object,
    last: object,
    covariates: Sequence[str] = (),
    visit_order: Sequence[object] | None = None,
) -> Design:
    """Check the data and bring them into the form of a design.

    Raises
    ------
    DesignError
        If columns are missing, visits have no order, patient-visits repeat,
        or schemes are mixed; rows are named.
    """
    import pandas as pd

    frame = table_of(data, _WHAT, DesignError)
    groupers = [by] if isinstance(by, str) else list(by or [])
    require_columns(
        frame,
        ["patient", "visit", *groupers, *measure.columns, *covariates],
        _WHAT,
        DesignError,
    )
    _require_keys(frame, groupers)
    outcome = _outcomes(frame, groupers, measure)
    frame, outcome = _of_family(frame, outcome, family, groupers)
    names = require_names(frame, ["patient", "visit"], _WHAT, DesignError)
    patient, visit = names["patient"], names["visit"]
    if len(covariates):
        own = checked_covariates(frame, patient, visit, covariates, measure.columns)
        frame = frame.assign(**{name: own[name] for name in covariates})
    labels = match_labels(labels, patient, _WHAT)
    labels = with_spelling(labels, {"visit": visit, "outcome": outcome}, _WHAT)
    order = _order(frame["visit"], visit, baseline, last, visit_order)
    where = "patient " + patient.map(repr) + ", visit " + visit.map(repr)
    if groupers:
        where = outcome.map(repr) + ", " + where
    read = measure.read(frame, where)
    _require_one_scheme(frame)
    keys = pd.DataFrame({"outcome": outcome, "patient": patient, "visit": visit})
    _require_single(frame, keys, where, groupers)
    observations = pd.concat([keys, read], axis=1).reset_index(drop=True)
    scarcity = (
        use_fractions_where_scarce(observations, labels.by_patient, order.names)
        if measure.scale == "logit"
        else {}
    )
    observations = observations[[*keys, "value", "analysed"]].copy()
    observations["visit"] = pd.Categorical(
        observations["visit"], list(order.names), ordered=True
    )
    first = order.names[0] if baseline is None else name_of(baseline)
    final = order.names[-1] if last is None else name_of(last)
    columns = list(dict.fromkeys([*measure.columns, *covariates]))
    return Design(
        measure=measure,
        observations=observations.sort_values(["outcome", "patient", "visit"]),
        outcomes=tuple(dict.fromkeys(outcome if family is None else family)),
        order=order,
        baseline=first,
        last=final,
        labels=labels,
        source=pd.concat([keys, frame[columns]], axis=1).reset_index(drop=True),
        scarcity=scarcity,
    )


def _require_keys(frame: pd.DataFrame, groupers: list[str]) -> None:
    if frame.empty:
        msg = f"{_WHAT} have no rows"
        raise DesignError(msg)
    for column in ["patient", "visit", *groupers]:
        empty = frame[column].isna()
        if empty.any():
            msg = (
                f"{_WHAT} have no {column} in row(s) {listed(frame.index[empty])}; "
                f"every row needs one"
            )
            raise DesignError(msg)


def _outcomes(frame: pd.DataFrame, groupers: list[str], measure: Measure) -> pd.Series:
    import pandas as pd

    if not groupers:
        return pd.Series(measure.name, index=frame.index, dtype=object)
    first, *others = (frame[name].astype(str).astype(object) for name in groupers)
    for other in others:
        first = first + JOIN + other
    return first.rename(None)


def _of_family(
    frame: pd.DataFrame,
    outcome: pd.Series,
    family: Sequence[str] | None,
    groupers: list[str],
) -> tuple[pd.DataFrame, pd.Series]:
    """Keep the outcomes of the declared family."""
    if family is None:
        return frame, outcome
    if not groupers:
        msg = (
            "family= lists the outcomes of by= that were declared; without by= "
            "there is a single outcome"
        )
        raise DesignError(msg)
    if isinstance(family, str) or not len(family):
        msg = f"family must be a list of outcomes, at least one; got {family!r}"
        raise DesignError(msg)
    known = list(dict.fromkeys(outcome))
    for name in family:
        if name not in known:
            msg = (
                f"family names {name!r}, which is not an outcome of the data; known "
                f"are {listed(known)}{suggest(str(name), known)}"
            )
            raise DesignError(msg)
    keep = outcome.isin(list(family))
    return frame[keep], outcome[keep]


def _order(
    column: pd.Series,
    names: pd.Series,
    baseline: object,
    last: object,
    visit_order: Sequence[object] | None,
) -> VisitOrder:
    """Order the visits that occur, and check the two that are compared."""
    full = order_visits(column, error=DesignError, visit_order=visit_order)
    seen = set(names)
    order = VisitOrder(
        tuple(name for name in full.names if name in seen), full.basis, full.certain
    )
    if len(order.names) < 2:
        msg = (
            f"{_WHAT} have one visit only ({listed(order.names)}); a change needs a "
            f"baseline and a later visit"
        )
        raise DesignError(msg)
    for argument, given in (("baseline", baseline), ("last", last)):
        name = None if given is None else name_of(given)
        if name is not None and name not in order.names:
            msg = (
                f"{argument}={name!r} is not a visit of the data; they have "
                f"{listed(order.names)}{suggest(name, order.names)}"
            )
            raise DesignError(msg)
    if not order.certain and (baseline is None or last is None):
        msg = (
            f"the order of the visits {listed(order.names)} cannot be known; pass "
            f"visit_order=[...], first to last"
        )
        raise DesignError(msg)
    first = order.names[0] if baseline is None else name_of(baseline)
    final = order.names[-1] if last is None else name_of(last)
    late = order.names.index(first) >= order.names.index(final)
    if first == final or (order.certain and late):
        msg = (
            f"baseline={first!r} must come before last={final!r}; the order of "
            f"visits is {order}"
        )
        raise DesignError(msg)
    return order


def _require_one_scheme(frame: pd.DataFrame) -> None:
    """Scores of different schemes are different quantities."""
    if "scheme" not in frame:
        return
    schemes = list(dict.fromkeys(frame["scheme"].dropna().astype(str)))
    if len(schemes) > 1:
        msg = (
            f"{_WHAT} mix scores of different schemes ({listed(schemes)}), which "
            f"cannot be compared; keep one: data[data['scheme'] == {schemes[0]!r}]"
        )
        raise DesignError(msg)


def _require_single(
    frame: pd.DataFrame, keys: pd.DataFrame, where: pd.Series, groupers: list[str]
) -> None:
    repeated = keys.duplicated(keep=False)
    if not repeated.any():
        return
    columns = ("population", "tube", "stage", "marker", "channel", "run")
    for column in columns:
        if column in frame and column not in groupers:
            finer = keys.assign(extra=frame[column].astype(str))
            if not finer.duplicated().any():
                right = f"give by={[*groupers, column]!r}, or keep one {column}"
                break
    else:
        right = "keep one row for each, or give by="
    rows = list(dict.fromkeys(where[repeated]))
    shown = "; ".join(rows[:5]) + (f"; {len(rows) - 5} more" if len(rows) > 5 else "")
    at = listed(frame.index[repeated.to_numpy()], most=6)
    msg = (
        f"{_WHAT} have more than one row for: {shown} (rows {at}). {right[0].upper()}"
        f"{right[1:]}"
    )
    raise DesignError(msg)


@dataclass(frozen=True, eq=False)
class Changes:
    """One outcome's changes from baseline to the last visit, by patient.

    Attributes
    ----------
    table : DataFrame
        patient, label, baseline, last, change (scale of analysis), in_primary;
        patients with a label and both visits.
    """

    table: pd.DataFrame

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {name: self.table[name].to_numpy() for name in self.table}

    def group(self, label: str, column: str = "change") -> NDArray[np.float64]:
        """Return one label's values, in the order of the table."""
        own = self._arrays[column][self._arrays["label"] == label]
        return np.asarray(own, dtype=np.float64)

    def patients(self, label: str) -> list[str]:
        """Return one label's patients, in the order of the table."""
        return list(self._arrays["patient"][self._arrays["label"] == label])


def changes_of(design: Design, outcome: str) -> Changes:
    """Form the changes of the labelled patients who have both visits."""
    import pandas as pd

    wide = design.of(outcome)
    labels = design.labels.by_patient
    start, end = (wide[visit].to_numpy() for visit in (design.baseline, design.last))
    known = np.array([name in labels for name in wide.index], dtype=bool)
    both = known & ~np.isnan(start) & ~np.isnan(end)
    patients = wide.index.to_numpy(dtype=object)[both]
    table = pd.DataFrame(
        {
            "outcome": outcome,
            "patient": patients,
            "label": np.array([labels[name] for name in patients], dtype=object),
            "baseline": start[both],
            "last": end[both],
            "change": difference(end[both], start[both]),
        }
    )
    table["in_primary"] = table["label"] != "unclassifiable"
    return Changes(table)
