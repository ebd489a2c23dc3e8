# SPDX-License-Identifier: WTFPL OR MIT
"""Any archive that tarfile makes reads back the same; no bytes at all crash the reader or leave the target."""

import os
import tarfile
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from untar_archives import END, archive, entry, extended, header, members, padded, restore

component = st.binary(min_size=1, max_size=60).filter(lambda b: b not in {b".", b".."} and not set(b) & {0, 47})
path = st.lists(component, min_size=1, max_size=5).map(b"/".join).map(os.fsdecode)
owner = st.integers(0, 2**31 - 2)


@st.composite
def infos(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    kind = draw(st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.FIFOTYPE]))
    name = draw(path)
    info = entry(
        name, type=kind, mode=draw(st.integers(0, 0o7777)), uid=draw(owner), gid=draw(owner),
        mtime=draw(st.integers(-(2**33), 2**33)), uname=draw(st.text("ab\xe9", max_size=40)),
    )  # fmt: skip
    if kind == tarfile.SYMTYPE:
        info.linkname = os.fsdecode(draw(st.binary(min_size=1, max_size=300).filter(lambda b: 0 not in b)))
    return info, draw(st.binary(max_size=2000)) if kind == tarfile.REGTYPE else b""


def unlock(place: str) -> None:
    """Make every directory removable."""
    for directory, folders, _ in os.walk(os.fsencode(place)):
        for name in folders:
            if not os.path.islink(os.path.join(directory, name)):
                os.chmod(os.path.join(directory, name), 0o700)


FORMS = [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.lists(infos(), max_size=6), st.sampled_from(FORMS), st.sampled_from([512, 700, 10240]))
def test_members_are_what_tarfile_wrote(items: list[tuple[tarfile.TarInfo, bytes]], form: int, block: int) -> None:
    found = members(archive(*items, form=form), block)
    assert len(found) == len(items)
    for member, (info, data) in zip(found, items, strict=True):
        assert member.name.rstrip(b"/") == os.fsencode(info.name)
        assert member.kind.encode() == info.type
        assert (member.mode, member.uid, member.gid) == (info.mode, info.uid, info.gid)
        assert (member.mtime_ns, member.size) == (info.mtime * 10**9, len(data))
        assert member.link == os.fsencode(info.linkname)
        if len(info.uname.encode()) < 32:
            assert member.user == info.uname.encode()


@settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(infos(), max_size=5, unique_by=lambda item: item[0].name), st.sampled_from(FORMS))
def test_files_have_the_data_that_tarfile_wrote(items: list[tuple[tarfile.TarInfo, bytes]], form: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        restored = restore(archive(*items, form=form), Path(place) / "out", owners=False)
        problems = {problem.path.rstrip(b"/") for problem in restored.problems}
        for info, data in items:
            target = os.path.join(os.fsencode(place), b"out", os.fsencode(info.name))
            if os.fsencode(info.name) in problems or not os.path.lexists(target):
                assert restored.problems  # one member is the other's directory, or its name is too long here
            elif info.isreg() and len([i for i, _ in items if i.name == info.name]) == 1:
                assert Path(os.fsdecode(target)).read_bytes() == data
            elif info.issym():
                assert os.readlink(target) == os.fsencode(info.linkname)
        unlock(place)


def damaged(base: bytes) -> st.SearchStrategy[bytes]:
    """Strategies over `base` with some bytes changed, a piece doubled or missing."""
    change = st.tuples(st.integers(0, len(base) - 1), st.integers(0, 255))

    def apply(changes: list[tuple[int, int]], cut: tuple[int, int]) -> bytes:
        data = bytearray(base)
        for at, value in changes:
            data[at] = value
        for at in range(0, len(data) - 511, 512):  # keep checksums right, so that the damage is believed
            field = bytes(data[at : at + 148]) + b" " * 8 + bytes(data[at + 156 : at + 512])
            if data[at + 257 : at + 262] == b"ustar":
                data[at + 148 : at + 156] = b"%06o\0 " % sum(field)
        first, second = sorted(cut)
        return bytes(data[:first] + data[second:])

    positions = st.integers(0, len(base) // 512).map(lambda n: n * 512)
    cuts = st.one_of(st.just((0, 0)), st.tuples(positions, positions))
    return st.builds(apply, st.lists(change, max_size=8), cuts)


SAMPLE = (
    extended((b"path", b"a/b"), (b"mtime", b"1.5"), (b"SCHILY.xattr.user.x", b"y"),
               (b"SCHILY.acl.access", b"user::rw-"))
    + header(b"x", size=700) + padded(b"d" * 700)
    + extended((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"s"),
               (b"GNU.sparse.realsize", b"900"))
    + header(b"x", size=520) + padded(b"1\n100\n8\n") + padded(b"12345678")
    + header(b"old", typeflag=b"S", size=0) + header(b"././@LongLink", typeflag=b"L", size=5) + padded(b"long\0")
    + header(b"l", typeflag=b"2", link=b"a") + header(b"h", typeflag=b"1", link=b"a/b") + header(b"d/", typeflag=b"5")
    + extended((b"uid", b"3"), typeflag=b"g") + header(b"f", typeflag=b"6") + header(b"v", typeflag=b"V") + END
)  # fmt: skip


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.one_of(damaged(SAMPLE), st.binary(max_size=3000)))
def test_damaged_archives_are_read_to_some_end_and_stay_inside(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        restored = restore(data, Path(place) / "out", owners=False, block_bytes=1536)
        assert restored.untar.ended is not None
        assert os.listdir(place) == ["out"]
        unlock(place)
