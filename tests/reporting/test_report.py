from __future__ import annotations

import base64
import re
import shutil
from html.parser import HTMLParser
from types import SimpleNamespace

import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FileWarning, StudyError
from longate.reporting.demo import SUBSETS

VOID = {"meta", "img", "br", "link", "input"}
HOSTILE = "<script>alert(1)</script>"


class Page(HTMLParser):
    """Reads a page, keeps what matters, and refuses tags that do not nest."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag, name):
        return [value for t, n, value in self.attributes if (t, n) == (tag, name)]


@pytest.fixture(scope="module")
def page(demo):
    return Page(demo.report.read_text(encoding="utf-8"))


def test_the_page_needs_nothing_from_outside(page, demo):
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert all(
        src.startswith("data:image/png;base64,") for src in page.all("img", "src")
    )
    allowed = ("#", "https://doi.org/")
    assert all(href.startswith(allowed) for href in page.all("a", "href"))
    style = demo.report.read_text().partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_links_of_the_contents_lead_somewhere(page):
    links = [href[1:] for href in page.all("a", "href")]
    assert links == page.all("section", "id")
    assert links == [
        "answer",
        "limits",
        "robustness",
        "subsets",
        "effects",
        "sensitivity",
        "flow",
        "stages",
        "changes",
        "thresholds",
        "gating",
        "counting",
        "truth",
        "problems",
        "provenance",
    ]


def test_pictures_are_pictures_with_descriptions(page):
    pictures = [
        base64.b64decode(src.partition(",")[2]) for src in page.all("img", "src")
    ]
    assert len(pictures) == 13
    assert all(p.startswith(b"\x89PNG") and len(p) > 5000 for p in pictures)
    assert all(page.all("img", "alt"))


def test_the_page_is_small(demo):
    assert demo.report.stat().st_size < 6e6


def test_the_answer_is_the_results_own_sentence(page, demo):
    assert demo.result.headline in page.text
    for limit in demo.result.limits:
        assert " ".join(limit.split()) in page.text


def test_it_says_simulated_and_research_only_first(page):
    before = page.text.partition("Answer")[0]
    assert "Simulated data: no patient stands behind any number" in before
    assert "For research use only" in before


def test_no_group_is_tested_apart(page):
    heads = re.findall(r"change in (?:non-)?responders \(n\)", page.text)
    assert len(heads) == 6
    for banned in ("responders only", "only in responders", "responder only"):
        assert banned not in page.text.lower()


def test_missing_controls_are_said(page):
    assert "Drug fluorescence not excluded" in page.text


def test_sources_of_thresholds_are_told(page):
    told = page.text.partition("Positivity thresholds and their source In")[2]
    assert "FMO control of the batch for CD16, CD57" in told.partition(".")[0]
    assert "treatment-sensitive" in told


def test_assumed_components_are_called_assumed(page):
    assert page.text.count("ASSUMED for this simulated study") == 2
    assert "only these are called changed" in page.text


def test_maturation_is_phenotypic(page):
    text = page.text
    assert "does not say that more mature is better" in text
    assert "claims no lineage" in text


def test_the_answer_under_other_thresholds_is_told(page):
    told = page.text.partition("Robustness of the answer From")[2]
    assert "with anchored thresholds" in told
    assert "when thresholds are moved" in told
    assert "What this panel and this study cannot exclude" in told


def test_every_subset_is_there(page):
    for subset in SUBSETS:
        assert page.text.count(subset) >= 3


def test_identities_are_in_the_provenance(page, demo):
    provenance = page.text.rpartition("Provenance")[2]
    assert demo.result.provenance["run_id"] in provenance
    assert "five_stage[" in provenance
    assert "chanvillard2012" in provenance
    assert f"longate {lg.__version__}" in provenance
    assert "simulation, seed 11" in provenance


@pytest.fixture
def parts(demo):
    """The pieces of a report, small, without a second gating."""
    study = lg.read_study(demo.folder / "cohort" / "samples.csv")
    populations = study.gate(
        {"NK": lg.simulate.nk_strategy(), "lineage": lg.simulate.lineage_strategy()},
        progress=False,
    )
    maturation = lg.nk.maturation(populations, parent="NK", tube="NK")
    return study, populations, maturation


def test_without_truth_nothing_is_called_simulated(demo, parts, tmp_path):
    written = lg.report(tmp_path / "r.html", *parts, demo.result)
    page = Page(written.read_text(encoding="utf-8"))
    assert "imulated" not in page.text
    assert "truth" not in page.all("section", "id")
    assert "For research use only" in page.text


def test_hostile_names_and_problems_stay_text(demo, parts, tmp_path):
    study, populations, maturation = parts
    problem = {"file": f"{HOSTILE}.fcs", "sample": HOSTILE, "problem": "truncated"}
    dressed = SimpleNamespace(
        counts=populations.counts,
        strategies=populations.strategies,
        problems=pd.DataFrame([problem]),
        events=populations.events,
        mask=populations.mask,
    )
    response = pd.DataFrame(
        {"patient": [HOSTILE], "label": ["unclassifiable"], "reason": [HOSTILE]}
    )
    written = lg.report(
        tmp_path / "r.html",
        study,
        dressed,
        maturation,
        demo.result,
        response=response,
        title=HOSTILE,
        provenance={HOSTILE: HOSTILE},
    )
    text = written.read_text(encoding="utf-8")
    page = Page(text)
    assert "<script" not in text
    assert "script" not in page.tags
    assert f"{HOSTILE}.fcs" in page.text
    assert f"1 of {len(study.samples)} files; all others were used" in page.text


def test_a_damaged_file_is_listed_and_the_others_are_used(demo, tmp_path):
    shutil.copytree(demo.folder / "cohort", tmp_path / "cohort")
    damaged = tmp_path / "cohort" / "fcs" / "P02_m00_NK.fcs"
    damaged.write_bytes(damaged.read_bytes()[:40])
    with pytest.warns(FileWarning, match="P02_m00_NK"):
        study = lg.read_study(tmp_path / "cohort" / "samples.csv")
    populations = study.gate(
        {"NK": lg.simulate.nk_strategy(), "lineage": lg.simulate.lineage_strategy()},
        progress=False,
    )
    maturation = lg.nk.maturation(populations, parent="NK", tube="NK")
    written = lg.report(
        tmp_path / "r.html", study, populations, maturation, demo.result
    )
    problems = Page(written.read_text(encoding="utf-8")).text
    problems = problems.rpartition("Problems of files")[2].partition("Provenance")[0]
    assert "P02_m00_NK.fcs" in problems
    assert "P02_m00" not in set(maturation.table["sample"])


def test_a_missing_folder_is_named(demo, parts, tmp_path):
    with pytest.raises(StudyError, match="nowhere"):
        lg.report(tmp_path / "nowhere" / "r.html", *parts, demo.result)


def test_what_makes_no_section_is_refused(demo, parts, tmp_path):
    page = tmp_path / "r.html"
    with pytest.raises(StudyError, match=r"made of a table with the columns a; give"):
        lg.report(page, *parts, demo.result, sections=[pd.DataFrame({"a": [1]})])
    with pytest.raises(StudyError, match="made of a int"):
        lg.report(page, *parts, demo.result, sections=[None, 3])
    with pytest.raises(StudyError, match="two results for the section 'families'"):
        lg.report(page, *parts, demo.result, sections=[demo.result, demo.result])
    assert not page.exists()
