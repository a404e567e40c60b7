"""Simulate a cohort: from patients to FCS files, tables and truth."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from longate._validation import one_of
from longate._whole_files import whole_file, write_csv, write_whole
from longate.exceptions import StudyError
from longate.simulate import manifest, sheets, truth
from longate.simulate.blood import VISITS, concentrations
from longate.simulate.clinical_course import Patient, enrol
from longate.simulate.fcs_file import write_tube
from longate.simulate.panels import PANELS, Panel
from longate.simulate.simulated import SimulatedCohort
from longate.simulate.stages import SCENARIOS, NkPatient
from longate.simulate.tube import Recipe, fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

# First word of every generator's key: what it is for.
_CLINICAL, _BIOLOGY, _LOTS, _HANDLING, _FILE, _DONOR, _CONTROL = range(7)


def _rng(seed: int, *key: int) -> np.random.Generator:
    """Return the generator of one purpose; no two purposes share a stream."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


@dataclass(frozen=True)
class _Biology:
    """One patient's blood and NK cells over the visits."""

    concentration: npt.NDArray[np.float64]
    nk: NkPatient
    tau: tuple[float, float, float]


@dataclass(frozen=True)
class _File:
    """One file to be made."""

    key: dict[str, str]
    row: dict[str, Any]
    recipe: Recipe
    stream: tuple[int, ...]


def cohort(
    folder: str | os.PathLike[str],
    *,
    seed: int = 2012,
    patients: int = 15,
    nk_events: int = 112_000,
    lineage_events: int = 70_000,
    fmo_events: int = 0,
    scenario: str = "interaction",
    tubes: Sequence[str] = ("NK", "lineage"),
    event_truth: bool = False,
    workers: int | None = None,
    progress: bool = True,
) -> SimulatedCohort:
    """Simulate a clinical flow cytometry study with known truth.

    Patients with secondary progressive multiple sclerosis under mitoxantrone,
    visits at months 0, 6 and 12, whole blood in an NK tube and a lineage tube with
    counting beads, written as FCS 3.1 files with a study sheet. **Everything is
    simulated and modelled on the directions in the abstract of the model study,
    never on its numbers.**

    Parameters
    ----------
    folder : path
        Where to write. If it already holds the cohort of the same parameters,
        nothing is simulated and the cohort is returned at once.
    seed : int, default 2012
        Non-negative. Same seed and parameters, same bytes, whatever the workers.
    patients : int, default 15
        At least 2. Of 15, two are lost before month 6, one before month 12, and
        of the 12 completers 5 respond; other numbers scale these.
    nk_events, lineage_events : int
        Triggers wanted per file, met up to counting noise: 112,000 (so that every
        file has at least 100,000) and 70,000.
        More than a tube holds (about 600,000 and 400,000) are not to be had.
    fmo_events : int, default 0
        Triggers of each FMO control of the NK (or legacy) tube: the blood of a healthy
        donor, once per batch, without CD16, KIR, NKG2A, NKG2C, CX3CR1 or CD57. With 0
        there are no controls. They are in the sheet (role ``fmo:<marker>``), not in the
        truth.
    scenario : {"interaction", "homogeneous", "null"}
        Whose NK cells mature: the responders', everybody's alike, nobody's.
    tubes : sequence of {"NK", "lineage", "legacy"}
        The legacy tube has 8 colours, neither dump nor NKG2C, and `nk_events`.
    event_truth : bool, default False
        Also write the truth of each single event (``read_events``).
    workers : int, optional
        Threads; by default as many as there are processors, at most 8.
    progress : bool, default True
        Show a progress bar over the files.

    Returns
    -------
    SimulatedCohort
        Paths, clinical tables, and ``read_truth``.

    Raises
    ------
    StudyError
        If a parameter is out of its range, or the folder holds anything else.

    Notes
    -----
    Counts of each cell type are Poisson(concentration x blood x acquired share).
    Three in a hundred cells and beads pass in doublets, so that concentrations
    from single cells are about 3 % low, as in life. Blood volumes carry a pipetting
    error of 3 % (CV). Light spills by the true ``$SPILLOVER``; counting noise of
    photoelectrons makes compensation spread emerge.

    References
    ----------
    Chanvillard et al., PLoS One 7 (2012) e39625, doi:10.1371/journal.pone.0039625

    Examples
    --------
    >>> import tempfile
    >>> import longate as lg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = lg.simulate.cohort(
    ...         folder, patients=2, nk_events=2000, lineage_events=2000, progress=False
    ...     )
    ...     len(made.read_truth("index"))
    12
    """
    parameters = _parameters(
        seed=seed,
        patients=patients,
        nk_events=nk_events,
        lineage_events=lineage_events,
        fmo_events=fmo_events,
        scenario=scenario,
        tubes=tubes,
        event_truth=event_truth,
    )
    where = Path(folder)
    if not manifest.is_complete(where, parameters):
        where.mkdir(parents=True, exist_ok=True)
        manifest.write(where, parameters, {}, complete=False)
        _simulate(where, parameters, workers=workers, progress=progress)
    return SimulatedCohort.load(where, parameters)


