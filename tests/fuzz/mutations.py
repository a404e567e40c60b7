"""Mutated files for the readers of XML, JSON and saved populations.

Run it by itself for many mutations; the tests run a few::

    PYTHONPATH=python:tests python tests/fuzz/mutations.py --n 10000 --seed 1

Each mutation must be read, or refused by an error of Longate; the first file of each
other outcome is kept and its path printed.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from lxml import etree

import longate as lg
from longate.exceptions import LongateError
from longate.study.saved_checks import manifest_text

if TYPE_CHECKING:
    from collections.abc import Callable

TOKENS = [
    b"<", b">", b"&x;", b"&#0;", b"]]>", b"<!--", b"<![CDATA[", b"\x00", b"\xff", b"-1",
    b"1e999", b"NaN", b"INF", b"-INF", b"0", b"", b'"', b"''", b"{", b"}", b"[", b"]",
    b"null", b"true", b":", b",", b"../", b"\xed\xa0\x80", b"9" * 400, b"id", b"and",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -1, 1, 10**400, 1e308, -0.0, float("nan"), float("inf"), "",
    "x", "All events", "a/b", "\ud800", "\0", "'", "not", [], {}, [[]], [None], {"": 0},
    [1, 2, 3], "1e999", "9" * 300,
]  # fmt: skip
XML_VALUES = [
    "", "NaN", "INF", "-INF", "-1", "0", "1e308", "1e-320", "x", "A/b", "|", "true",
    "FCS", "uncompensated", "All events", " ", "9" * 300, "\u00e9\u200b", "'",
]  # fmt: skip
DEEP = "[" * 3000 + "]" * 3000


def mutated_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes of which some were flipped, cut, doubled, moved or replaced."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(out) + 1)
        length = rng.choice([1, 1, 2, 8, 40, 300])
        piece = out[at : at + length]
        other = rng.randrange(len(out) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[at : at + length]
        elif kind == 2:
            out[other:other] = piece
        elif kind == 3:
            out[at : at + length] = rng.choice(TOKENS)
        else:
            del out[at : at + length]
            out[other:other] = piece
    return bytes(out)


def _nodes(tree: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of every value in a JSON tree."""
    found, waiting = [], [tree]
    while waiting:
        at = waiting.pop()
        keys = list(at) if isinstance(at, dict) else range(len(at))
        for key in keys:
            found.append((at, key))
            if isinstance(at[key], dict | list):
                waiting.append(at[key])
    return found


