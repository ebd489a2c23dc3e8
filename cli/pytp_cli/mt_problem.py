# SPDX-License-Identifier: WTFPL OR MIT
"""What ends a command of mt before its end."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_cli.mt_counts import CountError
    from pytp_cli.mt_device import Device, Failed
    from pytp_cli.mt_run import Run
    from pytp_native.transport.records import MtStatus

FAILED = 2
"""Exit status when the device did not do it (mt-st: 1 usage and open, 3 counts)."""


class Problem(Exception):
    """mt's own lines, its exit status, the errno behind it, and who tells the rest once MTIOCGET was asked."""

    def __init__(self, lines: str, code: int, explain: Callable[[MtStatus | None], object], *, number: int = 0) -> None:
        self.lines = lines
        self.code = code
        self.explain = explain
        self.number = number
        super().__init__(lines, code)

    @classmethod
    def of_count(cls, run: Run, error: CountError) -> Problem:
        """A count that cannot be meant."""
        return cls(f"{run.program}: {error.message}\n", error.code, lambda _after: f"{run.said}: {error.advice}")

    @classmethod
    def of_operation(cls, run: Run, device: Device, code: int, count: int, failed: Failed) -> Problem:
        """An MTIOCTOP that failed."""

        def explain(after: MtStatus | None) -> object:
            from pytp_cli import mt_story

            return mt_story.operation(device, code, count, failed, after, run.said)

        return cls(_perror(device, failed), FAILED, explain, number=failed.code)

    @classmethod
    def of_question(cls, run: Run, device: Device, failed: Failed) -> Problem:
        """An MTIOCGET or MTIOCPOS that failed."""

        def explain(after: MtStatus | None) -> object:
            from pytp_cli import mt_story

            return mt_story.asking(device, failed, after, run.said)

        return cls(_perror(device, failed), FAILED, explain, number=failed.code)


def _perror(device: Device, failed: Failed) -> str:
    return f"{device.name}: {os.strerror(failed.code)}\n"
