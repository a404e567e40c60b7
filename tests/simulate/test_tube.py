"""One file's events: counts, light, time and truth agree with one another."""

from __future__ import annotations

import numpy as np
import pytest

from longate.simulate import stages
from longate.simulate.blood import CELL_TYPES, concentrations
from longate.simulate.optics import NORMAL_ABOVE, UPPER_LIMIT, detect
from longate.simulate.panels import DETECTORS, LINEAGE_PANEL, NK_PANEL, PANELS
from longate.simulate.phenotypes import BEADS, CLASSES
from longate.simulate.tube import DEBRIS_SHARE, PIPETTING_CV, Recipe, fill


def recipe(panel, n_events=20_000, seed=1):
    rng = np.random.default_rng(seed)
    return Recipe(
        panel=panel,
        n_events=n_events,
        concentration=concentrations(rng)[0],
        composition=stages.NkPatient.draw(rng, cmv=True).composition(0, 0.0),
        beads_per_tube=51_000 if panel.beads else 0,
    )


@pytest.fixture(scope="module", params=sorted(PANELS))
def made(request):
    what = recipe(PANELS[request.param])
    return what, fill(np.random.default_rng(5), what)


def compensated(tube, panel):
    light = tube.events[:, 3:-1].astype(np.float64)
    values = light @ np.linalg.inv(panel.spillover)
    return dict(zip(panel.markers, values.T, strict=True))


def test_the_file_has_about_the_events_asked_for(made):
    what, tube = made
    assert tube.events.shape == (tube.kind.size, len(what.panel.channels))
    assert abs(tube.kind.size / what.n_events - 1) < 4 * PIPETTING_CV


def test_values_are_finite_float32_and_clipped_above_only(made):
    _, tube = made
    assert tube.events.dtype == np.float32
    assert np.isfinite(tube.events).all()
    assert tube.events.max() <= UPPER_LIMIT
    assert tube.events[:, 3:-1].min() < 0


def test_time_increases_and_kinds_are_mixed_over_it(made):
    _, tube = made
    time = tube.events[:, -1]
    assert (np.diff(time) >= 0).all()
    half = tube.kind.size // 2
    first = np.mean(tube.kind[:half] == 0)
    second = np.mean(tube.kind[half:] == 0)
    assert abs(first - second) < 5 * np.sqrt(0.5 / tube.kind.size)


def test_every_nk_singlet_has_one_label_and_nothing_else_has(made):
    _, tube = made
    names = np.array([*CLASSES, "doublet"])[tube.kind]
    is_nk = np.char.startswith(names, "NK:")
    assert ((tube.label >= 0) == is_nk).all()


def test_labels_are_the_rule_on_the_written_positivity():
    tube = fill(np.random.default_rng(5), recipe(NK_PANEL))
    nk = tube.label >= 0
    calls = {marker: tube.positive[marker][nk] for marker in stages.RULE_MARKERS}
    assert (stages.label(tube.cd56[nk], calls) == tube.label[nk]).all()
    assert ((tube.cd56 > 0) == tube.positive["CD56"]).all()


def test_concentrations_come_back_from_counts_per_bead():
    what = recipe(LINEAGE_PANEL, n_events=150_000)
    tube = fill(np.random.default_rng(6), what)
    particles = np.bincount(tube.kind + 1, minlength=len(CLASSES) + 1)[1:]
    particles = particles + tube.in_doublets
    beads = particles[BEADS]
    for cell, truth in zip(CELL_TYPES, what.concentration, strict=True):
        if cell.name == "NK":
            n = sum(particles[i] for i, c in enumerate(CLASSES) if c.startswith("NK"))
        else:
            n = particles[CLASSES.index(cell.name)]
        found = n / beads * what.beads_per_tube / tube.blood_ul
        error = np.sqrt(1 / n + 1 / beads)
        assert abs(np.log(found / truth)) < 4.5 * error, cell.name


