"""FCS files that hold identities in every corner, made byte by byte."""

from __future__ import annotations

import numpy as np

import longate as lg
from reference.fcs_bytes import header, pack

SECRETS = {
    "$SRC": "Erika Mustermann",
    "$SMNO": "MRN-4711-0815",
    "$OP": "Dr. Quux",
    "$INST": "Charite Zebra",
    "$COM": "born in Xanadu/1971",
    "PATIENT ID": "X99-12345",
    "EXPERIMENT NAME": "MS trial Mustermann",
    "TUBE NAME": "Mustermann NK",
    "EXPORT USER NAME": "quuxuser",
    "@SAMPLEID1": "Erika",
    "&10Patient ID": "FJ#192659",
}
"""Keywords as in real files, with values that nobody else has."""

PLAIN = {"$CYT": "FACSCantoII", "$SYS": "Windows XP 5.1", "CREATOR": "Software 6.1"}
N_EVENTS = 5
EVENTS = np.arange(2 * N_EVENTS, dtype=np.float32).reshape(N_EVENTS, 2) - 3
EVENT_BYTES = EVENTS.tobytes()
KNOWN = [*PLAIN.items(), *SECRETS.items()]
WHO = {"MUELLER": "P07", "MEIER": "P08"}
LONG = "a pseudonym so long that TEXT needs far more room than it had before" * 3


def tokens(pairs, delimiter="/", *, double=True):
    """Return TEXT; delimiters in values are doubled as the standard says."""
    sign = delimiter * 2 if double else delimiter
    body = "".join(
        f"{key}{delimiter}{value.replace(delimiter, sign)}{delimiter}"
        for key, value in pairs
    )
    return (delimiter + body).encode()


def data_set(
    more,
    *,
    version="FCS3.1",
    delimiter="/",
    begins_at=58,
    supplement=None,
    analysis=None,
    behind=b"",
    following=0,
    double=True,
    digits=8,
):
    """Return one data set: HEADER, TEXT, DATA, supplemental TEXT, ANALYSIS, `behind`.

    `more` are pairs beside the required ones; `following` is ``$NEXTDATA``, or True for
    the length of this data set; offsets in TEXT have `digits` digits.
    """
    data = pack(EVENTS, "ff", "<")
    required = [
        ("$BYTEORD", "1,2,3,4"),
        ("$DATATYPE", "F"),
        ("$MODE", "L"),
        ("$PAR", "2"),
        ("$TOT", str(N_EVENTS)),
    ]
    for number, (name, marker) in enumerate([("FSC-A", ""), ("PE-A", "CD56")], 1):
        required += [
            (f"$P{number}N", name),
            (f"$P{number}B", "32"),
            (f"$P{number}E", "0,0"),
            (f"$P{number}R", "1024"),
        ]
        required += [(f"$P{number}S", marker)] if marker else []
    supplement, analysis = supplement or b"", analysis or b""
    begin = [0] * 4  # DATA, supplement, ANALYSIS, end
    for _ in range(2):  # numbers of a fixed width: twice is enough
        places = [("$BEGINDATA", begin[0]), ("$ENDDATA", begin[1] - 1)]
        if version != "FCS2.0":
            has = bool(supplement), bool(analysis)
            places += [
                ("$BEGINSTEXT", begin[1] * has[0]),
                ("$ENDSTEXT", (begin[2] - 1) * has[0]),
                ("$BEGINANALYSIS", begin[2] * has[1]),
                ("$ENDANALYSIS", (begin[3] - 1) * has[1]),
            ]
        else:
            places = []
        places.append(("$NEXTDATA", begin[3] + len(behind) if following is True else 0))
        pairs = [(key, f"{max(value, 0):0{digits}d}") for key, value in places]
        text = tokens([*pairs, *required, *more], delimiter, double=double)
        begin[0] = begins_at + len(text)
        begin[1] = begin[0] + len(data)
        begin[2] = begin[1] + len(supplement)
        begin[3] = begin[2] + len(analysis)
    head = header(version, (begins_at, begin[0] - 1), (begin[0], begin[1] - 1))
    if analysis:
        head = head[:42] + f"{begin[2]:>8}{begin[3] - 1:>8}".encode()
    return head.ljust(begins_at) + text + data + supplement + analysis + behind


def read(raw, tmp_path):
    path = tmp_path / "read.fcs"
    path.write_bytes(raw)
    return lg.read_fcs(path)


def words_of(raw):
    """Every word of the secrets that is long enough to tell, as bytes."""
    parts = {part for value in SECRETS.values() for part in value.split()}
    return [part for part in parts if len(part) > 3 and part.encode() in raw]
