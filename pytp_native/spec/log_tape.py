# SPDX-License-Identifier: WTFPL OR MIT
"""Standard log pages of a tape drive (SPC-6, Log parameters; SSC-5, Log parameters), as data, by (page, subpage)."""

from __future__ import annotations

from pytp_native.spec.log_parameters import (
    BITMAP,
    DENSITY_HOURS,
    ENVIRONMENT,
    EXCEPTION,
    FLAG,
    HEALTH,
    INCIDENT,
    LIMITS,
    MOUNTS,
    PARTITIONS,
    PORT,
    PORT_STATUS,
    RAW,
    RECOVERY,
    SELF_TEST,
    STATUS,
    TEMPERATURE,
    TREND,
    Page,
    Parameter,
    flag,
    number,
    page,
    record,
    text,
)

_LOAD, _LIFE, _NOW, _POWER = "this load", "the device's life", "now", "since power-on"


def _errors(what: str, again: str) -> Page:
    """02h to 05h. 0005h is called bytes by T10; LTO drives count data sets there."""
    return page(
        f"{what} errors",
        number(0x0000, "corrected without delay"), number(0x0001, "corrected with delay"),
        number(0x0002, f"total {again}"), number(0x0003, "total errors corrected", use=TREND),
        number(0x0004, "times the correction algorithm ran", use=TREND),
        number(0x0005, "processed", "data sets", TREND), number(0x0006, "uncorrected errors", use=HEALTH),
        since=_LOAD,
    )  # fmt: skip


_COMPRESSION = page(
    "data compression",
    number(0x0000, "read compression ratio", "%", TREND), number(0x0001, "write compression ratio", "%", TREND),
    number(0x0002, "transferred to the host", "MB"), number(0x0003, "transferred to the host, rest", "bytes"),
    number(0x0004, "read from the medium", "MB"), number(0x0005, "read from the medium, rest", "bytes"),
    number(0x0006, "transferred from the host", "MB"), number(0x0007, "transferred from the host, rest", "bytes"),
    number(0x0008, "written to the medium", "MB"), number(0x0009, "written to the medium, rest", "bytes"),
    flag(0x0100, "compression enabled"),
    since=_LOAD,
)  # fmt: skip

_VOLUME_STATISTICS = page(
    "volume statistics",
    flag(0x0000, "page valid"), number(0x0001, "mounts", use=TREND),
    number(0x0002, "written", "data sets", TREND), number(0x0003, "write retries", use=HEALTH),
    number(0x0004, "unrecovered write errors", use=HEALTH), number(0x0005, "suspended writes", use=HEALTH),
    number(0x0006, "fatal suspended writes", use=HEALTH), number(0x0007, "read", "data sets", TREND),
    number(0x0008, "read retries", use=HEALTH), number(0x0009, "unrecovered read errors", use=HEALTH),
    number(0x000A, "suspended reads", use=HEALTH), number(0x000B, "fatal suspended reads", use=HEALTH),
    number(0x000C, "last mount: unrecovered write errors", use=HEALTH),
    number(0x000D, "last mount: unrecovered read errors", use=HEALTH),
    number(0x000E, "last mount: written", "MB", TREND), number(0x000F, "last mount: read", "MB", TREND),
    number(0x0010, "written in the cartridge's life", "MB", TREND),
    number(0x0011, "read in the cartridge's life", "MB", TREND),
    number(0x0012, "last load: write compression ratio", "%", TREND),
    number(0x0013, "last load: read compression ratio", "%", TREND),
    number(0x0014, "mounted at", "ms since power-on"), number(0x0015, "ready at", "ms since power-on"),
    number(0x0016, "native capacity", "MB", TREND), number(0x0017, "used native capacity", "MB", TREND),
    number(0x0018, "application design capacity", "MB"), number(0x0019, "useful life remaining", "%", HEALTH),
    number(0x001A, "stopped writes on forward wraps", use=HEALTH),
    number(0x001B, "stopped writes on backward wraps", use=HEALTH),
    text(0x0040, "volume serial number"), text(0x0041, "tape lot"), text(0x0042, "barcode"),
    text(0x0043, "manufacturer"), text(0x0044, "licence code"), text(0x0045, "personality"),
    text(0x0046, "manufacture date"),
    flag(0x0080, "write protected"), flag(0x0081, "write once"), flag(0x0082, "tape path was too hot", HEALTH),
    number(0x0100, "mounts with writes", use=TREND),
    number(0x0101, "passes at the beginning of the medium", use=HEALTH),
    number(0x0102, "passes in the middle of the medium", use=HEALTH),
    record(0x0200, "first encrypted object", PARTITIONS),
    record(0x0201, "first unencrypted object behind it", PARTITIONS),
    record(0x0202, "native capacity of partitions", PARTITIONS, "MB", HEALTH),
    record(0x0203, "used native capacity of partitions", PARTITIONS, "MB", HEALTH),
    record(0x0204, "remaining capacity to early warning", PARTITIONS, "MB", HEALTH),
    record(0x0300, "last mounts", MOUNTS, use=TREND), record(0xF000, "page version", RAW),
    since="the cartridge's life",
)  # fmt: skip

