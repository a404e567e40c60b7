"""Keywords of a file as a workspace keeps them: channels, gains, time step."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def channels_of(keywords: Mapping[str, str]) -> dict[str, str]:
    """Return the channels of a file, as FlowJo writes them -> as the file does.

    FlowJo writes ``_`` for ``/``.
    """
    return {name.replace("/", "_"): name for name in names_of(keywords)}


def names_of(keywords: Mapping[str, str]) -> list[str]:
    """Return the names of a file's channels; FlowJo adds its own beyond ``$PAR``."""
    stated = keywords.get("$PAR", "").strip()
    names: list[str] = []
    while (name := keywords.get(f"$P{len(names) + 1}N")) is not None:
        if stated.isdigit() and len(names) >= int(stated):
            break
        names.append(name)
    return names


def names_that_coincide(keywords: Mapping[str, str]) -> list[str]:
    """Return the names that FlowJo gives to several channels of a file."""
    written = [name.replace("/", "_") for name in names_of(keywords)]
    return [name for name, times in Counter(written).items() if times > 1]


def gains_of(keywords: Mapping[str, str]) -> dict[str, float]:
    """Return the gains of a file's channels, ``$PnG``, by FlowJo's names."""
    return {
        name.replace("/", "_"): positive(keywords.get(f"$P{number}G"))
        for number, name in enumerate(names_of(keywords), start=1)
    }


def positive(text: str | None) -> float:
    """Return a number above 0; 1 where the text is none."""
    try:
        value = float(text or "")
    except ValueError:
        return 1.0
    return value if 0 < value < float("inf") else 1.0
