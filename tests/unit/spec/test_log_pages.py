# SPDX-License-Identifier: WTFPL OR MIT
"""The tables of log pages: complete, consistent, and without an end at what they do not know."""

from __future__ import annotations

import pytest

from pytp_native.spec import log_parameters as kinds
from pytp_native.spec.log_changer import CHANGER_PAGES
from pytp_native.spec.log_pages import page_of, parameter_of
from pytp_native.spec.log_tape import TAPE_PAGES
from pytp_native.spec.log_vendors import EXTRA_PARAMETERS, HP, IBM, QUANTUM, VENDOR_PAGES, family_of

ALL_PAGES = [
    *TAPE_PAGES.values(),
    *CHANGER_PAGES.values(),
    *(page for one in VENDOR_PAGES.values() for page in one.values()),
]
STANDARD = "00 01 02 03 04 05 06 07 0b 0c 0d 10 11 12 13 14 15 16 17 18 1a 1b 2d 2e 2f 30 31 32"


def test_every_page_of_the_standards_has_a_name_and_parameters():
    for number in bytes.fromhex(STANDARD):
        page = page_of(number)
        assert f"{number:02x}h" not in page.name
        assert number == 0 or page.parameters or page.each


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_names_within_a_page_are_distinct_and_kinds_and_uses_are_known(page):
    names = [parameter.name for parameter in page.parameters.values()]
    assert len(set(names)) == len(names)
    known = {value for name, value in vars(kinds).items() if name.isupper() and isinstance(value, str)}
    for parameter in [*page.parameters.values(), *filter(None, [page.each])]:
        assert parameter.kind in known
        assert parameter.use in {kinds.HEALTH, kinds.TREND, kinds.DETAIL}
        assert parameter.unit in {"", "MB", "GB", "MiB", "bytes", "data sets", "%", "h", "s", "m", "ms", "C",
                                  "ms since power-on"}  # fmt: skip


@pytest.mark.parametrize(
    ("page", "code", "name", "unit"),
    [
        (0x02, 0x0006, "uncorrected errors", ""),
        (0x0C, 0x0100, "cleaning required", ""),
        (0x14, 0x0008, "medium motion since the last cleaning", "h"),
        (0x17, 0x0010, "written in the cartridge's life", "MB"),
        (0x17, 0x0102, "passes in the middle of the medium", ""),
        (0x31, 0x0003, "partition 0: maximum capacity", "MiB"),
        (0x32, 0x0001, "write compression ratio", "%"),
        (0x1B, 0x0001, "write compression ratio", "%"),
    ],
)
def test_what_a_parameter_means(page, code, name, unit):
    found = parameter_of(page_of(page), code)
    assert (found.name, found.unit) == (name, unit)


def test_each_mount_before_has_the_same_page():
    assert page_of(0x17, 0x0F) == page_of(0x17)


def test_a_number_means_what_its_device_makes_of_it():
    assert page_of(0x14).name == "device statistics"
    assert page_of(0x14, changer=True).name == "media changer statistics"
    assert page_of(0x2E, changer=True).name == "TapeAlert"
    assert page_of(0x17, changer=True).name == "page 17h"


def test_a_vendors_page_counts_for_its_family_only():
    assert parameter_of(page_of(0x34, family=HP), 0).name == "repositions per 100 MB"
    assert page_of(0x34, family=IBM).name == "read forward error details"
    assert page_of(0x34).name == "vendor's page 34h"
    assert page_of(0x3E, family=QUANTUM).parameters[0x8003].unit == "h"


def test_a_vendors_parameters_on_a_standard_page():
    assert parameter_of(page_of(0x0C, family=HP), 0x8002).name == "cleanings"
    assert parameter_of(page_of(0x0C), 0x8002) == kinds.Parameter("vendor's parameter 8002h", kind=kinds.RAW)
    assert parameter_of(page_of(0x0C, family=HP), 0x0000).unit == "bytes"
    assert all(key in TAPE_PAGES for extra in EXTRA_PARAMETERS.values() for key in extra)


def test_what_nobody_knows_is_named_by_its_number():
    assert page_of(0x2A, 3).name == "page 2ah/03h"
    assert parameter_of(page_of(0x2A), 0x0102).name == "parameter 0102h"


@pytest.mark.parametrize(
    ("vendor", "product", "family"),
    [
        ("IBM     ", "ULT3580-TD6     ", IBM),
        ("HP", "Ultrium 6-SCSI", HP),
        ("HPE", "Ultrium 9-SCSI", IBM),
        ("QUANTUM", "ULTRIUM 4", QUANTUM),
        ("QUANTUM", "ULTRIUM-HH8", IBM),
        ("IET", "VIRTUAL-TAPE", ""),
    ],
)
def test_whose_mechanism_it_is(vendor, product, family):
    assert family_of(vendor, product) == family
