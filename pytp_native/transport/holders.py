# SPDX-License-Identifier: WTFPL OR MIT
"""Who has a device or file open: /proc/*/fd, read without lsof or fuser.

Only root sees other users' descriptors; `Scan.unreadable` counts the processes that could not be looked into.
"""

from __future__ import annotations

import os
import stat

from pytp_native.light import NamedTuple

TAPE_MAJOR = 9
"""st's character device major (Documentation/admin-guide/devices.txt)."""

_TAPE_MODES = 0xE0
"""Minor bits 5, 6 (density mode) and 7 (no rewind) of one tape: st0, st0l, nst0a... (drivers/scsi/st.h)."""

_ACCESS = {os.O_RDONLY: "read", os.O_WRONLY: "write", os.O_RDWR: "read-write"}


class Holder(NamedTuple):
    """One process that has it open; `access` is "read", "write" or "read-write"."""

    pid: int
    user: str
    command_line: str
    access: str

    def __str__(self) -> str:
        """One line for a message: other people's arguments may hold newlines, terminal controls, or a whole script."""
        words = " ".join("".join(c if c.isprintable() else " " for c in self.command_line).split())
        return f"pid {self.pid} ({self.user}: {words if len(words) <= 80 else words[:77] + '...'})"


class Scan(NamedTuple):
    holders: tuple[Holder, ...]
    unreadable: int


def find(path: str | bytes) -> tuple[Holder, ...]:
    """Return the processes that have `path` open, by pid, this one included; empty when it does not exist."""
    return scan(path).holders


def describe(path: str | bytes) -> str:
    """Return the holders for a message: "pid 42 (root: mt rewind)", or why nobody is named."""
    result = scan(path)
    if result.holders:
        return ", ".join(_call(one) for one in result.holders)
    if result.unreadable:
        return f"a process that only root can see ({result.unreadable} not readable)"
    return "another process"


def _call(holder: Holder) -> str:
    return f"pid {holder.pid} (this process)" if holder.pid == os.getpid() else str(holder)


def scan(path: str | bytes, *, proc: str = "/proc") -> Scan:
    """Look into every process once. A tape matches under all its nodes, a plain file by device and inode."""
    try:
        wanted = _identity(os.stat(path))
    except OSError:
        return Scan((), 0)
    found: list[Holder] = []
    unreadable = 0
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdigit()):
        try:
            access = _access(f"{proc}/{pid}", wanted)
        except PermissionError:
            unreadable += 1
            continue
        if access:
            found.append(Holder(pid, _user(f"{proc}/{pid}"), _command_line(f"{proc}/{pid}"), access))
    return Scan(tuple(found), unreadable)


def tape_number(rdev: int) -> int:
    """Return N of stN for a device number of st, whatever its mode and rewind bits."""
    minor = os.minor(rdev)
    return (minor & ~0xFF) >> 3 | (minor & 0x1F)


def _identity(status: os.stat_result) -> tuple[object, ...]:
    if stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == TAPE_MAJOR:
        return ("st", tape_number(status.st_rdev))
    if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        return (stat.S_IFMT(status.st_mode), status.st_rdev)
    return ("file", status.st_dev, status.st_ino)


def _access(process: str, wanted: tuple[object, ...]) -> str:
    """Return how `process` has it open, "" when it has not. PermissionError when its descriptors are hidden."""
    try:
        names = os.listdir(f"{process}/fd")
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it ended meanwhile
    for name in names:
        if _is(f"{process}/fd/{name}", wanted):
            return _mode(f"{process}/fdinfo/{name}")
    return ""


def _is(descriptor: str, wanted: tuple[object, ...]) -> bool:
    """Compare without opening: stat follows the magic link to the open file itself."""
    try:
        return _identity(os.stat(descriptor)) == wanted
    except OSError:
        return False


def _mode(fdinfo: str) -> str:
    """Read the access mode from the "flags:" line (octal; proc(5))."""
    try:
        with open(fdinfo, encoding="ascii") as lines:
            for line in lines:
                if line.startswith("flags:"):
                    return _ACCESS.get(int(line.split()[1], 8) & os.O_ACCMODE, "read")
    except OSError:
        pass
    return "read"


def _user(process: str) -> str:
    try:
        uid = os.stat(process).st_uid
    except OSError:
        return "?"
    import pwd  # noqa: PLC0415 - only on the way to an error message

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _command_line(process: str) -> str:
    """Return the arguments separated by spaces, the bare name in brackets for a process without any."""
    try:
        with open(f"{process}/cmdline", "rb") as file:
            words = file.read(4096).rstrip(b"\0").split(b"\0")
        if words != [b""]:
            return b" ".join(words).decode(errors="backslashreplace")
        with open(f"{process}/comm", "rb") as file:
            return f"[{file.read().strip().decode(errors='backslashreplace')}]"
    except OSError:
        return "?"
