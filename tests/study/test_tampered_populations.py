"""Saved populations vouch for themselves: what was changed in a folder is refused."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import StudyError
from longate.study.saved_checks import manifest_text
from study.study_folder import write_study

GATES = [
    lg.RectangleGate("A", dimensions={"FSC-A": (None, None), "CD56": (0.2, None)}),
    lg.RectangleGate("B", parent="A", dimensions={"CD56": (0.4, None)}),
]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a folder of saved populations, with statistics and kept events."""
    folder = tmp_path_factory.mktemp("study")
    sheet = write_study(folder, patients=("P01", "P02"))
    study = lg.read_study(sheet)
    strategy = lg.GatingStrategy(GATES, scale=lg.Logicle())
    populations = study.gate(
        strategy, statistics=[lg.Statistic("median", "CD56")], progress=False
    )
    return lg.save_populations(populations, folder / "run")


@pytest.fixture
def run(saved, tmp_path):
    """Return a copy of it that may be spoilt."""
    return shutil.copytree(saved, tmp_path / "run")


def rewrite(run, change):
    """Change the manifest, and let its hash fit again, as one who means harm would."""
    manifest = json.loads((run / "manifest.json").read_text())
    change(manifest)
    manifest.pop("sha256", None)
    (run / "manifest.json").write_text(manifest_text(manifest))


def rewrite_table(run, name, change):
    """Change a table, with hash and number of rows in the manifest."""
    path = run / f"{name}.parquet"
    table = change(pd.read_parquet(path))
    table.to_parquet(path)

    def entry(manifest):
        manifest["tables"][name]["sha256"] = hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        manifest["tables"][name]["n_rows"] = len(table)

    rewrite(run, entry)


def test_what_was_not_changed_is_loaded(run):
    assert len(lg.load_populations(run).counts) > 4
    rewrite(run, lambda manifest: None)
    assert len(lg.load_populations(run).counts) > 4


def test_a_manifest_that_was_edited_is_refused(run):
    path = run / "manifest.json"
    path.write_text(path.read_text().replace('"n_events": 200', '"n_events": 201', 1))
    with pytest.raises(StudyError, match="its own SHA-256 does not fit"):
        lg.load_populations(run)


def set_first(key, value):
    return lambda manifest: manifest["files"][0].__setitem__(key, value)


