# SPDX-License-Identifier: WTFPL OR MIT
"""Look a log page and its parameters up: by device type, then by whose mechanism it is, then the standards.

What is in no table is named by its number, so that a page of next year's drive can be shown too.
"""

from __future__ import annotations

from pytp_native.spec.log_changer import CHANGER_PAGES
from pytp_native.spec.log_parameters import RAW, Page, Parameter
from pytp_native.spec.log_tape import TAPE_PAGES
from pytp_native.spec.log_vendors import EXTRA_PARAMETERS, VENDOR_PAGES

_DRIVE_ONLY = frozenset({0x0C, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x1B, 0x30, 0x31, 0x32})
"""Numbers that mean something else, or nothing, on a changer."""


def page_of(number: int, subpage: int = 0, *, family: str = "", changer: bool = False) -> Page:
    """Return what is known about a page; an unknown one has a name with its number and no parameters."""
    key = (number, subpage)
    if changer:
        known = CHANGER_PAGES.get(key) or (None if number in _DRIVE_ONLY else TAPE_PAGES.get(key))
    else:
        known = VENDOR_PAGES.get(family, {}).get(key) or TAPE_PAGES.get(key)
    if known is None:
        return Page(_unknown_name(number, subpage), {})
    extra = EXTRA_PARAMETERS.get(family, {}).get(key, ()) if not changer else ()
    return known._replace(parameters={**known.parameters, **dict(extra)}) if extra else known


def _unknown_name(number: int, subpage: int) -> str:
    whose = "vendor's page" if 0x30 <= number <= 0x3E else "page"
    return f"{whose} {number:02x}h" + (f"/{subpage:02x}h" if subpage else "")


def parameter_of(page: Page, code: int) -> Parameter:
    """Return what is known about a parameter; an unknown one is raw and named by its number."""
    known = page.parameters.get(code)
    if known is not None:
        return known
    if page.each is not None:
        return page.each._replace(name=f"{page.each.name} {code}")
    whose = "vendor's parameter" if code >= 0x8000 else "parameter"
    return Parameter(f"{whose} {code:04x}h", kind=RAW)
