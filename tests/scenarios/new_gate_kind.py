"""Add a made-up kind of gate in four files, try it, and show what it cost.

Run by hand, as it builds the kernels (minutes)::

    python tests/scenarios/new_gate_kind.py

A ring around a point is written into a copy of the repository: its region in Rust, a
line among the regions, its class in Python, a line among the public names. The copy is
built and tried in a process, and removed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

REGION = """//! Rings: points between two distances from a centre, both borders inside.

use super::Region;
use crate::error::{Error, Result};

/// Points between two distances from a centre.
#[derive(Debug, Clone, PartialEq)]
pub struct Ring {
    centre: [f64; 2],
    inner: f64,
    outer: f64,
}

impl Region for Ring {
    const NAMES: &'static [&'static str] = &["ring"];

    fn from_parameters(_: &str, parameters: &[f64]) -> Result<Self> {
        match *parameters {
            [x, y, inner, outer] if 0.0 <= inner && inner < outer => Ok(Self {
                centre: [x, y],
                inner,
                outer,
            }),
            _ => Err(Error::MalformedGate {
                detail: "a ring needs a centre and inner < outer".into(),
            }),
        }
    }

    fn dimensions(&self) -> usize {
        2
    }

    fn contains(&self, point: &[f64]) -> bool {
        let distance = (point[0] - self.centre[0]).hypot(point[1] - self.centre[1]);
        self.inner <= distance && distance <= self.outer
    }
}
"""

GATE = '''"""Ring gates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from longate.gating.gates.base import Gate
from longate.gating.gates.dimension import Axis, axis_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, init=False, repr=False)
class RingGate(Gate):
    """Events between two distances from a centre, both borders inside."""

    kind: ClassVar[str] = "ring"

    x: Axis
    y: Axis
    centre: tuple[float, ...]
    inner: float
    outer: float

    def __init__(
        self,
        name: str,
        *,
        x: Any,
        y: Any,
        centre: Sequence[float],
        inner: float,
        outer: float,
        parent: str | None = None,
        custom_info: str | None = None,
    ) -> None:
        self._set(
            name=name,
            parent=parent,
            custom_info=custom_info,
            x=axis_of(x, gate=name),
            y=axis_of(y, gate=name),
            centre=tuple(map(float, centre)),
            inner=float(inner),
            outer=float(outer),
        )
        self._refuse_no_region()

    @property
    def axes(self) -> tuple[Axis, ...]:
        """Its two axes."""
        return (self.x, self.y)

    @property
    def description(self) -> str:
        """What the gate keeps, in a line."""
        return f"{self.inner:g} to {self.outer:g} from {self.centre}"

    @property
    def kernel(self) -> tuple[str, list[float]]:
        """Its kind and its parameters: centre, inner and outer distance."""
        return self.kind, [*self.centre, self.inner, self.outer]

    def outline(self, n_points: int = 128) -> tuple[NDArray[np.float64], ...]:
        """Return both circles, see :meth:`Gate.outline`."""
        turns = np.linspace(0.0, 2 * np.pi, n_points, endpoint=False)
        circle = np.column_stack([np.cos(turns), np.sin(turns)])
        middle = np.array(self.centre)
        return middle + self.inner * circle, middle + self.outer * circle

    def moved(self, distances: Sequence[float], factor: float = 1.0) -> RingGate:
        """Return the gate moved and resized, see :meth:`Gate.moved`."""
        centre = tuple(c + d for c, d in zip(self.centre, distances, strict=True))
        inner, outer = self.inner * factor, self.outer * factor
        return replace(self, centre=centre, inner=inner, outer=outer)

    def _shape(self, axis: Callable[[Axis], Any]) -> dict[str, Any]:
        sizes = {"inner": self.inner, "outer": self.outer}
        axes = {"x": axis(self.x), "y": axis(self.y)}
        return {**axes, "centre": list(self.centre), **sizes}

    @classmethod
    def _from_shape(
        cls,
        names: dict[str, Any],
        shape: Mapping[str, Any],
        axis: Callable[[Any], Axis],
    ) -> RingGate:
        rest = {key: shape[key] for key in ("centre", "inner", "outer")}
        return cls(**names, x=axis(shape["x"]), y=axis(shape["y"]), **rest)
