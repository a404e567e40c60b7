"""Fixtures for every room: the shared real data, and one small simulated cohort."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import longate as lg


@pytest.fixture(scope="session", autouse=True)
def interruptible():
    """Let Ctrl-C be heard: a shell that starts tests in the background silences it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session", autouse=True)
def example_cache(tmp_path_factory):
    """Keep example studies of the tests out of the user's cache folder."""
    before = os.environ.get("LONGATE_CACHE")
    os.environ["LONGATE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["LONGATE_CACHE"]
    else:
        os.environ["LONGATE_CACHE"] = before


@pytest.fixture(scope="session")
def example(example_cache):
    """Return the small example study."""
    return lg.datasets.load_example()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the repository; skip where it is absent."""
    beside = Path(__file__).parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("LONGATE_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"the shared real data are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def small_cohort(tmp_path_factory):
    """Return a simulated cohort of 4 patients, with the truth of every event."""
    return lg.simulate.cohort(
        tmp_path_factory.mktemp("cohort"),
        patients=4,
        nk_events=6000,
        lineage_events=5000,
        event_truth=True,
        progress=False,
    )


@pytest.fixture(scope="session")
def small_study(small_cohort):
    """Return the study of the small cohort."""
    return lg.read_study(small_cohort.sheet)
