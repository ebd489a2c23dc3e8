# SPDX-License-Identifier: WTFPL OR MIT
"""Records as columns: the same as one by one, and nothing taken from a tape on trust."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytp_native.errors import MediumError
from pytp_native.stream.member_columns import ROOM, Columns, MemberColumns
from pytp_native.stream.pack import _RECORD, read_members

U64 = st.integers(0, 2**64 - 1)
U32 = st.integers(0, 2**32 - 1)
TIME = st.integers(-(2**33), 2**33)
TEXT = st.binary(max_size=12).map(lambda text: text.replace(b"\0", b"/"))


@st.composite
def records(draw: st.DrawFn) -> bytes:
    name, link = draw(TEXT), draw(TEXT)
    digest = draw(st.sampled_from([b"", b"\x00" * 16, b"\xff" * 16]))
    return (
        _RECORD.pack(
            draw(st.integers(0, 2**62)), draw(st.integers(0, 2**62)), draw(st.integers(0, 2**62)), draw(TIME),
            draw(TIME), draw(U64), draw(U64), draw(U32), draw(U32), draw(st.integers(0, 10**9 - 1)),
            draw(st.integers(0, 10**9 - 1)), draw(U32), draw(U32), len(name), len(link), draw(st.integers(1, 127)),
            len(digest), digest,
        ) + name + link
    )  # fmt: skip


def rows(columns: Columns) -> list[tuple[object, ...]]:
    directories = [path for path, count in columns.directories for _ in range(count)]
    names = [path + b"/" + name if path else name for path, name in zip(directories, columns.names, strict=True)]
    return list(zip(names, *columns[2:], strict=True))


@given(st.lists(records(), max_size=40), st.integers(0, 200))
def test_columns_say_what_the_records_say(made: list[bytes], cut: int) -> None:
    log = b"".join(made)
    columns, used = MemberColumns().convert(log + b"\0" * min(cut, 100))
    assert used == len(log)
    expected = [
        (
            member.name.lstrip(b"/") if member.name.rfind(b"/") == 0 else member.name, member.type, member.size,
            member.mtime_ns, member.ctime_ns, member.mode, member.uid, member.gid,
            member.inode - (2**64 if member.inode >= 2**63 else 0), member.block, member.offset, member.stored_bytes,
            member.digest or None, member.link or None,
        )
        for member in read_members(io.BytesIO(log))
    ]  # fmt: skip
    assert rows(columns) == expected


def record(
    name: bytes = b"a/b", link: bytes = b"", *, kind: int = 48, digest_length: int = 0, time_s: int = 0
) -> bytes:
    fields = (0, 0, 512, time_s, time_s, 0, 1, 0, 0, 7, 7, 0, 0, len(name), len(link), kind, digest_length, b"")
    return _RECORD.pack(*fields) + name + link


def test_a_record_that_is_cut_off_is_left_for_the_next_time() -> None:
    whole = record(b"a/first") + record(b"a/second")
    columns, used = MemberColumns().convert(whole[:-1])
    assert (columns.names, used) == ([b"first"], len(record(b"a/first")))


def test_times_that_no_number_holds_are_the_nearest_that_one_does() -> None:
    columns, _used = MemberColumns().convert(record(time_s=2**60) + record(time_s=-(2**60)))
    assert columns.mtimes_ns == [2**63 - 1, -(2**63)]


@pytest.mark.parametrize(
    "bad",
    [record(b"a\0b"), record(b"a", b"x\0"), record(kind=0), record(kind=200), record(digest_length=33)],
)
def test_what_no_packer_writes_is_refused(bad: bytes) -> None:
    with pytest.raises(MediumError):
        MemberColumns().convert(record() + bad)


def test_a_record_longer_than_any_is_refused() -> None:
    with pytest.raises(MediumError):
        MemberColumns().convert(record(b"n" * ROOM))
