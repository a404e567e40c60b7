"""Files by URL: in memory, and from a web server on this machine."""

from __future__ import annotations

import pickle
import threading
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import numpy as np
import pandas as pd
import pytest

import longate as lg
from longate.exceptions import FcsError
from longate.io import remote
from longate.io.remote import RemoteFile


class Ranged(SimpleHTTPRequestHandler):
    """A file server that honours ranges, as object stores do."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        wanted = self.headers.get("Range")
        path = self.translate_path(self.path)
        try:
            content = open(path, "rb").read()  # noqa: PTH123, SIM115
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        first, last = 0, len(content) - 1
        if wanted:
            first, last = (
                int(part) for part in wanted.removeprefix("bytes=").split("-")
            )
            last = min(last, len(content) - 1)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.end_headers()
        self.wfile.write(content[first : last + 1])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return a folder with three FCS files."""
    folder = tmp_path_factory.mktemp("store")
    for number in range(3):
        rng = np.random.default_rng(number)
        events = rng.normal(500, 200, size=(70_000, 3)).astype(np.float32)
        lg.write_fcs(folder / f"P{number}.fcs", events, ["FSC-A", "PE-A", "APC-A"])
    return folder


@pytest.fixture(scope="module")
def web(files):
    """Return the URL of a web server of these files."""
    handler = partial(Ranged, directory=str(files))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def memory(files):
    """Return the URL of a store in memory with these files."""
    store = fsspec.filesystem("memory")
    for path in sorted(files.glob("*.fcs")):
        store.pipe(f"/store/{path.name}", path.read_bytes())
    yield "memory://store"
    store.rm("/store", recursive=True)


@pytest.fixture(params=["web", "memory"])
def place(request):
    """Return each of the two places in turn."""
    return request.getfixturevalue(request.param)


GATES = [
    lg.RectangleGate("Cells", dimensions={"FSC-A": (300, None)}),
    lg.RectangleGate("PE+", dimensions={"PE-A": (600, None)}, parent="Cells"),
]


def sheet(place):
    names = [f"P{number}.fcs" for number in range(3)]
    return pd.DataFrame(
        {
            "file": [f"{place}/{name}" for name in names],
            "patient": ["A", "B", "C"],
            "visit": "m00",
            "tube": "NK",
        }
    )


def test_a_url_is_read_as_the_file_is(place, files, monkeypatch):
    monkeypatch.setattr(remote, "CHUNK_BYTES", 100_000)
    here, there = lg.read_fcs(files / "P1.fcs"), lg.read_fcs(f"{place}/P1.fcs")
    np.testing.assert_array_equal(here.to_numpy(), there.to_numpy())
    assert there.path.name == "P1.fcs"
    assert "P1.fcs" in repr(there)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_study_of_urls_has_the_counts_of_one_of_files(place, files, threads):
    strategy = lg.GatingStrategy(GATES)
    there = lg.read_study(sheet(place)).gate(strategy, threads=threads, progress=False)
    here = lg.read_study(sheet(files)).gate(strategy, progress=False)
    pd.testing.assert_frame_equal(
        there.counts.drop(columns="run_id"), here.counts.drop(columns="run_id")
    )
    assert there.events("PE+", sample="B_m00").equals(
        here.events("PE+", sample="B_m00")
    )


def test_few_parts_are_kept_in_memory(memory, monkeypatch):
    monkeypatch.setattr(remote, "CHUNK_BYTES", 50_000)
    file = RemoteFile(f"{memory}/P0.fcs")
    whole = b"".join(
        file.read_at(begin, min(9_999, file.length - begin))
        for begin in range(0, file.length, 9_999)
    )
    assert whole == fsspec.filesystem("memory").cat("/store/P0.fcs")
    assert len(file._chunks) <= remote.CHUNKS_KEPT


def test_a_remote_file_travels(memory):
    file = pickle.loads(pickle.dumps(RemoteFile(f"{memory}/P0.fcs")))
    assert file.read_at(0, 6) == b"FCS3.1"


def test_what_cannot_be_had_is_named(place):
    with pytest.raises(FileNotFoundError, match=r"P9\.fcs: no such file"):
        lg.read_fcs(f"{place}/P9.fcs")
    with pytest.raises(FcsError, match="cannot be reached"):
        lg.read_fcs("nonsense://somewhere/P0.fcs")


def test_signatures_are_not_shown(memory):
    file = RemoteFile(f"{memory}/P0.fcs")
    file.url += "?X-Signature=secret"
    assert "secret" not in f"{file} {file!r} {file.name}"


def test_a_file_that_changed_since_it_was_scanned_is_refused(files):
    store = fsspec.filesystem("memory")
    for path in sorted(files.glob("*.fcs")):
        store.pipe(f"/moving/{path.name}", path.read_bytes())
    study = lg.read_study(sheet("memory://moving"))
    store.pipe("/moving/P1.fcs", (files / "P2.fcs").read_bytes())
    with pytest.warns(lg.exceptions.FileWarning):
        gated = study.gate(lg.GatingStrategy(GATES), progress=False)
    assert gated.problems["problem"].str.contains("changed").tolist() == [True]
    assert gated.counts["sample"].nunique() == 2


def test_a_store_that_fails_half_way_gives_an_error(memory, monkeypatch):
    study = lg.read_study(sheet(memory))
    monkeypatch.setattr(remote, "CHUNK_BYTES", 65_536)

    def broken(self, number):
        if number > 3 and self.name == "P1.fcs":
            msg = "the line is dead"
            raise OSError(msg)
        return whole(self, number)

    whole = RemoteFile._chunk
    monkeypatch.setattr(RemoteFile, "_chunk", broken)
    with pytest.warns(lg.exceptions.FileWarning):
        gated = study.gate(lg.GatingStrategy(GATES), progress=False)
    assert gated.problems["problem"].str.contains("the line is dead").tolist() == [True]
