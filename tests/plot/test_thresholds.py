from __future__ import annotations

import pytest

import longate as lg
from longate.exceptions import MaturationError


@pytest.fixture(scope="module")
def anchored(small_study):
    strategies = {"NK": lg.simulate.nk_strategy()}
    populations = small_study.gate(strategies, progress=False)
    return lg.nk.thresholds(populations, parent="NK", least_events=30)


def test_a_panel_for_each_sample_and_marker(anchored):
    samples = list(anchored.table["sample"].unique()[:2])
    figure = lg.plot.thresholds(anchored, samples=samples, markers=["CD16", "CD57"])
    assert len(figure.axes) == 4
    titles = [ax.get_title() for ax in figure.axes]
    rows = anchored.table.set_index(["sample", "marker"])
    for title, marker in zip(titles, ["CD16", "CD57"] * 2, strict=True):
        assert title.startswith(marker)
        assert rows.loc[(samples[0], marker), "class"] in title


def test_the_threshold_and_the_gate_are_drawn_where_they_are(anchored):
    sample = anchored.table["sample"].iloc[0]
    (ax,) = lg.plot.thresholds(anchored, samples=[sample], markers=["CD16"]).axes
    row = anchored.table.set_index(["sample", "marker"]).loc[(sample, "CD16")]
    upright = [
        line.get_xdata()[0]
        for line in ax.lines
        if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2
    ]
    assert upright == pytest.approx([row["threshold"], row["gate"]])
    drawn = [line for line in ax.lines if len(line.get_xdata()) > 100]
    assert len(drawn) == 2  # NK cells and the negatives
    for line in drawn:
        assert line.get_ydata().max() == pytest.approx(1.0)


def test_what_was_not_anchored_is_named(anchored):
    with pytest.raises(MaturationError, match="CD16"):
        lg.plot.thresholds(anchored, markers=["CD61"])
    with pytest.raises(MaturationError, match="sample 'nobody' has no threshold"):
        lg.plot.thresholds(anchored, samples=["nobody"])


def test_the_report_has_a_section_of_thresholds(anchored):
    from longate.reporting.sections.thresholds import thresholds_section

    html = thresholds_section(anchored).html()
    assert "Positivity thresholds and their source" in html
    assert "data:image/png;base64," in html
    for source in anchored.table["source"].unique():
        assert source in html
    assert "Sources that could not serve" in html
