"""Names of populations, as paths can be made of them."""

from __future__ import annotations

from longate.gating.gates.base import ALL_EVENTS


def unique_name(given: str, taken: dict[str, int]) -> str:
    """Return a name that can be one of a path, different from its siblings'."""
    name = given.strip().replace("/", "|") or "unnamed"
    if name == ALL_EVENTS:
        name = f"{name} (gate)"
    taken[name] = taken.get(name, 0) + 1
    if taken[name] == 1:
        return name
    numbered = f"{name} #{taken[name]}"
    return unique_name(numbered, taken)
