"""Small made-up cohorts as tables, for the tests of this room."""

from __future__ import annotations

import pandas as pd

RESPONDERS = (0.071, 0.094, 0.043, 0.112, 0.066)
OTHERS = (0.012, -0.031, 0.024, 0.003, -0.008, 0.041, -0.017)


def tables(responders=RESPONDERS, others=OTHERS, unknown=(), *, start=0.7):
    """Return (data, response): visits m00 and m12 with the given changes."""
    groups = (
        ("responder", responders),
        ("non-responder", others),
        ("unclassifiable", unknown),
    )
    rows, labels = [], []
    for label, changes in groups:
        for change in changes:
            patient = f"P{len(labels) + 1:02d}"
            labels.append((patient, label))
            begin = start + 0.01 * len(labels)
            rows.append((patient, "m00", begin))
            if change is not None:
                rows.append((patient, "m12", begin + change))
    data = pd.DataFrame(rows, columns=["patient", "visit", "index"])
    return data, pd.DataFrame(labels, columns=["patient", "label"])


def family(levels=("B", "NK", "T"), **groups):
    """Return (data, response) with a column population; later levels dampened."""
    data, response = tables(**groups)
    parts = []
    for at, level in enumerate(levels):
        begin = data.groupby("patient")["index"].transform("first")
        damp = begin + (data["index"] - begin) / (at + 1) * (-1) ** at
        noise = [0.004 * ((7 * row + at) % 5) for row in range(len(data))]
        parts.append(data.assign(population=level, index=damp + noise))
    return pd.concat(parts, ignore_index=True), response
