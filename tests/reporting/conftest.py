from __future__ import annotations

import pytest

from longate.reporting.demo import run_demo

SMALL = {
    "patients": 6,
    "nk_events": 6000,
    "lineage_events": 8000,
    "fmo_events": 8000,
}


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "out"
    return run_demo(folder, seed=11, progress=False, **SMALL)
