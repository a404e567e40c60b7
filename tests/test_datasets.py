"""The example study is made once, then read from its cache folder."""

from __future__ import annotations

import pytest

import longate as lg
from longate.exceptions import StudyError


def test_the_example_is_made_once_and_read_again(example):
    again = lg.datasets.load_example()
    assert again.cohort.sheet == example.cohort.sheet
    assert again.study.samples.equals(example.study.samples)
    assert example.folder.is_relative_to(lg.datasets.cache_folder())


def test_it_holds_what_an_analysis_needs(example):
    assert set(example.study.samples["tube"]) == {"NK", "lineage"}
    assert example.study.samples["patient"].replace("", None).nunique() == 15
    assert set(example.strategies) == {"NK", "lineage"}
    assert {"patient", "visit", "date", "edss"} <= set(example.visits)
    assert {"patient", "date"} <= set(example.relapses)
    assert "SIMULATED" in repr(example)


def test_an_unknown_size_is_refused_with_the_sizes():
    with pytest.raises(StudyError, match=r"small.*full"):
        lg.datasets.load_example("large")


def test_a_folder_of_ones_own(monkeypatch, tmp_path):
    monkeypatch.setenv("LONGATE_CACHE", str(tmp_path / "cache"))
    assert lg.datasets.cache_folder() == tmp_path / "cache"


def test_the_size_of_the_small_example_is_as_said(example):
    held = sum(p.stat().st_size for p in example.folder.rglob("*") if p.is_file())
    assert 25e6 < held < 45e6
