"""A strategy to be edited, and what is looked at afterwards."""

from __future__ import annotations

import longate as lg


def gate(name, parent=None, **sides):
    return lg.RectangleGate(name, parent=parent, **(sides or {"A": (0, 1)}))


QUADRANTS = lg.QuadrantGate("Q", dividers={"B": 0.5}, parent="T cells")
TREE = lg.GatingStrategy(
    [
        gate("Cells"),
        gate("NK", parent="Cells"),
        gate("CD16+", parent="NK"),
        gate("T cells", parent="Cells"),
        gate("CD16+", parent="T cells"),
        QUADRANTS,
        gate("deep", parent="B+"),
        lg.BooleanGate("either", "NK/CD16+ or (not deep and 'B-')", parent="Cells"),
    ],
    scale=lg.Logicle(),
    compensation=None,
    name="tree",
    custom_info="<info/>",
)


def written(strategy: lg.GatingStrategy) -> list[tuple[str, str | None]]:
    return [(one.name, one.parent) for one in strategy.gates]


def refers(strategy: lg.GatingStrategy, name: str = "either") -> list[str]:
    found = strategy[name]
    return [strategy.path(reference) for reference in found.populations]


REFERS = ["Cells/NK/CD16+", "Cells/T cells/B+/deep", "Cells/T cells/B-"]
