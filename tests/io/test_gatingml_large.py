"""Files with thousands of gates that are wrong: refused or listed in linear time."""

from __future__ import annotations

import time

import pytest

import longate as lg
from longate.exceptions import GateWarning, GatingMLError
from reference.gatingml_files import file_of, rectangle

N = 4000


def chain(n, *, closed=False):
    first = rectangle("R0", parent_id=f"R{n - 1}") if closed else rectangle("R0")
    return first + "".join(
        rectangle(f"R{k}", parent_id=f"R{k - 1}") for k in range(1, n)
    )


WRONG = {
    "missing parents": "".join(rectangle(f"R{k}", parent_id=f"M{k}") for k in range(N)),
    "one circle": chain(N, closed=True),
    "one id": rectangle("R") * N,
}


@pytest.mark.parametrize("what", WRONG)
def test_many_gates_with_a_fault_are_refused_soon(tmp_path, what):
    # Near names for each and lists of all took minutes.
    path = tmp_path / "gates.xml"
    path.write_text(file_of(WRONG[what]))
    begin = time.process_time()
    with pytest.raises(GatingMLError, match="line 5, gate 'R") as caught:
        lg.read_gatingml(path)
    assert len(str(caught.value)) < 500
    assert time.process_time() - begin < 15


def test_gates_that_lie_too_deep_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr("longate.io.gatingml.faults.MOST_LEVELS", 50)
    path = tmp_path / "gates.xml"
    path.write_text(file_of(chain(60)))
    with pytest.warns(GateWarning, match="without 10 gates that cannot be read"):
        strategy = lg.read_gatingml(path)
    assert len(strategy) == 50
    assert "more than 50 populations deep" in strategy.problems[0].reason
    assert "it lies in 'R50'" in strategy.problems[1].reason
