"""Background of unstained and FMO tubes, visit by visit."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from gating.samples import write_study
from longate.exceptions import StudyError

CHANNELS = ["CD56", "NKG2A", "CX3CR1"]


def events(random, *, rise=0.0, n=800):
    made = random.normal(100, 30, (n, len(CHANNELS)))
    made[:, 1] += rise
    made[:, 0] += 1000
    return made


def study_of(folder, rises, roles, **change):
    random = np.random.default_rng(7)
    files = [
        {
            "patient": "P1",
            "visit": visit,
            "events": events(random, rise=rise, **change),
            "role": role,
            "run": f"{role} {visit}",
        }
        for visit, rise in rises.items()
        for role in ("sample", *roles)
    ]
    return write_study(folder, files, channels=CHANNELS)


def found(study):
    strategy = lg.GatingStrategy([lg.RectangleGate("NK", CD56=(500, None))])
    return lg.quality.drug_fluorescence(
        study.gate(strategy, progress=False), parent="NK", unstained="All events"
    )


@pytest.mark.parametrize("rise", [0.0, 60.0])
def test_a_risen_background_is_flagged_in_its_channel_alone(tmp_path, rise):
    study = study_of(tmp_path, {"m0": 0.0, "m6": rise}, ["unstained"])
    made = found(study)
    table = made.table.set_index(["visit", "channel"])
    assert table.loc[("m6", "NKG2A"), "flag"] == (rise > 0)
    assert not table.drop(index=("m6", "NKG2A"))["flag"].any()
    assert table.loc[("m6", "NKG2A"), "change_in_sd"] == pytest.approx(
        rise / 30, abs=0.2
    )
    assert ("rose in 1 of" in made.words[0]) == (rise > 0)


def test_an_fmo_tube_shows_the_channel_that_it_lacks(tmp_path):
    study = study_of(tmp_path, {"m0": 0.0, "m6": 60.0}, ["fmo:NKG2A"])
    table = found(study).table
    assert table["channel"].tolist() == ["NKG2A", "NKG2A"]
    assert table["flag"].tolist() == [False, True]


def test_few_events_and_missing_visits_are_said(tmp_path):
    study = study_of(tmp_path, {"m0": 0.0, "m6": 60.0}, ["fmo:NKG2A"], n=30)
    made = found(study)
    assert not made.table["flag"].any()
    assert made.table["problem"].str.contains("fewer than 50").all()
    assert any("not excluded" in words for words in made.words)


def test_a_study_without_controls_says_what_to_record(tmp_path):
    study = study_of(tmp_path, {"m0": 0.0}, [])
    with pytest.raises(StudyError, match="no unstained and no FMO file"):
        found(study)
