from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import longate as lg

VISITS = ["m00", "m06", "m12"]


def values(outcomes, *, positive=False, seed=3):
    """Fifteen patients: 5 responders who rise, 7 who do not, 3 who leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for outcome in outcomes:
        for p in range(15):
            start = rng.normal(0.72, 0.03)
            n_visits = 3 if p < 12 else p - 12 or 1
            for i, visit in enumerate(VISITS[:n_visits]):
                y = start + 0.035 * i * (p < 5) + rng.normal(0, 0.01)
                y = float(np.exp(4 + 3 * y)) if positive else y
                rows.append((f"P{p + 1:02d}", visit, outcome, y))
    frame = pd.DataFrame(rows, columns=["patient", "visit", "name", "value"])
    return frame.assign(visit=pd.Categorical(frame["visit"], VISITS, ordered=True))


@pytest.fixture(scope="session")
def response():
    labels = ["responder"] * 5 + ["non-responder"] * 7 + ["unclassifiable"] * 3
    return pd.DataFrame(
        {"patient": [f"P{p:02d}" for p in range(1, 16)], "label": labels}
    )


@pytest.fixture(scope="session")
def single(response):
    data = values(["index"]).rename(columns={"value": "index"})
    return lg.longitudinal.responder_analysis(data, response, value="index")


@pytest.fixture(scope="session")
def family(response):
    data = values(["B cells", "CD4 T", "NK"], positive=True)
    return lg.longitudinal.responder_analysis(
        data, response, value="value", by="name", scale="log"
    )


@pytest.fixture(scope="session")
def populations(tmp_path_factory):
    cohort = lg.simulate.cohort(
        tmp_path_factory.mktemp("cohort"),
        seed=7,
        patients=2,
        nk_events=8000,
        lineage_events=6000,
        progress=False,
    )
    study = lg.read_study(cohort.sheet)
    strategies = {
        "NK": lg.simulate.nk_strategy(),
        "lineage": lg.simulate.lineage_strategy(),
    }
    return study.gate(strategies, progress=False)
