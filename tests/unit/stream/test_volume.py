# SPDX-License-Identifier: WTFPL OR MIT
"""Label, trailer, member index and manifest: what is written is read back, and hostile bytes end in a typed error."""

from __future__ import annotations

import hashlib
import io
import json
import re
import struct
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import MediumError, Refused
from pytp_native.stream import member_index
from pytp_native.stream.label import Label, build_label, label_from_json, new_label, parse_label
from pytp_native.stream.member_index import IndexSpool, checksum_lines, read_index
from pytp_native.stream.own_archive import Mark, OwnMember, OwnReader, build, find_mark, in_blocks
from pytp_native.stream.pack import Member
from pytp_native.stream.trailer import (
    Earlier,
    SavedFile,
    SessionRecord,
    TrailerReader,
    build_trailer,
    session_from_json,
    session_json,
)

RECORD = struct.Struct("<QQQqqQQQQIIIIIIBB32s")
BLOCK = 10240
FORMAT_MD = Path(__file__).parents[3] / "FORMAT.md"


def record(name: bytes, *, block: int = 0, stored: int = 1024, link: bytes = b"", digest: bytes = b"d" * 16) -> bytes:
    return (
        RECORD.pack(block, 5, stored, 7, 8, 64769, 42, 1000, 100, 700, 800, 512, 0o100644, len(name), len(link),
                    ord("2" if link else "0"), len(digest), digest)
        + name + link
    )  # fmt: skip


@pytest.fixture
def spool() -> Iterator[IndexSpool]:
    made = IndexSpool()
    yield made
    made.close()


def a_label(**changes: object) -> Label:
    label = new_label(BLOCK, barcode="A00001L9", barcode_from="library", mam_serial="SN1", host="host", now=0.0)
    return label._replace(**changes)  # type: ignore[arg-type]


def a_session(spool: IndexSpool | None = None) -> SessionRecord:
    saved = SavedFile("/srv/caf\udce9", "caf\udce9", "partial", 1, 3, 2, 4, (("a", "vanished"),))
    return SessionRecord(
        "5" * 36, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "partial", 1, BLOCK, "xxh3", "c" * 36, "A00001L9", 1,
        arguments=(saved,), not_started=("/etc",), indexes=tuple(spool.files) if spool else (),
        checksums="pytp/CHECKSUMS.xxh128" if spool else None, tape_file=2, first_block=9,
        earlier=(Earlier("e" * 36, 0, 0, "2025"),),
    )  # fmt: skip


# -- label -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [512, 10240, 524288])
def test_a_label_comes_back(block: int) -> None:
    label = a_label()
    blocks = list(in_blocks(build_label(label), block))
    assert {len(one) for one in blocks} == {block}
    assert parse_label(blocks, "tape") == label
    if block > 512:
        assert find_mark(blocks[0]) == Mark("label", label.uuid)


def test_every_tar_reads_a_label_in_silence(tmp_path: Path) -> None:
    (tmp_path / "label").write_bytes(b"".join(build_label(a_label())))
    for program in ("tar", "bsdtar"):
        ended = subprocess.run([program, "-tf", tmp_path / "label"], capture_output=True, text=True, check=True)
        assert ended.stdout.split() == ["pytp/LABEL.txt", "pytp/RESTORE.txt", "pytp/label.json"]
        assert ended.stderr == ""
    with tarfile.open(tmp_path / "label") as tar:
        text = tar.extractfile("pytp/RESTORE.txt").read().decode()  # type: ignore[union-attr]
    assert f"setblk {BLOCK}" in text
    assert f"tar -b {BLOCK // 512}" in text


def test_a_cartridge_without_barcode_is_named_after_its_uuid() -> None:
    label = new_label(BLOCK, barcode=None, barcode_from="")
    assert label.barcode == f"PYTP-{label.uuid[:8].upper()}"
    assert label.is_invented


def test_a_new_generation_keeps_uuid_and_barcode() -> None:
    before = a_label(pool="nightly")
    after = new_label(BLOCK, barcode=None, barcode_from="", before=before)
    assert (after.uuid, after.barcode, after.pool, after.generation) == (before.uuid, "A00001L9", "nightly", 2)


