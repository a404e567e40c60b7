"""Panels: how names find channels, and what is said where they do not."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import longate as lg
from longate.exceptions import PanelError

CHANNELS = (
    lg.Channel("FSC-A", None, 262144.0),
    lg.Channel("PE-Cy7-A", "CD56", 262144.0, "512"),
    lg.Channel("APC-H7-A", "CD16", 262144.0),
    lg.Channel("BV605-A", "CD57", 262144.0),
    lg.Channel("Time", None, 262144.0),
)
PANEL = lg.Panel(CHANNELS, {"NCAM": "CD56", "Leu-7": "BV605-A"})


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("PE-Cy7-A", 1),
        ("pe-cy7-a", 1),
        ("CD56", 1),
        ("cd56", 1),
        ("NCAM", 1),
        ("ncam", 1),
        ("Leu-7", 3),
        ("Time", 4),
        ("fsc-a", 0),
    ],
)
def test_a_detector_a_marker_or_an_alias_in_any_case(name, place):
    assert PANEL.index(name) == place
    assert name in PANEL


def test_an_alias_works_from_the_file_too():
    """The file says NCAM, the gate says CD56, or the other way round."""
    for written, asked in (("NCAM", "CD56"), ("CD56", "NCAM"), ("ncam", "cd56")):
        panel = lg.Panel((lg.Channel("PE-A", written),), {"NCAM": "CD56"})
        assert panel.index(asked) == 0


def test_a_detector_comes_before_a_marker():
    panel = lg.Panel((lg.Channel("A", "B"), lg.Channel("B", "C")))
    assert panel.index("B") == 1


def test_what_is_written_exactly_comes_before_other_cases():
    panel = lg.Panel((lg.Channel("X", "cd3"), lg.Channel("Y", "CD3")))
    assert panel.index("CD3") == 1
    assert panel.index("cd3") == 0
    with pytest.raises(PanelError, match="'Cd3' means several channels"):
        panel.index("Cd3")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("CD65", "'CD56'"),
        ("CD-57", "did you mean 'CD57'"),
        ("PE-Cy7", "did you mean 'PE-Cy7-A'"),
        ("NCAN", "'NCAM'"),
        ("zzzz", "it has 'CD56', 'CD16', 'CD57', 'FSC-A'"),
    ],
)
def test_an_unknown_name_is_refused_with_suggestions(name, hint):
    with pytest.raises(PanelError, match=f"'{name}' is not in the panel") as caught:
        PANEL.index(name)
    assert hint in str(caught.value)
    assert name not in PANEL
    assert isinstance(caught.value, KeyError)


def test_a_marker_on_two_channels_lists_both():
    panel = lg.Panel((lg.Channel("PE-A", "CD14"), lg.Channel("APC-A", "CD14")))
    with pytest.raises(PanelError) as caught:
        panel.index("CD14")
    text = str(caught.value)
    assert text.startswith("'CD14' means several channels: channel 1 (detector 'PE-A')")
    assert "channel 2 (detector 'APC-A')" in text
    assert "CD14" not in panel
    assert panel.index("PE-A") == 0


@pytest.mark.parametrize(
    ("kind", "detectors"),
    [
        ("time", "Time TIME time HDR-T Time1 TIME2 TIME_LSW Time-MSW"),
        ("scatter", "FSC-A SSC-H FSC SSC FSC-Width FS SS FALS Forward-A Side FSC_A"),
        ("scatter", "FSCArea SSCWidth SSC1-Height SSC-B-A VSSC-A 488-SSC-A fsc-h FS00"),
        ("fluorescence", "PE-A FL1-A BV605-A Nd142Di Ax488-A SSEA4-A FITC-A Timer-A"),
        ("fluorescence", "Event CD56 Width FSX SSEA-4"),
    ],
)
def test_what_a_detector_measures(kind, detectors):
    for detector in detectors.split():
        assert lg.Channel(detector).kind == kind, detector


@pytest.mark.parametrize(
    "detector", ["FS Lin", "SS INT LIN", "FSC 488/10-A", "Time MSW"]
)
def test_detectors_with_blanks(detector):
    assert lg.Channel(detector).kind == ("time" if "Time" in detector else "scatter")


def test_the_table_of_a_panel():
    table = PANEL.table
    assert table.columns.tolist() == [
        "channel",
        "detector",
        "marker",
        "kind",
        "range",
        "voltage",
    ]
    assert table["channel"].tolist() == [1, 2, 3, 4, 5]
    assert table["voltage"].isna().tolist() == [True, False, True, True, True]
    assert len(PANEL) == 5
    assert [channel.label for channel in PANEL] == [
        "FSC-A",
        "CD56",
        "CD16",
        "CD57",
        "Time",
    ]


def test_a_panel_crosses_processes():
    assert pickle.loads(pickle.dumps(PANEL)) == PANEL


names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)


@given(st.lists(names, min_size=1, max_size=6, unique_by=str.casefold))
def test_every_detector_finds_its_own_channel_in_any_case(detectors):
    panel = lg.Panel(tuple(lg.Channel(name) for name in detectors))
    for place, name in enumerate(detectors):
        assert panel.index(name) == panel.index(name.swapcase()) == place
