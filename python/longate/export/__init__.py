"""Tables that leave: wide workbooks, Prism files, tidy files."""

from __future__ import annotations

from longate.export.prism import prism
from longate.export.tidy import tidy
from longate.export.wide import WideTables, wide

__all__ = ["WideTables", "prism", "tidy", "wide"]
