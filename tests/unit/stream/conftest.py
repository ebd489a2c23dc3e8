# SPDX-License-Identifier: WTFPL OR MIT
"""A tree with one of everything that a restore has to bring back."""

import contextlib
import os
import struct
from pathlib import Path

import pytest
from untar_archives import IS_ROOT

NOBODY = 0xFFFFFFFF


def _acl(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def _attribute(path: Path, name: str, value: bytes) -> None:
    with contextlib.suppress(OSError):  # a file system without them: the rest is still worth comparing
        os.setxattr(path, name, value)


@pytest.fixture
def rich_tree(tmp_path: Path) -> Path:
    """`tree`: long, strange and non-UTF-8 names, links, FIFO, devices (as root), holes, attributes, ACLs, odd times."""
    root = tmp_path / "tree"
    deep = root / "/".join(["directory-with-a-long-name"] * 12)
    deep.mkdir(parents=True)
    (deep / ("n" * 200)).write_bytes(b"long")
    for name in (b"-dash", b"new\nline", b"tab\tback\\slash", b"caf\xe9 latin1", "na\u00efve \u2603".encode(), b"a b"):
        (root / os.fsdecode(name)).write_bytes(name * 100)
    (root / "empty").touch()
    (root / "empty-dir").mkdir()
    (root / "big").write_bytes(os.urandom(3 << 20))
    os.link(root / "big", root / "big-again")
    (root / "to-nowhere").symlink_to("/nonexistent/" + "x" * 150)
    (root / "to-big").symlink_to("big")
    os.mkfifo(root / "fifo", 0o640)
    with (root / "holes").open("wb") as file:
        for at in range(0, 8 << 20, 1 << 20):
            file.seek(at + 300_000)
            file.write(b"island" * 1000)
        file.truncate(9 << 20)
    (root / "setuid").write_bytes(b"#!")
    (root / "setuid").chmod(0o4755)
    (root / "sticky").mkdir()
    (root / "sticky").chmod(0o1777)
    (root / "attributes").write_bytes(b"x")
    _attribute(root / "attributes", "user.colour", b"blue\x00\n=%")
    _attribute(root / "attributes", "user.a=b%c", b"odd name")
    access = _acl((1, 6, NOBODY), (2, 4, 1234), (4, 4, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY))
    _attribute(root / "attributes", "system.posix_acl_access", access)
    default = _acl((1, 7, NOBODY), (4, 5, NOBODY), (8, 7, 4321), (16, 7, NOBODY), (32, 5, NOBODY))
    _attribute(root / "sticky", "system.posix_acl_default", default)
    if IS_ROOT:
        os.mknod(root / "null", 0o020666, os.makedev(1, 3))
        os.mknod(root / "disk", 0o060600, os.makedev(8, 70000))
        os.chown(root / "a b", 3_000_000, 2_500_000)
        capability = bytes.fromhex("0100000200040000000000000000000000000000")
        _attribute(root / "setuid", "security.capability", capability)
    os.utime(root / "empty", ns=(0, -1_500_000_001))
    os.utime(root / "-dash", ns=(0, 10_000_000_000 * 10**9 + 7))
    (root / "closed").mkdir()
    (root / "closed" / "inside").write_bytes(b"behind a read-only directory")
    (root / "closed").chmod(0o555)
    os.utime(root / "closed", ns=(0, 123_456_789_012_345_678))
    return root
