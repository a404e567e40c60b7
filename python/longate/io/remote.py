"""Files of an object store or a web server, read in parts by fsspec."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from longate.exceptions import FcsError

if TYPE_CHECKING:
    from collections.abc import Mapping

CHUNK_BYTES = 4 << 20
"""Bytes that are fetched at once; kernels ask for less, one part after the other."""
CHUNKS_KEPT = 4
_CHANGES_WITH_BYTES = (
    "ETag",
    "etag",
    "mtime",
    "LastModified",
    "last_modified",
    "created",
)


class RemoteFile:
    """A file by its URL, of which parts are fetched as they are needed.

    Parameters
    ----------
    url : str
        Of any protocol that fsspec knows: ``s3://``, ``gs://``, ``https://``,
        ``memory://`` and so on.
    options : mapping, optional
        What fsspec needs to reach it (``storage_options``).

    Attributes
    ----------
    name : str
        The last part of the URL.
    length : int
        Bytes.
    modified : int
        A number that changes when the store says that the file did; 0 where it says
        nothing.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FcsError
        If the store does not tell the length, or cannot be reached.
    ImportError
        If fsspec, or what it needs for this protocol, is not installed.

    Notes
    -----
    At most four parts of 4 MiB are kept in memory.
    """

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            msg = f"{_shown(url)} needs fsspec: pip install 'longate[remote]'"
            raise ImportError(msg) from None
        self.url = url
        self.options = dict(options or {})
        self._lock = threading.Lock()
        self._chunks: OrderedDict[int, bytes] = OrderedDict()
        try:
            self._files, self._path = url_to_fs(url, **self.options)
            info = self._files.info(self._path)
        except FileNotFoundError:
            msg = f"{self}: no such file"
            raise FileNotFoundError(msg) from None
        except (OSError, ValueError) as error:
            msg = f"{self} cannot be reached: {error}"
            raise FcsError(msg) from error
        if info.get("size") is None:
            msg = (
                f"{self}: the server does not tell its length, so parts cannot be read"
            )
            raise FcsError(msg)
        self.length = int(info["size"])
        self.modified = _state(info)

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return _shown(self.url).rpartition("/")[2]

    def __str__(self) -> str:
        """Return the URL without its query, which may hold a signature."""
        return _shown(self.url)

    def __repr__(self) -> str:
        """Say where it is and how long."""
        return f"RemoteFile · {self} · {self.length:,} bytes"

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as URL and options; it looks again there."""
        return RemoteFile, (self.url, self.options)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset` on.

        Raises
        ------
        OSError
            If there are fewer, or the store fails.
        """
        end = offset + length
        if end > self.length:
            msg = f"bytes {offset} to {end} were asked for; it has {self.length}"
            raise OSError(msg)
        parts = []
        for number in range(offset // CHUNK_BYTES, -(-end // CHUNK_BYTES)):
            begin = number * CHUNK_BYTES
            chunk = self._chunk(number)
            parts.append(chunk[max(offset - begin, 0) : end - begin])
        return b"".join(parts)

    def _chunk(self, number: int) -> bytes:
        # One at a time: threads work on neighbouring blocks, which share a part.
        with self._lock:
            if number in self._chunks:
                self._chunks.move_to_end(number)
                return self._chunks[number]
            begin = number * CHUNK_BYTES
            end = min(begin + CHUNK_BYTES, self.length)
            chunk = bytes(self._files.cat_file(self._path, start=begin, end=end))
            if len(chunk) != end - begin:
                msg = f"the store gave {len(chunk)} bytes of {end - begin} asked for"
                raise OSError(msg)
            self._chunks[number] = chunk
            if len(self._chunks) > CHUNKS_KEPT:
                self._chunks.popitem(last=False)
            return chunk


def is_remote(path: object) -> bool:
    """Return whether a text names a file by a URL and not by a path."""
    return isinstance(path, str) and "://" in path


def locate(path: str | Path | RemoteFile) -> Path | RemoteFile:
    """Return where a file is: a path, or a remote file for a URL.

    A remote file is looked at anew, so that one that has changed since is noticed.
    """
    if isinstance(path, RemoteFile):
        return RemoteFile(path.url, path.options)
    if isinstance(path, Path):
        return path
    return RemoteFile(str(path)) if is_remote(path) else Path(path)


def sha256_of(path: str | Path | RemoteFile) -> str:
    """Return the SHA-256 of a whole file, here or elsewhere."""
    place, digest = locate(path), hashlib.sha256()
    if isinstance(place, RemoteFile):
        for begin in range(0, place.length, CHUNK_BYTES):
            digest.update(place.read_at(begin, min(CHUNK_BYTES, place.length - begin)))
        return digest.hexdigest()
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(url: str) -> str:
    return url.partition("?")[0]


def _state(info: Mapping[str, Any]) -> int:
    told = [f"{key}={info[key]}" for key in _CHANGES_WITH_BYTES if info.get(key)]
    if not told:
        return 0
    digest = hashlib.sha256("\n".join(told).encode()).digest()
    return int.from_bytes(digest[:8], "big")