def mutated_tree(tree: Any, rng: random.Random) -> Any:
    """Return a JSON tree of which values were replaced, removed, renamed or swapped."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice([1, 1, 2, 4])):
        nodes = _nodes(tree)
        if not nodes:
            break
        at, key = rng.choice(nodes)
        other, other_key = rng.choice(nodes)
        kind = rng.randrange(6)
        if kind <= 1:
            at[key] = copy.deepcopy(rng.choice(VALUES))
        elif kind == 2:
            del at[key]
        elif kind == 3 and isinstance(at, dict):
            at[rng.choice(["", "x", "name", "kind"])] = at.pop(key)
        elif kind == 3:
            at.append(copy.deepcopy(at[key]))
        elif kind == 4:
            at[key] = copy.deepcopy(other[other_key])
        elif isinstance(at[key], int | float) and not isinstance(at[key], bool):
            at[key] = at[key] * rng.choice([-1, 2, 0.5, 1e300])
        else:
            at[key] = str(at[key])[: rng.randrange(5)]
    return tree


def mutated_xml(data: bytes, rng: random.Random) -> bytes:
    """Return well-formed XML of which elements and attributes were changed."""
    root = etree.fromstring(data)
    for _ in range(rng.choice([1, 1, 2, 4])):
        elements = list(root.iter("*"))
        at, other = rng.choice(elements), rng.choice(elements)
        kind = rng.randrange(6)
        if kind <= 2 and at.attrib:
            key = rng.choice(list(at.attrib))
            values = [value for one in (at, other) for value in one.attrib.values()]
            at.set(key, rng.choice([*values, *XML_VALUES]))
        elif kind == 3 and at.getparent() is not None:
            at.getparent().remove(at)
        elif kind == 4 and at not in other.iterancestors() and at is not other:
            other.append(copy.deepcopy(at))
        elif at.attrib:
            del at.attrib[rng.choice(list(at.attrib))]
        else:
            at.text = rng.choice(XML_VALUES)
    return etree.tostring(root)


def mutated(one: Any, rng: random.Random) -> Any:
    """Return a mutation of a seed, as its form allows."""
    if not isinstance(one, bytes):
        return mutated_tree(one, rng)
    if one.lstrip().startswith(b"<") and rng.random() < 0.7:
        return mutated_xml(one, rng)
    return mutated_bytes(one, rng)


def strategy() -> lg.GatingStrategy:
    """Return a strategy with gates, scales and matrices of every kind."""
    scale = lg.Logicle(t=1e4, w=0.5, m=4.5, a=0.0)
    matrix = lg.Compensation([[1, 0.2], [0.1, 1]], ["FL1-H", "FL2-H"])
    axis = lg.Dimension("FL1-H", compensation=matrix, scale=scale)
    bounded = lg.Dimension(
        "FL2-H", compensation=None, scale=lg.Bounded(lg.Log(t=1e4, m=4.0), 0.1)
    )
    ratio = lg.Dimension(lg.Ratio("FL1-H", "FL2-H"), compensation=None, scale=None)
    gates = [
        lg.RectangleGate("A b", dimensions={axis: (0.1, 0.5)}, interval="closed"),
        lg.RectangleGate("R", dimensions={ratio: (1, None)}, parent="A b"),
        lg.BooleanGate("B", "not (A b or not R)", parent="A b"),
        lg.QuadrantGate("Q", dividers={"x": (axis, [0.2, 0.4])}, custom_info="<a/>"),
        lg.PolygonGate("P", x=axis, y=bounded, vertices=[(0, 0), (1, 0), (0.5, 2)]),
        lg.EllipsoidGate(
            "E", dimensions=[axis, "FSC-A"], mean=[0, 0], covariance=[[2, 1], [1, 2]]
        ),
    ]
    own = lg.RectangleGate("A b", dimensions={axis: (0.2, 0.5)})
    return lg.GatingStrategy(
        gates, scale={"FSC-A": None}, overrides={"S1": [own]}, custom_info="note"
    )


def _gatingml(folder: Path) -> tuple[list[bytes], Callable[[Any], Any]]:
    whole = lg.write_gatingml(strategy(), folder / "whole.xml", sample="S1")
    path = folder / "gates.xml"

    def read(data: bytes) -> Any:
        path.write_bytes(data)
        return lg.read_gatingml(path)

    old = whole.read_bytes().replace(b"v2.0", b"v1.5")
    return [whole.read_bytes(), old], read


def _spillover(folder: Path) -> tuple[list[bytes], Callable[[Any], Any]]:
    table = b",Comp-B-A :: CD3,Comp-Y-A\nComp-B-A,1,0.25\nComp-Y-A,0,1\n"
    flowjo = (
        b'<Workspace><CompensationMatrix name="a" prefix="&lt;" suffix="&gt;">'
        b'<Channel name="F"><ChannelValue name="F" value="1"/><ChannelValue name="P" '
        b'value=".2"/></Channel><Channel name="P"><ChannelValue name="F" value="0"/>'
        b'<ChannelValue name="P" value="1"/></Channel></CompensationMatrix></Workspace>'
    )
    seeds = [table, table.replace(b",", b"\t"), flowjo]
    seeds.append(
        lg.write_gatingml(strategy(), folder / "m.xml", sample="S1").read_bytes()
    )
    path = folder / "matrix.txt"

    def read(data: bytes) -> Any:
        path.write_bytes(data)
        return lg.read_compensation(path)

    return seeds, read


def _strategy_json(_: Path) -> tuple[list[Any], Callable[[Any], Any]]:
    seed = json.loads(strategy().to_json())

    def read(data: Any) -> Any:
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        again = lg.GatingStrategy.from_json(
            text if isinstance(text, str) else json.dumps(text)
        )
        return again.id, repr(again), again.to_json()

    return [seed, strategy().to_json().encode(), DEEP.encode()], read


def _manifest(folder: Path) -> tuple[list[Any], Callable[[Any], Any]]:
    rng = np.random.default_rng(1)
    for name in ("P1", "P2"):
        events = rng.uniform(0, 300, (40, 2))
        lg.write_fcs(folder / f"{name}.fcs", events, ["FSC-A", "SSC-A"])
    (folder / "samples.csv").write_text(
        "file,patient,visit,tube\nP1.fcs,P1,m0,NK\nP2.fcs,P2,m0,NK\n"
    )
    gates = [
        lg.RectangleGate("A", dimensions={"FSC-A": (50, None)}),
        lg.RectangleGate("B", parent="A", dimensions={"SSC-A": (50, None)}),
    ]
    study = lg.read_study(folder / "samples.csv")
    wanted = [lg.Statistic("median", "FSC-A")]
    found = study.gate(lg.GatingStrategy(gates), statistics=wanted, progress=False)
    run = lg.save_populations(found, folder / "run")
    path = run / "manifest.json"
    seed = json.loads(path.read_text())

    def read(data: Any) -> Any:
        if isinstance(data, bytes):
            path.write_bytes(data)
        else:  # as one who means harm would, who lets the hash fit again
            data.pop("sha256", None)
            text = manifest_text(data)
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
        return lg.load_populations(run).counts

    return [seed, path.read_bytes(), DEEP.encode()], read


TARGETS = {
    "gatingml": _gatingml,
    "spillover": _spillover,
    "strategy": _strategy_json,
    "manifest": _manifest,
}


def run(target: str, n: int, seed: int, keep: Path | None = None) -> Counter[str]:
    """Read `n` mutations; return how many were read, refused, or raised what else.

    Parameters
    ----------
    target : str
        A key of `TARGETS`.
    n, seed : int
        Number of mutations, and the seed of the first; each has its own.
    keep : Path, optional
        A folder for the first mutation of each other outcome.
    """
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seeds, read = TARGETS[target](Path(folder))
        for number in range(seed, seed + n):
            rng = random.Random(number)
            changed = mutated(rng.choice(seeds), rng)
            try:
                read(changed)
                outcome = "read"
            except LongateError:
                outcome = "refused"
            except Exception as error:
                last = traceback.extract_tb(error.__traceback__)[-1]
                outcome = f"{type(error).__name__} in {Path(last.filename).name}"
                outcome += f":{last.lineno}"
                if keep is not None and outcome not in outcomes:
                    text = changed if isinstance(changed, bytes) else repr(changed)
                    if isinstance(text, str):
                        text = text.encode("utf-8", "surrogatepass")
                    (keep / f"{target}-{number}").write_bytes(text)
            outcomes[outcome] += 1
    return outcomes


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=None)
    told = parser.parse_args()
    if told.keep is not None:
        shutil.rmtree(told.keep, ignore_errors=True)
        told.keep.mkdir(parents=True)
    raw = 0
    for target in told.targets or TARGETS:
        begin = time.monotonic()
        outcomes = run(target, told.n, told.seed, told.keep)
        raw += sum(outcomes.values()) - outcomes["read"] - outcomes["refused"]
        print(f"{target}: {dict(outcomes)} in {time.monotonic() - begin:.0f} s")
    return 1 if raw else 0


if __name__ == "__main__":
    sys.exit(main())
