# SPDX-License-Identifier: WTFPL OR MIT
"""Archives for the tar reader's tests, and pictures of directory trees to compare."""

import io
import os
import stat
import struct
import tarfile
from pathlib import Path
from typing import NamedTuple

from pytp_native.stream.ring import Ring
from pytp_native.stream.untar import Member, Problem, Untar

BLOCK = 10240
IS_ROOT = os.geteuid() == 0


def ring_of(data: bytes, block_bytes: int = BLOCK) -> Ring:
    """Return a ring that holds `data` as finished tape blocks."""
    ring = Ring(block_bytes, len(data) + 5 * block_bytes, reading=True)
    for at in range(0, len(data), block_bytes):
        assert ring.put(data[at : at + block_bytes])
    ring.finish()
    return ring


def members(data: bytes, block_bytes: int = BLOCK) -> list[Member]:
    return list(Untar(ring_of(data, block_bytes)).members())


class Restored(NamedTuple):
    untar: Untar
    problems: list[Problem]

    @property
    def reasons(self) -> dict[bytes, str]:
        return {problem.path: problem.reason for problem in self.problems}


def restore(data: bytes, target: Path, *patterns: bytes, block_bytes: int = BLOCK, **options: bool) -> Restored:
    """Restore an archive beneath `target`, made if it is missing."""
    problems: list[Problem] = []
    untar = Untar(ring_of(data, block_bytes), on_problem=problems.append)
    ours = not target.exists()
    target.mkdir(exist_ok=True)
    descriptor = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
    try:
        untar.extract(descriptor, patterns, target_is_ours=ours, **options)
    finally:
        os.close(descriptor)
    return Restored(untar, problems)


def entry(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.uid, info.gid = os.geteuid(), os.getegid()
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def archive(*items: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar of these members; those with data come as pairs."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as tar:
        for item in items:
            info, data = item if isinstance(item, tuple) else (item, b"")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def header(
    name: bytes, *, typeflag: bytes = b"0", size: int = 0, link: bytes = b"", magic: bytes = b"ustar\x0000"
) -> bytes:
    """Return one header block with a right checksum, byte by byte as wanted."""
    block = bytearray(512)
    struct.pack_into("100s8s8s8s12s12s8s1s100s8s", block, 0, name, b"0000644\0", b"0000000\0", b"0000000\0",
                     b"%011o\0" % size, b"%011o\0" % 1_000_000_000, b" " * 8, typeflag, link, magic)  # fmt: skip
    struct.pack_into("8s", block, 148, b"%06o\0 " % sum(block))
    return bytes(block)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def records(*pairs: tuple[bytes, bytes]) -> bytes:
    """Return pax records."""
    lines = b""
    for key, value in pairs:
        rest = b" " + key + b"=" + value + b"\n"
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length = len(str(length)) + len(rest)
        lines += str(length).encode() + rest
    return lines


def extended(*pairs: tuple[bytes, bytes], typeflag: bytes = b"x") -> bytes:
    """Return a pax header group."""
    data = records(*pairs)
    return header(b"PaxHeaders/x", typeflag=typeflag, size=len(data)) + padded(data)


END = bytes(1024)


def picture(root: Path, *, owners: bool = False) -> dict[bytes, tuple[object, ...]]:
    """Return everything that a restore has to bring back, by path; hard links are told by their first path."""
    seen: dict[bytes, tuple[object, ...]] = {}
    first: dict[tuple[int, int], bytes] = {}
    top = os.fsencode(root)
    for directory, folders, files in os.walk(top):
        for name in sorted(folders + files):
            path = os.path.join(directory, name)
            seen[os.path.relpath(path, top)] = _picture_of(path, os.path.relpath(path, top), first, owners=owners)
    return seen


def _picture_of(
    path: bytes, relative: bytes, first: dict[tuple[int, int], bytes], *, owners: bool
) -> tuple[object, ...]:
    status = os.lstat(path)
    kind = stat.S_IFMT(status.st_mode)
    content: object = None
    if stat.S_ISREG(status.st_mode):
        content = Path(os.fsdecode(path)).read_bytes()
    elif stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISBLK(status.st_mode) or stat.S_ISCHR(status.st_mode):
        content = status.st_rdev
    same = (
        first.setdefault((status.st_dev, status.st_ino), relative)
        if status.st_nlink > 1 and kind != stat.S_IFDIR
        else None
    )
    attributes = {
        name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)
    }
    owner = (status.st_uid, status.st_gid) if owners else None
    return (
        kind,
        stat.S_IMODE(status.st_mode),
        status.st_mtime_ns,
        content,
        same,
        owner,
        tuple(sorted(attributes.items())),
    )
