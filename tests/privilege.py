# SPDX-License-Identifier: WTFPL OR MIT
"""Root, for a while, as somebody whom permission bits bind."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION_3 = 0x20080522
_OVERRIDES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (linux/capability.h)."""


@contextmanager
def bound_by_permissions() -> Iterator[None]:
    """Take the capabilities that override permission bits out of this thread's effective set (capset(2)); threads that
    it starts inherit that. Changes nothing for a user who has none."""
    libc = ctypes.CDLL(None, use_errno=True)
    head = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    before = (ctypes.c_uint32 * 6)()
    if libc.capget(head, before):
        raise OSError(ctypes.get_errno(), "capget")
    less = (ctypes.c_uint32 * 6)(*before)
    less[0] &= ~_OVERRIDES  # the effective set's low word
    try:
        if libc.capset(head, less):
            raise OSError(ctypes.get_errno(), "capset")
        yield
    finally:
        libc.capset(head, before)
