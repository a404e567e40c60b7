"""The Blish lab's NK cells of COVID-19 patients: study, strategies, agreement.

27 files of a Cytek Aurora (unmixed, not gated), with the shares of NK cells that the
authors published per file, not their gates. The panel has no CD3, so the NK parent is
declared: live single CD14- cells that have CD56.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

import longate as lg
from longate.cytometry.transforms import Ratio

FOLDER = "nk_human/blish_covid_nk_aurora"
PUBLISHED = {
    "CD56bright": "CD56bright_pct",
    "CD16hi": "CD56dimCD16hi_pct",
    "CD16low": "CD56dimCD16low_pct",
    "Ki67+": "Ki67_pct",
}
# asinh(x / 1000): the negatives of every marker here lie within a few thousand of zero.
SCALE = lg.Arcsinh.with_cofactor(1000.0)
LIGHT = {name: None for name in ("FSC-A", "FSC-H", "SSC-A")}
VIABILITY = "FVS780-A"
# Two cells at once: the area outgrows the height.
WIDTH = lg.Dimension(Ratio("FSC-A", "FSC-H"))


def read_blish(shared_data):
    folder = shared_data / FOLDER
    sheet = pd.read_csv(folder / "sample_sheet.csv")
    frame = sheet.rename(columns={"n_events": "events_of_table"})
    frame = frame.assign(
        sample=frame["file"].str.removesuffix(".fcs"),
        patient=frame["file"].str.removesuffix(".fcs"),
        visit="once",
        tube="NK",
        file=[str(folder / "fcs" / name) for name in frame["file"]],
    )
    return lg.read_study(frame, aliases={"Ki-67": "Ki67", "DNAM-1": "DNAM1"})


def strategy(steps):
    """Return the one strategy, as far as the thresholds in `steps` are known."""
    gates = []
    at = steps.get

    def rectangle(name, parent, needed, dimensions):
        if needed in steps:
            gates.append(lg.RectangleGate(name, parent=parent, dimensions=dimensions))

    scatter = {"FSC-A": (at("FSC"), None), "SSC-A": (None, at("SSC"))}
    rectangle("Lymphocytes", None, "FSC", scatter)
    rectangle("Single", "Lymphocytes", "width", {WIDTH: (None, at("width"))})
    rectangle("Live", "Single", "dead", {VIABILITY: (None, at("dead"))})
    rectangle("CD14-", "Live", "CD14", {"CD14": (None, at("CD14"))})
    rectangle("NK", "CD14-", "CD56", {"CD56": (at("CD56"), None)})
    rectangle("CD16hi all", "NK", "CD16", {"CD16": (at("CD16"), None)})
    rectangle("CD16low all", "NK", "CD16", {"CD16": (None, at("CD16"))})
    if "bright" in steps:
        low = at("CD16 of bright", at("CD16"))
        bright = {"CD56": (at("bright"), None), "CD16": (None, low)}
        rectangle("CD56bright", "NK", "bright", bright)
        for name in ("CD16hi", "CD16low"):
            expression = f"{name} all and not CD56bright"
            gates.append(lg.BooleanGate(name, expression, parent="NK"))
    rectangle("Ki67+", "NK", "Ki67", {"Ki67": (at("Ki67"), None)})
    return lg.GatingStrategy(
        gates, scale={**_scales(), **LIGHT}, compensation=None, name="NK, no CD3"
    )


def _scales():
    names = ["Ki67", "Perforin", "CD38", "CD14", "CD69", "GzmB", "CD56", "DNAM1"]
    names += ["NKG2D", "CD16", "IFNg", VIABILITY]
    return dict.fromkeys(names, SCALE)


def shares(populations):
    """Return per file our shares and the published ones, in percent."""
    found = {
        name: populations.fraction(name, of="NK").set_index("sample")["fraction"] * 100
        for name in PUBLISHED
    }
    ours = pd.DataFrame(found)
    sheet = populations.study.samples.set_index("sample").loc[ours.index]
    theirs = sheet[list(PUBLISHED.values())].set_axis(list(PUBLISHED), axis=1)
    return ours, theirs.astype(float), sheet


def agreement(ours, theirs):
    """Return Spearman's correlation and mean absolute error in percentage points."""
    rows = {
        name: (
            spearmanr(ours[name], theirs[name]).statistic,
            float(np.abs(ours[name] - theirs[name]).mean()),
        )
        for name in PUBLISHED
    }
    return pd.DataFrame(rows, index=["spearman", "error"]).T