def test_a_later_format_is_refused_by_name() -> None:
    data = b"".join(build(Mark("label", "0" * 36, 2), (), 0))
    with pytest.raises(Refused, match="format 2"):
        parse_label([data], "tape")


@pytest.mark.parametrize("name", ["uuid", "barcode", "block_bytes", "generation", "created"])
@pytest.mark.parametrize("value", [None, [], True, {"a": 1}])
def test_a_label_with_a_wrong_field_names_it(name: str, value: object) -> None:
    found = json.loads(b"".join(build_label(a_label())).split(b"label.json", 1)[1].split(b"{", 1)[1].join([b"{", b""])
                       .split(b"}", 1)[0] + b"}")  # fmt: skip
    found[name] = value
    with pytest.raises(MediumError, match=name):
        label_from_json(json.dumps(found).encode(), "tape")


# -- session -----------------------------------------------------------------------------------------------------------


def test_a_session_comes_back() -> None:
    assert session_from_json(session_json(a_session()), "tape") == a_session()


def test_a_trailer_comes_back_with_its_index(spool: IndexSpool) -> None:
    records = [record(b"photos/%d" % number, block=number) for number in range(1000)]
    spool.add(io.BytesIO(b"".join(records)), 1, BLOCK, 10**6)
    spool.add(io.BytesIO(record(b"etc")), 2, BLOCK, 10**6)
    session = a_session(spool)
    reader = TrailerReader(list(in_blocks(build_trailer(session, spool), BLOCK)), "tape")
    assert reader.session == session
    found = [(one.tape_file, [member.name for member in read_index(stored, "t")]) for one, stored in reader.indexes()]
    assert found == [(1, [b"photos/%d" % number for number in range(1000)]), (2, [b"etc"])]


def test_an_index_may_be_passed_over(spool: IndexSpool) -> None:
    for number in (1, 2, 3):
        spool.add(io.BytesIO(record(b"m%d" % number) * 50), number, BLOCK, 10**6)
    reader = TrailerReader(list(in_blocks(build_trailer(a_session(spool), spool), BLOCK)), "tape")
    assert [one.tape_file for one, _ in reader.indexes()] == [1, 2, 3]


def test_only_what_is_on_tape_is_in_the_index(spool: IndexSpool) -> None:
    """Block 1 is the last one: a member that ends in it counts, the one that goes on into block 2 does not."""
    fits, cut = record(b"fits", block=1, stored=BLOCK - 512), record(b"cut", block=1, stored=BLOCK - 511)
    spool.add(io.BytesIO(record(b"first") + fits + cut + record(b"late", block=5)), 0, BLOCK, 2)
    assert [member.name for member in read_index(spool.stored(spool.files[0]), "t")] == [b"first", b"fits"]
    assert spool.files[0].members == 2


def test_every_field_of_a_member_comes_back(spool: IndexSpool) -> None:
    spool.add(io.BytesIO(record(b"n\xff", block=3, link=b"l\xfe", digest=b"x" * 32)), 7, BLOCK, 100)
    (member,) = read_index(spool.stored(spool.files[0]), "t")
    assert member == Member(
        b"n\xff",
        b"l\xfe",
        "2",
        3,
        512,
        5,
        1024,
        0o100644,
        7_000_000_700,
        8_000_000_800,
        64769,
        42,
        1000,
        100,
        b"x" * 32,
    )


