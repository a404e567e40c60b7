"""One self-contained HTML report, and the comparison with a simulated truth."""

from __future__ import annotations

from longate.reporting.truth import TruthComparison, compare_with_truth
from longate.reporting.write import report

__all__ = ["TruthComparison", "compare_with_truth", "report"]
