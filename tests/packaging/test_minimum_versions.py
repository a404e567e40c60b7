"""The versions on which `make test-minimum` runs are those that are declared."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_oldest_versions_are_those_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {
        name: tuple(map(int, version.split(".")))
        for name, version in (
            re.fullmatch(r"([\w-]+)>=([\d.]+)(?:,.*)?", text).groups()
            for text in project["project"]["dependencies"]
        )
    }
    pinned = {
        name: tuple(map(int, version.split(".")))
        for name, version in re.findall(
            r"^([\w-]+)==([\d.]+)$",
            (ROOT / "constraints-minimum.txt").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }
    assert set(pinned) == set(declared)
    for name, least in declared.items():
        assert pinned[name][: len(least)] == least, name
        assert not any(pinned[name][len(least) :]), name
