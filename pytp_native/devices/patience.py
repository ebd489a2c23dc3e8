# SPDX-License-Identifier: WTFPL OR MIT
"""Open a tape for a job although somebody is just looking at its drive: `pytp diag` and a poll of `pytp metrics` keep
it for a moment, and st has one opener."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytp_native.errors import DeviceBusy
from pytp_native.transport import open_tape

if TYPE_CHECKING:
    from pytp_native.transport.base import TapeTransport

MOST_S = 2.0
"""A look takes 5 to 50 ms."""
_STEP_S = 0.02


def open_patiently(address: str, *, write: bool = False, status_only: bool = False) -> TapeTransport:
    """Open it as transport.open_tape does, if need be when it is free. DeviceBusy if it is not by then."""
    deadline = time.monotonic() + MOST_S
    while True:
        try:
            return open_tape(address, write=write, status_only=status_only)
        except DeviceBusy:
            if time.monotonic() >= deadline:
                raise
        time.sleep(_STEP_S)
