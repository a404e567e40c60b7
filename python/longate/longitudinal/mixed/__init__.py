"""Linear mixed models for few patients and few visits."""

from __future__ import annotations

from longate.longitudinal.mixed.random_intercept import mixed_model
from longate.longitudinal.mixed.result import MixedModel
from longate.longitudinal.mixed.unstructured import mmrm

__all__ = ["MixedModel", "mixed_model", "mmrm"]
