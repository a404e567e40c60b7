"""Each patient's change of phenotypic maturation, by three measures side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from longate._label_matching import labels_by_patient
from longate._names import name_of
from longate._visits import natural_key
from longate.exceptions import ClinicalError
from longate.plot.visit_order import visits_of
from longate.reporting import document as doc

if TYPE_CHECKING:
    from longate.nk import Maturation, ReferenceChange

_DOMINANCE = {
    "higher": "up",
    "lower": "down",
    "crossing": "either way",
    "unchanged": "unchanged",
}


def changes_section(
    maturation: Maturation,
    superiority: pd.DataFrame,
    reference: ReferenceChange | None,
    response: Any,
) -> doc.Section:
    """Return index change, direction, superiority and verdict by patient.

    Parameters
    ----------
    maturation : Maturation
        Whose changes and event scores are shown.
    superiority : DataFrame
        From ``maturation.superiority()``.
    reference : ReferenceChange or None
        Verdicts on single patients, of the index.
    response : Response or DataFrame or None
        Labels, shown beside.
    """
    rows = _joined(maturation.changes(), superiority, reference, response)
    visits = visits_of(maturation.table["visit"])
    later = [v for v in visits if (rows["to"].astype(str) == v).any()]
    last = later[-1]
    first = str(rows["from"].iloc[0])
    blocks = [
        doc.paragraph(_answer(rows[rows["to"].astype(str) == last], reference)),
        *_reference_words(reference),
        doc.table(
            _shown(rows[rows["to"].astype(str) == last]),
            caption=f"{first} to {last}; brackets hold counting error alone",
        ),
        doc.paragraph(
            "Probability of superiority (Mann-Whitney): the chance that an NK cell of "
            "the later visit has a higher "
            "event score than one of the baseline, ties counting half; 0.5 is no "
            "shift. The handling-robust score uses CD56, NKG2A, KIR and CD57 "
            "alone. Over all stage weights: the smallest and largest change of the "
            "index that any increasing weights from 0 to 1 would give; “up” and "
            "“down” where none of them turns the sign. All of this is phenotypic "
            "maturation: it claims no lineage, and does not say that more mature is "
            "better.",
            kind="note",
        ),
        *(
            doc.folded(
                f"{first} to {visit}",
                doc.table(_shown(rows[rows["to"].astype(str) == visit])),
            )
            for visit in later[:-1]
        ),
        doc.folded("Event scores of every sample", _scores(maturation)),
    ]
    return doc.Section("changes", "Each patient's change", blocks)


def _joined(
    changes: pd.DataFrame,
    superiority: pd.DataFrame,
    reference: ReferenceChange | None,
    response: Any,
) -> pd.DataFrame:
    keys = ["patient", "from", "to"]
    known = changes[~changes["missing"].astype(bool)].copy()
    wanted = ["theta", "counting_low", "counting_high"]
    wanted += [f"robust_{name}" for name in wanted]
    renamed = {name: f"rank_{name}" for name in wanted}
    rows = known.merge(
        superiority[[*keys, *wanted]].rename(columns=renamed), on=keys, how="left"
    )
    if reference is not None:
        judged = reference.table[["patient", "contrast", "limit", "verdict"]]
        rows["contrast"] = rows["to"].astype(str) + " - " + rows["from"].astype(str)
        rows = rows.merge(judged, on=["patient", "contrast"], how="left")
    if response is not None:
        labels = labels_by_patient(response, "response", ClinicalError)
        rows["label"] = rows["patient"].map(name_of).map(labels)
    # By patient, not by response: nobody's row tells the label by its position.
    return rows.sort_values("patient", key=lambda names: names.map(natural_key))


def _answer(rows: pd.DataFrame, reference: ReferenceChange | None) -> str:
    """Say how many changed by each measure; groups are not compared here."""
    n = len(rows)
    up = int((rows["rank_counting_low"] > 0.5).sum())
    down = int((rows["rank_counting_high"] < 0.5).sum())
    free = int(rows["dominance"].isin(["higher", "lower"]).sum())
    head = (
        f"Of {n} patients with both visits, {up} have NK cells that rank higher on the "
        f"event score than at baseline and {down} lower, by more than counting error; "
        f"in {free} the sign of the index change is free of the stage weights."
    )
    if reference is None:
        return head + (
            " Counting error alone claims no change of a patient: biology and assay "
            "vary between visits too."
        )
    changed = int(rows["verdict"].isin(["rise", "fall"]).sum())
    return head + (
        f" {changed} exceed their reference change value, which holds counting, assay "
        "and biological variation: only these are called changed, and about "
        f"{0.05 * n:.1f} of {n} would be by chance."
    )


def _reference_words(reference: ReferenceChange | None) -> list[str]:
    if reference is None:
        return []
    parts = reference.components
    shown = pd.DataFrame(
        {
            "component": parts["component"],
            "standard deviation": parts["size"],
            "% of the variance of a change": 100 * parts["share"],
            "source": parts["source"],
        }
    )
    digits = {"% of the variance of a change": 0}
    words = "Components of the reference change value"
    return [doc.table(shown, digits=digits, caption=words)]


def _shown(rows: pd.DataFrame) -> pd.DataFrame:
    shown: dict[str, Any] = {"patient": rows["patient"]}
    if "label" in rows:
        shown["response"] = rows["label"]
    names = ["change", "counting_low", "counting_high"]
    shown["index change"] = _bracketed(rows, names, signed=True)
    shown["over all stage weights"] = [
        f"{_DOMINANCE.get(word, '–')} ({_signed(low)} to {_signed(high)})"
        for word, low, high in rows[
            ["dominance", "weight_min", "weight_max"]
        ].itertuples(index=False)
    ]
    ends = ["theta", "counting_low", "counting_high"]
    shown["probability of superiority"] = _bracketed(
        rows, [f"rank_{name}" for name in ends]
    )
    shown["handling-robust"] = _bracketed(
        rows, [f"rank_robust_{name}" for name in ends]
    )
    if "verdict" in rows:
        shown["reference change"] = [
            "–" if pd.isna(limit) else f"{verdict} (±{limit:.3f})"
            for verdict, limit in zip(rows["verdict"], rows["limit"], strict=True)
        ]
    return pd.DataFrame(shown)


def _bracketed(
    rows: pd.DataFrame, names: list[str], *, signed: bool = False
) -> list[str]:
    write = _signed if signed else _plain
    return [
        "–" if pd.isna(a) else f"{write(a)} [{write(b)}, {write(c)}]"
        for a, b, c in rows[names].itertuples(index=False)
    ]


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def _plain(value: float) -> str:
    return f"{value:.3f}"


def _scores(maturation: Maturation) -> str:
    table = maturation.event_scores
    columns = ["sample", "n", "cells", "coverage"]
    shown = table[columns].assign(
        mean=_bracketed(table, ["mean", "mean_low", "mean_high"]),
        median=_bracketed(table, ["median", "median_low", "median_high"]),
    )
    robust = ["robust_mean", "robust_mean_low", "robust_mean_high"]
    shown["handling-robust mean"] = _bracketed(table, robust)
    headings = {"n": "NK cells", "coverage": "weights measured"}
    note = doc.paragraph(
        f"Score of an event between 0 and 1 from {table['markers'].iloc[0]}: the "
        "probability of being positive for each marker, with the direction in which "
        "CD56bright and terminal NK cells differ. Intervals are counting error.",
        kind="note",
    )
    return note + doc.table(shown, headings=headings)
