"""Patterns that names show, and what a draft finds in files of odd clocks."""

from __future__ import annotations

import pandas as pd
import pytest

import longate as lg
from longate.exceptions import DateWarning, FileWarning, SampleSheetError
from longate.io.draft_sheet import draft_sheet
from longate.io.name_patterns import propose_patterns
from study.study_folder import write_file

MARKERS = {"PE-A": "CD56"}


def names(template):
    return [
        template.format(patient=patient, visit=visit, tube=tube, n=at)
        for at, (patient, visit, tube) in enumerate(
            (patient, visit, tube)
            for patient in ("007", "012", "101")
            for visit in ("Screening", "V2", "Abschluss")
            for tube in ("NK", "Lin")
        )
    ]


@pytest.mark.parametrize(
    ("template", "pattern"),
    [
        ("{patient} {visit} {tube}.fcs", "{patient} {visit} {tube}"),
        ("{patient}_{visit}_{tube}.fcs", "{patient}_{visit}_{tube}"),
        ("{patient}-{visit}-{tube}.fcs", "{patient}-{visit}-{tube}"),
        ("2022-09-05_{patient}_{visit}_{tube}.fcs", "{date}_{patient}_{visit}_{tube}"),
        ("Studie_{tube}_{patient}_{visit}.fcs", "Studie_{tube}_{patient}_{visit}"),
    ],
)
def test_patterns_are_proposed_with_an_example(template, pattern):
    best = propose_patterns(names(template))[0]
    assert (best.pattern, best.n_files) == (pattern, 18)
    assert "patient '007', visit 'Screening', tube 'NK'" in best.example.replace(
        "tube 'NK', patient '007', visit 'Screening'",
        "patient '007', visit 'Screening', tube 'NK'",
    )


def test_no_pattern_is_made_up():
    assert propose_patterns(["one.fcs", "two.fcs"]) == []
    assert propose_patterns(["a b c.fcs", "d e f.fcs"]) == []


@pytest.fixture
def folder(tmp_path):
    for at, name in enumerate(names("{patient} {visit} {tube}.fcs")):
        write_file(tmp_path / name, seed=at, n_events=40 + at, markers=MARKERS)
    return tmp_path


def test_a_draft_reads_names_that_single_words_do_not_tell(folder):
    draft = draft_sheet(folder)
    assert draft.sheet["patient"].unique().tolist() == ["007", "012", "101"]
    assert set(draft.sheet["visit"]) == {"Screening", "V2", "Abschluss"}
    assert set(draft.sheet["tube"]) == {"NK", "Lin"}
    assert draft.used == "{patient} {visit} {tube}"
    assert draft.patterns["n_files"].tolist() == [18]
    assert "names read by the pattern" in repr(draft)
    order = ["Screening", "V2", "Abschluss"]
    study = lg.read_study(draft.sheet, visit_order=order)
    assert study.problems.empty


def test_a_pattern_that_fits_nothing_is_refused_with_one_that_does(folder):
    with pytest.raises(
        SampleSheetError, match=r"'\{patient\} \{visit\} \{tube\}' would"
    ):
        draft_sheet(folder, pattern="{patient}_{visit}_{tube}")


@pytest.mark.parametrize("written", ["01-Jan-0001", "01-JAN-9999", "00-XXX-2020"])
def test_a_clock_that_was_never_set_is_named(tmp_path, written):
    write_file(tmp_path / "P01_m00_NK.fcs", keywords={"$DATE": written})
    write_file(tmp_path / "P01_m06_NK.fcs", keywords={"$DATE": "05-SEP-2022"}, seed=2)
    draft = draft_sheet(tmp_path)
    assert draft.sheet["acquired"].isna().tolist() == [True, False]
    dates = draft.conflicts[draft.conflicts["conflict"] == "date"]
    assert dates["detail"].tolist() == [f"$DATE {written!r} is no day of a measurement"]
    assert draft.save(tmp_path / "s.csv").is_file()
    assert lg.read_study(tmp_path / "s.csv").problems.empty


def test_an_acquired_date_that_contradicts_the_file_is_a_problem(tmp_path):
    days = ["2022-09-05", "2022-09-06", "2022-10-05"]
    frame = pd.DataFrame(
        {"file": [f"{at}.fcs" for at in range(3)], "patient": "P1", "tube": "NK"}
    )
    frame["visit"], frame["acquired"] = ["m0", "m6", "m12"], days
    for at in range(3):
        words = {"$DATE": "05-SEP-2022"}
        write_file(tmp_path / f"{at}.fcs", seed=at, n_events=9 + at, keywords=words)
    with pytest.warns(DateWarning, match="1 dates of acquisition contradict"):
        study = lg.read_study(frame, root=tmp_path)
    assert study.problems["file"].tolist() == ["2.fcs"]
    assert "acquired is 2022-10-05" in study.problems["problem"][0]
    # A frozen batch: collected on other days than it was measured.
    collected = frame.rename(columns={"acquired": "collected"})
    assert lg.read_study(collected, root=tmp_path).problems.empty


def studied(folder, files):
    """Write files (name, seed, patient, patient by keyword) and read their study."""
    for at, (name, seed, _, keyword) in enumerate(files):
        words = {"$SRC": keyword}
        n = 50 if seed == 1 else 60 + at
        write_file(folder / f"{name}.fcs", seed=seed, n_events=n, keywords=words)
    frame = pd.DataFrame({"file": [f"{name}.fcs" for name, *_ in files]})
    frame["patient"] = [patient for _, _, patient, _ in files]
    frame["visit"] = [f"m{at}" for at in range(len(files))]
    return lg.read_study(frame.assign(tube="NK"), root=folder)


def test_the_study_finds_what_the_draft_finds(tmp_path):
    files = [
        ("a", 1, "P1", "Meier"),
        ("b", 1, "P1", "Meier"),
        ("c", 2, "P1", "Huber"),
        ("d", 3, "P2", "Huber"),
        ("e", 4, "P2", "Huber"),
    ]
    with pytest.warns(FileWarning, match="3 files are in doubt"):
        study = studied(tmp_path, files)
    told = study.problems.set_index("file")["problem"]
    assert "one measurement under several names: 'a.fcs', 'b.fcs'" in told["b.fcs"]
    assert told["c.fcs"] == (
        "a keyword of the file names another patient than other files of 'P1' do"
    )
    assert "Huber" not in "".join(told)


def test_pseudonyms_are_no_contradiction(tmp_path):
    files = [("a", 2, "P1", "Meier"), ("b", 3, "P1", "Meier"), ("c", 4, "P2", "Huber")]
    assert studied(tmp_path, files).problems.empty