def _parameters(
    *,
    seed: int,
    patients: int,
    nk_events: int,
    lineage_events: int,
    fmo_events: int,
    scenario: str,
    tubes: Sequence[str],
    event_truth: bool,
) -> dict[str, Any]:
    """Check the parameters and return them as the manifest holds them."""
    least = {"seed": 0, "patients": 2, "nk_events": 100, "lineage_events": 100}
    least["fmo_events"] = 100 if fmo_events else 0
    given = {
        "seed": seed,
        "patients": patients,
        "nk_events": nk_events,
        "lineage_events": lineage_events,
        "fmo_events": fmo_events,
    }
    for name, low in least.items():
        value = given[name]
        if not isinstance(value, int | np.integer) or value < low:
            msg = f"{name} must be a whole number of at least {low}; got {value!r}"
            raise StudyError(msg)
    one_of("scenario", scenario, SCENARIOS, StudyError)
    names = [tubes] if isinstance(tubes, str) else list(tubes)
    for tube in names:
        one_of("tubes", tube, PANELS, StudyError)
    if not names or len(set(names)) < len(names):
        msg = f"tubes must name each tube once, and at least one; got {names!r}"
        raise StudyError(msg)
    return {
        **{name: int(value) for name, value in given.items()},
        "scenario": scenario,
        "tubes": names,
        "event_truth": bool(event_truth),
    }


def _simulate(
    folder: Path, parameters: dict[str, Any], *, workers: int | None, progress: bool
) -> None:
    """Make the files and tables of a cohort, the manifest last."""
    seed = parameters["seed"]
    people = enrol(_rng(seed, _CLINICAL), parameters["patients"])
    biology = [
        _biology(seed, i, patient, parameters["scenario"])
        for i, patient in enumerate(people)
    ]
    lots = sheets.bead_lots(_rng(seed, _LOTS))
    files = _plan(parameters, people, biology, lots)
    controls = list(_plan_controls(parameters, files))
    (folder / "fcs").mkdir(exist_ok=True)
    (folder / "truth" / "events").mkdir(parents=True, exist_ok=True)
    made = _make(
        folder, parameters, [*files, *controls], workers=workers, progress=progress
    )
    known = made[: len(files)]

    sheet = pd.DataFrame(file.row for file in [*files, *controls])
    write_csv(sheet, folder / "samples.csv")
    write_csv(sheets.lot_table(lots), folder / "bead_lots.csv")
    write_csv(sheets.visit_table(people), folder / "visits.csv")
    write_csv(sheets.relapse_table(people), folder / "relapses.csv")
    write_whole(folder / "README.txt", sheets.NOTE)
    names = [patient.name for patient in people]
    tables = {
        "patients": sheets.patient_table(
            people,
            tau={n: b.tau for n, b in zip(names, biology, strict=True)},
            adaptive_share={
                n: b.nk.adaptive_share for n, b in zip(names, biology, strict=True)
            },
        ),
        "samples": truth.samples(known),
        "counts": truth.counts(known),
        "stages": truth.stage_table(known),
        "latent": truth.latent_table(known),
        "index": truth.index_table(known),
    }
    for name, table in tables.items():
        with whole_file(folder / "truth" / f"{name}.parquet") as unfinished:
            table.to_parquet(unfinished, index=False)
    sizes = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and path.name != manifest.NAME and path.name[0] != "."
    }
    manifest.write(folder, parameters, sizes, complete=True)


def _biology(seed: int, number: int, patient: Patient, scenario: str) -> _Biology:
    """Draw one patient's biology; scenarios differ in the shift alone."""
    rng = _rng(seed, _BIOLOGY, number)
    shifts = SCENARIOS[scenario]
    group = "responder" if patient.group == "responder" else "other"
    return _Biology(
        concentration=concentrations(rng),
        nk=NkPatient.draw(rng, cmv=patient.cmv, n_visits=len(VISITS)),
        tau=shifts[group],
    )


