"""Clinical course: EDSS, relapses, and named rules that say who responded."""

from __future__ import annotations

from longate.clinical.response import Response, classify
from longate.clinical.rules import LABELS, RULES, ResponseRule

__all__ = ["LABELS", "RULES", "Response", "ResponseRule", "classify"]
