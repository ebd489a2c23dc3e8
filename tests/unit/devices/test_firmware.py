# SPDX-License-Identifier: WTFPL OR MIT
"""Firmware known to be bad: rows with a public source, older revisions only."""

from __future__ import annotations

import pytest

from pytp_native.devices.firmware import ROWS, BadFirmware, bad_firmware
from pytp_native.scsi.inquiry import TAPE, Inquiry


@pytest.mark.parametrize(
    ("vendor", "product", "revision", "count"),
    [
        ("IBM", "ULT3580-TD8", "HB80", 1), ("IBM", "ULT3580-TD8", "HB81", 0), ("IBM", "ULTRIUM-HH8", "H111", 1),
        ("IBM", "ULT3580-TD8", "P381", 0), ("IBM", "ULT3580-TD5", "A9Q5", 1), ("IBM", "ULT3580-HH5", "B170", 0),
        ("IBM", "ULTRIUM-TD2", "67U1", 1), ("IBM     ", "ULTRIUM-TD2     ", "8571", 0),
        ("HPE", "Ultrium 8-SCSI", "HB80", 0), ("IBM", "ULT3580-TD9", "0000", 0), ("IBM", "ULT3580-TD8", "", 0),
        ("IBM", "ULT3580-TD8", "H", 0),
    ],
)  # fmt: skip
def test_only_revisions_before_the_good_one_are_bad(vendor, product, revision, count):
    assert len(bad_firmware(Inquiry(TAPE, vendor, product, revision))) == count


def test_a_site_may_have_rows_of_its_own():
    rows = (BadFirmware("ACME", "TAPE *", "0200", "eats tape", "https://example.org"),)
    (found,) = bad_firmware(Inquiry(TAPE, "acme", "Tape 9", "0100"), rows)
    assert found.remedy == "update its firmware to 0200 or later (https://example.org)"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.product} {row.before}")
def test_every_row_has_a_public_source_and_says_what_is_wrong(row):
    assert row.source.startswith("https://")
    assert len(row.fact) > 20
    assert len(row.before) == 4
    assert row.before == row.before.upper()
