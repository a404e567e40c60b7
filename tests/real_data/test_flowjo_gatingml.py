"""Gating-ML that FlowJo has exported: read, and said to be FlowJo's."""

from __future__ import annotations

import pytest

import longate as lg

FOLDER = "flowjo_wsp/flowatlas_fbc62f3d9f"


@pytest.mark.parametrize(
    ("file", "fcs", "n_gates"),
    [
        ("423C/Donor_Pre-Blood_023.xml", "423C/Donor_Liver_022.cleaned.fcs", 19),
        ("428C/Donor_tLN_027.xml", "428C/Donor_BM_026.cleaned.fcs", 17),
    ],
)
def test_exports_are_read_named_and_applied(shared_data, file, fcs, n_gates):
    with pytest.warns(lg.exceptions.GateWarning, match="is an export of FlowJo"):
        strategy = lg.read_gatingml(shared_data / FOLDER / file)
    assert len(strategy) == n_gates
    assert any(path.endswith("/CD4+|Treg") for path in strategy.paths)
    assert [one.gate for one in strategy.problems] == [""]
    counts = strategy.apply(shared_data / FOLDER / fcs).counts
    assert (counts["n_events"] > 0).mean() > 0.9
