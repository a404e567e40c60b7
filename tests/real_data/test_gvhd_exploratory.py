"""Three patients by seven visits and grade: what can be described, what is refused.

All three patients had graft-versus-host disease of grade 3. So nothing can be compared
between grades, and visits can only be described: the model of visits is exploratory,
and three patients bound the p of exact tests from below. The gates are by eye, at the
valleys of the pooled events, and stand for no published gate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import longate as lg
from longate.exceptions import DesignError
from longate.longitudinal.classical import wilcoxon

FOLDER = "longitudinal/gvhd_sampled"
CUTS = {"CD45 PE": 5.5, "CD14 PerCP": 4.8, "CD15 FITC": 5.0}
KINDS = ("CD14+", "CD15+", "CD14- CD15-")
VISITS = list("1234567")


@pytest.fixture(scope="module")
def study(shared_data, tmp_path_factory):
    folder = shared_data / FOLDER
    frame = pd.read_csv(folder / "sample_sheet.csv").drop(columns="n_events")
    frame["file"] = [str(folder / name) for name in frame["file"]]
    path = tmp_path_factory.mktemp("gvhd") / "samples.csv"
    frame.assign(tube="GvHD").to_csv(path, index=False)
    return lg.read_study(path)


@pytest.fixture(scope="module")
def fractions(study):
    """Return the fractions of CD45+ cells: one row per sample and population."""
    leukocytes = {"CD45 PE": (CUTS["CD45 PE"], None)}
    monocytes = {"CD14 PerCP": (CUTS["CD14 PerCP"], None)}
    granulocytes = {"CD15 FITC": (CUTS["CD15 FITC"], None)}
    strategy = lg.GatingStrategy(
        [
            lg.RectangleGate("CD45+", dimensions=leukocytes),
            lg.RectangleGate("CD14+", parent="CD45+", dimensions=monocytes),
            lg.RectangleGate("CD15+", parent="CD45+", dimensions=granulocytes),
            lg.BooleanGate("CD14- CD15-", "not CD14+ and not CD15+", parent="CD45+"),
        ],
        scale=lg.Arcsinh.with_cofactor(1.0),
    )
    gated = study.gate(strategy, progress=False)
    return pd.concat(
        [gated.fraction(kind, of="CD45+").assign(kind=kind) for kind in KINDS],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def logits(fractions):
    """Return the fractions with their empirical logit."""
    rest = fractions["n"] - fractions["k"]
    return fractions.assign(logit=np.log((fractions["k"] + 0.5) / (rest + 0.5)))


@pytest.fixture(scope="module")
def grades(fractions):
    """Return patient and grade."""
    return fractions[["patient", "grade"]].drop_duplicates(ignore_index=True)


def model_of(logits, kind):
    own = logits[logits["kind"] == kind]
    return own, lg.longitudinal.mixed_model(
        "logit ~ visit", own, patient="patient", df="kenward-roger"
    )


def test_a_tidy_table_by_visit_and_grade(fractions, study):
    assert len(fractions) == 21 * len(KINDS)
    table = fractions.groupby(["kind", "visit", "grade"], observed=True).agg(
        patients=("patient", "nunique"),
        median=("fraction", "median"),
        least=("fraction", "min"),
        most=("fraction", "max"),
    )
    assert len(table) == len(KINDS) * len(VISITS)
    assert (table["patients"] == 3).all()
    assert table.index.get_level_values("grade").unique().tolist() == [3]
    days = study.samples.pivot(index="patient", columns="visit", values="days")
    assert (np.diff(days.to_numpy(), axis=1) > 0).all()


def test_the_fractions_are_those_of_the_events(fractions, study):
    found = fractions.set_index(["sample", "kind"])
    for sample in study.samples["sample"]:
        events = study.read(sample).to_pandas().astype(float)
        above = {name: np.arcsinh(events[name]) >= cut for name, cut in CUTS.items()}
        leukocyte, monocyte, granulocyte = above.values()
        masks = (monocyte, granulocyte, ~monocyte & ~granulocyte)
        for kind, mask in zip(KINDS, masks, strict=True):
            row = found.loc[(sample, kind)]
            assert (row["k"], row["n"]) == ((mask & leukocyte).sum(), leukocyte.sum())


def test_small_counts_stay_with_what_they_can_say(fractions):
    monocytes = fractions[fractions["kind"] == "CD14+"].set_index("sample")
    none = monocytes.loc["s7a04"]
    assert (none["k"], none["low"], none["detection"]) == (0, 0, "below detection")
    assert none["high"] == pytest.approx(1 - 0.025 ** (1 / none["n"]))
    assert monocytes["fraction"].notna().all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_of_visits_is_the_analysis_of_variance(logits, kind):
    own, model = model_of(logits, kind)
    assert (model.n_patients, model.n_values) == (3, 21)
    wide = own.pivot(index="patient", columns="visit", values="logit").to_numpy()
    rows, columns = wide.shape
    squares = {
        "visit": rows * wide.mean(axis=0).var() * columns,
        "patient": columns * wide.mean(axis=1).var() * rows,
    }
    residual = wide.var() * wide.size - sum(squares.values())
    degrees = (rows - 1) * (columns - 1)
    between, within = squares["patient"] / (rows - 1), residual / degrees
    # Where patients differ less than their visits do, their variance is set to 0.
    singular = between < within
    error = (squares["patient"] + residual) / (rows * columns - columns)
    spread = error if singular else within
    truth = squares["visit"] / (columns - 1) / spread
    test = model.anova.set_index("term").loc["visit"]
    assert test["F"] == pytest.approx(truth, rel=1e-6)
    assert (test["df1"], test["df2"]) == (6, pytest.approx(12))
    assert test["p"] == pytest.approx(stats.f.sf(truth, 6, 12), rel=1e-6)
    assert any("singular fit" in note for note in model.notes) == singular
    assert any("equally alike" in note for note in model.notes)


def test_no_visit_stands_out_once_all_that_was_looked_at_counts(logits):
    found = []
    for kind in KINDS:
        table = model_of(logits, kind)[1].table
        found.append(table[table["term"] != "intercept"])
    terms = pd.concat(found)
    assert len(terms) == 18
    assert stats.false_discovery_control(terms["p"]).min() > 0.05
    # The intervals of monocytes leave open an odds ratio of at least 100.
    assert (found[0]["high"] - found[0]["low"]).min() > np.log(100)


def test_three_patients_bound_every_p_from_below(fractions):
    pairs = [("1", visit) for visit in VISITS[1:]]
    own = fractions[fractions["kind"] == "CD14- CD15-"]
    found = wilcoxon(own, value="fraction", pairs=pairs)
    assert found["n"].unique().tolist() == [3]
    assert found["smallest_p"].to_numpy() == pytest.approx(0.25)
    assert (found["p"] >= 0.25).all()


def analysed(fractions, grades, label):
    own = fractions[fractions["kind"] == "CD14+"]
    labels = grades.assign(label=label(grades["grade"]))
    return lg.longitudinal.responder_analysis(own, labels, value="fraction")


def test_a_grade_is_no_label_and_the_labels_are_named(fractions, grades):
    with pytest.raises(DesignError, match=r"label '3'; allowed are 'responder'"):
        analysed(fractions, grades, lambda grade: grade)


@pytest.mark.parametrize(
    ("severe", "missing"), [("non-responder", "responder"), ("responder", "non-resp")]
)
def test_one_grade_makes_one_group_which_is_refused(fractions, grades, severe, missing):
    mild = "responder" if severe == "non-responder" else "non-responder"
    with pytest.raises(DesignError) as caught:
        analysed(fractions, grades, lambda it: np.where(it >= 3, severe, mild))
    message = str(caught.value)
    assert f"no {missing}" in message
    assert "(0 labelled)" in message
    assert "at least two in each group" in message


def test_no_allocation_of_three_patients_has_two_groups(fractions, grades):
    for alone in range(3):
        labels = np.where(np.arange(3) == alone, "responder", "non-responder")
        with pytest.raises(DesignError, match="a single responder"):
            analysed(fractions, grades, lambda _, own=labels: own)


def test_a_model_with_grade_says_that_it_does_not_vary(logits):
    own = logits[logits["kind"] == "CD14+"]
    with pytest.raises(DesignError, match="grade is '3' in every row"):
        lg.longitudinal.mixed_model("logit ~ visit * grade", own, patient="patient")


def test_the_unstructured_model_names_what_still_can_be_done(logits):
    own = logits[logits["kind"] == "CD14+"]
    with pytest.raises(DesignError, match=r"at least 8.* random-intercept model"):
        lg.longitudinal.mmrm("logit ~ visit", own, patient="patient", visit="visit")
