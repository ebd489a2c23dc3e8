# SPDX-License-Identifier: WTFPL OR MIT
"""VPD and mode pages as values: what they say, cut anywhere, and of any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytp_native.scsi.mode import ModePage
from pytp_native.scsi.page_values import mode_value, vpd_value

FAMILIES = ("", "IBM", "HP", "Quantum")
SERIAL = bytes.fromhex("018000084142433132333435")
CAPABILITIES = bytes.fromhex("01b0000101")
ALERTS = bytes.fromhex("01b20008c000000000000001")
PLACE = bytes.fromhex("01b400020102")
COMPRESSION = ModePage(0x0F, 0, bytes.fromhex("0f0ec08000000001000000010000000000"[:32]))
ELEMENTS = ModePage(0x1D, 0, bytes.fromhex("1d12000000010400000803000001010000020000"))


def test_known_pages_are_read() -> None:
    assert vpd_value(SERIAL) == "ABC12345"
    assert vpd_value(CAPABILITIES)._asdict() == {"worm": True, "stream_mirroring": False}  # type: ignore[attr-defined]
    assert vpd_value(ALERTS) == (1, 2, 64)
    assert vpd_value(PLACE) == 0x102
    assert vpd_value(bytes((1, 0, 0, 2, 0x00, 0x83))) == ("00h", "83h")


def test_a_page_that_nobody_knows_is_its_bytes() -> None:
    assert vpd_value(b"\x01\xc7\0\x02\xaa\xbb") == b"\xaa\xbb"
    assert mode_value(ModePage(0x3A, 0, b"\x3a\x01\x07")) == b"\x3a\x01\x07"


def test_a_tape_s_page_is_not_read_into_a_library_s() -> None:
    assert vpd_value(CAPABILITIES, changer=True) == b"\x01"
    assert isinstance(mode_value(ELEMENTS, changer=True), dict)
    assert mode_value(ModePage(0x1F, 0, bytes(20)), changer=False) == bytes(20)


def test_mode_pages_by_field() -> None:
    told = mode_value(COMPRESSION)
    assert isinstance(told, dict)
    assert (told["dce"], told["dcc"], told["dde"], told["algorithm"]) == (True, True, True, 1)
    assert not {"page", "length", "saveable"} & set(told)
    places = mode_value(ELEMENTS, changer=True)
    assert isinstance(places, dict)
    assert (places["first_storage"], places["storage"], places["drives"]) == (0x400, 8, 2)


@pytest.mark.parametrize("page", [SERIAL, CAPABILITIES, ALERTS, PLACE])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_page_that_is_cut_anywhere_is_no_failure(page: bytes, family: str) -> None:
    for length in range(4, len(page)):
        vpd_value(page[:length], family=family)


def test_a_mode_page_that_is_cut_anywhere_is_its_bytes_or_its_fields() -> None:
    for length in range(2, len(COMPRESSION.data)):
        cut = ModePage(0x0F, 0, COMPRESSION.data[:length])
        assert isinstance(mode_value(cut), (bytes, dict))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 255), st.binary(max_size=80), st.sampled_from(FAMILIES), st.booleans())
def test_any_bytes_have_a_value(page: int, body: bytes, family: str, changer: bool) -> None:
    told = bytes((0x08 if changer else 0x01, page)) + len(body).to_bytes(2, "big") + body
    vpd_value(told, family=family, changer=changer)
    mode_value(ModePage(page & 0x3F, 0, bytes((page & 0x3F, len(body))) + body), changer=changer)
    mode_value(ModePage(0x0A, page, bytes((0x4A, page)) + len(body).to_bytes(2, "big") + body), changer=changer)
