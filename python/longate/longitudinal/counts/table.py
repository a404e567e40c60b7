"""From tidy tables to counts by patient and visit, and their design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from longate._names import names_of
from longate._validation import require_columns, table_of
from longate.exceptions import DesignError
from longate.longitudinal.design import read_design
from longate.longitudinal.labels import (
    NON_RESPONDER,
    RESPONDER,
    read_labels,
    refuse_circular,
)
from longate.longitudinal.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from longate.longitudinal.design import Design

    Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CountTable:
    """Counts of labelled patients at visits, and the design of visit x response.

    Attributes
    ----------
    k : (P, J) array
        Events; 0 where there is no count.
    size : (P, J) array
        All events n, or microlitres of blood; 0 where there is no count.
    design : (P, J, p) array
        Intercept, visits, responder, visits x responder.
    terms : tuple of str
        Names of the p columns.
    responder : (P,) array of bool
        The patients' labels.
    visits : tuple of str
        The J visits.
    baseline, last : str
        The visits that are compared.
    notes : tuple of str
        What was left out.
    """

    k: Array
    size: Array
    design: Array
    terms: tuple[str, ...]
    responder: NDArray[np.bool_]
    visits: tuple[str, ...]
    baseline: str
    last: str
    notes: tuple[str, ...]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which patient has which visit."""
        return self.size > 0

    @property
    def term(self) -> str:
        """The name of the difference in change."""
        return f"visit[{self.last}]:label[{RESPONDER}]"


def read_counts(
    data: object,
    response: object,
    *,
    k: str,
    size: str,
    whole: bool,
    baseline: object,
    last: object,
    circular: str,
    unmatched: str = "error",
    visit_order: Sequence[object] | None = None,
) -> CountTable:
    """Check the tables and lay them out.

    Parameters
    ----------
    data, response : DataFrame or result with a ``.table``
        ``patient, visit`` and the columns `k`, `size`; ``patient, label``.
    k, size : str
        Columns of events and of what they are out of.
    whole : bool
        Whether `size` is a count that holds `k`; else any amount above 0.
    baseline, last : visit or None
        The visits to compare.
    circular : {"refused", "allowed"}
        What to do with labels that were derived from `k` or `size`.
    unmatched : {"error", "drop"}
        What to do with patients of the labels alone, or of the data alone.
    visit_order : sequence of visits, optional
        Every visit, first to last.

    Raises
    ------
    DesignError
        If a count is no count, a group has fewer than two patients, or a visit
        to be compared was seen in one group only.
    """
    labels = read_labels(response, unmatched=unmatched)
    refuse_circular(labels, (k, size), circular)
    frame = table_of(data, "the data", DesignError)
    require_columns(frame, ["patient", "visit", k, size], "the data", DesignError)
    if not whole:
        _require_amounts(frame, k, size)
    measure = Measure.of((k, size) if whole else k, "logit" if whole else "identity")
    design = read_design(
        frame,
        labels,
        measure,
        by=None,
        family=None,
        baseline=baseline,
        last=last,
        visit_order=visit_order,
    )
    cells = frame.assign(
        patient=names_of(frame["patient"]),
        visit=names_of(frame["visit"]),
    )
    known = cells[k].notna() & (cells[size].fillna(0) > 0)
    labelled = cells["patient"].map(labels.by_patient).isin([RESPONDER, NON_RESPONDER])
    cells = cells[known & labelled]
    return _laid_out(cells, design, k, size)


def _require_amounts(frame: pd.DataFrame, k: str, size: str) -> None:
    import pandas as pd

    counts = pd.to_numeric(frame[k], errors="coerce").astype("float64")
    amounts = pd.to_numeric(frame[size], errors="coerce").astype("float64")
    bad = frame[k].notna() & ~((counts >= 0) & (counts % 1 == 0))
    bad |= frame[size].notna() & ~((amounts > 0) & np.isfinite(amounts))
    if bad.any():
        rows = [
            f"patient {p!r}, visit {v!r} ({a} in {b})"
            for p, v, a, b in frame.loc[bad, ["patient", "visit", k, size]].to_numpy()
        ]
        more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
        msg = (
            f"{k} must be counts, 0 or more, and {size} amounts above 0, but are not "
            f"in {', '.join(rows[:5])}{more}"
        )
        raise DesignError(msg)


def _laid_out(cells: pd.DataFrame, design: Design, k: str, size: str) -> CountTable:
    labels = design.labels.by_patient
    by_group = cells["patient"].map(labels).groupby(cells["visit"]).nunique()
    visits, notes = [], list(design.labels.limits)
    for visit in design.order.names:
        if by_group.get(visit, 0) == 2:
            visits.append(visit)
        elif visit in (design.baseline, design.last):
            msg = (
                f"counts at {visit!r} are known in one group only or in none, so the "
                f"difference in change from {design.baseline!r} to {design.last!r} "
                f"cannot be formed"
            )
            raise DesignError(msg)
        else:
            notes.append(f"visit {visit} was left out: not seen in both groups")
    cells = cells[cells["visit"].isin(visits)]
    patients = list(dict.fromkeys(cells["patient"]))
    responder = np.array([labels[name] == RESPONDER for name in patients])
    for label, own in ((RESPONDER, responder), (NON_RESPONDER, ~responder)):
        if own.sum() < 2:
            msg = (
                f"a count model needs two patients of each label with counts, got "
                f"{own.sum()} {label}"
            )
            raise DesignError(msg)
    rows = cells["patient"].map({name: at for at, name in enumerate(patients)})
    columns = cells["visit"].map({name: at for at, name in enumerate(visits)})
    filled = np.zeros((2, len(patients), len(visits)))
    filled[:, rows, columns] = cells[[k, size]].to_numpy(np.float64).T
    matrix, terms = _design(responder, visits, design.baseline)
    return CountTable(
        k=filled[0],
        size=filled[1],
        design=matrix,
        terms=terms,
        responder=responder,
        visits=tuple(visits),
        baseline=design.baseline,
        last=design.last,
        notes=tuple(notes),
    )


def _design(
    responder: NDArray[np.bool_], visits: list[str], baseline: str
) -> tuple[Array, tuple[str, ...]]:
    later = [visit for visit in visits if visit != baseline]
    at = np.array([[visit == name for visit in later] for name in visits], float)
    times = np.concatenate([np.ones((len(visits), 1)), at], axis=1)
    own = responder.astype(float)[:, None, None] * times
    shared = np.broadcast_to(times, own.shape)
    first, group = [f"visit[{visit}]" for visit in later], f"label[{RESPONDER}]"
    crossed = [f"{name}:{group}" for name in first]
    terms = ("(Intercept)", *first, group, *crossed)
    return np.concatenate([shared, own], axis=2), terms
