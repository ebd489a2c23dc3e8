# SPDX-License-Identifier: WTFPL OR MIT
"""Retry policy, as data: which answers are waited out, how often and how long (see scsi/policy.py).

Nothing here lets a command be repeated that moves the tape or writes: commands say of themselves whether they may be.
"""

from __future__ import annotations

from pytp_native.scsi.policy import Policy, Rule
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes

FIRST_LOAD_S = 7200.0
"""A new LTO-9 cartridge is measured once, for 20 minutes to two hours, and must not be disturbed."""

UNIT_ATTENTION = Rule("unit attention", keys=frozenset({codes.UNIT_ATTENTION}), attempts=4)
"""Each pending one is told once; four kinds can wait after a reset of a library."""
BUSY = Rule("busy", statuses=frozenset({opcodes.BUSY, opcodes.TASK_SET_FULL}), attempts=30, wait_s=1.0)
RESERVED = Rule("reserved by another host", statuses=frozenset({opcodes.RESERVATION_CONFLICT}), attempts=3, wait_s=2.0)
ABORTED = Rule("aborted", keys=frozenset({codes.ABORTED_COMMAND}), attempts=2, wait_s=0.5)

_GETTING_READY = frozenset({
    codes.BECOMING_READY, codes.FORMATTING, codes.OPERATION_IN_PROGRESS, codes.SELF_TEST_IN_PROGRESS, 0x0414, 0x3E00,
})  # fmt: skip


def becoming_ready(deadline_s: float, *, wait_s: float = 2.0) -> Rule:
    """Wait for a device that says that it is on its way; its sense data tell the progress."""
    return Rule(
        "becoming ready", keys=frozenset({codes.NOT_READY}), codes=_GETTING_READY, wait_s=wait_s, deadline_s=deadline_s
    )


CALM = Policy((UNIT_ATTENTION, BUSY, RESERVED, ABORTED))
"""For questions: what is over in a moment is waited out, a device that is not ready says so at once."""
LOADING = Policy((UNIT_ATTENTION, BUSY, RESERVED, ABORTED, becoming_ready(FIRST_LOAD_S)))
"""For TEST UNIT READY after a load."""
LIBRARY = Policy((UNIT_ATTENTION, BUSY, RESERVED, ABORTED, becoming_ready(1800.0)))
"""For a library that starts or takes its inventory."""
EXACT = Policy()
"""The answer as it is: diagnostics, tests, drop-ins that retry in their own way."""