def _plan(
    parameters: dict[str, Any],
    people: Sequence[Patient],
    biology: Sequence[_Biology],
    lots: tuple[sheets.BeadLot, sheets.BeadLot],
) -> list[_File]:
    """List the files: patients x attended visits x tubes."""
    codes = {tube: i for i, tube in enumerate(PANELS)}
    files = []
    for i, (patient, life) in enumerate(zip(people, biology, strict=True)):
        for v, visit in enumerate(VISITS):
            if visit not in patient.dates:
                continue
            handling = _rng(parameters["seed"], _HANDLING, i, v)
            hours = round(float(handling.uniform(1, 5)), 1)
            since = int(handling.integers(70, 96))
            for tube in parameters["tubes"]:
                panel = PANELS[tube]
                day = patient.dates[visit]
                lot = sheets.lot_on(day, lots) if panel.beads else None
                files.append(
                    _File(
                        key=_key(patient, visit, panel),
                        row=sheets.sheet_row(
                            patient,
                            visit,
                            panel,
                            lot=lot,
                            hours_to_stain=hours,
                            days_since_dose=since if v else None,
                        ),
                        recipe=Recipe(
                            panel=panel,
                            n_events=_wanted(parameters, panel),
                            concentration=life.concentration[v],
                            composition=life.nk.composition(v, life.tau[v]),
                            beads_per_tube=lot.beads_per_tube if lot else 0,
                        ),
                        stream=(_FILE, i, v, codes[tube]),
                    )
                )
    return files


def _plan_controls(
    parameters: dict[str, Any], files: Sequence[_File]
) -> Iterator[_File]:
    """Yield the FMO controls of each batch, on the batch's first day."""
    seed = parameters["seed"]
    codes = {tube: i for i, tube in enumerate(PANELS)}
    donor = _rng(seed, _DONOR)
    blood = concentrations(donor)[0]
    composition = NkPatient.draw(donor, cmv=False).composition(0, 0.0)
    first: dict[tuple[str, str], str] = {}
    for file in files:
        if parameters["fmo_events"] and not file.recipe.panel.beads:
            own = (file.recipe.panel.tube, file.row["batch"])
            first[own] = min(first.get(own, "9"), file.row["date"])
    for (tube, batch), day in sorted(first.items()):
        panel = PANELS[tube]
        for number, marker in enumerate(sheets.CONTROLLED):
            if marker not in panel.markers:
                continue
            yield _File(
                key={"sample": "", "patient": "", "visit": "", "tube": tube},
                row=sheets.control_row(day, batch, panel, marker),
                recipe=Recipe(
                    panel=panel,
                    n_events=parameters["fmo_events"],
                    concentration=blood,
                    composition=composition,
                    beads_per_tube=0,
                    without=marker,
                ),
                stream=(_CONTROL, codes[tube], int(batch[1:]), number),
            )


def _key(patient: Patient, visit: str, panel: Panel) -> dict[str, str]:
    return {
        "sample": f"{patient.name}_{visit}",
        "patient": patient.name,
        "visit": visit,
        "tube": panel.tube,
    }


def _wanted(parameters: dict[str, Any], panel: Panel) -> int:
    name = "lineage_events" if panel.tube == "lineage" else "nk_events"
    return int(parameters[name])


def _make(
    folder: Path,
    parameters: dict[str, Any],
    files: Sequence[_File],
    *,
    workers: int | None,
    progress: bool,
) -> list[truth.FileTruth]:
    """Make the files in threads; numpy's generators run without the GIL."""

    def one(file: _File) -> truth.FileTruth:
        tube = fill(_rng(parameters["seed"], *file.stream), file.recipe)
        write_tube(folder / file.row["file"], tube, file.recipe.panel, file.row)
        if parameters["event_truth"] and file.row["role"] == "sample":
            name = Path(file.row["file"]).stem
            target = folder / "truth" / "events" / f"{name}.parquet"
            with whole_file(target) as unfinished:
                truth.event_table(tube).to_parquet(unfinished, index=False)
        return truth.FileTruth.of(file.key, file.recipe, tube)

    threads = workers or min(8, os.cpu_count() or 1)
    with ThreadPoolExecutor(max_workers=threads) as pool:
        done: Iterable[truth.FileTruth] = pool.map(one, files)
        if progress:
            from tqdm.auto import tqdm

            done = tqdm(done, total=len(files), desc="simulating", unit="file")
        return list(done)
