# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages of a medium changer that mean something else than a drive's (SMC-3, Log parameters), as data.

The statistics' codes are in the order in which sg3_utils names them, which libraries answer too."""

from __future__ import annotations

from pytp_native.spec.log_parameters import ELEMENT, HEALTH, INCIDENT, TREND, Page, Parameter, number, page

_LIFE = "the library's life"

CHANGER_PAGES: dict[tuple[int, int], Page] = {
    (0x14, 0x00): page(
        "media changer statistics",
        number(0x0000, "moves", use=TREND), number(0x0001, "picks", use=TREND),
        number(0x0002, "pick retries", use=HEALTH), number(0x0003, "places", use=TREND),
        number(0x0004, "place retries", use=HEALTH), number(0x0005, "volume tags read", use=TREND),
        number(0x0006, "volume tags that could not be read", use=HEALTH), number(0x0007, "door openings", use=TREND),
        number(0x0008, "import/export door openings", use=TREND),
        number(0x0009, "physical inventories", use=TREND),
        since=_LIFE,
    ),
    (0x15, 0x00): page("element statistics", each=Parameter("element", use=HEALTH, kind=ELEMENT), since=_LIFE),
    (0x16, 0x00): page(
        "media changer diagnostic data", each=Parameter("incident", use=HEALTH, kind=INCIDENT), since=_LIFE
    ),
}  # fmt: skip
