# SPDX-License-Identifier: WTFPL OR MIT
"""A tree with every kind of member that a backup has to bring back."""

from __future__ import annotations

import os
import socket
import stat
import struct
from pathlib import Path

GIB = 1 << 30
BEFORE_1970 = -1_234_567_890_123_456_789
"""1930, with nanoseconds."""
AFTER_2242 = 8_589_934_592_000_000_001 + 10**17
"""Past what eleven octal digits of a ustar header count to."""
HUGE_ID = 3_000_000_007
NAMES = (
    b"caf\xc3\xa9", b"not-utf8-\xff\xfe", b"new\nline", b"-dash", b"--help", b" lead and trail ", b"tab\t",
    b"back\\slash",
    b"a'b\"c;$(d)`e`*?[", b"\x01control\x7f", b"n" * 101, b"N" * 255, b"\xe2\x82\xac" * 50, b"\xff" * 120,
)  # fmt: skip


def acl(*entries: tuple[int, int, int]) -> bytes:
    """The kernel's form: version 2, then tag, permissions, id (linux/posix_acl_xattr.h)."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NO_ID = 0xFFFFFFFF
ACCESS_ACL = acl((1, 7, NO_ID), (2, 5, 12345), (4, 5, NO_ID), (8, 6, 54321), (16, 7, NO_ID), (32, 4, NO_ID))
DEFAULT_ACL = acl((1, 7, NO_ID), (2, 7, 777), (4, 5, NO_ID), (16, 7, NO_ID), (32, 0, NO_ID))
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)
"""cap_net_bind_service+ep (linux/capability.h, VFS_CAP_REVISION_2)."""


def supports_attributes(directory: Path) -> bool:
    """Tell whether this file system has user attributes and ACLs."""
    probe = directory / "probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.probe", b"x")
        os.setxattr(probe, "system.posix_acl_access", ACCESS_ACL)
    except OSError:
        return False
    finally:
        probe.unlink()
    return True


def _file(path: Path | bytes, data: bytes = b"content\n") -> None:
    with open(path, "wb") as file:
        file.write(data)


def _names(top: Path) -> None:
    for directory in (top / "names", top / "directories", top / "links"):
        directory.mkdir()
    for name in NAMES:
        _file(os.path.join(os.fsencode(top), b"names", name), b"in " + name)
        os.mkdir(os.path.join(os.fsencode(top), b"directories", name))
        os.symlink(name, os.path.join(os.fsencode(top), b"links", name))
    deep = top
    for _ in range(10):
        deep /= "d" * 60
        deep.mkdir()
    _file(deep / "leaf")
    (deep / "link").symlink_to("leaf")
    os.link(deep / "leaf", deep / "hard")


def _kinds(top: Path) -> None:
    _file(top / "empty", b"")
    (top / "empty directory").mkdir()
    os.mkfifo(top / "fifo")
    for name, size in {"one": 1, "511": 511, "512": 512, "513": 513, "large": 1_300_007}.items():
        _file(top / name, os.urandom(size))
    os.symlink("/absolute/and/nowhere", top / "dangling")
    os.symlink("../" * 20 + "etc", top / "climbing")
    os.symlink("x" * 1000, top / "long link")
    os.link(top / "large", top / "large again")
    os.link(top / "fifo", top / "fifo again")
    os.link(top / "dangling", top / "dangling again")
    (top / "a" / "b").mkdir(parents=True)
    os.link(top / "large", top / "a" / "b" / "large once more")
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(top)
        try:
            sock.bind("socket")
        finally:
            os.chdir(here)


def _sparse(top: Path) -> None:
    with open(top / "sparse beyond 8 GiB", "wb") as file:
        for offset in (0, 3 * GIB, 9 * GIB - 5):
            file.seek(offset)
            file.write(b"data\n")
    with open(top / "only a hole", "wb") as file:
        file.truncate(5 * GIB + 1)
    with open(top / "hole in front", "wb") as file:
        file.seek(1 << 20)
        file.write(b"x" * 5000)
    with open(top / "hole behind", "wb") as file:
        file.write(b"x" * 5000)
        file.truncate(1 << 20)
    with open(top / "many holes", "wb") as file:
        for number in range(200):
            file.seek(number * 65536)
            file.write(b"%d" % number)
    os.symlink("many holes", top / "link to many holes")
    name = b"sparse, long and not UTF-8 " + b"\xff" * 100
    with open(os.path.join(os.fsencode(top), name), "wb") as file:
        file.seek(1 << 20)
        file.write(b"end")


def _modes(top: Path) -> None:
    unreadable = (0o000, 0o311) if os.geteuid() == 0 else ()
    for mode in (0o4755, 0o2711, 0o6777, 0o444, 0o1644, 0o7777, *unreadable):
        _file(top / f"mode {mode:04o}")
        os.chmod(top / f"mode {mode:04o}", mode)
    for mode in (0o1777, 0o2775, 0o700, 0o555):
        (top / f"directory {mode:04o}").mkdir()
        os.chmod(top / f"directory {mode:04o}", mode)


def _attributes(top: Path) -> None:
    _file(top / "attributes")
    long = "user." + "n" * 200
    values = {"user.text": b"text", "user.bytes": bytes(range(256)), "user.empty": b"", long: b"v" * 1500}
    values |= {"user.eq=al": b"a=b", "user.per%cent": b"%25", "user.caf\u00e9": b"x", "user.new\nline": b"\n\n"}
    for name, value in values.items():
        os.setxattr(top / "attributes", name, value)
    (top / "directory with attributes").mkdir()
    os.setxattr(top / "directory with attributes", "user.text", b"of a directory")
    _file(top / "acl")
    os.setxattr(top / "acl", "system.posix_acl_access", ACCESS_ACL)
    (top / "directory acl").mkdir()
    _file(top / "directory acl" / "made before the default")
    os.setxattr(top / "directory acl", "system.posix_acl_access", ACCESS_ACL)
    os.setxattr(top / "directory acl", "system.posix_acl_default", DEFAULT_ACL)


def _as_root(top: Path) -> None:
    os.mknod(top / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(top / "disk", stat.S_IFBLK | 0o660, os.makedev(259, 70000))
    _file(top / "huge owner")
    os.chown(top / "huge owner", HUGE_ID, HUGE_ID + 1)
    os.symlink("one", top / "link of a huge owner")
    os.chown(top / "link of a huge owner", HUGE_ID, 2_097_152, follow_symlinks=False)
    _file(top / "setuid of another")
    os.chown(top / "setuid of another", 1234, 5678)
    os.chmod(top / "setuid of another", 0o6755)
    _file(top / "capable")
    os.setxattr(top / "capable", "security.capability", CAPABILITY)
    _file(top / "capable of another")
    os.chown(top / "capable of another", 1234, 5678)
    os.setxattr(top / "capable of another", "security.capability", CAPABILITY)
    _file(top / "trusted")
    os.setxattr(top / "trusted", "trusted.pytp", b"\0\1\2")
    for name in ("fifo", "null", "long link"):
        os.setxattr(top / name, "trusted.pytp", b"of a " + name.encode(), follow_symlinks=False)
    os.chown(top / "empty directory", 99, 99)


def _times(top: Path) -> None:
    for name, mtime_ns in {"before 1970": BEFORE_1970, "after 2242": AFTER_2242, "epoch": 0, "almost": -1}.items():
        _file(top / name)
        os.utime(top / name, ns=(0, mtime_ns))
        (top / f"directory {name}").mkdir()
        os.utime(top / f"directory {name}", ns=(0, mtime_ns))
        os.symlink("one", top / f"link {name}")
        os.utime(top / f"link {name}", ns=(0, mtime_ns), follow_symlinks=False)


def make(top: Path) -> Path:
    """Fill the new directory `top`. The file system must have attributes and ACLs (supports_attributes)."""
    top.mkdir()
    parts = [_names, _kinds, _sparse, _modes, _attributes, _times] + ([_as_root] if os.geteuid() == 0 else [])
    for part in parts:
        part(top)
    os.utime(top, ns=(1, 1_600_000_000_000_000_001))
    return top
