# SPDX-License-Identifier: WTFPL OR MIT
"""What single devices do differently: rows that match, and that all of them are honoured."""

from __future__ import annotations

from pathlib import Path

import pytest

import pytp_native
from pytp_native.devices.quirks import ROWS, Quirks, Row, quirks_of
from pytp_native.scsi.inquiry import TAPE, Inquiry, parse_inquiry
from tests.golden import golden


def device(vendor: str, product: str, revision: str = "0001", device_type: int = TAPE) -> Inquiry:
    return Inquiry(device_type, vendor, product, revision)


def test_an_unknown_device_keeps_to_the_standard():
    assert quirks_of(device("ACME", "TAPE")) == Quirks()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.vendor} {row.product}")
def test_every_row_changes_what_there_is_and_says_how_it_is_known(row):
    names = set(Quirks._fields)
    assert set(row.changes) <= names
    assert row.changes
    assert row.evidence
    assert any(getattr(Quirks(), name) != value for name, value in row.changes.items())


@pytest.mark.parametrize("product", ["ULTRIUM-TD9", "ULT3580-TD9", "ULT3580-HH9"])
def test_an_lto_9_may_take_two_hours_for_its_first_load(product):
    assert quirks_of(device("IBM", product)).first_load_s == 7200.0
    assert quirks_of(device("IBM", product.replace("9", "8"))).first_load_s == Quirks().first_load_s


def test_rows_add_up_and_a_later_one_counts():
    rows = (
        Row("ACME", "*", {"volume_tags": False, "first_load_s": 60.0}, "x"),
        Row("acme", "TAPE*", {"first_load_s": 90.0}, "y"),
    )
    found = quirks_of(device("ACME", "TAPE 9000"), rows)
    assert (found.volume_tags, found.first_load_s) == (False, 90.0)
    assert quirks_of(device("OTHER", "TAPE 9000"), rows) == Quirks()


def test_a_row_can_be_for_one_revision():
    library = parse_inquiry(golden("mhvtl-inquiry-changer"))
    assert quirks_of(library).inventory_range_opcode == 0xE7
    assert quirks_of(library._replace(revision="9999")).inventory_range_opcode == 0x37


@pytest.mark.parametrize("name", Quirks._fields)
def test_every_quirk_is_honoured_somewhere(name):
    """A row that no code reads would look like support."""
    code = Path(pytp_native.__file__).parent
    readers = [path for path in code.rglob("*.py") if path.name != "quirks.py" and f".{name}" in path.read_text()]
    assert readers
