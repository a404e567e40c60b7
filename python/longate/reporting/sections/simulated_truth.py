"""Section on the distance of measured numbers from the simulated truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longate.reporting import document as doc

if TYPE_CHECKING:
    from longate.reporting.truth import TruthComparison

HEADINGS = {
    "measure": "measure",
    "n": "samples",
    "bias": "bias (measured − true)",
    "bias_in_file": "bias to events in the file",
    "worst": "largest |error|",
    "inside": "inside counting interval",
    "share": "% inside",
    "share_low": "95 % low",
    "share_high": "95 % high",
}


def truth_section(comparison: TruthComparison) -> doc.Section:
    """Return bias and coverage over the samples, with a scatter per measure.

    Parameters
    ----------
    comparison : TruthComparison
        From :func:`longate.reporting.compare_with_truth`.
    """
    from longate.plot import truth

    pictures = [
        doc.picture(
            truth(comparison, measure=measure),
            alt=f"Measured against true values of {measure}, one point per sample",
        )
        for measure in comparison.summary["measure"]
    ]
    percent = {c: 100 * comparison.summary[c] for c in HEADINGS if "share" in c}
    shown = comparison.summary.assign(**percent)[list(HEADINGS)]
    digits = dict.fromkeys(("bias", "bias_in_file", "worst"), 4)
    digits |= dict.fromkeys(percent, 0)
    return doc.Section(
        "truth",
        "Against the simulated truth",
        [
            doc.paragraph(
                "The data are simulated, so the composition that generated each sample "
                "is known. Intervals are counting intervals: they cover the sampling "
                "of events, not errors of gates, so the bias is the number to judge. "
                "Bias to the events in the file leaves the sampling out: it is what "
                "gates and calls alone do.",
            ),
            doc.table(shown, headings=HEADINGS, digits=digits),
            doc.beside(*pictures),
        ],
    )
