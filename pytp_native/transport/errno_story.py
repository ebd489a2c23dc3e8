# SPDX-License-Identifier: WTFPL OR MIT
"""What an errno of the Linux st driver means, told once, at the edge.

st folds a dozen SCSI outcomes into EIO, so the errno alone says little: every function here also looks at what
MTIOCGET says after the call (`after`; None when even that failed). Pure: nothing here touches a device, and the
virtual library tells its stories with the same words. The functions only build errors; callers raise them.

Evidence: st(4), "RETURN VALUE"; drivers/scsi/st.c of Linux 6.1 (st_open, rw_checks, read_tape, st_write,
st_int_ioctl).
"""

from __future__ import annotations

import errno
import os

from pytp_native.errors import (
    BadAddress,
    BeginningOfTape,
    BlockSizeMismatch,
    BlockTooLarge,
    CartridgeNeeded,
    DeviceBusy,
    DeviceError,
    EndOfData,
    FilemarkMet,
    MediumError,
    NoMedium,
    NotReady,
    NotSupported,
    PytpError,
    WriteProtected,
)
from pytp_native.ffi import lib
from pytp_native.transport.operations import BACKWARD, FORWARD, MEDIUM, SETMARKS, SETTINGS, describe
from pytp_native.transport.records import GMT_BOT, GMT_DR_OPEN, GMT_EOD, GMT_EOF, GMT_EOT, GMT_ONLINE, MtStatus

GONE = frozenset({errno.ENXIO, errno.ENODEV, errno.ESHUTDOWN})


def place(after: MtStatus | None) -> str:
    """Return where the tape stands, for a message: "at file 3 block 17"."""
    if after is None or after.file_number is None:
        return "at an unknown position"
    block = after.block_number
    return f"at file {after.file_number}" + (f" block {block}" if block is not None else "")


def is_ready(after: MtStatus | None) -> bool:
    return after is not None and after.has(GMT_ONLINE)


def open_error(address: str, code: int, *, write: bool, holders: str = "") -> PytpError:
    """Say why open(2) of a tape node failed; `holders` describes who has it (see holders.describe)."""
    if code == errno.EBUSY:
        return DeviceBusy(address, f"in use by {holders}" if holders else "in use by another process")
    if code in {errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.ENOTDIR, errno.ELOOP}:
        return BadAddress(address, "no such device", "see `ls /dev/nst*`; is the drive on and the st module loaded?")
    if code == errno.EROFS and write:
        return WriteProtected(address, "the cartridge is write-protected")
    if code == errno.ENOMEDIUM:
        return NoMedium(address, "no cartridge is loaded")
    if code in {errno.EACCES, errno.EPERM}:
        return DeviceError(address, "permission denied", "run as root or join the group that owns the node (tape)")
    if code == errno.EIO:
        return NotReady(address, "the drive did not become ready", "wait until it has loaded the cartridge")
    return DeviceError(address, f"cannot open: {os.strerror(code)}")


def common_error(address: str, what: str, code: int, after: MtStatus | None) -> PytpError | None:
    """Return the errors that every call can meet; None when `code` needs a story of its own."""
    if code == errno.ENOMEDIUM or (after is not None and after.has(GMT_DR_OPEN)):
        return NoMedium(address, f"{what}: no cartridge is loaded")
    if code in GONE:
        return DeviceError(address, f"{what}: the device is gone or offline", "look at dmesg and the cabling")
    if code == errno.EIO and after is None:
        return DeviceError(address, f"{what}: the drive was reset and its position is lost", "rewind, then try again")
    if code == errno.EIO and not is_ready(after):
        return NotReady(address, f"{what}: the drive is not ready", "wait until it has loaded the cartridge")
    return None


def unexplained(address: str, what: str, code: int, after: MtStatus | None) -> PytpError:
    return DeviceError(address, f"{what} failed {place(after)}: {os.strerror(code)}")


def read_error(address: str, room: int, code: int, after: MtStatus | None) -> PytpError:
    """Say why a read into `room` bytes failed.

    st raises GMT_EOD only when a filemark preceded the end of data; a caller that can should probe further (a record
    forward makes st learn it) before it takes MediumError for an answer.
    """
    what = f"read of {room} bytes"
    error = common_error(address, what, code, after)
    if error is not None:
        return error
    if code == errno.ENOMEM:
        return BlockTooLarge(
            address, f"the block before {place(after)[3:]} is longer than {room} bytes", "read with a larger block size"
        )
    if code in {errno.EBUSY, errno.EOVERFLOW}:
        # scsi_execute_async refused the transfer (EBUSY) or no driver buffer is that large (EOVERFLOW): nothing moved.
        return NotSupported(address, f"{what}: more than the host adapter moves at once", "use smaller blocks")
    if code == errno.EINVAL:
        return _bad_size(address, what, after)
    if code == errno.EIO and after is not None:
        return _read_failed(address, what, after)
    return unexplained(address, what, code, after)


