"""The subcommands of ``longate``: each adds its arguments and runs."""

from __future__ import annotations
