"""Ellipsoid gates of Gating-ML, and the other quadrics that its formula allows."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from longate.exceptions import GateError, GateWarning
from longate.gating.gates.ellipsoid import EllipsoidGate
from longate.gating.gates.quadratic_form import QuadraticFormGate
from longate.io.gatingml.markup import Tag, point, value
from longate.io.gatingml.notes import note_of

if TYPE_CHECKING:
    from longate.gating.gates.base import Gate
    from longate.io.gatingml.read_context import ReadContext
    from longate.io.gatingml.records import GateRecord
    from longate.io.gatingml.write_context import WriteContext
    from longate.io.xml_tree import Element

# A covariance is symmetric and positive definite. What is not is no covariance, but the
# standard's formula has a meaning for it, which its own compliance set needs.
AS_WRITTEN = "as-written"


def read(record: GateRecord, context: ReadContext) -> list[Gate]:
    """Return the gate that a record means.

    Raises
    ------
    GatingMLError
        If numbers and dimensions do not fit, or the covariance has no inverse.

    Warns
    -----
    GateWarning
        If the covariance is none, but has an inverse.
    """
    document, gate = context.document, record.element
    sides = [context.side(element, record) for element in gate.named("dimension")]
    mean = context.values(document.child(gate, "mean"), "coordinate", gate)
    matrix = document.child(gate, "covarianceMatrix")
    rows = [context.values(row, "entry", gate) for row in matrix.named("row")]
    square = document.child(gate, "distanceSquare")
    distance = document.number(square, "value", gate)
    _refuse_sizes(len(sides), mean, rows, matrix, record, context)
    fault = _no_covariance(rows)
    noted = note_of(record.infos).get("matrix") == AS_WRITTEN
    if fault and not noted:
        complaint = (
            f"the covariance is not {fault}; its numbers are taken as they are "
            "written, so that the gate may be no ellipsoid"
        )
        message = str(document.error(complaint, matrix, gate))
        warnings.warn(message, GateWarning, stacklevel=2)
    bounded = []
    for k, side in enumerate(sides):
        reach = math.sqrt(max(rows[k][k], 0.0) * max(distance, 0.0)) * (1 + 1e-9)
        reach = math.inf if fault or noted else reach
        bounded.append(context.clamped(side, mean[k] - reach, mean[k] + reach, record))
    try:
        kind = QuadraticFormGate if fault or noted else EllipsoidGate
        made = kind(
            context.name(record),
            dimensions=context.axes(bounded, record),
            mean=mean,
            covariance=rows,
            distance_square=distance,
            **context.common(record),
        )
    except GateError as error:
        complaint = context.unnamed(error, record)
        raise document.error(complaint, matrix, gate) from None
    return [made]


def write(
    gate: EllipsoidGate, context: WriteContext, note: dict[str, Any]
) -> list[Tag]:
    """Return the axes, mean, covariance and distance of a gate."""
    context.note_axes(gate.axes, note)
    if isinstance(gate, QuadraticFormGate):
        note["matrix"] = AS_WRITTEN
    rows = [
        Tag("gating:row", children=[value("gating:entry", x) for x in row])
        for row in gate.covariance
    ]
    return [
        *map(context.axes.dimension, gate.axes),
        point("gating:mean", gate.mean),
        Tag("gating:covarianceMatrix", children=rows),
        value("gating:distanceSquare", gate.distance_square),
    ]


def _refuse_sizes(
    n: int,
    mean: list[float],
    rows: list[list[float]],
    matrix: Element,
    record: GateRecord,
    context: ReadContext,
) -> None:
    if len(mean) == n and len(rows) == n and all(len(row) == n for row in rows):
        return
    widths = " / ".join(str(k) for k in sorted({len(row) for row in rows}))
    complaint = (
        f"{n} dimensions need a mean of {n} and a covariance of {n} x {n}; there are "
        f"{len(mean)} and {len(rows)} x {widths}"
    )
    raise context.document.error(complaint, matrix, record.element)


def _no_covariance(rows: list[list[float]]) -> str:
    """Return what keeps a matrix that has an inverse from being a covariance."""
    if any(
        abs(rows[i][j] - rows[j][i])
        > 1e-9 * math.sqrt(abs(rows[i][i])) * math.sqrt(abs(rows[j][j]))
        for i in range(len(rows))
        for j in range(i)
    ):
        return "symmetric"
    with np.errstate(all="ignore"):
        size = np.sqrt(np.abs(np.diag(rows)))
        size[size == 0] = 1.0
        scaled = np.array(rows) / size[:, None] / size[None, :]
    if not np.isfinite(scaled).all():
        return ""
    # Near 0 neither sign is sure; such a matrix is refused as having no inverse.
    least = float(np.linalg.eigvalsh(scaled)[0])
    return "positive definite" if least < -1e-9 else ""
