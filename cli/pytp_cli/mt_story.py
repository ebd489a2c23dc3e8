# SPDX-License-Identifier: WTFPL OR MIT
"""The one line more that follows mt's own after a failure: why, who, and what to do. Imported only then."""

from __future__ import annotations

import errno

from pytp_native.errors import BadReply, DeviceError, NotReady, PytpError
from pytp_native.ffi import lib
from pytp_native.spec.opcodes import CHECK_CONDITION
from pytp_native.transport import address, errno_story, holders, open_scsi
from pytp_native.transport.operations import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.mt_device import Device, Failed
    from pytp_native.transport.records import MtStatus

_SENSE_TIMEOUT_S = 10.0
_NO_TAPE = "give a tape device like /dev/nst0"

_NO_PARTITIONS = (
    "the tape has no such partition, or st was not told that the drive has them",
    "as root: mt stsetoptions can-partitions",
)
_REASONS = {
    (lib.MTSETDRVBUFFER, errno.EPERM): ("the driver's settings are the administrator's", "run as root"),
    (lib.MTSETDRVBUFFER, errno.EIO): ("the drive or the driver does not accept it", "see dmesg"),
    (lib.MTSETBLK, errno.EINVAL): ("outside the drive's block limits", "0 is variable blocks"),
    (lib.MTSETPART, errno.EINVAL): _NO_PARTITIONS,
    (lib.MTMKPART, errno.EINVAL): _NO_PARTITIONS,
}
"""What st_ioctl means by an errno of these operations (drivers/scsi/st.c)."""


def opening(name: str, failed: Failed, *, write: bool) -> PytpError:
    """Say why the device could not be opened."""
    if failed.story is not None:
        return failed.story
    who = holders.describe(name) if failed.code == errno.EBUSY else ""
    if failed.code == errno.EIO:
        sensed = _sense(name)
        if sensed is not None:
            return sensed
    return errno_story.open_error(name, failed.code, write=write, holders=who)


def operation(device: Device, code: int, count: int, failed: Failed, after: MtStatus | None, said: str) -> PytpError:
    """Say why an MTIOCTOP failed; `said` is what the user typed for it, without the device."""
    story = failed.story or _general(device, said, failed.code, after)
    if story is not None:
        return story
    if (code, failed.code) in _REASONS:
        fact, advice = _REASONS[code, failed.code]
        return DeviceError(device.name, f"{said}: {fact}", advice)
    told = errno_story.operate_error(device.name, code, count, failed.code, after=after)
    told.fact = told.fact.replace(describe(code, count), said, 1)
    return told


def asking(device: Device, failed: Failed, after: MtStatus | None, said: str) -> PytpError:
    """Say why MTIOCGET or MTIOCPOS failed."""
    story = failed.story or _general(device, said, failed.code, after)
    if story is not None:
        return story
    told = errno_story.common_error(device.name, said, failed.code, after)
    if told is None and failed.code == errno.EIO and after is not None:
        return DeviceError(
            device.name, f"{said}: the drive does not tell its position", "rewind, or set its option scsi2logical"
        )
    return told or errno_story.unexplained(device.name, said, failed.code, after)


def _general(device: Device, said: str, code: int, after: MtStatus | None) -> PytpError | None:
    if code == errno.ENOTTY:
        return DeviceError(device.name, "is no tape drive", _NO_TAPE)
    unready = after is None or not errno_story.is_ready(after)
    if code == errno.EIO and unready:
        sensed = _sense(device.name)
        if sensed is not None:
            sensed.fact = f"{said}: {sensed.fact}"
        return sensed
    return None


def _sense(name: str) -> PytpError | None:
    """Ask a kernel drive that is not ready what it lacks, through its sg node; None when it has nothing to say.

    Only then: a TEST UNIT READY on a drive at work could take the notice of a new cartridge away from st.
    """
    node = address.generic_node(name)
    if node is None:
        return None
    try:
        scsi = open_scsi(node)
        try:
            reply = scsi.execute(bytes(6), timeout_s=_SENSE_TIMEOUT_S)
        finally:
            scsi.close()
    except PytpError:
        return None
    return sense_error(name, reply.sense) if reply.status == CHECK_CONDITION else None


def sense_error(name: str, data: bytes) -> PytpError | None:
    """Put the sense data of a TEST UNIT READY into words and numbers; None when there are none."""
    from pytp_native.scsi import judge
    from pytp_native.scsi.sense import parse_sense

    try:
        sense = parse_sense(data)
    except BadReply:
        return None
    error = NotReady(name, judge.describe(sense), judge.meaning(sense)[1])
    error.sense = data
    return error
