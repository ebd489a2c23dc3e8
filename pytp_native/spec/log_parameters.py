# SPDX-License-Identifier: WTFPL OR MIT
"""What a log page and one of its parameters are called, in which unit it counts, and what it is good for."""

from __future__ import annotations

from pytp_native.light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER, TEXT, FLAG, RAW = "number", "text", "flag", "raw"
"""A counter of whatever length; ASCII; zero or not; bytes that nobody has described."""
TEMPERATURE, ENVIRONMENT, LIMITS, SELF_TEST, STATUS, BITMAP, RECOVERY, EXCEPTION, PORT, PORT_STATUS = (
    "temperature", "environment", "limits", "self-test", "status", "bitmap", "recovery", "exception", "port",
    "port status",
)  # fmt: skip
PARTITIONS, MOUNTS, DENSITY_HOURS, INCIDENT, ELEMENT, PERCENT_16_16 = (
    "partitions", "mounts", "density hours", "incident", "element", "percent 16.16",
)  # fmt: skip
EFFICIENCY, WELLNESS, DEVICE_ERROR, DEVICE_STATE, ERROR_EVENT = (
    "efficiency", "wellness", "device error", "device state", "error event",
)  # fmt: skip
"""Records, and numbers with a meaning of their own; scsi/log_values.py reads them."""

HEALTH, TREND, DETAIL = "health", "trend", ""


class Parameter(NamedTuple):
    """One log parameter by its code."""

    name: str
    unit: str = ""
    """"MB" is 10^6 bytes, "MiB" 2^20; "%" of a compression ratio: 250 is 2.5 to 1; "" a count or no number."""
    use: str = DETAIL
    """HEALTH: part of a verdict; TREND: its change tells something; DETAIL: for whoever asks."""
    kind: str = NUMBER


class Page(NamedTuple):
    """A log page, or one of its meanings where vendors and device types differ."""

    name: str
    parameters: Mapping[int, Parameter]
    since: str = ""
    """What the counts are about: the load, the device's life..."""
    each: Parameter | None = None
    """What every other code means, where codes number things."""


Row = tuple[int, Parameter]


def number(code: int, name: str, unit: str = "", use: str = DETAIL) -> Row:
    return code, Parameter(name, unit, use)


def text(code: int, name: str) -> Row:
    return code, Parameter(name, kind=TEXT)


def flag(code: int, name: str, use: str = DETAIL) -> Row:
    return code, Parameter(name, use=use, kind=FLAG)


def record(code: int, name: str, kind: str, unit: str = "", use: str = DETAIL) -> Row:
    return code, Parameter(name, unit, use, kind)


def page(name: str, *rows: Row, since: str = "", each: Parameter | None = None) -> Page:
    return Page(name, dict(rows), since, each)
