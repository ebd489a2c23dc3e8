# SPDX-License-Identifier: WTFPL OR MIT
"""From a reply to an error: `raise_for` raises, `*_error` only build, `describe` puts sense into words."""

from __future__ import annotations

from pytp_native import errors
from pytp_native.errors import BadReply, PytpError
from pytp_native.scsi.sense import Sense, key_name, parse_sense
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.records import ScsiReply

# Codes that tell of the robot, its elements or their drives, whatever the command was.
_LIBRARY_CODES = frozenset({
    0x0415, 0x0416, 0x0417, 0x0418, 0x2101, 0x3B0D, 0x3B0E, 0x3B11, 0x3B12, 0x3B14, 0x3B16, 0x3B18, 0x5308, 0x5309,
    0x530A, 0x530B, 0x530C, 0x530D,
})  # fmt: skip
_UNSUPPORTED_CODES = frozenset({0x1A00, 0x2000, 0x2400, 0x2500, 0x2600, 0x2601, 0x2602, 0x3900})
_PROTECTED_ASC = frozenset({0x27, 0x85})
_PROTECTED_CODES = frozenset({0x3004, 0x3005, 0x300C, 0x200C})
_BY_KEY: dict[int, type[PytpError]] = {
    codes.NOT_READY: errors.NotReady,
    codes.MEDIUM_ERROR: errors.MediumError,
    codes.HARDWARE_ERROR: errors.DeviceError,
    codes.UNIT_ATTENTION: errors.UnitAttention,
    codes.BLANK_CHECK: errors.NothingHere,
    codes.VOLUME_OVERFLOW: errors.CartridgeNeeded,
    codes.MISCOMPARE: errors.VerifyFailed,
}
_HARMLESS_KEYS = frozenset({codes.NO_SENSE, codes.RECOVERED_ERROR, codes.COMPLETED})
_REMARKS = frozenset({0x0017, 0x8282, 0x8283})
"""What drives say with NO SENSE of themselves, the command done: cleaning wanted (the standard's code, and LTO's),
microcode that does not fit (HPE)."""
_REMARK_ASC = frozenset({0x0B, 0x5D})
"""Warnings and failure predictions; mode page 1Ch (MRIE 5) has them told with NO SENSE (SPC-5, 7.5.13)."""


def sense_of(reply: ScsiReply) -> Sense | None:
    """Return the sense data of a reply, None if there are none or they cannot be read."""
    try:
        return parse_sense(reply.sense)
    except BadReply:
        return None


def meaning(sense: Sense, vendor: str = "") -> tuple[str, str]:
    """Return what the sense data say in words, and the operator's next step; the vendor's own codes first."""
    from pytp_native.spec.sense_codes import standard_meaning  # noqa: PLC0415 - only on the way to a message
    from pytp_native.spec.sense_vendors import vendor_meaning  # noqa: PLC0415

    return vendor_meaning(vendor, sense.key, sense.code) or standard_meaning(sense.code)


def describe(sense: Sense, vendor: str = "") -> str:
    """Return the sense data in words with their numbers: "not ready: becoming ready, 12 % done (sense 2/04/01)"."""
    told = [f"{'deferred: ' if sense.deferred else ''}{key_name(sense.key)}"]
    words = meaning(sense, vendor)[0]
    if sense.code:
        told.append(f": {words}")
    if sense.progress is not None:
        told.append(f", {100 * sense.progress:.0f} % done")
    if sense.field_in_error:
        told.append(f" ({sense.field_in_error})")
    flags = [name for name, on in (("FM", sense.filemark), ("EOM", sense.eom), ("ILI", sense.ili)) if on]
    if sense.information is not None and (flags or sense.key not in _HARMLESS_KEYS):
        flags.append(f"residual {sense.information}")
    numbers = f"sense {sense.key:x}/{sense.asc:02x}/{sense.ascq:02x}"
    return f"{''.join(told)} ({', '.join([numbers, *flags])})"


def raise_for(reply: ScsiReply, *, device: str, command: str, changer: bool = False, vendor: str = "") -> None:
    """Raise what a reply means; return if the command was done (GOOD, recovered errors, early warning accepted).

    NO SENSE that has neither flags nor a remark is no success: nobody knows what happened.

    A filemark, the end of the data and the beginning of the tape met on the way raise FilemarkMet, EndOfData and
    BeginningOfTape: the tape stands there. The error's `sense` is the raw sense data.
    """
    error = reply_error(reply, device=device, command=command, changer=changer, vendor=vendor)
    if error is not None:
        raise error


