# SPDX-License-Identifier: WTFPL OR MIT
"""The vendors' own log pages, as data. A family is who built the mechanism: IBM's is in HPE's and Quantum's drives from
LTO-7 on, so the name on the front alone does not tell.

Sources: IBM LTO and HP LTO SCSI references, Quantum's LTO-3 and LTO-4 manuals. What nobody documents stays raw.
"""

from __future__ import annotations

from pytp_native.spec.log_parameters import (
    DEVICE_ERROR,
    DEVICE_STATE,
    EFFICIENCY,
    ERROR_EVENT,
    HEALTH,
    PERCENT_16_16,
    RAW,
    TREND,
    WELLNESS,
    Page,
    Parameter,
    number,
    page,
    record,
)
from pytp_native.spec.sense_vendors import LTO_VENDORS

IBM, HP, QUANTUM = "IBM", "HP", "Quantum"

_UNKNOWN = Parameter("vendor's data", kind=RAW)


def _raw(name: str) -> Page:
    return page(name, each=_UNKNOWN)


_HP_SEQUENTIAL = (
    number(0x8000, "processed since the last cleaning", "MB", TREND), number(0x8001, "loads", use=TREND),
    number(0x8002, "cleanings", use=TREND), number(0x8003, "power-on", "s", TREND),
)  # fmt: skip

VENDOR_PAGES: dict[str, dict[tuple[int, int], Page]] = {
    IBM: {
        (0x33, 0x00): _raw("write error details"),
        (0x34, 0x00): _raw("read forward error details"),
        (0x35, 0x00): _raw("drive errors"),
        (0x37, 0x00): page(
            "performance characteristics",
            # 00h unknown, 01h best to FFh worst
            record(0x0000, "drive efficiency (1 best, 255 worst)", EFFICIENCY, use=HEALTH),
            record(0x0001, "medium efficiency (1 best, 255 worst)", EFFICIENCY, use=HEALTH),
        ),
        (0x37, 0x64): page(
            "performance characteristics: capacity of this mount",
            record(0x7113, "capacity lost to rewriting", PERCENT_16_16, "%", HEALTH),
        ),
        (0x38, 0x00): _raw("blocks and bytes transferred"),
        (0x39, 0x00): _raw("host port 0 errors"),
        (0x3A, 0x00): _raw("drive control verification"),
        (0x3B, 0x00): _raw("host port 1 errors"),
        (0x3C, 0x00): _raw("drive usage"),
        (0x3D, 0x00): _raw("subsystem statistics"),
        (0x3E, 0x00): _raw("engineering data"),
    },
    HP: {
        (0x33, 0x00): page("device wellness", each=Parameter("incident", use=HEALTH, kind=WELLNESS)),
        (0x34, 0x00): page(
            "performance data",
            number(0x0000, "repositions per 100 MB", use=HEALTH),
            number(0x0001, "data rate into the buffer", use=TREND),
            number(0x0002, "highest data rate"), number(0x0003, "current data rate", use=TREND),
            number(0x0004, "native data rate"),
        ),
        (0x35, 0x00): page(
            "drive errors",
            record(0x0000, "hardware error", DEVICE_ERROR, use=HEALTH),
            record(0x0001, "medium error", DEVICE_ERROR, use=HEALTH),
        ),
        (0x3E, 0x00): page(
            "device status",
            number(0x0000, "type"), record(0x0001, "state of cleaning, drive and medium", DEVICE_STATE, use=HEALTH),
            number(0x0002, "loads", use=TREND), number(0x0003, "uses of the last cleaning cartridge", use=TREND),
            number(0x0004, "product number"),
        ),
    },
    QUANTUM: {
        (0x33, 0x00): page("error events", each=Parameter("event", use=HEALTH, kind=ERROR_EVENT)),
        (0x3E, 0x00): page(
            "device statistics",
            record(0x7000, "alerts", RAW, use=HEALTH), number(0x8000, "loads", use=TREND),
            number(0x8001, "medium motion", "h", TREND), number(0x8002, "medium motion since cleaning", "h", HEALTH),
            number(0x8003, "cleaning interval", "h"), number(0x8004, "written", "GB", TREND),
            number(0x8005, "read", "GB", TREND), number(0x9000, "medium: loads", use=HEALTH),
            number(0x9001, "medium: load threshold"), number(0x9002, "medium: passes", use=HEALTH),
            number(0x9003, "medium: pass threshold"), number(0x9004, "medium: hours of wear", "h", HEALTH),
            number(0x9005, "medium: threshold of hours", "h"),
        ),
    },
}  # fmt: skip

EXTRA_PARAMETERS: dict[str, dict[tuple[int, int], tuple[tuple[int, Parameter], ...]]] = {
    HP: {
        (0x0C, 0x00): _HP_SEQUENTIAL,
        (0x11, 0x00): (
            record(0x8000, "vendor's very high frequency data", RAW), record(0x8003, "key management errors", RAW),
            record(0x8010, "extended very high frequency data", RAW), record(0x8020, "conflicts of initiators", RAW),
            record(0xA101, "port 1 failover", RAW), record(0xA102, "port 2 failover", RAW),
        ),
    },
}  # fmt: skip
"""A vendor's parameters on standard pages."""


def family_of(vendor: str, product: str) -> str:
    """Return whose mechanism a drive is by its INQUIRY data; "" for one that is in none of the tables."""
    maker, model = vendor.strip().upper(), product.strip().upper()
    if maker in {"HP", "HPE"} and model in {f"ULTRIUM {generation}-SCSI" for generation in range(1, 7)}:
        return HP
    if maker == "QUANTUM" and model in {"ULTRIUM 3", "ULTRIUM 4"}:
        return QUANTUM
    if maker == "QUANTUM" and model in {"ULTRIUM 5", "ULTRIUM 6"}:
        return ""  # neither IBM's mechanism nor one whose pages Quantum has published
    return IBM if maker in LTO_VENDORS else ""
