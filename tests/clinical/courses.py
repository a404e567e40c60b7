"""Hand-written clinical courses as tables, for the tests of this room."""

from __future__ import annotations

import pandas as pd

START = pd.Timestamp("2010-01-04")
NONE = pd.DataFrame({"patient": [], "date": []})


def visits(**patients):
    """Return visits of ``{day: EDSS}`` each, named d0000, d0090 ..."""
    rows = [
        (patient, f"d{day:04d}", score, START + pd.Timedelta(days=day))
        for patient, course in patients.items()
        for day, score in course.items()
    ]
    return pd.DataFrame(rows, columns=["patient", "visit", "edss", "date"])


def relapses(**days):
    """Return relapses at the given days of each patient."""
    rows = [
        (patient, START + pd.Timedelta(days=day))
        for patient, own in days.items()
        for day in own
    ]
    return pd.DataFrame(rows, columns=["patient", "date"])
