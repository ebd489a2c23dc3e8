# SPDX-License-Identifier: WTFPL OR MIT
"""The drive's own test of itself (SEND DIAGNOSTIC, SPC-6), and the diagnostic pages that it has."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pytp_native.devices.retry import CALM
from pytp_native.devices.time_limits import time_limits_of
from pytp_native.errors import NotSupported, PytpError
from pytp_native.light import NamedTuple
from pytp_native.scsi import executor, judge
from pytp_native.scsi.diagnostic import default_self_test, receive_diagnostic_results
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import sense as codes

if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet

_FAILED = frozenset({codes.HARDWARE_ERROR, codes.MEDIUM_ERROR})


class SelfTestResult(NamedTuple):
    passed: bool | None
    """None: the drive has no such test."""
    words: str
    seconds: float
    pages: tuple[int, ...] = ()
    """Diagnostic pages that the drive has; () where it tells none."""


def run_self_test(device: Quiet, *, clock: Callable[[], float] = time.monotonic) -> SelfTestResult:
    """Have the drive test itself; return when it has, after up to an hour. The medium stays as it is, the position may
    not: rewind afterwards. Raises what is no answer to the test (not ready, busy, no such device)."""
    limits = time_limits_of(device.scsi, device.inquiry)
    began = clock()
    try:
        executor.run(device.scsi, default_self_test(), CALM, timeouts=limits, vendor=device.inquiry.vendor)
    except NotSupported as exc:
        return SelfTestResult(None, f"the drive has no self-test ({exc.fact})", clock() - began)
    except PytpError as exc:
        told = parse_sense(exc.sense) if exc.sense else None
        if told is None or told.key not in _FAILED:
            raise
        return SelfTestResult(False, judge.describe(told), clock() - began, _pages(device))
    return SelfTestResult(True, "passed", clock() - began, _pages(device))


def _pages(device: Quiet) -> tuple[int, ...]:
    """Page 00h lists the others (SPC-6); many drives have none at all."""
    try:
        return tuple(executor.run(device.scsi, receive_diagnostic_results(0), CALM).data)
    except PytpError:
        return ()
