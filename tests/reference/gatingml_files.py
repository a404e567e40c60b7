"""Small Gating-ML files for tests."""

from __future__ import annotations

ROOT = "http://www.isac-net.org/std/Gating-ML"


def file_of(body: str, *, version: str = "2.0") -> str:
    """Return a document with the usual prefixes; the body starts in line 5."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<gating:Gating-ML xmlns:gating="{ROOT}/v{version}/gating"\n'
        f'  xmlns:transforms="{ROOT}/v{version}/transformations"\n'
        f'  xmlns:data-type="{ROOT}/v{version}/datatypes">\n'
        f"{body}\n</gating:Gating-ML>\n"
    )


def dimension(
    channel: str = "FL1-H",
    *,
    low: str | None = None,
    high: str | None = None,
    compensation: str = "uncompensated",
    scale: str | None = None,
) -> str:
    """Return a dimension."""
    entries = {
        "compensation-ref": compensation,
        "transformation-ref": scale,
        "min": low,
        "max": high,
    }
    attributes = "".join(
        f' gating:{name}="{value}"' for name, value in entries.items() if value
    )
    return (
        f"<gating:dimension{attributes}>"
        f'<data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension>'
    )


def rectangle(identifier: str = "R", body: str | None = None, **attributes: str) -> str:
    """Return a rectangle gate in one line."""
    more = "".join(f' gating:{name}="{value}"' for name, value in attributes.items())
    inside = dimension(low="1") if body is None else body
    return (
        f'<gating:RectangleGate gating:id="{identifier}"{more}>{inside}'
        "</gating:RectangleGate>"
    )


def polygon(*vertices: tuple[float, float], identifier: str = "P") -> str:
    """Return a polygon gate on FL1-H x FL2-H in one line."""
    corners = "".join(
        "<gating:vertex>"
        + "".join(f'<gating:coordinate data-type:value="{v}"/>' for v in vertex)
        + "</gating:vertex>"
        for vertex in vertices
    )
    axes = dimension("FL1-H") + dimension("FL2-H")
    return (
        f'<gating:PolygonGate gating:id="{identifier}">{axes}{corners}'
        "</gating:PolygonGate>"
    )


def ellipsoid(rows: list[list[float]], *, distance: float = 1.0) -> str:
    """Return an ellipse on FL1-H x FL2-H in one line."""
    entries = "".join(
        "<gating:row>"
        + "".join(f'<gating:entry data-type:value="{x}"/>' for x in row)
        + "</gating:row>"
        for row in rows
    )
    mean = '<gating:coordinate data-type:value="0"/>' * 2
    return (
        f'<gating:EllipsoidGate gating:id="E">{dimension("FL1-H")}{dimension("FL2-H")}'
        f"<gating:mean>{mean}</gating:mean>"
        f"<gating:covarianceMatrix>{entries}</gating:covarianceMatrix>"
        f'<gating:distanceSquare data-type:value="{distance}"/></gating:EllipsoidGate>'
    )


def boolean(identifier: str, word: str, *references: str) -> str:
    """Return a Boolean gate in one line; ``~`` before an id is its complement."""
    inside = "".join(
        f'<gating:gateReference gating:ref="{name.removeprefix("~")}"'
        + (' gating:use-as-complement="true"' if name.startswith("~") else "")
        + "/>"
        for name in references
    )
    return (
        f'<gating:BooleanGate gating:id="{identifier}"><gating:{word}>{inside}'
        f"</gating:{word}></gating:BooleanGate>"
    )


def transformation(identifier: str, body: str, **bounds: str) -> str:
    """Return a transformation in one line."""
    more = "".join(f' transforms:{name}="{value}"' for name, value in bounds.items())
    return (
        f'<transforms:transformation transforms:id="{identifier}"{more}>{body}'
        "</transforms:transformation>"
    )
