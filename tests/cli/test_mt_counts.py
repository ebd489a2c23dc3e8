# SPDX-License-Identifier: WTFPL OR MIT
"""Counts: what C's strtol reads, mt's units, and what mt-st gets wrong."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytp_cli.mt_counts import CountError, count, number, strtol

LIBC = ctypes.CDLL(None)
LIBC.strtol.restype = ctypes.c_long
LIBC.strtol.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int]


def c_strtol(text: str) -> tuple[int, str] | None:
    raw = ctypes.create_string_buffer(text.encode())
    end = ctypes.c_void_p()
    value = LIBC.strtol(ctypes.cast(raw, ctypes.c_char_p), ctypes.byref(end), 0)
    used = (end.value or 0) - ctypes.addressof(raw)
    return (value, text[used:]) if used else None


@given(st.text(alphabet="0123456789abfxXkMG+- \t", max_size=12))
def test_numbers_are_read_as_c_reads_them(text: str) -> None:
    assert strtol(text) == c_strtol(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("0x10", 16), ("010", 8), (" +5", 5), ("2k", 2048), ("3M", 3 << 20), ("1G", 1 << 30), ("10kB", 10240),
     ("0", 0), ("2147483647", 0x7FFFFFFF)],
)  # fmt: skip
def test_counts_have_units(text: str, value: int) -> None:
    assert count(text) == value


@pytest.mark.parametrize(
    ("text", "message", "code"),
    [
        ("10q", "illegal count unit.", 3),
        ("08", "illegal count unit.", 3),
        ("7 ", "illegal count unit.", 3),
        ("1K", "illegal count unit.", 3),
        ("2G", "repeat count too large.", 3),
        ("3000000k", "repeat count too large.", 3),
        ("-1", "negative repeat count", 1),
        ("-1k", "negative repeat count", 1),
        # mt-st takes these for 705032704, 0 and 0.
        ("5000000000", "repeat count too large.", 3),
        ("abc", 'illegal count "abc".', 3),
        ("", 'illegal count "".', 3),
    ],
)
def test_counts_that_cannot_be_meant_are_refused(text: str, message: str, code: int) -> None:
    with pytest.raises(CountError) as caught:
        count(text)
    assert (caught.value.message, caught.value.code) == (message, code)


def test_a_partition_size_may_be_negative() -> None:
    assert count("-5", negative=True) == -5


@pytest.mark.parametrize(("text", "value"), [("-1", -1), ("12x", 12), ("0x20", 32), ("4294967295", 0xFFFFFFFF)])
def test_settings_take_any_number_and_ignore_what_follows(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["x", "", "4294967296", "-2147483648"])
def test_settings_refuse_what_is_no_number_of_32_bits(text: str) -> None:
    with pytest.raises(CountError):
        number(text)
