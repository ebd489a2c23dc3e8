# SPDX-License-Identifier: WTFPL OR MIT
"""Log parameters that are records (SPC-6, SSC-5, SMC-3): read with struct-like slices. Light.

Offsets are from the parameter's value, so the standards' byte 4 is 0 here. What a drive does not give (all ones, or
nothing) is None, never 0.
"""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.scsi.field import number, signed, text

ACTIVITIES = (
    "idle", "cleaning", "loading", "unloading", "other activity on the medium", "reading", "writing", "locating",
    "rewinding", "erasing", "formatting", "calibrating", "other activity", "updating its firmware",
    "reading encrypted data", "writing encrypted data", "running a diagnostic",
)  # fmt: skip
IDLE, CALIBRATING = 0x00, 0x0B
RECOVERIES = (
    "none", "undefined", "push the volume in", "take the volume out and put it in again",
    "unload the volume and put it in again", "switch the drive off and on", "load the volume", "unload the volume",
    "reset the logical unit", "call service", "unload the volume and quarantine it",
    "do not put a volume in; call service", "unload and take out the volume; call service", "make a drive dump",
    "fetch the drive dump", "allow the firmware update and put the volume in again",
)  # fmt: skip
_SELF_TESTS = {
    0: "passed", 1: "aborted by a command", 2: "aborted by another cause", 3: "could not be completed",
    4: "failed", 5: "failed in its first segment", 6: "failed in its second segment", 7: "failed in another segment",
    15: "still running",
}  # fmt: skip


class DeviceStatus(NamedTuple):
    """Very high frequency data of page 11h: the page to poll, it never waits for a motion to end."""

    valid: bool
    """DINIT: without it nothing else here counts."""
    removal_prevented: bool
    memory_accessible: bool
    compression: bool
    write_protected: bool
    cleaning_requested: bool
    cleaning_required: bool
    in_transition: bool
    robot_may_access: bool
    present: bool
    seated: bool
    threaded: bool
    mounted: bool
    activity: int
    new_incident: bool
    """TDDEC: page 16h has a new entry."""
    recovery_requested: bool
    """Page 13h says what to do."""
    interface_changed: bool
    alert_changed: bool
    """TAFC: read page 12h, or 2Eh."""

    @property
    def activity_name(self) -> str:
        if self.activity < len(ACTIVITIES):
            return ACTIVITIES[self.activity]
        return f"activity {self.activity:02x}h"


def device_status(value: bytes) -> DeviceStatus | None:
    """Page 11h, parameter 0000h; None if it is cut."""
    if len(value) < 4:
        return None
    first, second, activity, last = value[0], value[1], value[2], value[3]
    return DeviceStatus(
        valid=bool(first & 0x01), removal_prevented=bool(first & 0x80), memory_accessible=bool(first & 0x20),
        compression=bool(first & 0x10), write_protected=bool(first & 0x08), cleaning_requested=bool(first & 0x04),
        cleaning_required=bool(first & 0x02), in_transition=bool(second & 0x80), robot_may_access=bool(second & 0x20),
        present=bool(second & 0x10), seated=bool(second & 0x04), threaded=bool(second & 0x02),
        mounted=bool(second & 0x01), activity=activity, new_incident=bool(last & 0x20),
        recovery_requested=bool(last & 0x04), interface_changed=bool(last & 0x02), alert_changed=bool(last & 0x01),
    )  # fmt: skip


class PartitionValue(NamedTuple):
    """One partition's record of page 17h, parameters 0200h to 0204h."""

    partition: int
    value: int | None
    """None: the drive does not know; for the used capacity that means that the end of data is missing."""


def partition_values(value: bytes) -> tuple[PartitionValue, ...]:
    """Records carry their length less one; all ones, and all ones but the last bit, are no value."""
    found, at = [], 0
    while at + 4 < len(value):
        end = at + 1 + value[at]
        if end <= at + 4 or end > len(value):
            break
        raw = value[at + 4 : end]
        unknown = raw[:-1] == b"\xff" * (len(raw) - 1) and raw[-1] >= 0xFE
        found.append(PartitionValue(number(value, at + 2, 2), None if unknown else int.from_bytes(raw, "big")))
        at = end
    return tuple(found)


class Mount(NamedTuple):
    """One of the last mounts (page 17h, parameter 0300h)."""

    age: int
    """0 is the latest."""
    vendor: str
    serial: str


def mounts(value: bytes) -> tuple[Mount, ...]:
    found, at = [], 0
    while at + 12 <= len(value):
        end = at + 1 + value[at]
        if end < at + 12 or end > len(value):
            break
        found.append(Mount(number(value, at + 2, 2), text(value[at + 4 : at + 12]), text(value[at + 12 : end])))
        at = end
    return tuple(found)


class DensityHours(NamedTuple):
    """Medium motion with one type of medium (page 14h, parameter 1000h)."""

    density: int
    medium_type: int
    hours: int


