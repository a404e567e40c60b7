"""Make the picture of the README from the simulated study.

Run from the repository: ``.venv/bin/python docs/images/make_pictures.py``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import longate as lg
from longate.plot.canvas import picture

HERE = Path(__file__).parent


def main() -> None:
    """Simulate, gate, score, infer, and draw ``trajectories.png`` beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        cohort = lg.simulate.cohort(folder, seed=2012, tubes=["NK"])
        study = lg.read_study(cohort.sheet)
        populations = study.gate(lg.simulate.nk_strategy())
        maturation = lg.nk.maturation(populations, parent="NK")
    response = lg.clinical.classify(
        cohort.visits, cohort.relapses, patients=study.samples["patient"].unique()
    )
    result = lg.longitudinal.responder_analysis(maturation, response, value="index")
    figure = picture(11.6, 4.1)
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.35])
    lg.plot.trajectories(result, ax=left)
    lg.plot.stages(maturation, response, ax=right)
    effect = result.table.iloc[0]
    figure.suptitle(
        "Simulated study. Change in the NK maturation index, responders − "
        f"non-responders: {effect['estimate']:.3f} (95 % interval {effect['low']:.3f} "
        f"to {effect['high']:.3f})",
        x=0.01,
        ha="left",
        fontsize=10.5,
    )
    figure.savefig(HERE / "trajectories.png", dpi=110, facecolor="white")


if __name__ == "__main__":
    main()
