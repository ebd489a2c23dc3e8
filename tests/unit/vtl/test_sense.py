# SPDX-License-Identifier: WTFPL OR MIT
"""Sense data against the bytes of SPC-5 table 48, spelled out."""

from pytp_native.vtl import sense
from pytp_native.vtl.sense import Sense


def test_end_of_data_is_blank_check_0005_with_the_residual():
    assert sense.end_of_data(3).encode() == bytes.fromhex("f0 00 08 00000003 0a 00000000 0005 00 000000")


def test_a_filemark_sets_its_bit_and_no_key():
    assert sense.filemark(2).encode() == bytes.fromhex("f0 00 80 00000002 0a 00000000 0001 00 000000")


def test_a_block_too_long_has_a_negative_residual():
    assert sense.wrong_length(-500).encode() == bytes.fromhex("f0 00 20 fffffe0c 0a 00000000 0000 00 000000")


def test_no_medium_has_no_valid_information():
    assert sense.NO_MEDIUM.encode() == bytes.fromhex("70 00 02 00000000 0a 00000000 3a00 00 000000")


def test_early_warning_is_end_of_medium_without_a_key():
    assert sense.EARLY_WARNING.encode()[2] == 0x40
    assert sense.overflow(1).encode()[2] == 0x4D


def test_a_unit_attention_carries_its_code():
    assert Sense(6, 0x2800).encode()[12:14] == b"\x28\x00"