def reply_error(
    reply: ScsiReply, *, device: str, command: str, changer: bool = False, vendor: str = ""
) -> PytpError | None:
    """Build the error that a reply means, None if the command was done."""
    if reply.host_status or reply.driver_status & 0x07:
        fact = f"{command} was not carried (host status {reply.host_status:02x}h, driver {reply.driver_status:02x}h)"
        return errors.DeviceError(device, fact, "look at dmesg")
    if reply.status in (opcodes.GOOD, opcodes.CONDITION_MET):
        return None
    if reply.status != opcodes.CHECK_CONDITION:
        return _status_error(reply.status, device, command)
    sense = sense_of(reply)
    if sense is None:
        shown = reply.sense.hex(" ") or "none"
        error: PytpError = errors.DeviceError(device, f"{command} failed; its sense data cannot be read: {shown}")
        error.sense = reply.sense
        return error
    return sense_error(sense, device=device, command=command, changer=changer, vendor=vendor)


def _status_error(status: int, device: str, command: str) -> PytpError:
    if status == opcodes.RESERVATION_CONFLICT:
        return errors.DeviceBusy(device, f"{command}: another host has reserved it", "ask who holds the reservation")
    if status in (opcodes.BUSY, opcodes.TASK_SET_FULL):
        return errors.DeviceBusy(device, f"{command}: {opcodes.status_name(status)}", "try again in a moment")
    return errors.DeviceError(device, f"{command}: {opcodes.status_name(status)}")


def sense_error(
    sense: Sense, *, device: str, command: str, changer: bool = False, vendor: str = ""
) -> PytpError | None:
    """Build the error that sense data mean, None if the command was done none the less."""
    kind = _class_of(sense, changer)
    if kind is None:
        return None
    step = meaning(sense, vendor)[1]
    if not sense.code and _says_nothing(sense, changer):
        step = "it is not known whether the command was done: look at the device"
    if sense.deferred:
        step = f"{step}; this command was not executed" if step else "this command was not executed"
    error = kind(device, f"{command}: {describe(sense, vendor)}", step or None)
    error.sense = sense.raw
    return error


def _class_of(sense: Sense, changer: bool) -> type[PytpError] | None:
    if sense.key in _HARMLESS_KEYS:
        mark = None if changer else _class_of_mark(sense)
        return mark or (errors.DeviceError if sense.deferred or _says_nothing(sense, changer) else None)
    if sense.code in _LIBRARY_CODES or (changer and sense.key in (codes.MEDIUM_ERROR, codes.HARDWARE_ERROR)):
        return errors.LibraryError
    if sense.asc == 0x3A:
        return errors.LibraryError if changer else errors.NoMedium
    if sense.asc in _PROTECTED_ASC or sense.code in _PROTECTED_CODES:
        return errors.WriteProtected
    if sense.code in _UNSUPPORTED_CODES and sense.key == codes.ILLEGAL_REQUEST:
        return errors.NotSupported
    if sense.code == codes.END_OF_DATA_DETECTED:
        return errors.EndOfData
    return _BY_KEY.get(sense.key, errors.DeviceError)


def _says_nothing(sense: Sense, changer: bool) -> bool:
    """CHECK CONDITION with NO SENSE means something only by its flags, or by a remark. A changer has no such flags.

    Without them nobody knows whether the command was done: sense data that were lost look the same (SAM-6, 5.13).
    """
    if sense.key != codes.NO_SENSE or sense.code in _REMARKS or sense.asc in _REMARK_ASC:
        return False
    return changer or not (sense.filemark or sense.eom or sense.ili)


def _class_of_mark(sense: Sense) -> type[PytpError] | None:
    """NO SENSE with a flag: what stopped a READ, VERIFY or SPACE. Early warning on a write is success."""
    if sense.filemark:
        return errors.FilemarkMet
    if sense.code == codes.BEGINNING_OF_PARTITION:
        return errors.BeginningOfTape
    if sense.code == codes.END_OF_DATA_DETECTED:
        return errors.EndOfData
    return errors.BlockSizeMismatch if sense.ili else None