CHANGED = {
    "another gate": (
        lambda m: m["strategies"]["NK"]["strategy"]["gates"][1].__setitem__(
            "name", "C"
        ),
        "is not the one that was saved; its id is",
    ),
    "another bound": (
        lambda m: m["strategies"]["NK"]["strategy"]["gates"][1]["dimensions"][
            0
        ].__setitem__(1, 0.39),
        "is not the one that was saved",
    ),
    "another id": (
        lambda m: m["strategies"]["NK"].__setitem__("id", "0" * 12),
        "is not the one that was saved",
    ),
    "fewer events": (set_first("n_events", 3), "row 0.* of 3 events of its parent"),
    "more events": (set_first("n_events", 2000), "is not of 2000 events"),
    "negative events": (set_first("n_events", -1), "entry of row 0"),
    "a table elsewhere": (
        lambda m: m["tables"]["counts"].__setitem__("file", "../run/counts.parquet"),
        r"is in the file '\.\./run/counts\.parquet'",
    ),
    "a table of another name": (
        lambda m: m["tables"]["counts"].__setitem__("file", "samples.parquet"),
        "is in the file 'samples",
    ),
    "a missing table": (lambda m: m["tables"].pop("gated"), "'gated' is no object"),
    "a row twice": (set_first("row", 1), "entry of row 1"),
    "a row of text": (set_first("row", "0"), "field 'row' of an entry of 'files'"),
    "a row that is true": (set_first("row", True), "field 'row'"),
    "a hash of another form": (set_first("sha256", "0"), "entry of row 0"),
    "an unknown matrix": (set_first("compensation", "x"), "entry of row 0"),
    "no files": (lambda m: m.__setitem__("files", None), "field 'files'"),
    "fewer files": (lambda m: m["files"].pop(), "are not those of the files"),
    "an alias that is no text": (set_first("aliases", {"a": 1}), "entry of row 0"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_manifest_that_does_not_fit_is_refused(run, what):
    change, words = CHANGED[what]
    rewrite(run, change)
    with pytest.raises(StudyError, match=words):
        lg.load_populations(run)


def swapped(table):
    first, second = table.index[:2]
    order = [second, first, *table.index[2:]]
    changed = table.copy()
    changed["mask"] = table["mask"].loc[order].to_numpy()
    return changed


def moved(table):
    rows = table["row"].to_numpy().copy()
    found = np.unique(rows)[:2]
    changed = table.copy()
    changed["row"] = np.where(
        rows == found[0], found[1], np.where(rows == found[1], found[0], rows)
    )
    return changed


def one_bit(table):
    changed = table.copy()
    mask = bytearray(changed["mask"].iloc[1])
    mask[0] ^= 1
    changed.at[changed.index[1], "mask"] = bytes(mask)
    return changed


TABLES = {
    "masks swapped": ("gated", swapped, "does not hold|holds events"),
    "files swapped": ("gated", moved, "does not fit the saved populations"),
    "a bit": ("gated", one_bit, "does not hold .* events|holds events"),
    "a count": (
        "gated",
        lambda t: t.assign(n_inside=t["n_inside"] + 1),
        "does not hold|of its parent",
    ),
    "a mask cut short": (
        "gated",
        lambda t: t.assign(mask=[mask[:-1] for mask in t["mask"]]),
        "is not of 200 events",
    ),
    "some masks": (
        "gated",
        lambda t: t.assign(mask=[None, *t["mask"][1:]]),
        "is not of 200 events",
    ),
    "a row less": ("gated", lambda t: t.iloc[1:], "are not those of the strategy"),
    "a row twice": (
        "gated",
        lambda t: pd.concat([t, t.iloc[:1]]),
        "are not those of the strategy",
    ),
    "columns renamed": (
        "gated",
        lambda t: t.rename(columns={"n_inside": "inside"}),
        "is not what was written: KeyError",
    ),
    "counts for people": (
        "counts",
        lambda t: t.assign(n_events=t["n_events"] + 1),
        "table 'counts' does not fit",
    ),
    "samples of text": (
        "samples",
        lambda t: t.assign(tube="other"),
        "is not what was written",
    ),
}


@pytest.mark.parametrize("what", TABLES)
def test_a_table_that_does_not_fit_is_refused(run, what):
    name, change, words = TABLES[what]
    rewrite_table(run, name, change)
    with pytest.raises(StudyError, match=words):
        lg.load_populations(run)


@pytest.mark.parametrize("name", ["counts.parquet", "manifest.json"])
def test_links_are_refused(run, tmp_path, name):
    shutil.move(run / name, tmp_path / "elsewhere")
    (run / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StudyError, match="is a symbolic link"):
        lg.load_populations(run)


def test_no_parquet_under_a_fitting_hash_is_refused(run):
    path = run / "counts.parquet"
    path.write_bytes(b"PAR1 but no table PAR1")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    rewrite(run, lambda m: m["tables"]["counts"].__setitem__("sha256", digest))
    with pytest.raises(StudyError, match=r"counts\.parquet is no table"):
        lg.load_populations(run)


def test_a_file_whose_events_changed_is_refused_when_they_are_read(saved, tmp_path):
    study = shutil.copytree(saved.parent, tmp_path / "study")
    back = lg.load_populations(study / "run", files=study)
    row = back.files[0].row
    path = back.study.metadata[row].path
    sample = back.study.samples["sample"][row]
    assert len(back.events("A", sample=sample)) > 3
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(bytes(content))
    again = lg.load_populations(study / "run", files=study)
    assert again.study.problems.empty
    with pytest.raises(StudyError, match="not the file that was gated: its SHA-256"):
        again.events("A", sample=sample)
    assert copy.copy(again).counts.equals(back.counts)
