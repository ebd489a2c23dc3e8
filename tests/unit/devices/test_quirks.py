# SPDX-License-Identifier: WTFPL OR MIT
"""What single devices do differently: rows that match, and a site's own."""

from __future__ import annotations

from dataclasses import fields

import pytest

from pytp_native.devices.quirks import ROWS, Quirks, quirks_of, site_rows
from pytp_native.errors import ConfigError
from pytp_native.scsi.inquiry import CHANGER, TAPE, Inquiry, parse_inquiry
from tests.golden import golden


def device(vendor: str, product: str, revision: str = "0001", device_type: int = TAPE) -> Inquiry:
    return Inquiry(device_type, vendor, product, revision)


def test_an_unknown_device_keeps_to_the_standard():
    assert quirks_of(device("ACME", "TAPE")) == Quirks()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.vendor} {row.product}")
def test_every_row_changes_what_there_is_and_says_how_it_is_known(row):
    names = {field.name for field in fields(Quirks)}
    assert set(row.changes) <= names
    assert row.changes
    assert row.evidence
    assert any(getattr(Quirks(), name) != value for name, value in row.changes.items())


@pytest.mark.parametrize("product", ["ULTRIUM-TD9", "ULT3580-TD9", "ULT3580-HH9"])
def test_an_lto_9_may_take_two_hours_for_its_first_load(product):
    assert quirks_of(device("IBM", product)).first_load_s == 7200.0
    assert quirks_of(device("IBM", product.replace("9", "8"))).first_load_s == Quirks().first_load_s


def test_rows_add_up():
    both = quirks_of(device("IBM", "ULT3580-TD9"))
    assert (both.first_load_s, both.locate_file_offset) == (7200.0, -1)


def test_a_row_can_be_for_one_type_of_device_and_one_revision():
    library = parse_inquiry(golden("mhvtl-inquiry-changer"))
    assert library.device_type == CHANGER
    assert quirks_of(library).locate_file_offset == 0
    assert quirks_of(library).inventory_range_opcode == 0xE7
    assert quirks_of(library._replace(revision="9999")).inventory_range_opcode == 0x37


def test_a_site_adds_rows():
    rows = site_rows([{"vendor": "acme", "product": "tape*", "unload_before_move": False}], source="config.json")
    found = quirks_of(device("ACME", "TAPE 9000"), (*ROWS, *rows))
    assert found.unload_before_move is False
    assert rows[0].evidence == "config.json"
    assert quirks_of(device("OTHER", "TAPE 9000"), (*ROWS, *rows)) == Quirks()


@pytest.mark.parametrize(
    "told",
    [{"unload": True}, {"first_load_s": "long"}, {"unload_before_move": 1}, {"most_transfer_bytes": True}],
)
def test_a_sites_mistake_is_named_with_its_file(told):
    with pytest.raises(ConfigError, match=r"^/etc/pytp\.json: quirk"):
        site_rows([{"vendor": "ACME", **told}], source="/etc/pytp.json")


def test_a_whole_number_of_seconds_is_a_number_of_seconds():
    (row,) = site_rows([{"vendor": "ACME", "first_load_s": 60}], source="x")
    assert row.changes == {"first_load_s": 60}