_DEVICE_STATISTICS = page(
    "device statistics",
    number(0x0000, "loads", use=TREND), number(0x0001, "cleanings", use=TREND), number(0x0002, "power-on", "h", TREND),
    number(0x0003, "medium motion", "h", HEALTH), number(0x0004, "tape moved", "m", TREND),
    number(0x0005, "medium motion when an incompatible volume was loaded last", "h"),
    number(0x0006, "power-on at the last temperature event", "h", HEALTH),
    number(0x0007, "power-on at the last power consumption event", "h", HEALTH),
    number(0x0008, "medium motion since the last cleaning", "h", HEALTH),
    number(0x0009, "medium motion since the second to last cleaning", "h", TREND),
    number(0x000A, "medium motion since the third to last cleaning", "h", TREND),
    number(0x000B, "power-on at the last forced reset or eject", "h"), number(0x000C, "power cycles", use=TREND),
    number(0x000D, "loads since the counters were reset"), number(0x000E, "hard write errors", use=HEALTH),
    number(0x000F, "hard read errors", use=HEALTH), number(0x0010, "duty cycle sample time", "ms", TREND),
    number(0x0011, "read duty cycle", "%", TREND), number(0x0012, "write duty cycle", "%", TREND),
    number(0x0013, "activity duty cycle", "%", TREND), number(0x0014, "volume absent duty cycle", "%", TREND),
    number(0x0015, "ready duty cycle", "%", TREND),
    number(0x0016, "transferred from the host in the sample", "MB", TREND),
    number(0x0017, "transferred to the host in the sample", "MB", TREND),
    text(0x0040, "manufacturer's serial number"), text(0x0041, "serial number"), text(0x0042, "manufacture date"),
    text(0x0043, "manufacture date (year and week)"), flag(0x0080, "removal prevented"),
    flag(0x0081, "the mechanism was too hot", HEALTH),
    record(0x1000, "medium motion by type of medium", DENSITY_HOURS, "h", TREND),
    since=_LIFE,
)  # fmt: skip

_INFORMATION = Parameter("error event", kind=RAW)
_PORT_STATUS = {code: Parameter(f"primary port {code & 0xFF}", kind=PORT_STATUS) for code in range(0x101, 0x200)}

