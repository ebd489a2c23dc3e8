# SPDX-License-Identifier: WTFPL OR MIT
"""What a virtual logical unit answers, and how its answers are cut."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.spec import opcodes
from pytp_native.vtl.sense import Sense


class TargetReply(NamedTuple):
    """SAM status, sense data, data-in (cut to the allocation length, not to the buffer)."""

    status: int
    sense: bytes = b""
    data: bytes = b""
    seconds: float = 0.0
    """How long a real one would have been at it."""
    problem: Sense | None = None
    """What `sense` tells, for another format."""


GOOD = TargetReply(opcodes.GOOD)
BUSY = TargetReply(opcodes.BUSY)


def check(problem: Sense) -> TargetReply:
    return TargetReply(opcodes.CHECK_CONDITION, problem.encode(), problem=problem)


def answer(data: bytes, allocated: int) -> TargetReply:
    """GOOD with data; too small an allocation length cuts it and is no error (SPC-5 4.2.5.6)."""
    return TargetReply(opcodes.GOOD, data=data[:allocated])


def verdict(problem: Sense | None) -> TargetReply:
    return GOOD if problem is None else check(problem)


def ascii_field(text: str, width: int) -> bytes:
    """Text as SCSI has it: left-aligned, padded with spaces, cut."""
    return text.encode("ascii", "replace")[:width].ljust(width)