def density_hours(value: bytes) -> tuple[DensityHours, ...]:
    return tuple(
        DensityHours(value[at + 2], value[at + 3], number(value, at + 4, 4)) for at in range(0, len(value) - 7, 8)
    )


class Environment(NamedTuple):
    """Temperature in degrees Celsius or relative humidity in percent (page 0Dh/01h)."""

    now: int | None
    highest: int | None
    """In the device's life."""
    lowest: int | None
    highest_since_power_on: int | None
    lowest_since_power_on: int | None


def environment(value: bytes, *, humidity: bool) -> Environment | None:
    """The value's byte 1 on; temperatures are signed with 80h for none, humidities have FFh for it."""
    if len(value) < 6:
        return None
    return Environment(*(_reading(value, at, humidity) for at in range(1, 6)))


class Limits(NamedTuple):
    """Temperature in degrees Celsius or relative humidity in percent at which something is wrong, and at which it is
    over (page 0Dh/02h)."""

    high_critical: int | None
    high_critical_over: int | None
    low_critical_over: int | None
    low_critical: int | None
    high_operating: int | None
    high_operating_over: int | None
    low_operating_over: int | None
    low_operating: int | None


def limits(value: bytes, *, humidity: bool) -> Limits | None:
    """Eight bytes, as those of Environment; None if it is cut."""
    return Limits(*(_reading(value, at, humidity) for at in range(8))) if len(value) >= 8 else None


def _reading(value: bytes, at: int, humidity: bool) -> int | None:
    told = value[at] if humidity else signed(value, at, 1)
    return None if told == (0xFF if humidity else -0x80) else told


class SelfTest(NamedTuple):
    """One result of page 10h."""

    result: int
    code: int
    number: int
    hours: int
    """Power-on hours when it ran; FFFFh: that many or more."""
    key: int
    asc: int
    ascq: int

    @property
    def result_name(self) -> str:
        return _SELF_TESTS.get(self.result, f"result {self.result}")


def self_test(value: bytes) -> SelfTest | None:
    """None for an entry that was never used: all zeros (SPC-6)."""
    if len(value) < 16 or not any(value[:16]):
        return None
    return SelfTest(
        value[0] & 0x0F, value[0] >> 5, value[1], number(value, 2, 2), value[12] & 0x0F, value[13], value[14]
    )


class ExceptionStatus(NamedTuple):
    """Page 2Fh, parameter 0000h: ASC, ASCQ, temperature."""

    asc: int
    ascq: int
    celsius: int | None


def exception_status(value: bytes) -> ExceptionStatus | None:
    if len(value) < 2:
        return None
    celsius = value[2] if len(value) > 2 and value[2] != 0xFF else None
    return ExceptionStatus(value[0], value[1], celsius)


def recoveries(value: bytes) -> tuple[str, ...]:
    """Page 13h: what the drive asks for, in words."""
    return tuple(RECOVERIES[code] if code < len(RECOVERIES) else f"procedure {code:02x}h" for code in value)


class PortStatus(NamedTuple):
    """A SAS port in page 11h."""

    link_rate: str
    signal: bool
    sas_address: int


_RATES = {0x8: "1.5 Gbit/s", 0x9: "3 Gbit/s", 0xA: "6 Gbit/s", 0xB: "12 Gbit/s", 0xC: "22.5 Gbit/s", 0x0: "unknown"}


def port_status(value: bytes) -> PortStatus | None:
    """None for what is no SAS port's record (12 bytes)."""
    if len(value) != 12:
        return None
    rate = value[0] >> 4
    return PortStatus(_RATES.get(rate, f"rate {rate:x}h"), bool(value[0] & 0x02), number(value, 4, 8))


class Phy(NamedTuple):
    """One SAS phy of page 18h: growing counts mean a bad cable, host adapter or expander."""

    identifier: int
    attached_type: int
    rate: int
    sas_address: int
    attached_address: int
    invalid_dwords: int
    disparity_errors: int
    losses_of_sync: int
    resets: int

    @property
    def errors(self) -> int:
        """What a link in order does not have; resets come with every host that starts."""
        return self.invalid_dwords + self.disparity_errors + self.losses_of_sync


def phys(value: bytes) -> tuple[Phy, ...]:
    """Page 18h of a SAS target port; empty for another protocol (SPL-5, Protocol Specific Port log page)."""
    if len(value) < 4 or value[0] & 0x0F != 0x06:
        return ()
    found: list[Phy] = []
    at = 4
    while at + 48 <= len(value) and len(found) < value[3]:
        counts = (number(value, at + offset, 4) for offset in (32, 36, 40, 44))
        found.append(
            Phy(value[at + 1], value[at + 4] >> 4 & 7, value[at + 5] & 0x0F, number(value, at + 8, 8),
                number(value, at + 16, 8), *counts)
        )  # fmt: skip
        at += 4 + max(value[at + 3], 44)
    return tuple(found)
