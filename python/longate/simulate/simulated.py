"""A simulated cohort on disk, and the way to its truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from longate._validation import one_of, suggest
from longate.exceptions import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TRUTH_TABLES: tuple[str, ...] = (
    "patients",
    "samples",
    "counts",
    "stages",
    "latent",
    "index",
)


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedCohort:
    """A simulated study: files, tables, and what is true of them.

    **No real patient.** Modelled on the directions of the model study's abstract,
    not on its numbers.

    Attributes
    ----------
    folder : pathlib.Path
        Where everything is.
    sheet : pathlib.Path
        The study sheet, ``samples.csv``.
    bead_lots : pandas.DataFrame
        lot, beads_per_tube, expiry.
    visits : pandas.DataFrame
        patient, visit, date, edss: clinical visits at months 0, 3, 6, 9, 12.
    relapses : pandas.DataFrame
        patient, date, interval (such as ``"m03-m06"``); relapses after baseline.
    parameters : mapping
        Of the simulation: seed, patients, scenario and so on.
    """

    folder: Path
    sheet: Path
    bead_lots: pd.DataFrame
    visits: pd.DataFrame
    relapses: pd.DataFrame
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path, parameters: Mapping[str, Any]) -> SimulatedCohort:
        """Read the small tables of a complete folder."""

        def table(name: str, date: str) -> pd.DataFrame:
            frame: pd.DataFrame = pd.read_csv(folder / name, parse_dates=[date])
            return frame

        return cls(
            folder=folder,
            sheet=folder / "samples.csv",
            bead_lots=table("bead_lots.csv", "expiry"),
            visits=table("visits.csv", "date"),
            relapses=table("relapses.csv", "date"),
            parameters=MappingProxyType(dict(parameters)),
        )

    def read_truth(self, table: str = "index") -> pd.DataFrame:
        """Return one of the truth tables.

        Parameters
        ----------
        table : str, default "index"
            - ``"patients"``: patient, group, response (by the rule of the model
              study on the observed course), lost, cmv, age, adaptive_share,
              tau_m06, tau_m12 (maturation shifts, logits).
            - ``"samples"``: sample, patient, visit, tube, n_events, n_doublets,
              acquired_fraction, blood_ul_true, beads_per_tube.
            - ``"counts"``: sample, patient, visit, tube, population, is_total,
              n_events (singlets), n_in_doublets, per_microlitre (in the patient's
              blood). Totals (T cells, Lymphocytes, Leukocytes) are sums of others.
            - ``"stages"``: sample, patient, visit, tube, stage, on_axis, weight,
              n_events, fraction (of NK), generating_fraction.
            - ``"latent"``: the same for the latent stage that cells are drawn from,
              without weights.
            - ``"index"``: sample, patient, visit, tube, n_nk, n (on the axis),
              index, index_with_adaptive (of the events in the file),
              generating_index, generating_index_with_adaptive (expected under the
              generating composition).

        Returns
        -------
        pandas.DataFrame

        Raises
        ------
        StudyError
            If there is no such table.
        """
        name = one_of("table", table, TRUTH_TABLES, StudyError)
        frame: pd.DataFrame = pd.read_parquet(self.folder / "truth" / f"{name}.parquet")
        return frame

    def read_events(self, sample: str, tube: str = "NK") -> pd.DataFrame:
        """Return the truth of each event of one file, in the file's order.

        Parameters
        ----------
        sample : str
            Such as ``"P07_m06"``.
        tube : str, default "NK"
            Tube of the study sheet.

        Returns
        -------
        pandas.DataFrame
            cell_type, stage (label by the rule table, missing for other cells and
            for doublets), latent_stage, ``"<marker>+"`` (bool, true positivity)
            and CD56bright (bool).

        Raises
        ------
        StudyError
            If the cohort was simulated without ``event_truth=True``, or has no
            such file.
        """
        folder = self.folder / "truth" / "events"
        path = folder / f"{sample}_{tube}.parquet"
        if not path.is_file():
            if not self.parameters.get("event_truth"):
                msg = "the truth of single events needs cohort(..., event_truth=True)"
                raise StudyError(msg)
            known = [file.stem for file in folder.glob("*.parquet")]
            msg = f"no event truth for sample {sample!r}, tube {tube!r}"
            raise StudyError(msg + suggest(path.stem, known))
        frame: pd.DataFrame = pd.read_parquet(path)
        return frame

    def __repr__(self) -> str:
        parameters = self.parameters
        n_files = sum(1 for _ in (self.folder / "fcs").glob("*.fcs"))
        patients = self.visits["patient"].nunique()
        return (
            f"SimulatedCohort · {patients} patients · {n_files} FCS files · scenario "
            f"{parameters.get('scenario')!r} · seed {parameters.get('seed')}\n"
            "  SIMULATED: no real patient; modelled on directions only, not on "
            "published numbers\n"
            f"  folder  {self.folder}\n"
            "  .sheet .visits .relapses .bead_lots\n"
            f"  .read_truth(table)  {', '.join(TRUTH_TABLES)}"
        )
