# SPDX-License-Identifier: WTFPL OR MIT
"""What bulk transfers answer; `records` hands these out."""

from __future__ import annotations

from enum import Enum

from pytp_native.errors import PytpError
from pytp_native.light import NamedTuple


class Stop(Enum):
    """Why a bulk transfer came back."""

    END_OF_STREAM = "end of stream"
    """The ring's producer finished and every block is on the device."""
    FILEMARK = "filemark"
    """A read met a filemark; the tape stands behind it."""
    END_OF_DATA = "end of data"
    """A read met the end of the recorded data; the tape stands there."""
    EARLY_WARNING = "early warning"
    """A write got ENOSPC after earlier success: the tape is near its end. Nothing of that block was written and it is
    still in the ring; calling again writes on, until END_OF_MEDIUM."""
    END_OF_MEDIUM = "end of medium"
    """ENOSPC again with nothing written in between: the physical end."""
    CANCELLED = "cancelled"
    """The ring was stopped; the block in flight was finished."""
    LIMIT = "limit"
    """The requested number of blocks was moved."""
    ERROR = "error"
    """`error` says what; blocks before it are done."""


class Moved(NamedTuple):
    """What a bulk transfer did: whole blocks done on the device, and why it stopped."""

    blocks: int
    data_bytes: int
    stop: Stop
    error: PytpError | None = None
