# SPDX-License-Identifier: WTFPL OR MIT
"""Runs one command of mt on one device: what it says, in which order, and its exit status."""

from __future__ import annotations

import errno
import os

from pytp_cli.mt_counts import CountError
from pytp_cli.mt_device import Failed, open_device
from pytp_cli.mt_problem import Problem
from pytp_cli.mt_ways import WAYS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from pytp_cli.mt_device import Device
    from pytp_cli.mt_table import Command
    from pytp_native.transport.records import MtStatus


class Run:
    """One command line: what is asked for, and where the answers go."""

    def __init__(
        self, program: str, command: Command, arguments: list[str], *, out: Callable[[str], None],
        err: Callable[[str], None], as_json: bool = False,
    ) -> None:  # fmt: skip
        self.program = program
        self.command = command
        self.arguments = arguments
        self.out = out
        self.err = err
        self.as_json = as_json
        self.said = " ".join([command.name, *arguments])
        self.found: dict[str, Any] = {}
        """What --json shows beyond what every object has."""

    def on(self, name: str) -> int:
        """Open the device, do it, close it; return the exit status."""
        code = self._run(name)
        if self.as_json:
            from pytp_cli.object_line import show_object

            show_object(self.command.name, name, code, self.found)
        return code

    def _run(self, name: str) -> int:
        try:
            device = open_device(name, write=self.command.writes, wait=self.command.waits)
        except Failed as failed:
            return self._not_opened(name, failed)
        try:
            code = self._do(device)
        finally:
            self._close(device)
        return code

    def _do(self, device: Device) -> int:
        try:
            WAYS[self.command.kind](self, device)
        except CountError as error:
            return self._failed(device, Problem.of_count(self, error))
        except Problem as problem:
            return self._failed(device, problem)
        return 0

    def _not_opened(self, name: str, failed: Failed) -> int:
        # perror(3) leaves out a name that is empty.
        self.err((f"{name}: " if name else "") + f"{os.strerror(failed.code)}\n")
        from pytp_cli import mt_story

        self._explain(mt_story.opening(name, failed, write=self.command.writes))
        return 1

    def _failed(self, device: Device, problem: Problem) -> int:
        """Say what mt says, then why; return the exit status."""
        self.err(problem.lines)
        after = device.look()
        if problem.number == errno.ENOSYS:
            self.err(f"{self.program}: Command not supported by this kernel.\n")
        elif self.command.waits and after is not None:
            self._remark(after)
        self._explain(problem.explain(after))
        return problem.code

    def _remark(self, after: MtStatus) -> None:
        """mt's own two remarks. mt-st 1.7 made the second one when it was not so; 1.8 makes it when it is."""
        from pytp_cli.mt_status import is_scsi
        from pytp_native.transport.records import GMT_ONLINE, GMT_WR_PROT

        if not is_scsi(after):
            return
        if not after.has(GMT_ONLINE):
            self.err(f"{self.program}: The device is offline (not powered on, no tape ?).\n")
        if self.command.tests_protection and after.has(GMT_WR_PROT):
            self.err(f"{self.program}: The tape is write-protected.\n")

    def _explain(self, line: object) -> None:
        self.found["message"] = str(line)
        self.err(f"{self.program}: {line}\n")

    def _close(self, device: Device) -> None:
        """A close that fails changes no exit status, as with mt, but is not kept quiet."""
        try:
            device.close()
        except Failed as failed:
            self.err(f"{self.program}: {failed.story or f'{device.name}: close: {os.strerror(failed.code)}'}\n")
