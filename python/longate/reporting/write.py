"""The report: every section of one study on one page."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._validation import require_columns
from longate._whole_files import write_whole
from longate.exceptions import StudyError
from longate.reporting import document as doc
from longate.reporting.contents import contents_of
from longate.reporting.sections.answer import answer_section, limits_section
from longate.reporting.sections.comparison import effects_section, sensitivity_section
from longate.reporting.sections.composition import stages_section
from longate.reporting.sections.concordance import concordance_section
from longate.reporting.sections.counting import counting_section
from longate.reporting.sections.files import problems_section, provenance_section
from longate.reporting.sections.gating_steps import gates_section
from longate.reporting.sections.over_time import over_time_section
from longate.reporting.sections.patient_changes import changes_section
from longate.reporting.sections.patient_flow import flow_section
from longate.reporting.sections.robustness import robustness_section
from longate.reporting.sections.simulated_truth import truth_section
from longate.reporting.sections.thresholds import thresholds_section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike

    import pandas as pd

    from longate.longitudinal import ResponderAnalysis

RESEARCH = "For research use only. Not for diagnosis or for the care of patients."
SIMULATED = (
    "Simulated data: no patient stands behind any number here. The cohort is modelled "
    "on the directions of a published abstract, not on its numbers."
)


def report(
    path: str | PathLike[str],
    study: Any,
    populations: Any,
    maturation: Any,
    result: ResponderAnalysis,
    *,
    response: Any = None,
    sections: Sequence[Any] = (),
    title: str = "NK cell phenotype and response",
    provenance: Mapping[str, object] | None = None,
) -> Path:
    """Write one self-contained HTML page that tells a study from answer to files.

    Pictures, styles and words are inside the file: it opens without a network and
    can be sent by mail. Keywords of the FCS files are not shown, because they may
    identify patients; codes of patients and names of files are, as in the sheet.

    Parameters
    ----------
    path : path
        The file to write; its folder must exist.
    study : Study
        Whose files and problems are told.
    populations : Populations
        What gating returned.
    maturation : Maturation
        Stages and index.
    result : ResponderAnalysis
        The primary analysis; its sentence opens the page.
    response : Response or DataFrame, optional
        Labels with their reasons.
    sections : sequence, optional
        Further results, each of which makes its section: absolute counts
        (:func:`longate.quality.per_microlitre`), a declared family of immune subsets
        (a ResponderAnalysis in cells per µL blood, or several by their unit),
        :func:`longate.nk.thresholds`, ``maturation.superiority()`` (the section on each
        patient), :func:`longate.nk.reference_change` of the index (shown there),
        :func:`longate.nk.robustness`, :func:`longate.concordance` for gates of a
        FlowJo or FACSDiva workspace (with the primary analysis of counts under exact
        geometry: ``(concordance, result)``), and for simulated data
        :func:`longate.reporting.compare_with_truth` (the page then says on top that
        they are). The order of the page is fixed.
    title : str
        Of the page.
    provenance : mapping, optional
        More names and values, e.g. the seed of a simulation.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    StudyError
        If the folder is missing, a table lacks a column, or something in `sections`
        makes no section.
    """
    target = Path(path)
    if not target.parent.is_dir():
        msg = f"the folder {str(target.parent)!r} of the report does not exist"
        raise StudyError(msg)
    columns = ("sample", "tube", "population", "n_events", "detection", "run_id")
    require_columns(populations.counts, columns, "populations.counts", StudyError)
    more = contents_of(sections)
    families, truth = more.families, more.truth
    parts = [
        answer_section(result, families),
        limits_section(result, families),
        more.robustness is not None and robustness_section(more.robustness),
        bool(families) and over_time_section(families),
        effects_section(result, families),
        sensitivity_section(result, families),
        flow_section(result, response),
        stages_section(maturation, response),
        more.superiority is not None
        and changes_section(maturation, more.superiority, more.reference, response),
        more.thresholds is not None and thresholds_section(more.thresholds),
        gates_section(study, populations),
        more.concordance is not None
        and concordance_section(more.concordance, result, more.exact),
        counting_section(populations, more.counts),
        truth is not None and truth_section(truth),
        problems_section(study, populations),
        provenance_section(
            _provenance(populations, maturation, result, families)
            | dict(provenance or {})
        ),
    ]
    page = doc.page(
        title,
        banner=[RESEARCH] if truth is None else [SIMULATED, RESEARCH],
        sections=[part for part in parts if part],
        foot=f"Longate {_version('longate')} · run {result.provenance['run_id']}",
    )
    return write_whole(target, page)


def _provenance(
    populations: Any,
    maturation: Any,
    result: ResponderAnalysis,
    families: Mapping[str, ResponderAnalysis],
) -> dict[str, object]:
    own = result.provenance
    found: dict[str, object] = {
        "software": ", ".join(
            f"{name} {_version(name)}"
            for name in ("longate", "numpy", "pandas", "scipy", "matplotlib")
        ),
        "Python": f"{platform.python_version()} on {platform.system()}",
        "gating run": _distinct(populations.counts["run_id"]),
    }
    for tube, strategy in populations.strategies.items():
        found[f"strategy of tube {tube}"] = strategy.id
    found |= {
        "maturation scheme": _distinct(maturation.table["scheme"]),
        "response rule": own["rule"],
        "analysis run": own["run_id"],
        "analysis of": f"{', '.join(own['value'])} ({own['scale']}), "
        f"{own['baseline']} to {own['last']}",
        "values, SHA-256": own["values_sha256"],
        "labels, SHA-256": own["labels_sha256"],
        "seed of the analysis": own["seed"],
    }
    for unit, family in families.items():
        found[f"analysis run, {unit}"] = family.provenance["run_id"]
    return found


def _distinct(column: pd.Series) -> str:
    return ", ".join(str(value) for value in dict.fromkeys(column.dropna()))


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"
