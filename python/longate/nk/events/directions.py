"""Direction of each marker on the axis of phenotypic maturation, with its source."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from longate.nk.stages.scheme import CD56_BRIGHT


class Direction(NamedTuple):
    """The sign of a marker's vote, and the literature it rests on."""

    sign: int
    """+1: cells that have it count as more mature; -1: as less mature."""
    source: str


_BJORKSTROM = "Björkström et al. 2010, Blood 116:3853, doi:10.1182/blood-2010-04-281675"
_QUADRANTS = "CD56 x CD16 quadrants of the literature"

DIRECTIONS: MappingProxyType[str, Direction] = MappingProxyType(
    {
        "CD16": Direction(+1, _QUADRANTS),
        "KIR": Direction(+1, _BJORKSTROM),
        "CX3CR1": Direction(+1, "Hamann et al. 2011, Immunology"),
        "CD57": Direction(+1, "Lopez-Vergés et al. 2010, Blood 116:3865"),
        CD56_BRIGHT: Direction(-1, _QUADRANTS),
        "NKG2A": Direction(-1, _BJORKSTROM),
        "CD94": Direction(-1, "its density falls from bright to dim: Blood 116:3689"),
        "CD62L": Direction(-1, "Juelke et al. 2010, Blood 116:1299"),
        "CD27": Direction(-1, "Vossen et al. 2008, J Immunol 180:3739"),
        "CD117": Direction(-1, "marker of early NK cells, general literature"),
        "CD127": Direction(-1, "marker of early NK cells, general literature"),
    }
)
"""Votes of the event score. ``CD56bright`` is the density of CD56."""

HANDLING_ROBUST = (CD56_BRIGHT, "NKG2A", "KIR", "CD57")
"""Markers that neither delay nor freezing sheds, unlike CD16, CD62L and CX3CR1."""

SMALLEST_COVERAGE = 0.6
"""Share of the weights that must be measured for a score."""
