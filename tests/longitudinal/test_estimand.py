"""Estimands: stated, bound to an analysis, refused where it cannot answer."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from longate.exceptions import DesignError
from longate.longitudinal import Estimand, responder_analysis
from longitudinal.cohort import tables

OWN = {
    "treatment": "mitoxantrone; responders against non-responders",
    "population": "secondary progressive MS",
    "variable": "change of the index",
}


def dated():
    data, response = tables()
    days = {"m00": "2020-01-01", "m12": "2021-01-01"}
    return data.assign(date=data["visit"].map(days)), response


STOPPED = pd.DataFrame(
    {
        "patient": ["P07", "P08"],
        "stop_date": ["2020-07-01", "2021-06-01"],
        "reason": ["adverse event", "adverse event"],
    }
)


def test_the_default_is_stated_with_the_result():
    result = responder_analysis(*tables(), value="index", models=False)
    assert "descriptive association" in str(result.estimand)
    assert "any other, treatment policy" in repr(result)
    assert "Estimand" in result._repr_html_()


def test_two_estimands_are_two_analyses():
    data, response = tables()
    one, other = (
        responder_analysis(
            data,
            response,
            value="index",
            models=False,
            estimand=Estimand(**OWN, intercurrent_events={"rescue steroids": how}),
            disposition=None,
        )
        for how in ("treatment policy",) * 2
    )
    third = responder_analysis(data, response, value="index", models=False)
    assert one.provenance["run_id"] == other.provenance["run_id"]
    assert one.provenance["run_id"] != third.provenance["run_id"]


def test_values_after_a_hypothetical_event_are_set_aside():
    data, response = dated()
    hypothetical = Estimand(
        **OWN, intercurrent_events={"adverse event": "hypothetical"}
    )
    result = responder_analysis(
        data,
        response,
        value="index",
        models=False,
        estimand=hypothetical,
        disposition=STOPPED,
    )
    assert result.table["n_non_responder"][0] == 6
    said = next(limit for limit in result.limits if limit.startswith("Intercurrent"))
    assert "values of P07 set aside at m12" in said
    assert "values of P08 set aside at no visit" in said
    kept = responder_analysis(
        data, response, value="index", models=False, disposition=STOPPED
    )
    assert kept.table["n_non_responder"][0] == 7


def test_rows_of_other_estimands_are_supplementary():
    rows = responder_analysis(*tables(), value="index").sensitivity
    tags = rows.set_index("analysis")["tag"]
    assert tags["ANCOVA, last visit adjusted for baseline"] == "supplementary"
    assert tags["MMRM, unstructured covariance, Kenward-Roger"] == "sensitivity"
    assert (tags == "primary").sum() == 1


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ({"death": "compsite"}, "did you mean 'composite'"),
        ({"drop-out": "treatment policy"}, "missing data"),
        ({"death": "complete cases"}, "Complete cases"),
        (["death"], "must map"),
    ],
)
def test_what_is_no_estimand_is_refused(events, words):
    with pytest.raises(DesignError, match=words):
        Estimand(**OWN, intercurrent_events=events)


@pytest.mark.parametrize(
    "how", ["composite", "while on treatment", "principal stratum"]
)
def test_a_strategy_that_the_analysis_cannot_answer_is_refused(how):
    own = Estimand(**OWN, intercurrent_events={"death": how})
    with pytest.raises(DesignError, match="does not answer"):
        responder_analysis(*tables(), value="index", estimand=own)


def test_a_hypothetical_strategy_needs_the_disposition():
    own = Estimand(**OWN, intercurrent_events={"death": "hypothetical"})
    with pytest.raises(DesignError, match="disposition="):
        responder_analysis(*tables(), value="index", estimand=own)
    with pytest.raises(DesignError, match="Estimand, got str"):
        responder_analysis(*tables(), value="index", estimand="mean")


def test_estimands_are_values():
    own = Estimand(**OWN, intercurrent_events={"death": "hypothetical"})
    assert pickle.loads(pickle.dumps(own)) == own == copy.deepcopy(own)
    assert own.id != Estimand(**OWN).id
    assert np.unique([own.id, own.id]).size == 1
