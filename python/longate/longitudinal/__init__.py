"""Did it change over time, differently in responders, and how sure are we."""

from __future__ import annotations

from longate.longitudinal.analysis import responder_analysis
from longate.longitudinal.result import ResponderAnalysis

__all__ = ["ResponderAnalysis", "responder_analysis"]
