"""How often the interval of a count per microlitre holds the true concentration.

Generating model: cells and beads are Poisson in the acquired share of a tube, and the
pipetted blood is lognormal about its nominal volume with the declared CV.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from longate.quality.beads import _concentrations

REPLICATES = 20_000
ERROR = math.sqrt(0.95 * 0.05 / REPLICATES)


def _coverage(n_cells, n_beads, *, cv=0.03, declared=None, seed=11):
    """Coverage where `n_cells` and `n_beads` are expected in the acquired share."""
    rng = np.random.default_rng(seed)
    beads_per_tube, blood_ul, concentration = 50_000, 100.0, 40.0
    acquired = n_beads / beads_per_tube
    # The volume that makes the wanted number of cells, in units of the nominal one.
    size = n_cells / (concentration * blood_ul * acquired)
    true = concentration * size
    volume = blood_ul * rng.lognormal(-(cv**2) / 2, cv, REPLICATES)
    cells = rng.poisson(true * volume * acquired)
    beads = rng.poisson(n_beads, REPLICATES)
    table = pd.DataFrame(
        {"n_events": cells, "n_beads": beads, "factor": beads_per_tube / blood_ul}
    )
    assert (beads > 0).all()
    found = _concentrations(table, cv if declared is None else declared)
    assert found[["per_microlitre", "low", "high"]].notna().all(axis=None)
    return float(np.mean((found["low"] <= true) & (true <= found["high"])))


@pytest.mark.parametrize("cv", [0.0, 0.03, 0.06])
@pytest.mark.parametrize(
    ("n_cells", "n_beads"), [(500, 1000), (5000, 2000), (20_000, 20_000)]
)
def test_it_covers_95_percent(n_cells, n_beads, cv):
    """Not rejected against .95 at three Monte Carlo standard errors."""
    assert abs(_coverage(n_cells, n_beads, cv=cv) - 0.95) <= 3 * ERROR


@pytest.mark.parametrize("n_cells", [0.13, 0.5, 1, 2, 3, 5, 10, 20, 50])
def test_with_few_cells_it_covers_no_less(n_cells):
    """Exact of discrete counts: at least 95 % at any rate, most of all at few."""
    coverage = _coverage(n_cells, 2000)
    assert coverage >= 0.95 - 3 * ERROR
    assert coverage <= 1.0 if n_cells < 5 else 0.98


def test_without_the_pipetting_error_it_would_cover_far_too_little():
    assert _coverage(20_000, 20_000, declared=0.0) < 0.6
