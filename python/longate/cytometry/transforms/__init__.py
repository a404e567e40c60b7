"""Scales of an axis, one file each, with the parameters of Gating-ML 2.0."""

from longate.cytometry.transforms.arcsinh import Arcsinh
from longate.cytometry.transforms.bounded import Bounded
from longate.cytometry.transforms.flowjo_biex import FlowJoBiex
from longate.cytometry.transforms.grid import Grid
from longate.cytometry.transforms.hyperlog import Hyperlog
from longate.cytometry.transforms.linear import Linear
from longate.cytometry.transforms.log import Log
from longate.cytometry.transforms.logicle import HasNegativeReferences, Logicle
from longate.cytometry.transforms.ratio import Ratio
from longate.cytometry.transforms.transform import Preimage, Transform

__all__ = [
    "Arcsinh",
    "Bounded",
    "FlowJoBiex",
    "Grid",
    "HasNegativeReferences",
    "Hyperlog",
    "Linear",
    "Log",
    "Logicle",
    "Preimage",
    "Ratio",
    "Transform",
]
