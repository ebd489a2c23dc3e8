# SPDX-License-Identifier: WTFPL OR MIT
"""driveN/state: what a drive and the st driver above it remember, mapped into every process that uses the drive."""

from __future__ import annotations

import errno
import mmap
import os

from pytp_native.errors import DeviceBusy, PytpError
from pytp_native.ffi import ffi, lib
from pytp_native.vtl.files import Lock, host_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STATE_BYTES = 4096
MAGIC = b"PYTPVDR1"
NO_DEFAULT = -1


class DriveState:
    """The mapped struct as `raw` (csrc/vdrive.h, pytp_drive_state). Only the lock's holder writes, `recheck`
    excepted."""

    def __init__(self, directory: str) -> None:
        path = os.path.join(directory, "state")
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as exc:
            raise host_error(path, exc.errno or errno.EIO) from exc
        try:
            if os.fstat(fd).st_size < STATE_BYTES:
                # Blocks must be there before they are stored to: a full disk would otherwise be a SIGBUS.
                os.posix_fallocate(fd, 0, STATE_BYTES)
            self._map = mmap.mmap(fd, STATE_BYTES)
        except OSError as exc:
            raise host_error(path, exc.errno or errno.EIO) from exc
        finally:
            os.close(fd)
        self._buffer: Any = ffi.from_buffer(self._map, require_writable=True)
        self.raw: Any = ffi.cast("pytp_drive_state *", self._buffer)

    @property
    def valid(self) -> bool:
        return bytes(ffi.buffer(self.raw.magic)) == MAGIC and self.raw.state_bytes == ffi.sizeof("pytp_drive_state")

    def reset(self) -> None:
        """Forget everything, as after power on: position unknown, variable blocks, driver's defaults."""
        raw = self.raw
        ffi.memmove(raw, bytes(ffi.sizeof("pytp_drive_state")), ffi.sizeof("pytp_drive_state"))
        raw.state_bytes = ffi.sizeof("pytp_drive_state")
        raw.file = raw.block = -1
        raw.loads = 2**64 - 1
        raw.buffered_mode = raw.compression = 1
        raw.options = lib.MT_ST_BUFFER_WRITES | lib.MT_ST_ASYNC_WRITES | lib.MT_ST_READ_AHEAD | lib.MT_ST_CAN_BSR
        raw.default_block_bytes = raw.default_density = raw.default_buffering = raw.default_compression = NO_DEFAULT
        ffi.memmove(raw.magic, MAGIC, len(MAGIC))

    def close(self) -> None:
        if self.raw is None:
            return
        self.raw = None
        ffi.release(self._buffer)
        self._map.close()


def busy_error(address: str, directory: str) -> PytpError:
    """Say who has the drive open, from what its state remembers."""
    state = DriveState(directory)
    pid = int(state.raw.user) if state.valid else 0
    state.close()
    return DeviceBusy(address, f"in use by {describe_process(pid)}" if pid > 0 else "in use by another process")


def describe_process(pid: int) -> str:
    """Return "process 123 (python3 backup.py)" as far as /proc tells, in one short line."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            raw = file.read(4096).decode(errors="replace")
    except OSError:
        raw = ""
    command = " ".join("".join(c if c.isprintable() else " " for c in raw).split())[:80]
    return f"process {pid} ({command})" if command else f"process {pid}"


def drive_lock(address: str, directory: str) -> Lock:
    """Be the drive's one user. Raises DeviceBusy naming the other."""
    return Lock(os.path.join(directory, "lock"), busy=lambda: busy_error(address, directory))
