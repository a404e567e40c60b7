"""Sensitivity of the conclusion to thresholds, gain, counts and handling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from longate.nk.robustness.tables import ANY_CD16, GATES
from longate.reporting import document as doc

if TYPE_CHECKING:
    from longate.nk import Robustness

_FIXED = ("anchored", GATES, ANY_CD16)


def robustness_section(robustness: Robustness) -> doc.Section:
    """Return the conclusion under other thresholds, the nearest gain, and open words.

    Parameters
    ----------
    robustness : Robustness
        From :func:`longate.nk.robustness`.
    """
    conclusion = robustness.conclusion
    estimand = _minus(conclusion["estimand"].iloc[0])
    words = list(robustness.words)
    contrasts = list(dict.fromkeys(conclusion["contrast"]))
    first, later = words[: len(contrasts)], words[len(contrasts) :]
    blocks = [
        doc.paragraph(_answer(conclusion, robustness.conclusion_gains)),
        doc.table(
            _side_by_side(conclusion),
            digits=dict.fromkeys(
                ("anchored", "strategy's gates", "any CD16", "lowest", "highest"), 3
            ),
            caption=f"{estimand[:1].upper()}{estimand[1:]}, with thresholds as they "
            "are and moved one at a time",
        ),
        doc.table(
            _gains(robustness.conclusion_gains, ["contrast"], "none from 1/4 to 4"),
            caption="Smallest gain change of one channel that would by itself produce "
            "this under fixed gates, if it hit the baseline of one group alone",
        ),
        doc.heading("What this panel and this study cannot exclude"),
        doc.bullets(later, kind="limits"),
        doc.folded(
            "Every moved threshold",
            doc.bullets(first, kind="limits") + doc.table(_moves(conclusion)),
        ),
        doc.folded("Every sample, anchored beside fixed gates", _samples(robustness)),
        doc.folded("Every patient: the smallest gain", _by_patient(robustness)),
    ]
    return doc.Section("robustness", "Robustness of the answer", blocks)


def _answer(conclusion: pd.DataFrame, gains: pd.DataFrame) -> str:
    contrast = conclusion["contrast"].iloc[-1]
    last, first = contrast.split(" - ")
    own = conclusion[conclusion["contrast"] == contrast]
    by = own.set_index("variant")["estimate"]
    low, high = own["estimate"].min(), own["estimate"].max()
    sign = "keeps its sign" if low * high > 0 else "changes its sign"
    near = gains[(gains["contrast"] == contrast) & gains["gain"].notna()]
    nearby = "no gain of a single channel between 1/4 and 4 would produce it"
    if len(near):
        nearest = near.loc[(near["percent"].abs()).idxmin()]
        nearby = (
            f"it would take a gain change of {nearest['percent']:+.0f} % in "
            f"{nearest['channel']}, in one group alone, to produce it"
        ).replace("-", "−")
    return (
        f"From {first} to {last} the {_minus(own['estimand'].iloc[0])} is "
        f"{_signed(by['anchored'])} with anchored thresholds and "
        f"{_signed(by[GATES])} with the strategy's own gates, as in the "
        f"answer above. It {sign} when thresholds are moved ({_signed(low)} to "
        f"{_signed(high)}), and {nearby}."
    )


def _side_by_side(conclusion: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for contrast, own in conclusion.groupby("contrast", sort=False):
        moved = own[~own["variant"].isin(_FIXED) & own["estimate"].notna()]
        by = own.set_index("variant")["estimate"]
        row = {"contrast": contrast, "anchored": by["anchored"]}
        row |= {"strategy's gates": by[GATES]}
        row |= {"any CD16": by[ANY_CD16]} if ANY_CD16 in by else {}
        lowest = moved.loc[moved["estimate"].idxmin()]
        highest = moved.loc[moved["estimate"].idxmax()]
        rows.append(
            row
            | {
                "lowest": lowest["estimate"],
                "with": _variant(lowest),
                "highest": highest["estimate"],
                "with ": _variant(highest),
                "variants": len(moved),
            }
        )
    return pd.DataFrame(rows)


def _variant(row: pd.Series) -> str:
    return f"{row['marker']} {row['variant']}".replace("-", "−")


def _gains(gains: pd.DataFrame, rows: list[str], none: str) -> pd.DataFrame:
    words = [
        none if pd.isna(p) else f"{p:+.0f} %".replace("-", "−")
        for p in gains["percent"]
    ]
    wide = gains.assign(words=words).pivot_table(
        index=rows, columns="channel", values="words", aggfunc="first", sort=False
    )
    return wide.reset_index()


def _moves(conclusion: pd.DataFrame) -> pd.DataFrame:
    moved = conclusion[~conclusion["variant"].isin(_FIXED)]
    wide = moved.pivot_table(
        index=["contrast", "marker"],
        columns="variant",
        values="estimate",
        aggfunc="first",
        sort=False,
    )
    return wide.reset_index()


def _samples(robustness: Robustness) -> str:
    columns = ["sample", "index_gates", "index_anchored", "difference"]
    columns += ["lowest_moved", "highest_moved", "n_parent", "cells"]
    headings = {
        "index_gates": "index, strategy's gates",
        "index_anchored": "index, anchored",
        "lowest_moved": "lowest when moved",
        "highest_moved": "highest when moved",
        "n_parent": "NK cells",
        "cells": "enough cells?",
    }
    digits = dict.fromkeys(columns[1:6], 3)
    note = doc.paragraph(
        "300 NK cells are wanted, 1000 are better; thresholds are moved by 0.1 and 0.2 "
        "units of asinh (0.1 is 10.5 % of intensity) and by one standard error.",
        kind="note",
    )
    table = robustness.samples[columns]
    return note + doc.table(table, headings=headings, digits=digits)


def _by_patient(robustness: Robustness) -> str:
    gains = robustness.gains
    keys = ["patient", "contrast", "change_gates", "change_anchored"]
    head = gains.drop_duplicates(["patient", "contrast"])[keys]
    wide = _gains(gains, ["patient", "contrast"], "none")
    rows = head.merge(wide, on=["patient", "contrast"], how="left")
    headings = {"change_gates": "strategy's gates", "change_anchored": "anchored"}
    digits = dict.fromkeys(("change_gates", "change_anchored"), 3)
    return doc.table(rows, headings=headings, digits=digits)


def _minus(estimand: str) -> str:
    return estimand.replace(" - of ", " minus that of ")


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
