"""Bad input is refused with what is wrong, where, and what would be right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal import responder_analysis
from longitudinal.cohort import family, tables


def refused(data, response, *words, value="index", **options):
    with pytest.raises(DesignError) as caught:
        responder_analysis(data, response, value=value, **options)
    for word in words:
        assert word in str(caught.value)


def test_an_empty_group_names_its_patients():
    data, response = tables(responders=(None, None))
    refused(data, response, "no responder", "'m12'", "P01, P02")


def test_a_single_patient_in_a_group_is_too_few():
    data, response = tables(responders=(0.1, None))
    refused(data, response, "a single responder", "at least two", "P02")


def test_no_label_of_a_kind_at_all():
    data, response = tables(responders=())
    refused(data, response, "no responder", "0 labelled")


def test_one_visit_only():
    data, response = tables()
    refused(data[data["visit"] == "m00"], response, "one visit only ('m00')")


def test_repeated_rows_are_named_with_the_column_that_tells_them_apart():
    data, response = tables()
    twice = pd.concat([data, data.head(1)], ignore_index=True)
    refused(twice, response, "'P01', visit 'm00'", "'0', '24'", "Keep one row")
    data, response = family()
    refused(data, response, "by=['population']")


def test_values_that_do_not_vary():
    data, response = tables(responders=(0.1,) * 3, others=(0.0,) * 3, start=0.0)
    data["index"] = data["visit"].map({"m00": 0.3, "m12": 0.3})
    refused(data, response, "do not vary", "all 0")


def test_constant_changes_are_no_variation_despite_rounding():
    data, response = tables(responders=(0.1,) * 4, others=(0.2,) * 3)
    refused(data, response, "do not vary")


def test_values_that_are_not_numbers_are_named():
    data, response = tables()
    text = data.astype({"index": object})
    text.loc[3, "index"] = "n.d."
    refused(text, response, "patient 'P02', visit 'm12' (n.d.)", "leave it empty")
    data.loc[2, "index"] = np.inf
    refused(data, response, "patient 'P02', visit 'm00' (inf)")


def test_an_unknown_column_is_answered_with_a_suggestion():
    data, response = tables()
    refused(data, response, "did you mean 'index'", value="indx")
    refused(data.rename(columns={"visit": "vist"}), response, "'visit'", "'vist'")
    refused(data, response.rename(columns={"label": "labl"}), "did you mean 'labl'")


def test_the_logarithm_of_zero_names_patients_and_suggests_counts():
    data, response = tables()
    data.loc[[0, 5], "index"] = [0.0, -0.2]
    refused(
        data,
        response,
        "patient 'P01', visit 'm00' (0.0)",
        "patient 'P03', visit 'm12' (-0.2)",
        "scale='logit'",
        scale="log",
    )


def test_counts_are_checked():
    data, response = tables()
    counts = data.assign(k=5, n=10)
    counts.loc[0, "k"] = 11
    options = {"value": ("k", "n"), "scale": "logit"}
    refused(counts, response, "0 <= k <= n", "11.0 of 10.0", **options)
    refused(counts.assign(k=0.5), response, "must be counts", **options)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"value": "index", "scale": "logit"}, "value=('n_events', 'n_parent')"),
        ({"value": ("k", "n")}, "scale='logit'"),
        ({"value": 3}, "a column's name"),
        ({"value": "index", "scale": "logg"}, "did you mean 'log'"),
        ({"value": "index", "confidence": 95}, "above 0 and below 1"),
        ({"value": "index", "seed": -1}, "seed"),
        ({"value": "index", "circular": "yes"}, "'refused', 'allowed'"),
        ({"value": "index", "family": ["B"]}, "without by="),
        ({"value": "index", "last": "m24"}, "'m00', 'm12'"),
        ({"value": "index", "baseline": "m12"}, "must come before"),
    ],
)
def test_options_are_checked(options, word):
    data, response = tables()
    refused(data, response, word, **options)


def test_a_family_is_checked():
    data, response = family()
    options = {"by": "population"}
    refused(data, response, "did you mean 'NK'", family=["NKK"], **options)
    refused(data, response, "must be a list", family="NK", **options)
    refused(data, response, "at least one", family=[], **options)


def test_visits_without_a_known_order():
    data, response = tables()
    data["visit"] = data["visit"].map({"m00": "pre", "m12": "post"})
    refused(data, response, "cannot be known", "visit_order=")
    result = responder_analysis(
        data, response, value="index", baseline="pre", last="post"
    )
    assert result.table.iloc[0]["estimate"] > 0
    declared = responder_analysis(
        data, response, value="index", visit_order=["pre", "post"]
    )
    assert declared.table["estimate"][0] == result.table["estimate"][0]
    assert any("pre < post (as declared)" in line for line in declared.assumptions)


def test_labels_are_checked():
    data, response = tables()
    wrong = response.replace("responder", "respnder")
    refused(data, wrong, "'respnder'", "did you mean 'responder'")
    refused(data, pd.concat([response, response.head(1)]), "'P01'", "more than once")
    response.loc[2, "label"] = None
    refused(data, response, "no label in row(s) '2'")
    refused(data, ["P01"], "DataFrame")
    refused([1, 2], tables()[1], "DataFrame")


def test_rows_without_patient_or_visit():
    data, response = tables()
    data.loc[1, "patient"] = None
    refused(data, response, "no patient in row(s) '1'")
    refused(data.iloc[:0], response, "no rows")


def test_scores_of_two_schemes_are_not_compared():
    data, response = tables()
    data["scheme"] = ["five_stage", "hamann2011"] * 12
    refused(data, response, "different schemes", "hamann2011")


def test_a_label_made_of_the_value_is_refused_unless_allowed():
    data, response = tables()

    class Response:
        table, derived_from = response, ("Index",)

    refused(data, Response(), "circular", "derived from 'index'")
    response.attrs["derived_from"] = "index"
    refused(data, response, "circular")
    result = responder_analysis(data, response, value="index", circular="allowed")
    assert result.limits[0].startswith("CIRCULAR")


def test_one_outcome_that_cannot_be_tested_does_not_stop_the_family():
    data, response = family()
    lost = (data["population"] == "NK") & (data["visit"] == "m12")
    data.loc[lost, "index"] = np.nan
    result = responder_analysis(data, response, value="index", by="population")
    row = result.table.set_index("outcome").loc["NK"]
    assert np.isnan(row["p"])
    assert np.isnan(row["p_adjusted"])
    assert "no responder" in row["problem"]
    assert "Family of 2 outcomes" in repr(result)
    assert "NK: not tested" in repr(result)
    assert (result.participant_flow["outcome"] == "NK").any()


def test_a_family_in_which_nothing_can_be_tested_is_an_error():
    data, response = family(responders=(0.1, None))
    refused(data, response, "none of the 3 outcomes", by="population")


@pytest.mark.parametrize("name", ["response", "value", "visit", "index", "label"])
def test_a_covariate_with_a_name_of_the_models_is_refused(name):
    data, response = tables()
    data = data.assign(**{} if name in data else {name: 1.0})
    with pytest.raises(DesignError, match=f"the covariate '{name}' is"):
        responder_analysis(data, response, value="index", covariates=[name])


def test_a_covariate_aliased_with_visit_is_refused_for_the_headline():
    data, response = tables()
    data = data.assign(batch=data["visit"].map({"m00": "B1", "m12": "B2"}))
    with pytest.raises(DesignError, match=r"'batch' .* aliased with visit"):
        responder_analysis(data, response, value="index", covariates=["batch"])


def test_a_covariate_known_at_baseline_alone_holds_for_the_patient():
    data, response = tables()
    age = {name: 30.0 + 3 * (at % 5) for at, name in enumerate(response["patient"])}
    whole = data.assign(age=data["patient"].map(age))
    sheet = whole.assign(age=whole["age"].where(whole["visit"] == "m00"))
    rows = [
        responder_analysis(one, response, value="index", covariates=["age"]).sensitivity
        for one in (whole, sheet)
    ]
    mixed = "MMRM, unstructured covariance, Kenward-Roger, with age x visit"
    found = [row.set_index("analysis").loc[mixed, "estimate"] for row in rows]
    assert found[0] == found[1]
    assert np.isfinite(found[0])


def test_other_words_for_labels_are_pointed_to_their_meaning():
    data, response = tables()
    given = response.assign(label=response["label"].map({"responder": "R"}).fillna("N"))
    with pytest.raises(DesignError, match=r"Response\.from_table\(table, meaning="):
        responder_analysis(data, given, value="index")