def _read_failed(address: str, what: str, after: MtStatus) -> PytpError:
    if after.has(GMT_EOD):
        return EndOfData(address, f"end of data {place(after)}")
    if after.block_bytes and after.block_number is not None:
        # read_tape: on ILI with nothing read st spaces back and still knows its block; a medium error makes it unknown.
        return BlockSizeMismatch(
            address,
            f"the block {place(after)} is not {after.block_bytes} bytes long",
            "read with the block size that the tape was written with",
        )
    reason = (
        f"medium error, or a block that is not {after.block_bytes} bytes long" if after.block_bytes else "medium error"
    )
    return MediumError(address, f"{what} failed {place(after)}: {reason}", "clean the drive and try again")


def _bad_size(address: str, what: str, after: MtStatus | None) -> PytpError:
    fixed = after.block_bytes if after is not None else 0
    reason = f"no multiple of the fixed block size {fixed}" if fixed else "outside the drive's block limits"
    return NotSupported(address, f"{what}: {reason}", "set a block size that fits")


def write_error(address: str, size: int, code: int, after: MtStatus | None) -> PytpError:
    """Say why a write of `size` bytes failed. ENOSPC: nothing of it was written."""
    what = f"write of {size} bytes"
    error = common_error(address, what, code, after)
    if error is not None:
        return error
    if code == errno.ENOSPC:
        return CartridgeNeeded(address, f"the cartridge is full {place(after)}", "load another cartridge")
    if code in {errno.EACCES, errno.EROFS}:
        return WriteProtected(address, "the cartridge is write-protected")
    if code == errno.EBADF:
        return WriteProtected(address, "opened for reading only", "open it for writing")
    if code in {errno.EBUSY, errno.EOVERFLOW}:
        return NotSupported(address, f"{what}: more than the host adapter moves at once", "use smaller blocks")
    if code == errno.EINVAL:
        return _bad_size(address, what, after)
    if code == errno.EIO:
        return MediumError(address, f"{what} failed {place(after)}: write error", "clean the drive or change the tape")
    return unexplained(address, what, code, after)


def operate_error(
    address: str,
    operation: int,
    count: int,
    code: int,
    *,
    before: MtStatus | None = None,
    after: MtStatus | None = None,
    logical_block: int | None = None,
) -> PytpError:
    """Say why an MTIOCTOP operation failed; `logical_block` is what MTIOCPOS says after it, where it says anything.

    `before` is needed to tell a filemark met backwards (st only counts its file number down) from an error.
    """
    what = describe(operation, count)
    if code in {errno.EINVAL, errno.ENOSYS, errno.ENOTTY, errno.EOPNOTSUPP}:
        return NotSupported(address, f"{what}: {os.strerror(code).lower()}", "the drive or driver does not have it")
    error = common_error(address, what, code, after)
    if error is not None:
        return error
    if code == errno.ENOSPC or (
        code == errno.EIO and operation in {lib.MTWEOF, lib.MTWEOFI} and after is not None and after.has(GMT_EOT)
    ):
        return CartridgeNeeded(address, f"{what}: the cartridge is full {place(after)}", "load another cartridge")
    if code in {errno.EACCES, errno.EROFS, errno.EBADF}:
        return WriteProtected(
            address,
            f"{what}: write-protected or opened for reading only",
            "check the cartridge's tab; open for writing",
        )
    if code == errno.EPERM:
        return NotSupported(address, f"{what}: only root may do this", "run as root")
    if code == errno.EIO and after is not None:
        return _operate_failed(address, operation, count, before=before, after=after, logical_block=logical_block)
    return unexplained(address, what, code, after)


def _operate_failed(
    address: str,
    operation: int,
    count: int,
    *,
    before: MtStatus | None,
    after: MtStatus,
    logical_block: int | None,
) -> PytpError:
    what = describe(operation, count)
    if operation in SETTINGS or operation in SETMARKS:
        return NotSupported(address, f"{what}: the drive does not accept it", "leave that setting alone")
    if operation == lib.MTSEEK and logical_block is not None and logical_block < count:
        return EndOfData(address, f"{what}: the recorded data end at logical block {logical_block}")
    if operation in FORWARD:
        if after.has(GMT_EOD) or after.has(GMT_EOT):
            return EndOfData(address, f"{what}: end of data {place(after)}")
        if operation == lib.MTFSR and after.has(GMT_EOF):
            return FilemarkMet(address, f"{what}: met a filemark; the tape stands behind it, {place(after)}")
    if operation in BACKWARD:
        if operation == lib.MTBSR and before is not None and after.mt_fileno == before.mt_fileno - 1:
            return FilemarkMet(address, f"{what}: met a filemark; the tape stands before it, {place(after)}")
        if logical_block == 0 or (logical_block is None and met_beginning(after)):
            return BeginningOfTape(address, f"{what}: beginning of tape")
    if operation in MEDIUM:
        return MediumError(
            address, f"{what} failed {place(after)}: medium or drive error", "see dmesg; clean the drive"
        )
    return DeviceError(address, f"{what} failed {place(after)}: the drive refused it", "see dmesg")


def met_beginning(after: MtStatus) -> bool:
    """Tell whether failed backward spacing ended at the beginning, from MTIOCGET alone.

    st says block 0 then, and the file number only if it knew one (st_int_ioctl, MTBSF: "drv_block = 0").
    """
    return after.has(GMT_BOT) or (after.file_number is None and after.block_number == 0)
