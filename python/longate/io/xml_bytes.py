"""Bytes of XML files: read up to a size, and brought to UTF-8."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from longate._validation import cut

if TYPE_CHECKING:
    from pathlib import Path

    from longate.exceptions import LongateError

_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([^"'>]*)""")
# Encodings with one meaning for each byte, or decoders that cannot be made slow.
_ENCODING = re.compile(
    r"utf-8|ascii|utf-16(-[lb]e)?|iso8859-\d+|cp\d+|mac-\w+|koi8-\w"
    r"|shift_jis|euc_\w+|gbk|gb2312|gb18030|big5"
)


def read_bytes(path: Path, *, error: type[LongateError], most: int) -> bytes:
    """Return the content of a file, which is refused where it is larger than `most`."""
    blocks: list[bytes] = []
    with path.open("rb") as stream:
        while (block := stream.read(2**20)) and len(blocks) <= most // 2**20:
            blocks.append(block)
    data = b"".join(blocks)
    if len(data) > most:
        msg = f"{path.name} is larger than {most // 2**20} MB; it is not read"
        raise error(msg)
    return data


def as_utf8(data: bytes, *, what: str, error: type[LongateError]) -> bytes:
    """Return an XML text in UTF-8, whatever its encoding.

    Raises
    ------
    LongateError
        Of type `error`: the encoding is not known, or the bytes do not follow it.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        name = "utf-16"
    elif data.startswith((b"<\0", b"\0<")):
        name = "utf-16-le" if data.startswith(b"<") else "utf-16-be"
    else:
        said = _DECLARED.match(data.removeprefix(codecs.BOM_UTF8))
        name = said[1].decode("ascii", "replace") if said else "utf-8"
    try:
        codec = codecs.lookup(name).name
        if not _ENCODING.fullmatch(codec):
            raise LookupError(f"encoding {cut(name)}")  # noqa: EM102
        if codec in ("utf-8", "ascii"):
            return data  # libxml2 names the line of a wrong byte
        if codec == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return data  # the declaration was read as ASCII, so it is not UTF-16
        text = data.decode(codec).encode("utf-8")
        return _DECLARED.sub(_as_declared_utf8, text, count=1)
    except (LookupError, ValueError) as problem:  # ValueError: bytes or a null in it
        msg = f"{what} is in an encoding that cannot be read: {cut(str(problem))}"
        raise error(msg) from None


def _as_declared_utf8(declaration: re.Match[bytes]) -> bytes:
    """Return a declaration that says what the text is by now."""
    before, name, after = declaration[0].rpartition(declaration[1])
    return before + b"utf-8" + after if name else declaration[0]