'''

TRIAL = """
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import longate as lg

values = np.random.default_rng(0).uniform(-3, 3, (5000, 2)).astype(np.float32)
ring = lg.RingGate("Ring", x="A", y="B", centre=(0, 1), inner=0.5, outer=2)


def inside(centre, inner, outer):
    distance = np.hypot(*(values.astype(float) - centre).T)
    return (inner <= distance) & (distance <= outer)


expected = inside([0, 1], 0.5, 2)
assert 500 < expected.sum() < 4000
assert (ring.contains({"A": values[:, 0], "B": values[:, 1]}) == expected).all()
for wrong in ({"inner": 3}, {"outer": float("nan")}):
    try:
        lg.RingGate("Ring", **{"x": "A", "y": "B", "centre": (0, 1), "inner": 0.5,
                               "outer": 2, **wrong})
    except lg.exceptions.GateError as error:
        assert "'Ring'" in str(error) and "inner" in str(error), error
    else:
        raise AssertionError(wrong)
folder = Path(tempfile.mkdtemp())
lg.write_fcs(folder / "a.fcs", pd.DataFrame(values, columns=["A", "B"]))
row = {"file": folder / "a.fcs", "patient": "P1", "visit": "m0", "tube": "T"}
study = lg.read_study(pd.DataFrame([row]))
strategy = lg.GatingStrategy(
    [ring, lg.BooleanGate("Hole", "not Ring")], compensation=None
)
populations = study.gate(strategy, progress=False)
sample = populations.counts["sample"][0]
assert (populations.mask("Ring", sample=sample) == expected).all()
assert (populations.mask("Hole", sample=sample) == ~expected).all()
shift = lg.Perturbation("moved", {"Ring": lg.Shift({"A": 0.5}, factor=0.5)})
table = study.regate(strategy, [shift], progress=False)
found = table[(table["perturbation"] == "moved") & (table["population"] == "Ring")]
assert found["n_events"].tolist() == [inside([0.5, 1], 0.25, 1).sum()]
assert lg.GatingStrategy.from_json(strategy.to_json())["Ring"] == ring
assert ring.sketch().count("M") == 2 and "evenodd" in ring._repr_html_()
figure = lg.plot.gates(populations, sample=sample, only=["Ring"])
assert len(figure.axes[0].patches) == 2
figure.savefig(sys.argv[1])
print(repr(ring), "holds", int(expected.sum()), "of", len(values), "events")
"""


def main() -> None:
    """Write the four files, build, try, and print what changed."""
    with tempfile.TemporaryDirectory(prefix="new-gate-kind-") as folder:
        copy = Path(folder) / "longate"
        ignored = shutil.ignore_patterns(".git", "target", ".venv", "build", "demo")
        shutil.copytree(ROOT, copy, ignore=ignored)
        git = ["git", "-c", "user.name=x", "-c", "user.email=x@y.z"]
        for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "before"]):
            subprocess.run([*git, *command], cwd=copy, check=True)
        add_ring(copy)
        build(copy)
        picture = Path(tempfile.gettempdir()) / "ring.png"
        environment = {**os.environ, "PYTHONPATH": str(copy / "python")}
        trial = [sys.executable, "-c", TRIAL, str(picture)]
        subprocess.run(trial, env=environment, cwd=folder, check=True)
        subprocess.run(["git", "add", "-A", "src", "python"], cwd=copy, check=True)
        subprocess.run(["git", "diff", "--cached", "--stat"], cwd=copy, check=True)
        print("picture:", picture)


def add_ring(copy: Path) -> None:
    """Write the region, the gate, and a line for each among the others."""
    (copy / "src/gate/region/ring.rs").write_text(REGION)
    (copy / "python/longate/gating/gates/ring.py").write_text(GATE)
    exchange(
        copy / "src/gate/region.rs",
        ("mod polygon;\n", "mod polygon;\nmod ring;\n"),
        (
            "pub use polygon::Polygon;\n",
            "pub use polygon::Polygon;\npub use ring::Ring;\n",
        ),
        (
            "    Ellipsoid,\n}",
            "    Ellipsoid,\n    /// A ring around a point.\n    Ring,\n}",
        ),
    )
    line = "from longate.gating.gates.rectangle import RectangleGate\n"
    ring = "from longate.gating.gates.ring import RingGate\n"
    exchange(
        copy / "python/longate/__init__.py",
        (line, line + ring),
        ('    "RectangleGate",\n', '    "RectangleGate",\n    "RingGate",\n'),
    )


def exchange(path: Path, *pairs: tuple[str, str]) -> None:
    """Replace texts of a file, each of which must be there."""
    text = path.read_text()
    for old, new in pairs:
        if old not in text:
            msg = f"{path} has no {old!r}"
            raise SystemExit(msg)
        text = text.replace(old, new)
    path.write_text(text)


def build(copy: Path) -> None:
    """Build the kernels of the copy; CARGO_TARGET_DIR may hold compiled crates."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", copy / "target"))
    environment = {
        **os.environ,
        "CARGO_TARGET_DIR": str(target),
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
        "PYO3_PYTHON": sys.executable,
    }
    command = [
        "cargo",
        "build",
        "--release",
        "--locked",
        "--features",
        "python",
        "--lib",
    ]
    subprocess.run(command, cwd=copy, env=environment, check=True)
    library = target / "release" / "liblongate.so"
    shutil.copy(library, copy / "python/longate/_core.abi3.so")


if __name__ == "__main__":
    main()
