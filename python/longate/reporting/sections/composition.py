"""What the NK cells were: stages by visit and response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from longate.plot.palette import stage_words
from longate.plot.visit_order import visits_of
from longate.reporting import document as doc

if TYPE_CHECKING:
    from collections.abc import Sequence


def stages_section(maturation: Any, response: Any) -> doc.Section:
    """Return the stage picture and the table of mean fractions.

    Parameters
    ----------
    maturation : Maturation
        With ``.stages`` and ``.table``.
    response : Response or DataFrame or None
        Labels of the patients; without it, all patients stand together.
    """
    from longate.plot import stages

    table = maturation.stages
    schemes = list(dict.fromkeys(maturation.table["scheme"].astype(str)))
    return doc.Section(
        "stages",
        "NK stages",
        [
            doc.picture(
                stages(maturation, response),
                alt="Mean stage fractions by visit, stacked, for each response label",
                caption="Mean of the patients' stage fractions, in percent of the NK "
                "parent; grey stages lie off the maturation axis and do not enter the "
                "index. Different patients stand behind the bars of different visits.",
            ),
            doc.table(
                _means(table),
                digits=dict.fromkeys(visits_of(table["visit"]), 2),
                caption="Mean % of NK cells over all patients seen at the visit; "
                "small samples: stage with fewer than 50 events",
            ),
            doc.paragraph(f"Scheme {_joined(schemes)}.", kind="note"),
        ],
    )


def _means(stages: pd.DataFrame) -> pd.DataFrame:
    """Return stage, weight, mean % by visit, and how many samples count few events."""
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
    rows["small samples"] = [int(few[s]) for s in order["stage"]]
    return pd.DataFrame(rows)


def _axis(order: pd.DataFrame) -> list[tuple[bool, float]]:
    return list(zip(order["on_axis"], order["weight"], strict=True))


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names)
