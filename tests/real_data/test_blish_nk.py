"""Agreement with published shares of NK subsets, one strategy for all 27 files."""

from __future__ import annotations

import numpy as np
import pytest

import longate as lg
from real_data.blish import VIABILITY, WIDTH, agreement, read_blish, shares, strategy

FROM_DATA = {
    "CD56bright": (0.85, 4.0),
    "CD16hi": (0.92, 6.0),
    "CD16low": (0.92, 7.0),
    "Ki67+": (0.96, 6.0),
}
BY_HAND = {
    "CD56bright": (0.95, 1.5),
    "CD16hi": (0.97, 3.0),
    "CD16low": (0.97, 3.0),
    "Ki67+": (0.985, 2.5),
}
HAND_SET = {
    "FSC": 1.0e6,
    "SSC": 1.0e6,
    "width": 1.6,
    "dead": 3.8,
    "CD14": 2.5,
    "CD56": 1.6,
    "CD16": 2.5,
    "bright": 4.4,
    "CD16 of bright": 3.5,
    "Ki67": 2.34,
}
SEVERITY = ["Healthy", "Moderate", "Severe", "Fatal"]
KEEPS_NEARLY_ALL = 0.00135  # the negatives' own mean + 3 sd


@pytest.fixture(scope="module")
def study(shared_data):
    return read_blish(shared_data)


@pytest.fixture(scope="module")
def found(study):
    """Every threshold from the pooled files' densities, step by step down the tree."""
    steps = {}

    def look(step, population, channel, **rule):
        known = strategy(steps or {"FSC": 0.0})
        populations = study.gate(known, progress=False)
        steps[step] = lg.nk.data_threshold(
            populations, population, channel, **rule
        ).value

    look("FSC", "All events", "FSC-A")
    look("SSC", "Lymphocytes", "SSC-A", rule="tail", tail=KEEPS_NEARLY_ALL)
    look("width", "Lymphocytes", WIDTH, rule="tail", tail=KEEPS_NEARLY_ALL)
    look("dead", "Single", VIABILITY, rule="tail", tail=KEEPS_NEARLY_ALL)
    look("CD14", "Live", "CD14", rule="tail", tail=KEEPS_NEARLY_ALL)
    look("CD56", "CD14-", "CD56")
    look("CD16", "NK", "CD16")
    look("bright", "CD16low all", "CD56")
    look("Ki67", "NK", "Ki67", rule="tail")
    return steps


@pytest.fixture(scope="module")
def from_data(study, found):
    return shares(study.gate(strategy(found), progress=False))


@pytest.fixture(scope="module")
def by_hand(study):
    return shares(study.gate(strategy(HAND_SET), progress=False))


def held(agreed, bars):
    return all(
        agreed["spearman"][name] >= rho and agreed["error"][name] <= error
        for name, (rho, error) in bars.items()
    )


def test_thresholds_from_the_data_agree_with_the_published_shares(from_data):
    ours, theirs, _ = from_data
    agreed = agreement(ours, theirs)
    assert held(agreed, FROM_DATA), agreed


def test_one_hand_set_strategy_agrees_with_the_published_shares(by_hand):
    ours, theirs, _ = by_hand
    agreed = agreement(ours, theirs)
    assert held(agreed, BY_HAND), agreed


@pytest.mark.parametrize("name", ["from_data", "by_hand"])
def test_the_four_trends_from_healthy_to_fatal_are_those_published(name, request):
    ours, theirs, sheet = request.getfixturevalue(name)
    patients = sheet["Expt"].str.startswith("Pheno")  # own NK cells, not co-cultures
    by_group = sheet.loc[patients, "Condition_fatal"]
    mean = {
        who: table[patients].groupby(by_group).mean().loc[SEVERITY]
        for who, table in (("ours", ours), ("theirs", theirs))
    }
    for subset in ours:
        trend = {who: mean[who][subset] for who in mean}
        change = {who: t["Fatal"] - t["Healthy"] for who, t in trend.items()}
        assert np.sign(change["ours"]) == np.sign(change["theirs"]), subset
        order = {who: list(t.sort_values().index) for who, t in trend.items()}
        assert order["ours"][-1] == order["theirs"][-1], subset


def test_dead_cells_cost_ten_points(study, by_hand):
    """Without the viability gate CD16low, to which dying cells fall, is far off."""
    _, theirs, _ = by_hand
    dead_kept = shares(study.gate(strategy({**HAND_SET, "dead": 13.5}), progress=False))
    error = agreement(dead_kept[0], theirs)["error"]
    assert error["CD16low"] > 6
    assert error["CD16low"] > 2 * agreement(*by_hand[:2])["error"]["CD16low"]
