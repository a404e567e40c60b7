"""The fluorochrome of a channel, from the names of its detector and marker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longate.cytometry.panel import Channel

# Spelling that is returned, and how it is met; tandems stand before their donors.
_DYES = (
    ("PerCP-eFluor {}", r"PerCP[ _-]?e(?:Fluor|F)[ _-]?(\d{3})"),
    ("PerCP-Cy5.5", r"PerCP[ _-]?Cy(?:anine)?[ _-]?5[ ._-]?5"),
    ("PerCP-Fire {}", r"PerCP[ _-]?Fire[ _-]?(\d{3})"),
    ("PerCP-Vio700", r"PerCP[ _-]?Vio[ _-]?700"),
    ("PerCP", r"PerCP"),
    ("PE-Cy{}", r"PE[ _-]?Cy(?:anine)?[ _-]?(5[ ._-]5|7|5)"),
    ("PE-CF594", r"PE[ _-]?CF[ _-]?594"),
    ("PE-Dazzle 594", r"PE[ _/-]?Dazzle[ _-]?(?:594)?"),
    ("PE-Texas Red", r"(?:PE[ _-]?)?(?:Texas[ _-]?Red|TxRed)|ECD"),
    ("PE-Vio770", r"PE[ _-]?Vio[ _-]?770"),
    ("PE-eFluor {}", r"PE[ _-]?e(?:Fluor|F)[ _-]?(\d{3})"),
    ("PE-Alexa Fluor {}", r"PE[ _-]?(?:Alexa[ _-]?Fluor|AF)[ _-]?(\d{3})"),
    ("PE-Fire {}", r"PE[ _-]?Fire[ _-]?(\d{3})"),
    ("PE-Cy5.5", r"PC5[ ._-]5"),
    ("PE-Cy{}", r"PC(5|7)"),
    ("APC-Cy7", r"APC[ _-]?Cy(?:anine)?[ _-]?7"),
    ("APC-H7", r"APC[ _-]?H[ _-]?7"),
    ("APC-R700", r"APC[ _-]?R[ _-]?700"),
    ("APC-Fire {}", r"APC[ _/-]?Fire[ _-]?(\d{3})"),
    ("APC-Vio770", r"APC[ _-]?Vio[ _-]?770"),
    ("APC-eFluor {}", r"APC[ _-]?e(?:Fluor|F)[ _-]?(\d{3})"),
    ("APC-Alexa Fluor {}", r"(?:APC|A)[ _-]?(?:Alexa[ _-]?Fluor|AF|A)[ _-]?(7\d\d)"),
    ("Alexa Fluor {}", r"(?:Alexa(?:[ _-]?Fluor)?|AF)[ _-]?(\d{3})"),
    ("BV{}", r"(?:BV|Brilliant[ _-]?Violet)[ _-]?(\d{3})"),
    ("BUV{}", r"(?:BUV|Brilliant[ _-]?Ultra[ _-]?Violet)[ _-]?(\d{3})"),
    ("BB{}", r"(?:BB|Brilliant[ _-]?Blue)[ _-]?(\d{3})"),
    ("BYG{}", r"BYG[ _-]?(\d{3})"),
    ("RB{}", r"RB(\d{3})"),
    ("RY{}", r"RY(\d{3})"),
    ("SB{}", r"(?:SB|Super[ _-]?Bright)[ _-]?(\d{3})"),
    ("Spark {}", r"Spark[ _-]?((?:Blue|NIR|Violet|YG|UV)[ _-]?\d{3})"),
    ("eFluor {}", r"e(?:Fluor|F)[ _-]?(\d{3})"),
    ("V{}", r"(?:BD[ _-]?)?(?:Horizon[ _-]?)?V(450|500)"),
    ("FVS{}", r"(?:FVS|Viability[ _-]?Stain)[ _-]?(\d{3})"),
    ("Zombie {}", r"Zombie[ _-]?(Aqua|NIR|UV|Violet|Yellow|Green|Red)"),
    ("LIVE/DEAD {}", r"Live[ _/-]?Dead[ _-]?(Aqua|Blue|Violet|Near[ _-]?IR|Green)"),
    ("Pacific Blue", r"Pac(?:ific)?[ _-]?Blue|PacBlue|PB"),
    ("Pacific Orange", r"Pac(?:ific)?[ _-]?Orange"),
    ("Krome Orange", r"Krome[ _-]?Orange|KrO"),
    ("VioBlue", r"VioBlue"),
    ("VioGreen", r"VioGreen"),
    ("AmCyan", r"AmCyan"),
    ("Qdot {}", r"Q(?:dot|D)[ _-]?(\d{3})"),
    ("FITC", r"FITC"),
    ("Cy{}", r"Cy(5[ ._-]5|3|5|7)"),
    ("APC", r"APC"),
    ("PE", r"PE"),
    ("GFP", r"e?GFP"),
    ("DAPI", r"DAPI"),
    ("7-AAD", r"7[ _-]?AAD"),
    ("Propidium iodide", r"Propidium[ _-]?Iodide|PI"),
)
_PATTERNS = [
    (spelling, re.compile(rf"(?<![^\W_]){pattern}(?![^\W_])", re.IGNORECASE))
    for spelling, pattern in _DYES
]


def fluorochrome(channel: Channel) -> str | None:
    """Return the fluorochrome that a channel names, in one spelling, or None.

    The detector's name comes first (``PE-Cy7-A``, ``Bd Horizon V450-A``), then the
    marker's (``CD56 PE-Cy7``); ``FL1-H`` tells none, and so do scatter, time and mass
    channels.

    Parameters
    ----------
    channel : Channel
        The channel.

    Examples
    --------
    >>> from longate import Channel
    >>> fluorochrome(Channel("PerCP-Cy5-5-A", "CD3"))
    'PerCP-Cy5.5'
    """
    if channel.kind != "fluorescence":
        return None
    for name in (channel.detector, channel.marker or ""):
        for spelling, pattern in _PATTERNS:
            match = pattern.search(name)
            if match:
                digits = match[1] if match.groups() else ""
                return spelling.format(re.sub(r"(?<=\d)[ _-](?=\d)", ".", digits))
    return None
