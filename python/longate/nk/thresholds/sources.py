"""Sources of positivity thresholds: cells that serve, and cells that cannot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longate._validation import listed
from longate.exceptions import MaturationError
from longate.gating.gates.rectangle import RectangleGate
from longate.nk.stages.scheme import CD56_BRIGHT, CD56_POSITIVE

if TYPE_CHECKING:
    from longate.gating.tree.gate_tree import GateTree

SOURCES = ("fmo", "internal", "valley", "gate")
"""Sources of a threshold, in the order in which they are tried."""

INDEPENDENT = "independent"
TREATMENT_SENSITIVE = "treatment-sensitive"
CIRCULAR = "circular"
USER_SET = "user-set"

T_CELLS = "T cells (CD3+ CD56-)"
B_CELLS = "low-scatter dump+ CD3- cells (B)"
CD57_T_CELLS = "CD3+ CD57+ T cells"


@dataclass(frozen=True)
class ReferencePopulation:
    """Cells of the same tube that are negative (or positive) for some markers.

    Parameters
    ----------
    name : str
        What the cells are.
    markers : tuple of str
        Markers whose threshold they give.
    role : {"negatives", "positives"}
        Which end.
    kind : str
        ``"independent"`` or ``"treatment-sensitive"``.
    reason : str
        Why that kind.
    """

    name: str
    markers: tuple[str, ...]
    role: str
    kind: str
    reason: str


REFERENCE_POPULATIONS = (
    ReferencePopulation(
        T_CELLS,
        ("CD56", "CD16", "NKG2A", "KIR"),
        "negatives",
        INDEPENDENT,
        "the main mode of T cells has none of these; the few T cells that do are its "
        "upper tail and do not move it",
    ),
    ReferencePopulation(
        B_CELLS,
        ("CD57", "CX3CR1", "KIR"),
        "negatives",
        TREATMENT_SENSITIVE,
        "B cells have none of these, but treatments deplete them: look at n_events",
    ),
    ReferencePopulation(
        CD57_T_CELLS,
        ("CD57",),
        "positives",
        TREATMENT_SENSITIVE,
        "CD57+ T cells rise with CMV and with treatments that spare them",
    ),
)
"""Cells that real tubes have, with the markers whose threshold they give."""

CIRCULAR_SOURCES = {
    (CD56_POSITIVE, "CD56dim"): "the CD56dim mode would define its own CD56",
    ("NKG2A", CD56_BRIGHT): "the CD56bright mode would define its own NKG2A",
}
"""(marker, population) whose scored cells would define their own scale."""

UNSUITABLE_SOURCES = {
    ("CD16", "neutrophil"): "neutrophils carry another CD16 (FcγRIIIb)",
    ("CD62L", "monocyte"): "monocytes are bimodal for CD62L",
    ("CX3CR1", "monocyte"): "monocytes are bimodal for CX3CR1",
}
"""(marker, word in a population's name) that look like negatives and are not."""


def refuse_circular(call: str, population: str, parent: str) -> None:
    """Refuse a population as a source if the scored cells define their own scale.

    Parameters
    ----------
    call : str
        What is called, such as ``"CD56bright"``.
    population : str
        Path of the population that was given as negatives.
    parent : str
        Path of the NK population.

    Raises
    ------
    MaturationError
        If it lies within the NK cells, or is known not to serve for the marker.
    """
    name = population.rpartition("/")[2]
    why = CIRCULAR_SOURCES.get((call, name))
    if why is None and f"{population}/".startswith(f"{parent}/"):
        why = "the cells that are scored would define their own scale"
    if why is not None:
        msg = (
            f"{population!r} is a circular source for {call!r}: {why}; take an FMO "
            "control, cells outside the NK gate, or a density valley"
        )
        raise MaturationError(msg)
    for (marker, word), reason in UNSUITABLE_SOURCES.items():
        if marker == call and word in population.casefold():
            msg = f"{population!r} cannot give the threshold of {call!r}: {reason}"
            raise MaturationError(msg)


@dataclass(frozen=True)
class TubeCells:
    """Rules that pick T and B cells among the events that lead to the NK gate.

    Parameters
    ----------
    t_root, b_root : str or None
        Populations from which the NK path takes CD3- and dump- cells; None where the
        path bounds no such channel.
    cd3, dump : (str, float) or None
        Channel and bound of the gate.
    reasons : dict of str to str
        Population -> why the tube does not have it.
    """

    t_root: str | None
    b_root: str | None
    cd3: tuple[str, float] | None
    dump: tuple[str, float] | None
    reasons: dict[str, str]


def tube_cells(strategy: GateTree, parent: str) -> TubeCells:
    """Read from the gates on the path to the NK cells which others can be picked.

    T cells are what the path's CD3 bound excludes. B cells are what a dump bound
    excludes among CD3- cells, if a gate before bounds side scatter from above (a dump
    of CD14 and CD19 holds monocytes as well).
    """
    cd3, t_root = _upper_bound(strategy, parent, "cd3")
    dump, b_root = _upper_bound(strategy, parent, "dump")
    reasons: dict[str, str] = {}
    if cd3 is None:
        why = "no range gate on the path to the NK cells bounds CD3 from above"
        reasons = dict.fromkeys((T_CELLS, B_CELLS, CD57_T_CELLS), why)
    elif dump is None:
        reasons[B_CELLS] = "no range gate on the path bounds a dump from above"
    elif _upper_bound(strategy, b_root or parent, "ssc-a")[0] is None:
        reasons[B_CELLS] = (
            "no gate before the dump bounds SSC-A from above, so the dump holds "
            "monocytes too"
        )
        dump, b_root = None, None
    return TubeCells(t_root, b_root, cd3, dump, reasons)


def _upper_bound(
    strategy: GateTree, population: str, channel: str
) -> tuple[tuple[str, float] | None, str | None]:
    """Return (channel, bound) of the nearest gate above, and that gate's parent."""
    path: str | None = strategy.path(population)
    while path:
        gate = strategy[path]
        if isinstance(gate, RectangleGate):
            for dimension, (_, high) in gate.dimensions.items():
                if not isinstance(dimension, str) or high is None:
                    continue
                if dimension.casefold() == channel:
                    return (dimension, float(high)), strategy.parent(path) or ""
        path = strategy.parent(path)
    return None, None


def one_threshold(strategy: GateTree, path: str) -> tuple[str, float] | None:
    """Return channel and threshold of a gate ``channel >= threshold``, else None."""
    gate = strategy[path]
    if not isinstance(gate, RectangleGate) or len(gate.dimensions) != 1:
        return None
    ((dimension, (low, high)),) = gate.dimensions.items()
    # Else the gate overrides scale or compensation.
    if not isinstance(dimension, str) or low is None or high is not None:
        return None
    return dimension, float(low)


def movable(strategy: GateTree, calls: dict[str, str]) -> dict[str, str]:
    """Return call -> channel of the calls that are made by one threshold.

    Raises
    ------
    MaturationError
        If no call is.
    """
    found = {
        call: gate[0]
        for call, path in calls.items()
        if (gate := one_threshold(strategy, path)) is not None
    }
    if not found:
        msg = (
            f"none of the populations {listed(calls.values())} is a range gate with "
            "one lower bound; there is no threshold to find"
        )
        raise MaturationError(msg)
    return found
