# SPDX-License-Identifier: WTFPL OR MIT
"""Attributes of the cartridge memory: values, words, what is written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import UsageError
from pytp_native.scsi import executor, mam
from pytp_native.scsi.mam import Attribute
from pytp_native.spec.mam import ASCII, ATTRIBUTES, BINARY, TEXT, attribute_name, is_writable
from tests.unit.scsi.answers import Answers


def written(command) -> tuple[Attribute, ...]:
    """What a device would read back of a WRITE ATTRIBUTE."""
    return executor.run(Answers([command.data_out]), mam.read_attributes())


def test_a_barcode_is_padded_with_blanks():
    (one,) = written(mam.write_attributes([mam.attribute(0x0806, "A00001L9")]))
    assert (one.identifier, one.format, one.value) == (0x0806, ASCII, b"A00001L9".ljust(32))
    assert one.text == "A00001L9"


def test_an_empty_value_deletes():
    command = mam.write_attributes([mam.attribute(0x0803, "")])
    assert command.data_out.hex() == "000000050803020000"


def test_numbers_have_the_length_of_the_table():
    assert mam.attribute(0x0805, 0x81).value == b"\x81"
    assert mam.attribute(0x0009, 5).value == bytes((0, 0, 0, 5))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(sorted(ATTRIBUTES)), st.binary(max_size=40)), max_size=5))
def test_what_is_written_is_what_is_read(pairs):
    attributes = tuple(Attribute(identifier, ATTRIBUTES[identifier].format, value) for identifier, value in pairs)
    assert written(mam.write_attributes(attributes)) == attributes


def test_text_that_is_no_utf_8_is_shown_as_bytes():
    assert Attribute(0x0803, TEXT, "Bänder".encode() + bytes(10)).text == "Bänder"
    assert Attribute(0x0803, TEXT, b"B\xe4nder  ").text == "B\\xe4nder"
    assert Attribute(0x0806, ASCII, b"A\xff1  ").text == "A\\xff1"


@pytest.mark.parametrize(("value", "number"), [(b"\0\1", 1), (b"", None), (b"\xff" * 8, None)])
def test_all_ones_is_unknown(value, number):
    assert Attribute(0x0224, BINARY, value).number == number


def test_unknown_attributes_are_named_by_their_owner():
    assert attribute_name(0x0123) == "device attribute 0123h"
    assert attribute_name(0x0BFF) == "host attribute 0bffh"
    assert attribute_name(0x1666) == "vendor's host attribute 1666h"
    assert attribute_name(0xFFFF) == "reserved attribute ffffh"


def test_only_host_attributes_can_be_written():
    assert [is_writable(one) for one in (0x0000, 0x0401, 0x0806, 0x0BFF, 0x0C00, 0x1000, 0x1623)] == [
        False, False, True, True, False, False, True,
    ]  # fmt: skip


def test_a_value_that_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="barcode: 33 bytes do not fit into 32"):
        mam.attribute(0x0806, "x" * 33)


def test_partitions_are_numbered_from_the_first():
    assert executor.run(Answers([bytes.fromhex("0002 00 02")]), mam.list_partitions()) == range(2)
