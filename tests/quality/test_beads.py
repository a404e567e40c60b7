"""Cells per microlitre by beads: the formula, its units, and what must be refused."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scipy import stats

import longate as lg
from gating.samples import write_study
from longate.exceptions import (
    CountingError,
    CountingWarning,
    LongateError,
    PopulationError,
    SampleSheetError,
)
from quality.bead_files import (
    LOTS,
    STRATEGY,
    bead_file,
    counted,
    row_of,
)

# The formula


def test_by_hand(tmp_path):
    row = row_of(counted(tmp_path, [bead_file()]))
    # 120 cells / 2,000 beads x 50,000 beads / 100 µL = 30 per µL.
    assert row["per_microlitre"] == pytest.approx(30.0)
    variance = 1 / 120 + 1 / 2000 + 0.03**2
    assert row["log_variance"] == pytest.approx(variance)
    # Exact for the two counts, the error of the volume added on the log scale.
    share = stats.beta.ppf([0.025, 0.975], [120, 121], [2001, 2000])
    exact = share / (1 - share) * 50_000 / 100
    halves = [math.hypot(math.log(end / 30), 1.959963984540054 * 0.03) for end in exact]
    low, high = 30 * math.exp(-halves[0]), 30 * math.exp(halves[1])
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert (row["n_events"], row["n_beads"]) == (120, 2000)


@pytest.mark.parametrize(
    ("columns", "factor"),
    [
        ({"blood_ul": 50}, 2.0),
        ({"dilution": 4}, 4.0),
        ({"bead_lot": "L2"}, 52_300 / 50_000),
        ({"blood_ul": 25, "dilution": 2, "bead_lot": "L2"}, 8 * 52_300 / 50_000),
        ({"sizes": {"n_beads": 1000}}, 2.0),
    ],
)
def test_units_go_in_as_they_should(tmp_path, columns, factor):
    row = row_of(counted(tmp_path, [bead_file(**columns)]))
    assert row["per_microlitre"] == pytest.approx(30.0 * factor)


def test_the_dilution_is_1_where_the_sheet_has_none(tmp_path):
    file = bead_file()
    del file["dilution"]
    assert row_of(counted(tmp_path, [file]))["per_microlitre"] == pytest.approx(30.0)


def test_pipetting_error_widens_the_interval_and_can_be_left_out(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    without = row_of(counted(tmp_path / "a", [bead_file()], pipetting_cv=0.0))
    much = row_of(counted(tmp_path / "b", [bead_file()], pipetting_cv=0.2))
    assert without["log_variance"] == pytest.approx(1 / 120 + 1 / 2000)
    assert much["log_variance"] == pytest.approx(1 / 120 + 1 / 2000 + 0.04)
    assert much["low"] < without["low"] < without["high"] < much["high"]


@pytest.mark.parametrize("cv", [-0.1, math.nan, math.inf])
def test_an_impossible_pipetting_error_is_refused(tmp_path, cv):
    with pytest.raises(CountingError, match="pipetting_cv"):
        counted(tmp_path, [bead_file()], pipetting_cv=cv)


def test_no_cells_give_a_count_of_0_with_an_exact_upper_bound(tmp_path):
    row = row_of(counted(tmp_path, [bead_file(sizes={"n_nk": 0})]))
    assert (row["per_microlitre"], row["low"]) == (0.0, 0.0)
    # P(no event | mean m) = 2.5 % at m = 3.689; the beads and the volume add to it.
    poisson = 3.688879454113936 * 50_000 / 2000 / 100
    assert row["high"] == pytest.approx(poisson * math.exp(1.96 * 0.03), rel=0.002)
    assert row["high"] > poisson
    assert row["detection"] == "below detection"
    assert not row["quantifiable"]


def test_every_population_but_the_beads_is_counted_for_every_sample(tmp_path):
    files = [
        bead_file(patient, visit, batch="B1", age=50)
        for patient in ["P2", "P1"]
        for visit in ["m6", "m0"]
    ]
    table = counted(tmp_path, files)
    assert table["sample"].unique().tolist() == ["P2_m6", "P2_m0", "P1_m6", "P1_m0"]
    assert table["name"].unique().tolist() == ["Cells", "Lymphocytes", "NK"]
    assert table["population"].unique().tolist()[-1] == "Cells/Lymphocytes/NK"
    first = [
        *["sample", "patient", "visit", "tube", "population", "name", "n_events"],
        *[
            "n_beads",
            "microlitres",
            "per_microlitre",
            "low",
            "high",
            "log_variance",
            "detection",
        ],
        *["quantifiable", "lot_expired", "share_disagrees", "run_id"],
    ]
    assert table.columns.tolist()[: len(first)] == first
    assert {"batch", "age", "bead_lot", "blood_ul"} <= set(table.columns)
    assert table["visit"].cat.ordered
    numbers = table[["per_microlitre", "low", "high", "n_beads", "log_variance"]]
    assert numbers.notna().all(axis=None)


def test_populations_may_be_chosen(tmp_path):
    table = counted(tmp_path, [bead_file()], of=["NK", "Cells/Lymphocytes"])
    assert sorted(table["name"]) == ["Lymphocytes", "NK"]
    (tmp_path / "b").mkdir()
    with pytest.raises(PopulationError, match="did you mean 'NK'"):
        counted(tmp_path / "b", [bead_file()], of=["NKs"])


def test_the_lot_table_may_lie_beside_the_sheet(tmp_path):
    LOTS.to_csv(tmp_path / "bead_lots.csv", index=False)
    assert row_of(counted(tmp_path, [bead_file()], lots=None))["per_microlitre"] == 30.0


def test_lots_that_are_numbers_are_found(tmp_path):
    lots = LOTS.assign(lot=[2101, 2102])
    row = row_of(counted(tmp_path, [bead_file(bead_lot=2101)], lots=lots))
    assert row["per_microlitre"] == pytest.approx(30.0)


# What must be refused, and named


def test_one_sample_without_beads_does_not_stop_the_others(tmp_path):
    files = [bead_file("P1"), bead_file("P2", sizes={"n_beads": 0})]
    with pytest.warns(CountingWarning, match=r"no beads.*'P2_m0'.*gate 'Beads'"):
        table = counted(tmp_path, files)
    missing = table.set_index("sample").loc["P2_m0", ["per_microlitre", "low", "high"]]
    assert missing.isna().all(axis=None)
    kept = table[table["sample"] == "P1_m0"]
    assert kept["per_microlitre"].notna().all()


def test_no_beads_at_all_are_refused_with_the_samples(tmp_path):
    with pytest.raises(CountingError, match=r"no beads.*'P1_m0'.*gate 'Beads'"):
        counted(tmp_path, [bead_file("P1", sizes={"n_beads": 0})])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"bead_lot": "L9"}, r"'P2_m0'.*'L1', 'L2'"),
        ({"bead_lot": ""}, "'P2_m0'"),
        ({"blood_ul": None}, "'P2_m0'"),
    ],
)
def test_an_unknown_lot_or_volume_is_refused_with_the_sample(tmp_path, columns, words):
    with pytest.raises(CountingError, match=words):
        counted(tmp_path, [bead_file("P1"), bead_file("P2", **columns)])


@pytest.mark.parametrize("column", ["bead_lot", "blood_ul"])
def test_a_sheet_without_lot_or_volume_is_refused(tmp_path, column):
    file = bead_file()
    del file[column]
    with pytest.raises(CountingError, match=f"sheet lacks the column '{column}'"):
        counted(tmp_path, [file])


def test_no_lot_table_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(
        CountingError, match=r"bead_lots\.csv .* beside the sample sheet"
    ):
        counted(tmp_path, [bead_file()], lots=None)


@pytest.mark.parametrize(
    ("lots", "words"),
    [
        (LOTS.drop(columns="beads_per_tube"), "lacks the column 'beads_per_tube'"),
        (LOTS.rename(columns={"lot": "Lot"}), "did you mean 'Lot'"),
        (pd.concat([LOTS, LOTS.head(1)]), "'L1' more than once"),
        (LOTS.assign(lot=["7", 7]), "'7' more than once"),
        (LOTS.assign(beads_per_tube=[math.nan, 1]), "'L1'.*above 0"),
        (LOTS.assign(beads_per_tube=[0, 1]), "'L1'.*above 0"),
        (LOTS.assign(beads_per_tube=[-5, 1]), "'L1'.*above 0"),
        (LOTS.assign(beads_per_tube=["51,000", "x"]), "'L1'.*above 0"),
        (LOTS.assign(expiry=["soon", "2025-01-01"]), "expiry.*soon"),
        (LOTS.assign(expiry=["05.09.2026", "2025-01-01"]), "2026-09-05 with dayfirst"),
        (LOTS.assign(expiry=[44809, 44810]), "Excel's serial of 2022-09-05"),
        (LOTS.assign(expiry=[20260905, 20260906]), "date_format='%Y%m%d'"),
    ],
)
def test_a_lot_table_that_cannot_be_used_is_refused(tmp_path, lots, words):
    with pytest.raises((CountingError, SampleSheetError), match=words):
        counted(tmp_path, [bead_file()], lots=lots)


def test_an_unknown_bead_population_is_named(tmp_path):
    study = write_study(tmp_path, [bead_file()], bead_lots=LOTS)
    populations = study.gate(STRATEGY, progress=False)
    with pytest.raises(PopulationError, match="did you mean 'Beads'"):
        lg.quality.per_microlitre(populations, beads="Bead")


@pytest.mark.parametrize("column", ["blood_ul", "dilution"])
@pytest.mark.parametrize("value", [0, -50, "much"])
def test_volumes_that_are_no_volumes_are_refused_by_the_sheet(tmp_path, column, value):
    with pytest.raises(LongateError, match=f"{column}.*must be a number above 0"):
        counted(tmp_path, [bead_file(**{column: value})])


# Dates


def _flags(tmp_path, dates, lots=LOTS, **columns):
    files = [bead_file(f"P{i}", date=date, **columns) for i, date in enumerate(dates)]
    table = counted(tmp_path, files, lots=lots, of=["NK"])
    assert table["per_microlitre"].notna().all()
    return [None if pd.isna(flag) else bool(flag) for flag in table["lot_expired"]]


def test_a_lot_is_expired_from_the_day_after(tmp_path):
    dates = ["2024-06-29", "2024-06-30", "2024-07-01", "2026-01-01"]
    assert _flags(tmp_path, dates) == [False, False, True, True]


def test_the_hour_of_the_day_does_not_matter(tmp_path):
    assert _flags(tmp_path, ["2024-06-30 14:30", "2024-07-01 00:01"]) == [False, True]


def test_each_lot_has_its_own_date(tmp_path):
    assert _flags(tmp_path, ["2024-07-01"], bead_lot="L2") == [False]


def test_without_a_date_expiry_is_not_known(tmp_path):
    assert _flags(tmp_path, ["2024-07-01", None]) == [True, None]


def test_without_an_expiry_date_expiry_is_not_known(tmp_path):
    lots = LOTS.assign(expiry=[None, "2025-06-30"])
    assert _flags(tmp_path, ["2024-07-01"], lots=lots) == [None]


def test_without_the_column_expiry_is_not_known(tmp_path):
    assert _flags(tmp_path, ["2024-07-01"], lots=LOTS[LOTS.columns[:2]]) == [None]


def test_a_sheet_without_dates_is_counted_all_the_same(tmp_path):
    file = bead_file()
    del file["date"]
    row = row_of(counted(tmp_path, [file]))
    assert pd.isna(row["lot_expired"])
    assert row["per_microlitre"] == 30.0


def test_dates_of_frames_are_read_too(tmp_path):
    study = write_study(tmp_path, [bead_file(), bead_file("P2")])
    sheet = pd.read_csv(tmp_path / "samples.csv").assign(
        file=[str(tmp_path / f"{i}.fcs") for i in range(2)],
        date=["2024-06-01", "2024-08-01"],
    )
    lots = LOTS.assign(expiry=pd.to_datetime(LOTS["expiry"]))
    study = lg.read_study(sheet, bead_lots=lots)
    table = lg.quality.per_microlitre(
        study.gate(STRATEGY, progress=False), beads="Beads", of=["NK"]
    )
    assert table["lot_expired"].tolist() == [False, True]


# Runs


def test_pooled_runs_sum_cells_and_beads(tmp_path):
    files = [
        bead_file(run=1, sizes={"n_nk": 100, "n_beads": 500}),
        bead_file(run=2, sizes={"n_nk": 50, "n_beads": 1500}),
    ]
    row = row_of(counted(tmp_path, files, runs="pool"))
    assert (row["n_events"], row["n_beads"]) == (150, 2000)
    assert row["per_microlitre"] == pytest.approx(150 / 2000 * 50_000 / 100)


@pytest.mark.parametrize(
    "columns", [{"bead_lot": "L2"}, {"blood_ul": 50}, {"dilution": 2}]
)
def test_pooled_runs_that_contradict_each_other_are_refused(tmp_path, columns):
    files = [bead_file(run=1), bead_file(run=2, **columns)]
    with pytest.raises(CountingError, match=r"'P1_m0'.*runs"):
        counted(tmp_path, files, runs="pool")
