# SPDX-License-Identifier: WTFPL OR MIT
"""Sense data in both formats, however short."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.errors import BadReply
from pytp_native.scsi.sense import Sense, key_name, parse_sense
from tests.unit.scsi.answers import fixed


def descriptors(key: int, code: int, *more: str, response: int = 0x72) -> bytes:
    tail = b"".join(bytes.fromhex(one) for one in more)
    return bytes((response, key)) + code.to_bytes(2, "big") + bytes(3) + bytes((len(tail),)) + tail


def test_fixed_format():
    sense = parse_sense(bytes.fromhex("f0 00 83 ff ff fc 00 0a 01 02 03 04 14 01 07 80 00 05"))
    assert (sense.key, sense.asc, sense.ascq, sense.code) == (3, 0x14, 0x01, 0x1401)
    assert (sense.filemark, sense.eom, sense.ili) == (True, False, False)
    assert sense.information == -1024
    assert sense.command_specific == 0x01020304
    assert (sense.fru, sense.retries, sense.progress) == (7, 5, None)
    assert not sense.deferred


def test_descriptor_format():
    raw = descriptors(
        0x3,
        0x1100,
        "00 0a 80 00 ff ff ff ff ff ff fc 00",  # information
        "01 0a 00 00 00 00 00 00 00 00 00 09",  # command-specific
        "02 06 00 00 80 00 05 00",  # sense-key specific
        "03 02 00 07",  # FRU
        "04 02 00 e0",  # stream commands
        "80 03 61 62 63",  # a vendor's
    )
    sense = parse_sense(raw)
    assert (sense.key, sense.code, sense.information, sense.command_specific) == (3, 0x1100, -1024, 9)
    assert (sense.fru, sense.retries) == (7, 5)
    assert (sense.filemark, sense.eom, sense.ili) == (True, True, True)


@pytest.mark.parametrize("flags", range(0, 0x100, 0x20))
@pytest.mark.parametrize("information", [None, 0, 5, -7, 0x7FFFFFFF])
def test_both_formats_say_the_same(flags, information):
    more = [f"04 02 00 {flags & 0xE0:02x}", "02 06 00 00 c8 00 04 00"]
    if information is not None:
        more.append("00 0a 80 00" + (information & (1 << 64) - 1).to_bytes(8, "big").hex())
    one = parse_sense(fixed(5, 0x2400, flags=flags & 0xE0, information=information, specific=b"\xc8\x00\x04"))
    other = parse_sense(descriptors(5, 0x2400, *more))
    assert one._replace(raw=b"") == other._replace(raw=b"")


@pytest.mark.parametrize(("response", "deferred"), [(0x70, False), (0x71, True), (0x72, False), (0x73, True)])
def test_deferred_errors_belong_to_an_earlier_command(response, deferred):
    raw = descriptors(3, 0x0C00, response=response) if response >= 0x72 else fixed(3, 0x0C00, deferred=deferred)
    assert parse_sense(raw).deferred is deferred


@pytest.mark.parametrize(
    ("specific", "text"),
    [
        (b"\xc9\x00\x04", "CDB byte 4 bit 1"),
        (b"\xc0\x00\x04", "CDB byte 4"),
        (b"\x80\x00\x0c", "parameter byte 12"),
        (b"\x8f\x01\x00", "parameter byte 256 bit 7"),
        (b"\x40\x00\x04", ""),
    ],
)
def test_the_field_in_error(specific, text):
    assert parse_sense(fixed(5, 0x2400, specific=specific)).field_in_error == text


@pytest.mark.parametrize("key", [0, 2])
def test_progress(key):
    assert parse_sense(fixed(key, 0x0401, specific=b"\x80\x40\x00")).progress == 0.25
    assert parse_sense(fixed(key, 0x0401)).progress is None


def test_information_counts_only_when_it_is_valid():
    raw = bytearray(fixed(8, 5, information=3))
    raw[0] &= 0x7F
    assert parse_sense(bytes(raw)).information is None
    assert parse_sense(descriptors(8, 5, "00 0a 00 00 00 00 00 00 00 00 00 03")).information is None


@pytest.mark.parametrize("length", range(3, 18))
def test_short_fixed_data_give_what_they_have(length):
    sense = parse_sense(fixed(3, 0x1100, information=5)[:length])
    assert sense.key == 3
    assert sense.asc == (0x11 if length > 12 else 0)
    assert sense.information == (5 if length >= 7 else None)


def test_the_additional_length_ends_the_data():
    raw = bytearray(fixed(3, 0x1100))
    raw[7] = 4  # ends before the ASC
    assert parse_sense(bytes(raw)).code == 0


def test_progress_may_come_in_a_descriptor_of_its_own():
    assert parse_sense(descriptors(0, 0x0018, "0a 06 02 04 04 00 40 00")).progress == 0.25
    assert parse_sense(descriptors(0, 0x0018, "02 06 00 00 80 80 00 00", "0a 06 02 04 04 00 40 00")).progress == 0.5
    assert parse_sense(descriptors(0, 0x0018, "0a 04 02 04 04 00")).progress is None


def test_sense_data_that_did_not_fit():
    assert parse_sense(fixed(3, 0x1100)[:2] + b"\x13" + fixed(3, 0x1100)[3:]).overflow
    assert not parse_sense(fixed(3, 0x1100)).overflow
    assert parse_sense(bytes.fromhex("72 03 11 00 80 00 00 00")).overflow


def test_a_descriptor_without_end_stops_nothing():
    assert parse_sense(descriptors(5, 0x2000, "00 ff 80")).code == 0x2000
    assert parse_sense(descriptors(5, 0x2000, "00 00", "04 02 00 80")).filemark


def test_the_first_descriptor_of_a_kind_counts():
    assert not parse_sense(descriptors(0, 0, "04 02 00 00", "04 02 00 80")).filemark


@pytest.mark.parametrize("raw", [b"", b"\x70", b"\x70\x00", b"\x72\x05\x20", b"\x7f" * 18, bytes(18), b"\x6f" * 8])
def test_what_cannot_be_read_is_told(raw):
    with pytest.raises(BadReply, match="cannot be read"):
        parse_sense(raw)


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=252), st.sampled_from([0x70, 0x71, 0x72, 0x73, 0xF0, 0xF2]))
def test_random_bytes_are_sense_data_or_a_bad_reply(data, response):
    for raw in (data, bytes((response,)) + data):
        try:
            sense = parse_sense(raw)
        except BadReply:
            continue
        assert isinstance(sense, Sense)
        assert 0 <= sense.key <= 15
        assert key_name(sense.key)
        assert isinstance(sense.field_in_error, str)
