"""Samples: events as read, values for analysis, and what a repr may show."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import PanelError
from reference.fcs_bytes import Channel, build, pack

CHANNELS = [
    Channel("FSC-A", marker=None),
    Channel("PE-A", marker="CD56"),
    Channel("FITC-A", marker="CD14"),
    Channel("APC-A", marker="CD14"),
    Channel("Time"),
]
EVENTS = np.array(
    [[1, 2, 3, 4, 5], [10, 20, 30, 40, 50], [0.5, -1, 2.5, 0, 6]], dtype=np.float32
)


@pytest.fixture
def sample(tmp_path):
    data = pack(EVENTS.tolist(), "fffff", "<")
    keywords = {"$CYT": "made", "$TIMESTEP": "0.1"}
    (tmp_path / "a.fcs").write_bytes(build(CHANNELS, data, 3, keywords=keywords))
    return lg.read_fcs(tmp_path / "a.fcs")


def test_events_as_one_array(sample):
    assert sample.to_numpy().shape == (3, 5)
    np.testing.assert_array_equal(sample.to_numpy()[:, :4], EVENTS[:, :4])
    assert sample.to_numpy(["CD56", "FSC-A"]).dtype == np.float32
    np.testing.assert_array_equal(sample.to_numpy(["CD56", "FSC-A"]), EVENTS[:, [1, 0]])
    assert sample.to_numpy([]).shape == (3, 0)


def test_events_as_a_table(sample):
    table = sample.to_pandas()
    assert table.columns.tolist() == [
        "FSC-A",
        "CD56",
        "CD14 (FITC-A)",
        "CD14 (APC-A)",
        "Time",
    ]
    np.testing.assert_allclose(table["Time"], [0.5, 5.0, 0.6], rtol=1e-6)
    chosen = sample.to_pandas(["APC-A", "CD56", "CD56"])
    assert chosen.columns.is_unique
    assert chosen.shape == (3, 3)


def test_a_sample_of_no_channels_and_no_events_is_a_table(tmp_path):
    file = build(CHANNELS, b"", 0, header_data=(0, 0), text_data=(0, 0))
    (tmp_path / "none.fcs").write_bytes(file)
    sample = lg.read_fcs(tmp_path / "none.fcs")
    assert sample.to_pandas().shape == (0, 5)
    assert isinstance(sample.to_pandas(), pd.DataFrame)


def test_values_are_float64_and_scaled_where_asked(sample):
    values = sample.values("CD56")
    assert values.dtype == np.float64
    scale = lg.Logicle(t=1000.0)
    np.testing.assert_array_equal(sample.values("CD56", scale=scale), scale(values))


def test_unknown_and_ambiguous_names(sample):
    for call in (sample.column, sample.values, lambda n: sample.to_numpy([n])):
        with pytest.raises(
            PanelError, match="'CD65' is not in the panel; did you mean"
        ):
            call("CD65")
        with pytest.raises(PanelError, match="'CD14' means several channels"):
            call("CD14")


def test_columns_cannot_be_changed(sample):
    with pytest.raises(ValueError, match="read-only"):
        sample.column("CD56")[0] = 7
    with pytest.raises(AttributeError):
        sample.n_events = 7
    copied = sample.to_numpy()
    copied[0, 0] = 99
    assert sample.column("FSC-A")[0] == 1


def test_the_repr_gives_shape_names_and_no_keyword(sample):
    text = repr(sample)
    for part in (
        "a.fcs",
        "FCS3.1",
        "3 events x 5 channels",
        "without spillover",
        "CD56",
    ):
        assert part in text
    assert "made" not in text
    assert repr(sample.keywords).startswith("Keywords · ")
    assert "made" not in repr(sample.keywords)


def test_a_sample_crosses_processes(sample):
    again = pickle.loads(pickle.dumps(sample))
    np.testing.assert_array_equal(again.to_numpy(), sample.to_numpy())
    assert dict(again.keywords) == dict(sample.keywords)
    assert again.panel == sample.panel


def test_keywords_are_a_mapping(sample):
    keywords = sample.keywords
    assert keywords["$cyt"] == "made"
    assert keywords.get("$NONE") is None
    assert "$Cyt" in keywords
    assert len(keywords) == len(dict(keywords))
    assert list(keywords)[:2] == ["$BEGINDATA", "$ENDDATA"]
