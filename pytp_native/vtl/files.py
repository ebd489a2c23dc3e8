# SPDX-License-Identifier: WTFPL OR MIT
"""How the library keeps its small files: replaced whole, locked while somebody works with what they describe."""

from __future__ import annotations

import errno
import fcntl
import os

from pytp_native.errors import BadAddress, DeviceError, HostDiskFull, PytpError
from pytp_native.light_json import dumps, loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def host_error(subject: str, number: int) -> PytpError:
    """Name an errno of the disk under the library: full is no end of tape."""
    if number in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return HostDiskFull(subject, f"the host's disk takes no more ({os.strerror(number)})")
    if number in {errno.EACCES, errno.EPERM}:
        return DeviceError(subject, "permission denied", "run as the owner of the library, or make one of your own")
    return DeviceError(subject, f"the host's file system failed: {os.strerror(number)}", "check the host's disk")


def replace_file(path: str, content: bytes) -> None:
    """Write a file so that a reader, or a crash, sees either the old or the new one whole."""
    fresh = f"{path}.new"
    try:
        with open(fresh, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        sync_directory(os.path.dirname(path))
    except OSError as exc:
        raise host_error(path, exc.errno or errno.EIO) from exc


def store_json(path: str, value: dict[str, Any]) -> None:
    """Replace a file that need not outlive the host's power: whole, but not synced."""
    fresh = f"{path}.new"
    try:
        with open(fresh, "w", encoding="utf-8") as file:
            file.write(dumps(value))
        os.replace(fresh, path)
    except OSError as exc:
        raise host_error(path, exc.errno or errno.EIO) from exc


def script_lines(path: str) -> list[str]:
    """Return the lines of a fault script that say something; none when there is no script."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [line for line in file.read().splitlines() if line.strip()]
    except FileNotFoundError:
        return []


def sync_directory(path: str) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def read_json(path: str, *, what: str) -> dict[str, Any]:
    """Read a JSON object of ours. Raises BadAddress when it is not there or not ours."""
    try:
        with open(path, encoding="utf-8") as file:
            value = loads(file.read())
    except PermissionError as exc:
        raise BadAddress(path, "permission denied", "run as the owner of the library, or make one of your own") from exc
    except OSError as exc:
        raise BadAddress(
            path, f"no {what} here: {os.strerror(exc.errno or 0)}", "check the path; pytp vtl create makes a new one"
        ) from exc
    except ValueError as exc:
        raise BadAddress(path, f"not a {what}: {exc}") from exc
    if not isinstance(value, dict):
        raise BadAddress(path, f"not a {what}")
    return value


def write_json(path: str, value: dict[str, Any], *, compact: bool = False) -> None:
    """Write for a person to read, or ten times faster."""
    if compact:
        text = dumps(value)
    else:
        from json import dumps as readable  # noqa: PLC0415

        text = readable(value, indent=1)
    replace_file(path, text.encode() + b"\n")


class Lock:
    """An exclusive flock on a file; the kernel drops it when its holder dies."""

    def __init__(self, path: str, *, wait: bool = False, busy: Callable[[], PytpError] | None = None) -> None:
        """Take it; when somebody else has it, wait or raise what `busy` builds."""
        self.path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as exc:
            raise host_error(path, exc.errno or errno.EIO) from exc
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as exc:
            os.close(self._fd)
            self._fd = -1
            if busy is None:
                raise
            raise busy() from exc
        except OSError as exc:
            os.close(self._fd)
            raise host_error(path, exc.errno or errno.EIO) from exc

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.release()
