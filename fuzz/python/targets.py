"""Fuzz targets in Python: ``python targets.py TARGET [libFuzzer options]``.

Each takes bytes as one reader of Longate does; only Longate's errors may come out.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["longate"]):
    import longate as lg
    from longate.exceptions import LongateError
    from longate.io.sheet_reading import SheetOptions, read_sheet
    from longate.study import loading, saving

warnings.simplefilter("ignore")
FOLDER = Path(tempfile.mkdtemp(prefix="longate-fuzz-"))
STRATEGY = lg.GatingStrategy(
    [
        lg.RectangleGate("A", dimensions={"CD3": (0.2, None)}),
        lg.PolygonGate("B", x="CD3", y="CD56", vertices=[(0, 0), (1, 0), (0.5, 1)]),
        lg.BooleanGate("C", "A and not B"),
    ],
    scale=lg.Logicle(t=1000.0),
)
ALLOWED = (LongateError, FileNotFoundError)


def _file(data: bytes, name: str) -> Path:
    path = FOLDER / name
    path.write_bytes(data)
    return path


def strategy(data: bytes) -> None:
    """Read a strategy in JSON."""
    lg.GatingStrategy.from_json(data.decode("utf-8", "surrogateescape"))


def gatingml(data: bytes) -> None:
    """Read a Gating-ML document."""
    lg.read_gatingml(_file(data, "gates.xml"))


def flowjo(data: bytes) -> None:
    """Read a FlowJo workspace."""
    lg.read_flowjo(_file(data, "workspace.wsp"))


def spillover(data: bytes) -> None:
    """Read a spillover matrix as text."""
    lg.read_compensation(_file(data, "matrix.csv"))


def sheet(data: bytes) -> None:
    """Read a sample sheet."""
    read_sheet(_file(data, "sheet.csv"), SheetOptions())


def manifest(data: bytes) -> None:
    """Load populations by their manifest."""
    folder = FOLDER / "saved"
    folder.mkdir(exist_ok=True)
    (folder / saving.MANIFEST).write_bytes(data)
    loading.load_populations(folder)


TARGETS = {
    "strategy": (strategy, [STRATEGY.to_json().encode(), b"{}"]),
    "gatingml": (gatingml, []),
    "flowjo": (flowjo, [b'<Workspace version="20.0" flowJoVersion="10.8"/>']),
    "spillover": (spillover, [b",A,B\nA,1,0.1\nB,0,1\n", b"A\tB\n1\t0,5\n0\t1\n"]),
    "sheet": (sheet, [b"file,patient,visit,tube\na.fcs,P1,m00,NK\n", b"a;b\n"]),
    "manifest": (manifest, [json.dumps({"format": "longate"}).encode()]),
}


def seeds(name: str) -> Path:
    """Write the corpus that a target starts from; return its folder."""
    folder = Path(__file__).parents[1] / "corpus" / name
    folder.mkdir(parents=True, exist_ok=True)
    sound = list(TARGETS[name][1])
    if name == "gatingml":
        path = FOLDER / "seed.xml"
        lg.write_gatingml(STRATEGY, path)
        sound.append(path.read_bytes())
    for number, data in enumerate(sound):
        (folder / f"seed{number}").write_bytes(data)
    return folder


def main() -> None:
    """Fuzz the target that the first argument names."""
    name = sys.argv.pop(1)
    function, _ = TARGETS[name]

    def one(data: bytes) -> None:
        with contextlib.suppress(ALLOWED):
            function(data)

    sys.argv.insert(1, str(seeds(name)))
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
