# SPDX-License-Identifier: WTFPL OR MIT
"""SHA-256 in plain C and with the processor's own instructions is one function; test_pack holds it to hashlib."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytp_native.ffi import ffi, lib


@pytest.mark.skipif(not lib.pytp_sha256_ni_here(), reason="this processor has no SHA extensions")
@given(st.lists(st.integers(0, 2**32 - 1), min_size=8, max_size=8), st.binary(min_size=64, max_size=320))
def test_both_ways_take_in_blocks_alike(state: list[int], data: bytes) -> None:
    plain, native = ffi.new("uint32_t[8]", state), ffi.new("uint32_t[8]", state)
    lib.pytp_sha256_compress_portable(plain, data, len(data) // 64)
    lib.pytp_sha256_compress_ni(native, data, len(data) // 64)
    assert list(plain) == list(native)


def test_plain_c_gives_the_standard_s_example() -> None:
    """FIPS 180-4's example: the digest of b"abc"."""
    state = ffi.new(
        "uint32_t[8]", [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19]
    )
    lib.pytp_sha256_compress_portable(state, b"abc\x80" + bytes(59) + b"\x18", 1)
    digest = b"".join(word.to_bytes(4, "big") for word in state)
    assert digest.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
