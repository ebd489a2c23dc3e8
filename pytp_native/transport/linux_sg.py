# SPDX-License-Identifier: WTFPL OR MIT
"""SCSI commands through SG_IO version 3: /dev/sgN, and st nodes, which take it too."""

from __future__ import annotations

import errno
import fcntl
import os
import sys

from pytp_native.errors import BadAddress, DeviceBusy, DeviceError, NotSupported, PytpError, UsageError
from pytp_native.ffi import ffi, lib
from pytp_native.transport import holders
from pytp_native.transport.records import ScsiReply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SENSE_BYTES = 252
"""The largest sense data there are (SPC-5 4.4.1); mx_sb_len is one byte."""

_LARGEST_TRANSFER = 1 << 20
_TOO_LARGE = frozenset({errno.EINVAL, errno.ENOMEM})
_INQUIRY = bytes((0x12, 0, 0, 0, 36, 0))
_SURE_TRANSFER = 65536
_RESERVED_BYTES = 32768
"""What sg reserves of itself (sg.c, DEF_RESERVED_SIZE)."""

# host_status, the SCSI mid-layer's DID_* (linux/include/scsi/scsi_status.h); sg's documentation shows them in decimal.
_HOST = {
    0x01: "no connection", 0x02: "the bus stayed busy", 0x03: "timed out", 0x04: "bad target", 0x05: "aborted",
    0x06: "parity error", 0x07: "internal error of the host adapter", 0x08: "reset", 0x0E: "transport disrupted",
    0x0F: "transport failed fast", 0x10: "target failure", 0x11: "reservation conflict", 0x14: "transport marginal",
}  # fmt: skip
# driver_status, DRIVER_* of the same header: 8 says that there are sense data, bits 7-4 were hints of old kernels.
_DRIVER = {
    0x01: "the driver is busy", 0x02: "the driver's soft error", 0x03: "the driver's medium error",
    0x04: "the driver's error", 0x05: "the driver refused it", 0x06: "timed out", 0x07: "the driver's hard error",
}  # fmt: skip
_DRIVER_MASK = 0x07
_NEXUS_FAILURE, _RESERVATION_CONFLICT = 0x11, 0x18
"""Before Linux 5.18 the mid-layer put this host status beside the device's status RESERVATION CONFLICT
(scsi_decide_disposition). The device has answered, so it is a reply."""


_LEAST_VERSION = 30000
"""SG_IO came with version 3 of sg."""
_GET_IDLUN = 0x5382
"""SCSI_IOCTL_GET_IDLUN (include/scsi/scsi_ioctl.h); no user-space header has it."""


def takes_commands(fd: int) -> bool:
    """Tell whether an open node has SG_IO version 3: sg, st, ch and sd nodes have."""
    version = bytearray(4)
    try:
        fcntl.ioctl(fd, lib.SG_GET_VERSION_NUM, version)
    except OSError:
        return False
    return int.from_bytes(version, sys.byteorder) >= _LEAST_VERSION


def id_and_lun(fd: int) -> tuple[int, int] | None:
    """Return the target and unit number of an open node, each 0 to 255; None if the driver does not tell."""
    answer = bytearray(8)
    try:
        fcntl.ioctl(fd, _GET_IDLUN, answer)
    except OSError:
        return None
    number = int.from_bytes(answer[:4], sys.byteorder)
    return number & 0xFF, number >> 8 & 0xFF


def open_sg(address: str, node: str) -> LinuxSg:
    """Open `node` (an sg or st node) for the device that the user called `address`.

    Without write permission it is opened for reading only: the kernel then lets through only commands that change
    nothing.
    """
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        try:
            return LinuxSg(address, os.open(node, flags))
        except PermissionError:
            return LinuxSg(address, os.open(node, flags & ~os.O_RDWR | os.O_RDONLY))
    except OSError as error:
        raise open_error(address, node, error.errno or 0) from error


def open_error(address: str, node: str, code: int) -> PytpError:
    """Say why open(2) of an sg node failed."""
    if code == errno.EBUSY:
        return DeviceBusy(address, f"in use by {holders.describe(node)}")
    if code in {errno.ENOENT, errno.ENXIO, errno.ENODEV}:
        return BadAddress(address, "no such device", "see `ls /dev/sg*`; is the device on and the sg module loaded?")
    if code in {errno.EACCES, errno.EPERM}:
        return DeviceError(address, "permission denied", f"run as root or join the group that owns {node}")
    return DeviceError(address, f"cannot open {node}: {os.strerror(code)}")


