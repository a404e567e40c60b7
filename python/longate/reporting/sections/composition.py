"""Section on the stages of NK cells, by visit and response."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from longate.exceptions import NameWarning
from longate.plot.palette import stage_words
from longate.plot.visit_order import visits_of
from longate.reporting import document as doc


def stages_section(maturation: Any, response: Any) -> doc.Section:
    """Return the stage picture and the table of mean fractions.

    Parameters
    ----------
    maturation : Maturation
        With ``.stages`` and ``.table``.
    response : Response or DataFrame or None
        Labels of the patients; without it, all patients are shown together.
    """
    from longate.plot import stages

    table = maturation.stages
    with warnings.catch_warnings():
        # The analysis has said which patients did not match, and its limits name them.
        warnings.simplefilter("ignore", NameWarning)
        drawn = stages(maturation, response, unmatched="drop")
    notes = getattr(maturation, "notes", ())
    schemes = list(dict.fromkeys(maturation.table["scheme"].astype(str)))
    return doc.Section(
        "stages",
        "NK stages",
        [
            doc.picture(
                drawn,
                alt="Mean stage fractions by visit, stacked, for each response label",
                caption="Mean of the patients' stage fractions, in percent of the NK "
                "parent; grey stages lie off the maturation axis and do not enter the "
                "index. The bars of different visits may be of different patients.",
            ),
            doc.table(
                _means(table),
                digits=dict.fromkeys(visits_of(table["visit"]), 2),
                headings={"few": "samples with < 50 events"},
                caption="Mean % of NK cells over all patients seen at the visit",
            ),
            doc.paragraph(f"Scheme {', '.join(schemes)}.", kind="note"),
            *(doc.paragraph(note, kind="note") for note in notes),
        ],
    )


def _means(stages: pd.DataFrame) -> pd.DataFrame:
    """Return stage, weight, mean % by visit, and how many samples count few events."""
    seen = stages.groupby("stage")["n_events"].transform("sum") > 0
    stages = stages[seen | stages["on_axis"]]
    order = stages.drop_duplicates("stage").sort_values(
        ["on_axis", "weight"], ascending=[False, True], kind="stable"
    )
    means = stages.pivot_table(
        index="stage", columns="visit", values="fraction", aggfunc="mean", observed=True
    )
    few = (stages["n_events"] < 50).groupby(stages["stage"]).sum()
    rows: dict[str, list[Any]] = {
        "stage": [stage_words(str(s)) for s in order["stage"]],
        "weight": ["off axis" if not a else f"{w:g}" for a, w in _axis(order)],
    }
    for visit in visits_of(stages["visit"]):
        rows[visit] = [100 * float(means.loc[s, visit]) for s in order["stage"]]
    rows["few"] = [int(few[s]) for s in order["stage"]]
    return pd.DataFrame(rows)


def _axis(order: pd.DataFrame) -> list[tuple[bool, float]]:
    return list(zip(order["on_axis"], order["weight"], strict=True))
