"""The whole way on simulated data: from FCS bytes to a report, in one function."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate._whole_files import write_whole
from longate.exceptions import StudyError
from longate.reporting.tables import write_tables
from longate.reporting.truth import TruthComparison, compare_with_truth
from longate.reporting.write import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from os import PathLike

    import pandas as pd

    from longate.clinical import Response
    from longate.gating.results.populations import Populations
    from longate.longitudinal import ResponderAnalysis
    from longate.nk import Maturation, PositivityThresholds, ReferenceChange, Robustness
    from longate.simulate import SimulatedCohort
    from longate.study.study import Study

_MEGABYTES_PER_PATIENT, _MEGABYTES_MORE = 27, 50
MARKER = "longate-demo.json"
TITLE = "NK cell phenotype and response: a simulated study"
#: The declared family: the immune subsets of the model study.
SUBSETS = ("Neutrophils", "B cells", "CD4 T", "CD8bright T", "CD8low T", "NK")
#: Triggers of each FMO control.
FMO_EVENTS = 20_000
#: Sizes that nobody has measured: the demo shows how a verdict on one patient is made.
ASSUMED = {
    "within": (0.02, "ASSUMED for this simulated study, not measured in anybody"),
    "assay": (0.01, "ASSUMED for this simulated study, not measured in any assay"),
}


@dataclass(frozen=True, eq=False)
class DemoResult:
    """Results of a demo, and the folder it wrote to.

    Attributes
    ----------
    folder : pathlib.Path
        Holds the cohort, the tables and the report.
    report : pathlib.Path
        The HTML page.
    tables : dict of str to pathlib.Path
        CSV files; a Parquet file of the same name stands beside each.
    result : ResponderAnalysis
        The primary analysis.
    comparison : TruthComparison
        Against the simulated truth.
    seconds : float
        For everything.
    """

    folder: Path
    report: Path
    tables: dict[str, Path]
    result: ResponderAnalysis
    comparison: TruthComparison
    seconds: float

    def summary(self) -> str:
        """Return the answer and the paths of all outputs, for a terminal."""
        return "\n".join(
            [
                "",
                "SIMULATED DATA: " + self.result.headline,
                str(self.comparison),
                "",
                f"Report   {self.report}",
                f"Tables   {self.folder / 'tables'} ({len(self.tables)} as CSV and "
                "Parquet)",
                f"Files    {self.folder / 'cohort'}",
                f"Done in {self.seconds:.1f} s",
            ]
        )


def run_demo(
    folder: str | PathLike[str],
    *,
    seed: int = 2012,
    patients: int = 15,
    progress: bool = True,
    tell: Callable[[str], None] = lambda text: None,
    **simulation: Any,
) -> DemoResult:
    """Simulate a study and analyse it from FCS files to a report.

    Parameters
    ----------
    folder : path
        Where to write; made if absent. A folder that holds anything else than an
        earlier demo is refused.
    seed : int
        Of the simulation.
    patients : int
        Number of simulated patients.
    progress : bool
        Whether to show progress bars.
    tell : callable
        Takes one line per finished step, with the seconds it took.
    **simulation
        Passed to :func:`longate.simulate.cohort`, e.g. ``nk_events``; ``fmo_events`` is
        20,000 here, so that the thresholds have FMO controls.

    Returns
    -------
    DemoResult
        Where everything is.

    Raises
    ------
    StudyError
        If the folder holds something else, or a cohort of other parameters.
    LongateError
        If a step cannot be done, e.g. with too few patients for two groups.
    """
    began = time.perf_counter()
    target = _claim(Path(folder), seed)
    if not simulation:
        size = size_of_demo(patients)
        tell(f"{patients} simulated patients, {size}, in {target.absolute()}")
    step = _Steps(tell)
    with step("simulate FCS files"):
        from longate.simulate import cohort as simulated

        cohort = simulated(
            target / "cohort",
            seed=seed,
            patients=patients,
            progress=progress,
            **{"fmo_events": FMO_EVENTS, **simulation},
        )
    with step("read the study and gate both tubes"):
        study, populations = _gate(cohort, progress=progress)
    with step("find each marker's positivity threshold"):
        thresholds = _thresholds(populations)
    with step("count, score, classify, infer"):
        found = _analyse(cohort, study, populations, thresholds)
    with step("ask what else could have moved the answer"):
        checks = _check(found, thresholds)
    with step("compare with the simulated truth"):
        comparison = compare_with_truth(populations, found.maturation, cohort)
    with step("write tables"):
        tables = write_tables(
            target / "tables", _tables(study, populations, found, checks, comparison)
        )
    with step("write the report"):
        page = report(
            target / "report.html",
            study,
            populations,
            found.maturation,
            found.result,
            response=found.response,
            sections=[
                found.counts,
                found.families,
                thresholds,
                checks.superiority,
                checks.reference,
                checks.robustness,
                comparison,
            ],
            title=TITLE,
            provenance={f"simulation, {k}": v for k, v in cohort.parameters.items()},
        )
    seconds = time.perf_counter() - began
    return DemoResult(target, page, tables, found.result, comparison, seconds)


def size_of_demo(patients: int) -> str:
    """Say how much a demo writes, in words."""
    megabytes = _MEGABYTES_MORE + _MEGABYTES_PER_PATIENT * patients
    return (
        f"about {megabytes / 1000:.1f} GB"
        if megabytes >= 1000
        else (f"about {round(megabytes, -1)} MB")
    )


@dataclass(frozen=True, eq=False)
class _Analysis:
    counts: pd.DataFrame
    maturation: Maturation
    response: Response
    result: ResponderAnalysis
    families: dict[str, ResponderAnalysis]


def _gate(cohort: SimulatedCohort, *, progress: bool) -> tuple[Study, Populations]:
    from longate.simulate import lineage_strategy, nk_strategy
    from longate.study.reading import read_study

    study = read_study(cohort.sheet)
    strategies = {"NK": nk_strategy(), "lineage": lineage_strategy()}
    return study, study.gate(strategies, progress=progress)


def _thresholds(populations: Populations) -> PositivityThresholds:
    from longate.nk import thresholds

    return thresholds(populations, parent="NK", tube="NK")


@dataclass(frozen=True, eq=False)
class _Checks:
    thresholds: PositivityThresholds
    superiority: pd.DataFrame
    reference: ReferenceChange
    robustness: Robustness


def _check(found: _Analysis, thresholds: PositivityThresholds) -> _Checks:
    from longate.nk import Variation, reference_change, robustness

    return _Checks(
        thresholds,
        found.maturation.superiority(),
        reference_change(
            found.maturation,
            within=Variation(*ASSUMED["within"]),
            assay=Variation(*ASSUMED["assay"]),
        ),
        robustness(thresholds, labels=found.response),
    )


def _analyse(
    cohort: SimulatedCohort,
    study: Study,
    populations: Populations,
    thresholds: PositivityThresholds,
) -> _Analysis:
    from longate.clinical import classify
    from longate.longitudinal import responder_analysis
    from longate.nk import maturation
    from longate.quality import per_microlitre

    counts = per_microlitre(populations, beads="Beads", of=SUBSETS)
    scores = maturation(
        populations, parent="NK", tube="NK", positivity=thresholds.positivities
    )
    patients = list(scores.table["patient"].unique())
    response = classify(cohort.visits, cohort.relapses, patients=patients)
    result = responder_analysis(scores, response, value="index")
    families = {
        "cells per µL blood": responder_analysis(
            counts,
            response,
            value="per_microlitre",
            by="name",
            family=SUBSETS,
            scale="log",
        ),
        "fraction of leukocytes": responder_analysis(
            _of_leukocytes(populations),
            response,
            value=("k", "n"),
            by="name",
            family=SUBSETS,
            scale="logit",
        ),
    }
    return _Analysis(counts, scores, response, result, families)


def _of_leukocytes(populations: Populations) -> pd.DataFrame:
    import pandas as pd

    parts = [
        populations.fraction(name, of="Leukocytes", tube="lineage").assign(name=name)
        for name in SUBSETS
    ]
    return pd.concat(parts, ignore_index=True)


def _tables(
    study: Study,
    populations: Populations,
    found: _Analysis,
    checks: _Checks,
    comparison: TruthComparison,
) -> dict[str, pd.DataFrame]:
    """Return every tidy table of the analysis by the name of its file."""
    named = {
        "samples": study.samples,
        "problems": populations.problems,
        "counts": populations.counts,
        "per_microlitre": found.counts,
        "maturation": found.maturation.table,
        "stages": found.maturation.stages,
        "event_scores": found.maturation.event_scores,
        "changes": found.maturation.changes(),
        "superiority": checks.superiority,
        "thresholds": checks.thresholds.table,
        "reference_change": checks.reference.table,
        "robustness_samples": checks.robustness.samples,
        "robustness_gains": checks.robustness.gains,
        "robustness_conclusion": checks.robustness.conclusion,
        "response": found.response.table,
        "truth": comparison.table,
        "truth_summary": comparison.summary,
    }
    analyses = {"index": found.result} | {
        f"subsets_{unit.split()[0]}": family for unit, family in found.families.items()
    }
    for name, analysis in analyses.items():
        for part in ("table", "groups", "changes", "sensitivity", "participant_flow"):
            words = "effects" if part == "table" else part
            named[f"{name}_{words}"] = getattr(analysis, part)
    return named


def _claim(folder: Path, seed: int) -> Path:
    """Make the folder ours, or refuse one that holds something else."""
    if folder.exists() and not folder.is_dir():
        msg = f"{str(folder)!r} is a file; the demo needs a folder of its own"
        raise StudyError(msg)
    if folder.exists() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        msg = (
            f"the folder {str(folder)!r} holds other files; name a new one, so that "
            "nothing is overwritten"
        )
        raise StudyError(msg)
    folder.mkdir(parents=True, exist_ok=True)
    made_by = {"made by": f"longate {metadata.version('longate')} demo", "seed": seed}
    write_whole(folder / MARKER, json.dumps(made_by) + "\n")
    return folder


class _Steps:
    """Times steps and tells each one when it is done."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    @contextmanager
    def __call__(self, words: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self._tell(f"{time.perf_counter() - began:6.1f} s  {words}")
