"""Strategies of thousands of gates: built in linear time, or refused at a bound."""

from __future__ import annotations

import time

import pytest

import longate as lg
from longate.exceptions import StrategyError
from longate.gating.tree.tree import MOST_LEVELS


def chain(n, *, order=1):
    """Return gates that lie in each other, one in one."""
    gates = [lg.RectangleGate("G0", dimensions={"FSC-A": (0, None)})]
    gates += [
        lg.RectangleGate(f"G{k}", parent=f"G{k - 1}", dimensions={"FSC-A": (k, None)})
        for k in range(1, n)
    ]
    return gates[::order]


@pytest.mark.parametrize("order", [1, -1])
def test_a_long_chain_of_parents_is_a_tree_in_linear_time(order):
    # Quadratic steps took 18 s for 4,000 gates.
    begin = time.process_time()
    strategy = lg.GatingStrategy(chain(2000, order=order))
    assert strategy.paths[-1].endswith("/G1998/G1999")
    assert len(strategy) == 2000
    assert lg.GatingStrategy.from_json(strategy.to_json()) == strategy
    assert time.process_time() - begin < 10


def test_populations_deeper_than_the_bound_are_refused():
    assert len(lg.GatingStrategy(chain(MOST_LEVELS))) == MOST_LEVELS
    with pytest.raises(StrategyError, match="gate 'G5000' lies more than 5,000 pop"):
        lg.GatingStrategy(chain(MOST_LEVELS + 1))


def test_a_missing_parent_among_many_long_paths_is_refused_soon():
    stray = lg.RectangleGate("X", parent="G99999", dimensions={"FSC-A": (0, 1)})
    begin = time.process_time()
    with pytest.raises(StrategyError, match="lies in 'G99999', which does not exist"):
        lg.GatingStrategy([*chain(2000), stray])
    strategy = lg.GatingStrategy(chain(2000))
    with pytest.raises(lg.exceptions.PopulationError, match="'G99999' is not in the"):
        strategy.path("G99999")
    assert time.process_time() - begin < 10


def test_many_gates_side_by_side_are_written_and_read_in_linear_time(tmp_path):
    # 8,000 gates took 11 to 13 s.
    gates = [
        lg.RectangleGate(f"G{k}", dimensions={"FSC-A": (k, k + 1)}) for k in range(3000)
    ]
    begin = time.process_time()
    strategy = lg.GatingStrategy(gates, compensation=None)
    path = lg.write_gatingml(strategy, tmp_path / "gates.xml")
    assert lg.read_gatingml(path) == strategy
    assert len(strategy.rename("G7", "H7")) == len(gates)
    assert time.process_time() - begin < 10


def test_many_gates_in_gates_are_written_and_read_in_linear_time(tmp_path):
    strategy = lg.GatingStrategy(chain(1500), compensation=None)
    begin = time.process_time()
    path = lg.write_gatingml(strategy, tmp_path / "gates.xml")
    assert lg.read_gatingml(path) == strategy
    assert time.process_time() - begin < 10