def test_debris_has_its_share(made):
    _, tube = made
    share = np.mean(tube.kind == CLASSES.index("Debris"))
    assert abs(share - DEBRIS_SHARE) < 0.015


def test_only_the_tube_with_beads_has_beads(made):
    what, tube = made
    assert (np.sum(tube.kind == BEADS) > 100) == what.panel.beads


def test_compensation_with_the_true_matrix_centres_the_negatives():
    tube = fill(np.random.default_rng(8), recipe(NK_PANEL, n_events=60_000))
    values = compensated(tube, NK_PANEL)
    cd4 = tube.kind == CLASSES.index("CD4 T")
    for marker in ("CD16", "NKG2C", "KIR"):
        dark = values[marker][cd4 & ~tube.positive[marker]]
        assert abs(np.median(dark)) < 200, marker


def test_spillover_spreads_negatives():
    tube = fill(np.random.default_rng(8), recipe(NK_PANEL, n_events=60_000))
    values = compensated(tube, NK_PANEL)["CD56"]
    negative = ~tube.positive["CD56"]
    t_cells = values[(tube.kind == CLASSES.index("CD4 T")) & negative]
    b_cells = values[(tube.kind == CLASSES.index("B cells")) & negative]
    # CD3 PerCP-Cy5.5 spills .30 into PE-Cy7: T cells, not B cells, carry its noise.
    assert t_cells.std() > 1.5 * b_cells.std()


def test_beads_are_bright_in_every_channel():
    tube = fill(np.random.default_rng(9), recipe(LINEAGE_PANEL))
    beads = tube.events[tube.kind == BEADS][:, 3:-1]
    assert (np.abs(np.log10(np.median(beads, axis=0)) - 5.2) < 0.02).all()


def test_doublets_add_area_but_not_height(made):
    _, tube = made
    ratio = tube.events[:, 1] / tube.events[:, 0]
    assert np.median(ratio[tube.kind == -1]) < 0.7
    assert ratio[tube.kind >= 0].min() > 0.75


def test_a_doublet_carries_the_light_of_both_members():
    tube = fill(np.random.default_rng(10), recipe(NK_PANEL, n_events=60_000))
    values = compensated(tube, NK_PANEL)
    both = (tube.kind == -1) & tube.positive["CD3"] & tube.positive["dump"]
    assert both.sum() > 20
    assert values["CD3"][both].min() > 4000
    assert values["dump"][both].min() > 3000


@pytest.mark.parametrize("light", [20.0, 2000.0, 50_000.0])
def test_counting_noise_has_the_variance_of_photons_and_electronics(light):
    panel, n = NK_PANEL, 100_000
    out = np.empty((len(panel.markers), n), dtype=np.float32)
    fluorochromes = np.zeros_like(out)
    row = panel.markers.index("CD57")
    fluorochromes[row] = light
    detect(
        np.random.default_rng(3),
        panel,
        fluorochromes,
        np.zeros(n, dtype=np.float32),
        out,
    )
    detector = DETECTORS["BV605-A"]
    expected = light / detector.efficiency + detector.noise**2
    assert out[row].mean() == pytest.approx(light, abs=5 * np.sqrt(expected / n))
    assert out[row].var() == pytest.approx(expected, rel=0.03)


def test_the_normal_law_takes_over_without_a_step():
    below, above = NORMAL_ABOVE - 0.5, NORMAL_ABOVE + 0.5
    panel, n = NK_PANEL, 200_000
    row = panel.markers.index("CD57")
    spread = []
    for counts in (below, above):
        out = np.empty((len(panel.markers), n), dtype=np.float32)
        fluorochromes = np.zeros_like(out)
        fluorochromes[row] = counts / DETECTORS["BV605-A"].efficiency
        glow = np.zeros(n, dtype=np.float32)
        detect(np.random.default_rng(3), panel, fluorochromes, glow, out)
        spread.append(out[row].std())
    assert spread[0] == pytest.approx(spread[1], rel=0.01)
