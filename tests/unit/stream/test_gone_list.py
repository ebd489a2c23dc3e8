# SPDX-License-Identifier: WTFPL OR MIT
"""Lists of deletions in a trailer."""

from __future__ import annotations

import io
import tarfile

import pytest

from pytp_native.errors import MediumError
from pytp_native.stream.gone_list import gone_list, pairs_of
from pytp_native.stream.trailer import SavedFile, SessionRecord, TrailerReader, build_trailer

GONE = [(b"t/a", None), (b"t/b\nc", b"t/\xff"), (b"t/d", None)]


def trailer(*, with_list: bool = True) -> bytes:
    one = gone_list(1, 3, 1, GONE)
    session = SessionRecord(
        uuid="11111111-2222-3333-4444-555555555555", started="2026-01-01T00:00:00Z", ended="2026-01-01T00:00:01Z",
        status="complete", exit=0, block_bytes=10240, hash="xxh3", cartridge=None, barcode=None, generation=None,
        arguments=(SavedFile("/t", "t", "saved", 3, 0, 1, 1, level="incremental", based_on="base"),),
        level="incremental", deletions=(one.entry,),
    )  # fmt: skip
    return b"".join(build_trailer(session, None, [one] if with_list else [], now=0))


def read(data: bytes) -> TrailerReader:
    reader = TrailerReader([data[at : at + 10240] for at in range(0, len(data), 10240)], "tape")
    assert list(reader.indexes()) == []
    return reader


def test_what_is_gone_comes_back_with_its_new_names() -> None:
    reader = read(trailer())
    assert reader.gone(1, 3) == GONE
    assert (reader.gone(1, 4), reader.gone(2, 3)) == ([], [])
    (saved,) = reader.session.arguments
    assert (reader.session.level, saved.level, saved.based_on) == ("incremental", "incremental", "base")


def test_the_list_is_what_xargs_takes() -> None:
    with tarfile.open(fileobj=io.BytesIO(trailer())) as tar:
        stored = tar.extractfile("pytp/deleted/00001.list")
        assert stored is not None
        assert stored.read() == b"t/a\0t/b\nc\0t/d\0"


def test_a_list_that_is_missing_is_told() -> None:
    with pytest.raises(MediumError, match=r"has no pytp/deleted/00001\.list"):
        read(trailer(with_list=False)).gone(1, 3)


def test_an_odd_number_of_names_in_a_damaged_list_is_no_traceback() -> None:
    entry = gone_list(1, 3, 1, GONE).entry
    lists = {entry.file: b"t/a\0", str(entry.renamed): b"t/a\0t/b\0t/c\0"}
    assert pairs_of(entry, lists, "tape") == [(b"t/a", b"t/b")]
