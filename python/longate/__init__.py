"""Longate: clinical flow cytometry studies over time, from FCS files to an answer.

``import longate as lg``; the README has the fifteen lines to start from.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from longate._core import __version__
from longate.cytometry.compensation import Compensation
from longate.cytometry.panel import Channel, Panel
from longate.cytometry.sample import Sample
from longate.cytometry.transforms import (
    Arcsinh,
    Bounded,
    FlowJoBiex,
    Grid,
    Hyperlog,
    Linear,
    Log,
    Logicle,
    Ratio,
)
from longate.gating.compile.requests import Statistic
from longate.gating.gates.boolean import BooleanGate
from longate.gating.gates.dimension import INHERIT, Dimension
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.polygon import PolygonGate
from longate.gating.gates.quadrant import QuadrantGate
from longate.gating.gates.rectangle import RectangleGate
from longate.gating.results.populations import Populations
from longate.gating.strategy.perturbation import Perturbation, Shift
from longate.gating.strategy.strategy import GatingStrategy
from longate.io.fcs import read_fcs, write_fcs
from longate.study.live import LiveStudy
from longate.study.reading import read_study
from longate.study.study import Study

if TYPE_CHECKING:
    from longate import (
        clinical,
        datasets,
        longitudinal,
        nk,
        plot,
        quality,
        simulate,
    )
    from longate.cytometry.spillover_controls import spillover_from_controls
    from longate.cytometry.spreading import spillover_spreading
    from longate.export.prism_file import prism
    from longate.export.tidy_file import tidy
    from longate.export.wide_tables import wide
    from longate.io.deidentify import deidentify
    from longate.io.draft_sheet import draft_sheet
    from longate.io.facsdiva.read import read_facsdiva
    from longate.io.flowjo.read import read_flowjo
    from longate.io.flowjo.write import write_flowjo
    from longate.io.gatingml.read import read_gatingml
    from longate.io.gatingml.write import write_gatingml
    from longate.io.scan import scan_fcs
    from longate.io.spillover_table import read_compensation
    from longate.reporting import report
    from longate.study.loading import load_populations
    from longate.study.saving import save_populations
    from longate.workspaces.concordance import concordance

__all__ = [
    "INHERIT",
    "Arcsinh",
    "BooleanGate",
    "Bounded",
    "Channel",
    "Compensation",
    "Dimension",
    "EllipsoidGate",
    "FlowJoBiex",
    "GatingStrategy",
    "Grid",
    "Hyperlog",
    "Linear",
    "LiveStudy",
    "Log",
    "Logicle",
    "Panel",
    "Perturbation",
    "PolygonGate",
    "Populations",
    "QuadrantGate",
    "Ratio",
    "RectangleGate",
    "Sample",
    "Shift",
    "Statistic",
    "Study",
    "__version__",
    "clinical",
    "concordance",
    "datasets",
    "deidentify",
    "draft_sheet",
    "load_populations",
    "longitudinal",
    "nk",
    "plot",
    "prism",
    "quality",
    "read_compensation",
    "read_facsdiva",
    "read_fcs",
    "read_flowjo",
    "read_gatingml",
    "read_study",
    "report",
    "save_populations",
    "scan_fcs",
    "simulate",
    "spillover_from_controls",
    "spillover_spreading",
    "tidy",
    "wide",
    "write_fcs",
    "write_flowjo",
    "write_gatingml",
]

# Loaded when first used, so that `import longate` costs little beyond pandas.
_SUBPACKAGES = (
    "clinical",
    "datasets",
    "longitudinal",
    "nk",
    "plot",
    "quality",
    "simulate",
)
_FUNCTIONS = {
    "concordance": "longate.workspaces.concordance",
    "deidentify": "longate.io.deidentify",
    "draft_sheet": "longate.io.draft_sheet",
    "load_populations": "longate.study.loading",
    "prism": "longate.export",
    "read_compensation": "longate.io.spillover_table",
    "read_facsdiva": "longate.io.facsdiva.read",
    "read_flowjo": "longate.io.flowjo.read",
    "read_gatingml": "longate.io.gatingml.read",
    "report": "longate.reporting",
    "save_populations": "longate.study.saving",
    "scan_fcs": "longate.io.scan",
    "spillover_from_controls": "longate.cytometry.spillover_controls",
    "spillover_spreading": "longate.cytometry.spreading",
    "tidy": "longate.export",
    "wide": "longate.export",
    "write_flowjo": "longate.io.flowjo.write",
    "write_gatingml": "longate.io.gatingml.write",
}


def __getattr__(name: str) -> Any:
    """Load a subpackage or function when it is first used."""
    if name in _SUBPACKAGES:
        return import_module(f"longate.{name}")
    if name in _FUNCTIONS:
        return getattr(import_module(_FUNCTIONS[name]), name)
    msg = f"module 'longate' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return __all__
