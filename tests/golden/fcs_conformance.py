"""Writes docs/fcs-conformance.md from the shared real data and its truth.

    python tests/golden/fcs_conformance.py DATA > docs/fcs-conformance.md

DATA is the folder with ``fcs_truth``, one JSON file per FCS file: the SHA-256 of the
raw matrix (events x channels, float64, little-endian, by rows) that other readers gave
or that was decoded by hand.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

import longate as lg
from longate.exceptions import FcsError

HEAD = """# FCS files of other makers, and what became of them

Each file is read with `longate.read_fcs(file, values="raw")` and its matrix (events x
channels, float64, little-endian, by rows) compared by SHA-256 with the one on which
other readers agree (FlowIO 1.4.0, fcsparser 0.2.4, FlowCal 1.3.1), or with a decoding
by hand where they fail. `tests/io/test_fcs_depth_real.py` checks every line;
`tests/golden/fcs_conformance.py` writes the table.

"equal (n)": equal, n other readers read the file too; they agree unless it is said.
A second row of a file is its second data set.

| file | version | numbers | channels | events | verdict | diagnosis |
|---|---|---|---|---|---|---|
"""


def verdicts(data: Path) -> list[list[str]]:
    """Return the rows of the table."""
    rows = []
    for path in sorted((data / "fcs_truth").glob("*.json")):
        truth = json.loads(path.read_text())
        name = truth["file"].removeprefix("fcs_conformance/")
        for number, known in enumerate(known_sets(truth)):
            rows.append([name, *_row(data / truth["file"], number, known, truth)])
    return rows


def known_sets(truth: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is known of each data set of a file."""
    if "manual_decode" in truth:
        return [truth["manual_decode"]]
    sets = truth.get("datasets") or [truth]
    return [{**truth, **known} for known in sets[:1]] + sets[1:]


def digest(matrix: np.ndarray[Any, Any]) -> str:
    """Return the SHA-256 by which matrices are compared."""
    rows = np.ascontiguousarray(matrix, dtype="<f8")
    return hashlib.sha256(rows.tobytes()).hexdigest()


def _row(
    path: Path, number: int, known: dict[str, Any], truth: dict[str, Any]
) -> list[str]:
    try:
        sample = lg.read_fcs(path, values="raw", dataset=number, compensation=None)
    except FcsError as error:
        reason = str(error).removeprefix(f"{path} ")
        return [truth.get("header_version", ""), "", "", "", f"refused: {reason}", ""]
    equal = digest(sample.to_numpy()) == known["sha256_matrix_f64le_rowmajor"]
    readers = [n for n, r in truth["readers"].items() if r["ok"] and "_" not in n]
    if "manual_decode" in truth:
        beside = "decoded by hand"
    elif len(readers) > 1 and not truth.get("agree_exact"):
        beside = f"{len(readers)} which disagree"
    else:
        beside = str(len(readers))
    bits = {sample.keywords[f"$P{n + 1}B"].strip() for n in range(len(sample.panel))}
    numbers = " ".join(
        [
            sample.keywords["$DATATYPE"].strip(),
            "/".join(sorted(bits, key=int)),
            sample.keywords["$BYTEORD"].strip(),
        ]
    )
    codes = dict.fromkeys(one.code for one in sample.diagnosis)
    return [
        sample.version,
        numbers,
        str(len(sample.panel)),
        str(sample.n_events),
        f"equal ({beside})" if equal else "DIFFERS",
        ", ".join(codes),
    ]


def table(data: Path) -> str:
    """Return the whole page."""
    lines = ("| " + " | ".join(row) + " |" for row in verdicts(data))
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table(Path(sys.argv[1])))
