"""Analysis of covariance: equal to least squares, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from longate.longitudinal.ancova import ancova

LAST = np.array(
    [0.771, 0.804, 0.753, 0.832, 0.786, 0.712, 0.669, 0.724, 0.713, 0.702, 0.751, 0.683]
)
BASELINE = np.array(
    [0.70, 0.71, 0.71, 0.72, 0.72, 0.70, 0.70, 0.70, 0.71, 0.71, 0.71, 0.70]
)
RESPONDER = np.arange(12) < 5


def test_equals_least_squares_in_r():
    # R 4.2: lm(last ~ responder + baseline)
    found = ancova(LAST, BASELINE, RESPONDER, 0.95)
    assert found is not None
    assert found.estimate == pytest.approx(0.06428481012658223, rel=1e-10)
    assert found.t == pytest.approx(3.67997383455115834, rel=1e-10)
    assert found.p == pytest.approx(0.00507567647807826, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(
        (0.0247675879328794, 0.1038020323202850), rel=1e-10
    )


def test_a_common_baseline_shift_changes_nothing():
    one = ancova(LAST, BASELINE, RESPONDER, 0.95)
    two = ancova(LAST, BASELINE + 5, RESPONDER, 0.95)
    assert one is not None
    assert two is not None
    assert two.estimate == pytest.approx(one.estimate, rel=1e-8)


def test_refuses_what_tells_nothing():
    assert ancova(LAST, np.full(12, 0.7), RESPONDER, 0.95) is None
    assert ancova(LAST, BASELINE, np.zeros(12, dtype=bool), 0.95) is None
    assert ancova(LAST[:3], BASELINE[:3], RESPONDER[:3], 0.95) is None