TAPE_PAGES: dict[tuple[int, int], Page] = {
    (0x00, 0x00): page("supported log pages"),
    (0x00, 0xFF): page("supported log pages and subpages"),
    (0x01, 0x00): page("buffer over-runs and under-runs", each=Parameter("over-runs or under-runs"), since=_POWER),
    (0x02, 0x00): _errors("write", "rewrites"),
    (0x03, 0x00): _errors("read", "rereads"),
    (0x04, 0x00): _errors("read reverse", "rereads"),
    (0x05, 0x00): _errors("verify", "rereads"),
    (0x06, 0x00): page("non-medium errors", number(0x0000, "non-medium errors", use=TREND), since=_POWER),
    (0x07, 0x00): page("last error events", each=_INFORMATION),
    (0x0B, 0x00): page("last deferred errors", each=_INFORMATION),
    (0x0C, 0x00): page(
        "sequential-access device",
        number(0x0000, "received from the host", "bytes", TREND),
        number(0x0001, "written to the medium", "bytes", TREND),
        number(0x0002, "read from the medium", "bytes", TREND), number(0x0003, "sent to the host", "bytes", TREND),
        number(0x0004, "native capacity to the end of data", "MB"),
        number(0x0005, "native capacity to early warning", "MB"),
        number(0x0006, "native capacity behind early warning", "MB"),
        number(0x0007, "native capacity to the position", "MB"), number(0x0008, "largest buffered amount", "MB"),
        flag(0x0100, "cleaning required", HEALTH),
        since=_LOAD,
    ),
    (0x0D, 0x00): page(
        "temperature",
        record(0x0000, "temperature", TEMPERATURE, "C", HEALTH),
        record(0x0001, "reference temperature", TEMPERATURE, "C"),
        since=_NOW,
    ),
    (0x0D, 0x01): page(
        "environment",
        record(0x0000, "temperature", ENVIRONMENT, "C", HEALTH),
        record(0x0100, "relative humidity", ENVIRONMENT, "%", HEALTH),
        since=_POWER,
    ),
    (0x0D, 0x02): page(
        "environmental limits",
        record(0x0000, "temperature", LIMITS, "C"), record(0x0100, "relative humidity", LIMITS, "%"),
    ),
    (0x10, 0x00): page("self-test results", each=Parameter("self-test", use=HEALTH, kind=SELF_TEST), since=_LIFE),
    (0x11, 0x00): page(
        "data transfer device status",
        record(0x0000, "very high frequency data", STATUS, use=HEALTH),
        number(0x0001, "recommended polling delay", "ms"),
        record(0x0002, "encryption control status", RAW), record(0x0003, "key management error data", RAW),
        *_PORT_STATUS.items(),
        since=_NOW,
    ),
    (0x12, 0x00): page("TapeAlert response", record(0x0000, "flags", BITMAP, use=HEALTH), since=_NOW),
    (0x13, 0x00): page("requested recovery", record(0x0000, "recovery procedures", RECOVERY, use=HEALTH), since=_NOW),
    (0x14, 0x00): _DEVICE_STATISTICS,
    (0x15, 0x00): page("service buffers", each=Parameter("service buffer", kind=RAW)),
    (0x16, 0x00): page("tape diagnostic data", each=Parameter("incident", use=HEALTH, kind=INCIDENT), since=_LIFE),
    **{(0x17, older): _VOLUME_STATISTICS for older in range(0x10)},
    (0x18, 0x00): page("protocol-specific port", each=Parameter("port", use=HEALTH, kind=PORT), since=_POWER),
    (0x1A, 0x00): page(
        "power condition transitions",
        number(0x0001, "to active"), number(0x0002, "to idle_a"), number(0x0003, "to idle_b"),
        number(0x0004, "to idle_c"), number(0x0008, "to standby_z"), number(0x0009, "to standby_y"),
        since=_POWER,
    ),
    (0x1B, 0x00): _COMPRESSION,
    (0x2D, 0x00): page("current service information", each=Parameter("service information", kind=RAW), since=_NOW),
    (0x2E, 0x00): page("TapeAlert", each=Parameter("flag", use=HEALTH, kind=FLAG), since="read and cleared"),
    (0x2F, 0x00): page(
        "informational exceptions", record(0x0000, "exception", EXCEPTION, use=HEALTH), since=_NOW,
    ),
    # Vendor pages that LTO drives of all vendors share.
    (0x30, 0x00): page(
        "tape usage", *((code, _VOLUME_STATISTICS.parameters[code]) for code in range(0x0001, 0x000C)),
        since="the cartridge's life",
    ),
    (0x31, 0x00): page(
        "tape capacity",
        number(0x0001, "partition 0: remaining capacity", "MiB", TREND),
        number(0x0002, "partition 1: remaining capacity", "MiB", TREND),
        number(0x0003, "partition 0: maximum capacity", "MiB"), number(0x0004, "partition 1: maximum capacity", "MiB"),
        since=_NOW,
    ),
    (0x32, 0x00): _COMPRESSION,
}  # fmt: skip
