# SPDX-License-Identifier: WTFPL OR MIT
"""The consent rule stands on these two parsers, so they are tested without any hardware."""

from hwtests.changer import DRIVE, SLOT, Element, made_whole, parse_barcode, parse_elements


def page(kind: int, *elements: tuple[int, bool, str]) -> bytes:
    """An element status page with volume tags, 52-byte descriptors."""
    body = b"".join(
        address.to_bytes(2, "big") + bytes((full,)) + bytes(9) + barcode.encode().ljust(32) + bytes(8)
        for address, full, barcode in elements
    )
    return bytes((kind, 0x80)) + (52).to_bytes(2, "big") + b"\0" + len(body).to_bytes(3, "big") + body


def status(*pages: bytes) -> bytes:
    return bytes(5) + len(b"".join(pages)).to_bytes(3, "big") + b"".join(pages)


def test_elements_of_every_page_are_found():
    data = status(page(SLOT, (1001, True, "A00001L6"), (1002, False, "")), page(DRIVE, (1, True, "A00009L6")))
    assert parse_elements(data) == [
        Element(SLOT, 1001, True, "A00001L6"),
        Element(SLOT, 1002, False, ""),
        Element(DRIVE, 1, True, "A00009L6"),
    ]


def test_elements_cut_off_by_the_transfer_are_left_out():
    data = status(page(SLOT, (1001, True, "A00001L6"), (1002, True, "A00002L6")))
    assert [one.address for one in parse_elements(data[:-1])] == [1001]


def test_what_a_device_owes_is_zeros():
    data = status(page(SLOT, (1001, True, "A00001L6"), (1002, True, "A00002L6")))
    assert parse_elements(made_whole(data[:-8])) == parse_elements(data)


def test_the_barcode_is_read_from_the_attribute():
    attribute = bytes((0x08, 0x06, 1, 0, 32)) + b"A00009L6".ljust(32)
    assert parse_barcode(len(attribute).to_bytes(4, "big") + attribute) == "A00009L6"


def test_another_attribute_is_no_barcode():
    attribute = bytes((0x08, 0x07, 1, 0, 32)) + b"A00009L6".ljust(32)
    assert parse_barcode(len(attribute).to_bytes(4, "big") + attribute) == ""


def test_an_empty_answer_is_no_barcode():
    assert parse_barcode(b"") == ""
