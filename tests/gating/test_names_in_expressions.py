"""Names in Boolean expressions are rewritten on the parsed form, to the letter."""

from __future__ import annotations

import pytest

import longate as lg
from longate.gating.gates.boolean_expression import quoted

HARD_NAMES = [
    "CD4 ( all )",
    "CD4 (all)",
    "CD4 ( all",
    "( CD4",
    "a' )",
    "'",
    '"( x )"',
    "and",
    "NOT b",
    "x  y",
    "( not ( a or b ) )",
    "CD4\u00a0( x )",
]


@pytest.mark.parametrize("new", ["B", "( B )", "CD4 (  all )"])
@pytest.mark.parametrize("name", HARD_NAMES)
def test_names_in_expressions_are_kept_to_the_letter(name, new):
    # "CD4 ( all )" became "CD4 (all)", another population, when something was renamed.
    names = [name, *(other for other in HARD_NAMES if other != name), "A"]
    if new in names:
        return
    gates = [
        lg.RectangleGate(each, dimensions={"FSC-A": (k, None)})
        for k, each in enumerate(names)
    ]
    word = quoted(name)
    gates.append(lg.BooleanGate("Both", f"not (A and not ({word} or A))"))
    strategy = lg.GatingStrategy(gates, compensation=None)
    renamed = strategy.rename("A", new)
    assert renamed["Both"].populations == (new, name)
    assert renamed.rename(new, "A")["Both"].populations == ("A", name)
    again = strategy.rename(name, new).rename(new, name)
    assert again == strategy
    moved = strategy.move(name, "A")
    assert moved["Both"].populations in (("A", name), ("A", f"A/{name}"))
