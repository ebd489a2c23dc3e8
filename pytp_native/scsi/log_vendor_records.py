# SPDX-License-Identifier: WTFPL OR MIT
"""Log parameters of vendors' own pages that are records: HP's 33h, 35h and 3Eh, Quantum's 33h. Light.

Offsets are from the parameter's value. A cut record, and one that was never used, is None. Sources: HP LTO SCSI
reference, Quantum LTO-3 and LTO-4 manuals.
"""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.scsi.field import number, text

_STATES = ("not told", "good", "degraded", "failed")


class Wellness(NamedTuple):
    """One entry of HP's page 33h; code 0 is the oldest of sixteen."""

    time: int
    """The drive's own clock."""
    medium: str
    """The cartridge's signature, in hexadecimal."""
    key: int
    asc: int
    ascq: int
    extra: str


def wellness(value: bytes) -> Wellness | None:
    if len(value) < 11 or not any(value):
        return None
    return Wellness(
        number(value, 0, 4), value[4:8].hex(), value[8] & 0x0F, value[9], value[10], value[11:15].hex(),
    )  # fmt: skip


class DeviceError(NamedTuple):
    """HP's page 35h: the last error of the hardware (code 0) or of the medium (code 1)."""

    key: int
    asc: int
    ascq: int
    hardware_error: int
    host: str
    """Who had sent the command, in hexadecimal."""
    power_ons: int
    """How often the drive had been switched on."""
    seconds: int
    """Since it was switched on."""
    library_time: str | None
    """Hours, minutes and seconds of the library's clock; None where there is none."""


def device_error(value: bytes) -> DeviceError | None:
    if len(value) < 19 or not any(value):
        return None
    clock = value[19:22]
    told = len(clock) == 3 and any(clock) and clock != b"\xff\xff\xff"
    return DeviceError(
        key=value[0] & 0x0F, asc=value[1], ascq=value[2], hardware_error=number(value, 3, 2), host=value[5:13].hex(),
        power_ons=number(value, 13, 2), seconds=number(value, 15, 4),
        library_time=":".join(f"{one:02}" for one in clock) if told else None,
    )  # fmt: skip


class DeviceState(NamedTuple):
    """HP's page 3Eh, parameter 0001h. A state is "good", "degraded" or "failed"; None where it is not told."""

    cleaning_required: bool
    cleaning_requested: bool
    cleaning_cartridge_exhausted: bool
    temperature: str | None
    drive: str | None
    medium: str | None


def device_state(value: bytes) -> DeviceState | None:
    if len(value) < 3:
        return None
    flags, of_drive, of_medium = value[0], value[1], value[2]
    states = (_STATES[at & 3] if at & 3 else None for at in (of_drive >> 2, of_drive, of_medium))
    return DeviceState(bool(flags & 4), bool(flags & 2), bool(flags & 1), *states)


class ErrorEvent(NamedTuple):
    """One entry of Quantum's page 33h."""

    message: int
    repeats: int
    loads: int
    data_sets: int
    seconds: float
    """Of the drive's clock, that ticks every 8 ms."""
    firmware: str
    cartridge_vendor: str
    cartridge_serial: str


_EVENT_BYTES = 44
_TICKS_PER_SECOND = 125


def error_event(value: bytes) -> ErrorEvent | None:
    if len(value) < _EVENT_BYTES or not any(value):
        return None
    return ErrorEvent(
        message=number(value, 0, 2), repeats=number(value, 2, 4), loads=number(value, 6, 4),
        data_sets=number(value, 10, 4), seconds=number(value, 14, 4) / _TICKS_PER_SECOND, firmware=text(value[18:26]),
        cartridge_vendor=text(value[26:34]), cartridge_serial=text(value[34:44]),
    )  # fmt: skip