def test_a_full_disk_leaves_a_trailer_that_says_so(spool: IndexSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    spool.add(io.BytesIO(record(b"one")), 1, BLOCK, 100)

    class Full:
        def __getattr__(self, name: str) -> object:
            return getattr(kept, name)

        def write(self, data: bytes) -> int:
            raise OSError(28, "No space left on device")

    kept = spool._spool
    monkeypatch.setattr(spool, "_spool", Full())
    spool.add(io.BytesIO(record(b"two")), 2, BLOCK, 100)
    monkeypatch.setattr(spool, "_spool", kept)
    assert spool.error == "No space left on device"
    assert [one.tape_file for one in spool.files] == [1]
    assert b"".join(spool.lines()).endswith(b"  one\n")


def test_many_members_have_the_lines_that_few_have(spool: IndexSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are kept in memory, many are read back."""
    for number, name in enumerate((b"one", b"two"), 1):
        spool.add(io.BytesIO(record(name, digest=b"d" * 16)), number, BLOCK, 100)
    few = b"".join(spool.lines())
    assert few.count(b"\n") == 2
    monkeypatch.setattr(member_index, "_KEPT_BYTES", 0)
    spool.add(io.BytesIO(record(b"three", digest=b"d" * 16)), 3, BLOCK, 100)
    assert b"".join(spool.lines()) == few + b"64" * 16 + b"  three\n"
    assert spool.line_bytes == len(few) + 32 + len(b"  three\n")


def test_the_reader_in_format_md_reads_an_index(spool: IndexSpool) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", FORMAT_MD.read_text(), re.MULTILINE | re.DOTALL)
    spool.add(io.BytesIO(record(b"a") + record(b"b", block=9)), 4, BLOCK, 100)
    stored = b"".join(spool.stored(spool.files[0]))
    ended = subprocess.run([sys.executable, "-c", program], input=stored, capture_output=True, check=True)
    assert ended.stdout.decode() == f"4 0 512 5 {'64' * 16} b'a'\n4 9 512 5 {'64' * 16} b'b'\n"


# -- manifest ----------------------------------------------------------------------------------------------------------


def test_sha256sum_checks_the_lines(tmp_path: Path) -> None:
    records = b""
    for name in (b"plain", b"with blank", b"new\nline", b"back\\slash", b"caf\xe9", b"cr\rhere"):
        (tmp_path / name.decode("utf-8", "surrogateescape")).write_bytes(name)
        records += record(name, digest=hashlib.sha256(name).digest())
    records += record(b"link", link=b"plain", digest=b"")
    check = ["sha256sum", "--strict", "-c", "-"]
    lines = checksum_lines(records)
    assert lines.count(b"\n") == 6
    assert subprocess.run(check, input=lines, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "plain").write_bytes(b"other")
    assert subprocess.run(check, input=lines, cwd=tmp_path, capture_output=True, check=False).returncode == 1


# -- hostile bytes -----------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_trailer_is_read_or_is_a_typed_error(data: st.DataObject) -> None:
    spool = IndexSpool()
    spool.add(io.BytesIO(b"".join(record(b"m%d" % number) for number in range(40))), 1, BLOCK, 10**6)
    whole = bytearray(b"".join(build_trailer(a_session(spool), spool)))
    spool.close()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))
    del whole[data.draw(st.integers(0, len(whole))) :]
    with suppress(MediumError, Refused):
        reader = TrailerReader([bytes(whole)], "tape")
        for _, stored in reader.indexes():
            list(read_index(stored, "tape"))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=3000))
def test_any_bytes_as_an_index_are_members_or_a_typed_error(junk: bytes) -> None:
    plain = b"PYTPMEM1" + bytes(8) + junk
    with suppress(MediumError):
        list(read_index([zstandard.ZstdCompressor().compress(plain)], "t"))


@pytest.mark.parametrize("length", [0, 1, 511, 512, 1023, 1024, 1500, 4000])
def test_a_label_that_ends_early_is_a_medium_error(length: int) -> None:
    with pytest.raises(MediumError):
        parse_label([b"".join(build_label(a_label()))[:length]], "tape")


@pytest.mark.parametrize("claim", [b"77777777777", b"-0000000001", b"99999999999", b"           "])
def test_a_size_that_lies_is_a_medium_error(claim: bytes) -> None:
    data = bytearray(b"".join(build_label(a_label())))
    head = data[1024:1536]
    head[124:135] = claim
    head[148:156] = b" " * 8
    head[148:155] = b"%06o\0" % sum(head)
    data[1024:1536] = head
    with pytest.raises(MediumError):
        parse_label([bytes(data)], "tape")


def test_a_member_that_gives_less_than_it_said_harms_no_other() -> None:
    members = (OwnMember("pytp/short", 2000, lambda: (b"x" * 100,)), OwnMember.of("pytp/next", b"here"))
    reader = OwnReader([b"".join(build(Mark("label", "0" * 36), members, 0))], "tape")
    assert [(name, reader.whole(5000)) for name, _ in reader.members()][1] == ("pytp/next", b"here")


def test_archives_of_users_have_no_mark() -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "pytp"}) as tar:
        tar.addfile(tarfile.TarInfo("pytp/LABEL.txt"))
    assert find_mark(sink.getvalue()) is None
    assert find_mark(b"") is None