class LinuxSg:
    """A logical unit behind SG_IO. A CHECK CONDITION is a reply; only a command that was not carried raises."""

    def __init__(self, address: str, fd: int) -> None:
        self.address = address
        self._fd = fd
        self._most_bytes: int | None = None

    @property
    def most_transfer_bytes(self) -> int:
        """Most bytes, up to 1 MiB, that one command can move through this host adapter; found out once.

        What sg says that it could reserve is a beginning only: an adapter's list of segments may be too short for it,
        and then SG_IO ends with EINVAL (seen with tcm_loop, Linux 6.1). So it is tried, with INQUIRY, which harms
        nobody.
        """
        if self._most_bytes is None:
            most = min(self._reserve(_LARGEST_TRANSFER), _LARGEST_TRANSFER)
            self._reserve(_RESERVED_BYTES)
            while most > _SURE_TRANSFER and not self._moves(most):
                most //= 2
            self._most_bytes = max(most, _SURE_TRANSFER)
        return self._most_bytes

    def _reserve(self, size: int) -> int:
        told = ffi.new("int *", size)
        try:
            fcntl.ioctl(self._fd, lib.SG_SET_RESERVED_SIZE, ffi.buffer(told))
            fcntl.ioctl(self._fd, lib.SG_GET_RESERVED_SIZE, ffi.buffer(told))
        except OSError:
            return _SURE_TRANSFER
        return int(told[0])

    def _moves(self, size: int) -> bool:
        try:
            self.execute(_INQUIRY, data_in_bytes=size)
        except DeviceError as error:
            return not isinstance(error.__cause__, OSError) or error.__cause__.errno not in _TOO_LARGE
        return True

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        if data_out and data_in_bytes:
            raise UsageError(self.address, "one command moves data one way only")
        sense = ffi.new("unsigned char[]", SENSE_BYTES)
        command = ffi.from_buffer("unsigned char[]", cdb)
        data = ffi.from_buffer(data_out) if data_out else ffi.new("unsigned char[]", data_in_bytes or 1)
        header = ffi.new("struct sg_io_hdr *")
        header.interface_id = ord("S")
        header.dxfer_direction = _direction(data_out, data_in_bytes)
        header.cmd_len, header.cmdp = len(cdb), command
        header.dxfer_len, header.dxferp = len(data_out) or data_in_bytes, ffi.cast("void *", data)
        header.mx_sb_len, header.sbp = SENSE_BYTES, sense
        header.timeout = max(1, int(timeout_s * 1000))
        self._submit(header, cdb)
        reply = _reply(header, sense, data, data_in_bytes)
        self._check_carried(reply, cdb)
        return reply

    def _submit(self, header: Any, cdb: bytes) -> None:
        try:
            fcntl.ioctl(self._fd, lib.SG_IO, ffi.buffer(header))
        except OSError as error:
            what = f"command {cdb[:1].hex()}h"
            if error.errno in {errno.EPERM, errno.EACCES}:
                raise NotSupported(self.address, f"{what}: not permitted", "run as root") from error
            if error.errno in {errno.ENXIO, errno.ENODEV}:
                raise DeviceError(
                    self.address, f"{what}: the device is gone", "look at dmesg and the cabling"
                ) from error
            raise DeviceError(self.address, f"{what} was not carried: {os.strerror(error.errno or 0)}") from error

    def _check_carried(self, reply: ScsiReply, cdb: bytes) -> None:
        """Raise DeviceError when the host adapter or the driver failed, not the device."""
        reason = _HOST.get(reply.host_status, f"host status {reply.host_status:02x}h") if reply.host_status else None
        reason = reason or _DRIVER.get(reply.driver_status & _DRIVER_MASK)
        if reason is not None:
            raise DeviceError(self.address, f"command {cdb[:1].hex()}h was not carried: {reason}", "look at dmesg")

    def close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _direction(data_out: bytes, data_in_bytes: int) -> int:
    if data_out:
        return int(lib.SG_DXFER_TO_DEV)
    return int(lib.SG_DXFER_FROM_DEV if data_in_bytes else lib.SG_DXFER_NONE)


def _reply(header: Any, sense: Any, data: Any, data_in_bytes: int) -> ScsiReply:
    moved = min(data_in_bytes, max(0, data_in_bytes - header.resid))
    is_conflict = header.status == _RESERVATION_CONFLICT and header.host_status == _NEXUS_FAILURE
    return ScsiReply(
        status=header.status,
        sense=bytes(ffi.buffer(sense, header.sb_len_wr)),
        data=bytes(ffi.buffer(data, moved)) if moved else b"",
        residual=header.resid,
        host_status=0 if is_conflict else header.host_status,
        driver_status=header.driver_status,
        duration_ms=header.duration,
    )
