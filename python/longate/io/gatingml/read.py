"""Read a Gating-ML file into a strategy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longate.exceptions import GateError, StrategyError
from longate.gating.strategy import GatingStrategy
from longate.io.gatingml.document import Document
from longate.io.gatingml.gates import GateReader
from longate.io.gatingml.populations import Register
from longate.io.gatingml.transforms import Declarations

if TYPE_CHECKING:
    import os

    from longate.io.xml_tree import Element


def read_gatingml(path: str | os.PathLike[str]) -> GatingStrategy:
    """Read the gates of a Gating-ML file.

    Parameters
    ----------
    path : path-like
        A file of Gating-ML 2.0.
    """
    document = Document(Path(path))
    gates = [e for e in document.root.children if e.name.local.endswith("Gate")]
    declarations = Declarations(document)
    register = Register(document, gates, {})
    reader = GateReader(document, declarations, register)
    return GatingStrategy(
        [reader.read(gate) for gate in gates], name=Path(path).stem
    )
