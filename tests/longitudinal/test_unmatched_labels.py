"""Labels whose patients are not those of the data: an error, unless told to drop."""

from __future__ import annotations

import pandas as pd
import pytest

from longate.exceptions import DesignError, ExportError, NameWarning
from longate.export import prism
from longate.longitudinal import max_t, responder_analysis
from longate.longitudinal.classical import mixed_anova, within_groups
from longate.longitudinal.counts import beta_binomial, binomial, negative_binomial
from longate.longitudinal.effects import auc, best_marker, effect_sizes
from longitudinal.cohort import family, tables
from longitudinal.counts.cohorts import cohort


def counted(method, **options):
    return lambda data, response, **more: method(data, response, **options, **more)


def plain(function, **options):
    return lambda data, response, **more: function(
        data, response, value="index", **options, **more
    )


FUNCTIONS = {
    "responder_analysis": (tables, plain(responder_analysis, models=False)),
    "max_t": (tables, plain(max_t)),
    "mixed_anova": (tables, plain(mixed_anova)),
    "within_groups": (tables, plain(within_groups)),
    "effect_sizes": (tables, plain(effect_sizes)),
    "auc": (tables, plain(auc, visit="m12")),
    "best_marker": (family, plain(best_marker, visit="m12", by="population")),
    "binomial": (cohort, counted(binomial.fit)),
    "beta_binomial": (cohort, counted(beta_binomial.fit)),
    "negative_binomial": (cohort, counted(negative_binomial.fit, k="cells")),
    "difference_in_change": (cohort, counted(binomial.difference_in_change)),
    "likelihood_ratio": (
        cohort,
        counted(binomial.likelihood_ratio, replicates=2, seed=1),
    ),
}
EVERY = pytest.mark.parametrize("name", FUNCTIONS)


def numbers(response):
    """Return labels whose patients lost their P, as from a column of numbers."""
    return response.assign(patient=response["patient"].str[1:].astype(int))


@EVERY
def test_leading_zeros_are_no_match_and_both_names_are_said(name):
    make, run = FUNCTIONS[name]
    data, response = make()
    zeros = data.assign(patient=data["patient"].str[1:])
    with pytest.raises(DesignError, match="do not match") as caught:
        run(zeros, numbers(response))
    told = str(caught.value)
    assert "'01' (like '1', but for case, zeros, blanks or punctuation)" in told
    assert "unmatched='drop'" in told


@EVERY
def test_a_patient_without_label_and_a_label_without_patient_are_errors(name):
    make, run = FUNCTIONS[name]
    data, response = make()
    with pytest.raises(DesignError, match=r"no label for the patient.*'P"):
        run(data, response[response["patient"] != "P12"])
    with pytest.raises(DesignError, match=r"no row .* labelled patient.s. 'P12'"):
        run(data[data["patient"] != "P12"], response)


@EVERY
def test_the_dropped_stand_in_the_limits_by_name(name):
    make, run = FUNCTIONS[name]
    data, response = make()
    few = response[response["patient"] != "P12"]
    with pytest.warns(NameWarning, match="'P12'"):
        found = run(data, few, unmatched="drop")
    assert any("'P12'" in limit for limit in found.limits)
    assert not any("unmatched" in limit for limit in run(data, response).limits)


@EVERY
def test_outer_blanks_and_numbers_as_text_match(name):
    make, run = FUNCTIONS[name]
    data, response = make()
    text = data.assign(patient="\u00a0" + data["patient"].str[1:].astype(int).map(str))
    assert not any(
        "unmatched" in limit for limit in run(text, numbers(response)).limits
    )
    spaced = response.assign(patient=response["patient"] + " ")
    assert not any("unmatched" in limit for limit in run(data, spaced).limits)


@EVERY
def test_unmatched_takes_two_words(name):
    make, run = FUNCTIONS[name]
    with pytest.raises(DesignError, match="unmatched='ignore' is not known"):
        run(*make(), unmatched="ignore")


def test_prism_takes_labels_by_the_same_rule(tmp_path):
    data, response = tables()
    few = response[response["patient"] != "P12"]
    with pytest.raises(ExportError, match=r"do not match.*'P12'"):
        prism(data, tmp_path / "a.pzfx", value="index", groups=few)
    with pytest.warns(NameWarning, match="'P12'"):
        prism(data, tmp_path / "a.pzfx", value="index", groups=few, unmatched="drop")


def test_the_unclassifiable_need_no_data():
    data, response = tables(unknown=(0.1,))
    lost = data[data["patient"] != "P13"]
    result = responder_analysis(lost, response, value="index", models=False)
    assert result.table["n_responder"][0] == 5


def test_patients_of_one_spelling_are_said():
    data, response = tables()
    data.loc[data.index[1], "patient"] = "p01"
    more = pd.DataFrame({"patient": ["p01"], "label": ["unclassifiable"]})
    with pytest.warns(NameWarning, match="'P01', 'p01' of the data differ in case"):
        result = responder_analysis(
            data, pd.concat([response, more]), value="index", models=False
        )
    assert any("'P01', 'p01'" in limit for limit in result.limits)


@pytest.mark.parametrize("column", ["visit", "population"])
def test_visits_and_outcomes_of_one_spelling_are_said(column):
    data, response = family()
    names = {"visit": ("m12", "M 12"), "population": ("NK", "nk")}[column]
    at = data.index[data[column] == names[0]][0]
    data.loc[at, column] = names[1]
    options = {"by": "population", "value": "index", "models": False}
    if column == "visit":
        options |= {"visit_order": ["m00", "m12", "M 12"], "last": "m12"}
    with pytest.warns(NameWarning, match=f"'{names[0]}'"):
        result = responder_analysis(data, response, **options)
    assert any(repr(names[1]) in limit for limit in result.limits)
