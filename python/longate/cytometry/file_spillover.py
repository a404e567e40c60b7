"""The spillover matrix that the keywords of a file hold, old forms included."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from longate.cytometry.compensation import Compensation
from longate.cytometry.panel import Panel
from longate.cytometry.spillover_keyword import plain_number
from longate.exceptions import SpilloverError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from longate.cytometry.panel import Channel

_PAIR = re.compile(r"^\$DFC(\d{1,4})TO(\d{1,4})$", re.IGNORECASE)


def stated_compensation(
    stated: tuple[str, str] | None, panel: Panel
) -> tuple[str, Compensation] | None:
    """Return the matrix of ``$SPILLOVER``, ``SPILL`` or ``SPILLOVER``, and which it is.

    Parameters
    ----------
    stated : tuple of (str, str), optional
        Keyword and value.
    panel : Panel
        The channels; the matrix may name them by ``$PnN``, ``$PnS`` or number.

    Raises
    ------
    SpilloverError
        If the value is no matrix; the keyword is named.
    """
    if stated is None:
        return None
    keyword, value = stated
    try:
        matrix = _matrix(value, panel.channels, tuple(panel.aliases.items()))
    except SpilloverError as error:
        msg = f"in {keyword}: {error}"
        raise SpilloverError(msg) from None
    return None if matrix is None else (keyword, matrix)


@lru_cache(maxsize=64)
def _matrix(
    value: str, channels: tuple[Channel, ...], aliases: tuple[tuple[str, str], ...]
) -> Compensation | None:
    """Return the matrix of a keyword; the files of a study mostly share one."""
    return fitted(Compensation.from_keyword(value), Panel(channels, dict(aliases)))


def legacy_compensation(
    keywords: Mapping[str, str], panel: Panel
) -> tuple[str, Compensation] | None:
    """Return the matrix of FCS 3.0's ``$COMP`` or FCS 2.0's ``$DFCiTOj``.

    They name channels by number. ``$COMP`` holds n and n x n fractions by rows, row and
    column as in ``$SPILLOVER``; ``$DFCiTOj`` the percentage of channel i that appears
    in channel j, what a channel leaves in itself being 1. Instruments of that time
    subtracted it before they stored events, as a rule, so that reading a file does not
    apply these keywords; they are taken only when asked for.

    Raises
    ------
    SpilloverError
        If a value is no number or names a channel that the file lacks.
    """
    found: NDArray[np.float64] | None
    try:
        if keywords.get("$COMP", "").strip():
            found, keyword = _comp(keywords["$COMP"], panel), "$COMP"
        else:
            found, keyword = _percentages(keywords, panel), "$DFCiTOj"
    except SpilloverError as error:
        msg = f"in the old compensation keywords: {error}"
        raise SpilloverError(msg) from None
    if found is None:
        return None
    names = [str(number) for number in range(1, len(found) + 1)]
    matrix = fitted(Compensation(found, names), panel, numbered=True)
    return None if matrix is None else (keyword, matrix)


def _comp(value: str, panel: Panel) -> NDArray[np.float64]:
    fields = [field.strip() for field in value.split(",")]
    try:
        size, numbers = (
            int(plain_number(fields[0])),
            [float(plain_number(field)) for field in fields[1:]],
        )
    except ValueError as error:
        msg = f"$COMP holds something that is no number: {error}"
        raise SpilloverError(msg) from None
    if not 1 <= size <= len(panel) or len(numbers) != size * size:
        msg = (
            f"$COMP declares {size} channels with {len(numbers)} entries; it needs "
            f"{size * size}, and the file has {len(panel)} channels"
        )
        raise SpilloverError(msg)
    return np.array(numbers).reshape(size, size)


def _percentages(
    keywords: Mapping[str, str], panel: Panel
) -> NDArray[np.float64] | None:
    matrix = np.eye(len(panel))
    seen = False
    for keyword in keywords:
        pair = _PAIR.match(keyword)
        if pair is None:
            continue
        row, column = int(pair[1]) - 1, int(pair[2]) - 1
        if not (0 <= row < len(panel) and 0 <= column < len(panel)):
            msg = f"{keyword} names a channel beyond the {len(panel)} of the file"
            raise SpilloverError(msg)
        try:
            share = float(plain_number(keywords[keyword])) / 100.0
        except ValueError:
            msg = f"{keyword} is {keywords[keyword]!r}, not a percentage"
            raise SpilloverError(msg) from None
        seen = True
        if row != column:
            matrix[row, column] = share
    return matrix if seen else None


def fitted(
    matrix: Compensation, panel: Panel, *, numbered: bool = False
) -> Compensation | None:
    """Return a matrix as the panel names it, or None where nothing is left of it.

    Channel numbers (from 1), which some vendors write, become detectors. Channels that
    the file lacks are left out where they neither give nor take anything, as in files
    from which only some channels were exported; others stay: an error when used.

    Parameters
    ----------
    matrix : Compensation
        Square, as a keyword holds it.
    panel : Panel
        The channels.
    numbered : bool
        Whether names are numbers for certain; then all channels that neither give nor
        take are left out.
    """
    names = list(matrix.channels)
    if numbered or all(name.isdecimal() and name not in panel for name in names):
        numbers = [int(plain_number(name)) for name in names]
        if all(1 <= number <= len(panel) for number in numbers):
            names = [panel.channels[number - 1].detector for number in numbers]
    identity = np.eye(len(names))
    alone = (matrix.matrix == identity).all(0) & (matrix.matrix == identity).all(1)
    kept = [
        index
        for index, name in enumerate(names)
        if not alone[index] or (name in panel and not numbered)
    ]
    if not kept:
        return None
    values = matrix.matrix[np.ix_(kept, kept)]
    return Compensation(values, [names[index] for index in kept])
