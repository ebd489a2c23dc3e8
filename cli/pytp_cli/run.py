# SPDX-License-Identifier: WTFPL OR MIT
"""One running command: its configuration, its drive, its ending as text, JSON object and exit code."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from types import TracebackType

import typer

from pytp_cli.names import printable
from pytp_cli.report import argument_object, empty_object, position_object, write_object
from pytp_cli.screen import Screen
from pytp_cli.sink import put, unwritable
from pytp_native.config import Config, DriveConfig, load
from pytp_native.errors import PytpError
from pytp_native.jobs.events import MemberListed
from pytp_native.jobs.interrupt import Interrupt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_cli.joblog import JobLog
    from pytp_native.devices.drive import Drive
    from pytp_native.jobs.events import Emit, JobReport

INTERRUPTED_EXIT = 130


class Run:
    """A context: what is raised inside becomes one line on stderr, the JSON object and `exit_code`.

    Typer's own exceptions (usage) pass through to main.
    """

    def __init__(self, ctx: typer.Context, command: str, *, as_json: bool) -> None:
        self.as_json = as_json
        self.command = command
        self.exit_code = 0
        self.fields = empty_object(command)
        self._config_file: str | None = ctx.obj
        self._config: Config | None = None
        self._open = ExitStack()
        self._drive: Drive | None = None
        self._interrupt = Interrupt()
        self._reader_gone = False
        self._unseen = False
        self._last: list[str] = []
        """What was printed last before the job ended."""

    @property
    def config(self) -> Config:
        """The configuration that applies; read once, its warnings go to stderr. Raises ConfigError."""
        if self._config is None:
            self._config = load(self._config_file)
            for warning in self._config.warnings:
                self.note(f"warning: {warning}")
        return self._config

    def choose(self, flag: str | None) -> DriveConfig:
        """Decide on the drive; the object's "device" is its address from now on."""
        from pytp_cli.selection import choose_drive

        chosen = choose_drive(flag, self.config, self.note)
        self.fields["device"] = chosen.address
        return chosen

    def open_drive(self, flag: str | None, *, write: bool = False, may_be_empty: bool = False) -> Drive:
        """Choose and open the drive; it is closed, and its position reported, when the command ends.

        `may_be_empty`: the job has the cartridge brought that it needs."""
        from pytp_native.devices.drive import Drive

        chosen = self.choose(flag)
        drive = Drive.open(
            chosen.address, block_bytes=chosen.block_bytes, write=write, may_be_empty=may_be_empty, name=chosen.name
        )
        self._drive = self._open.enter_context(drive)
        if self.as_json:
            self.fields["label"] = self._barcode(chosen.address)
        return drive

    def _barcode(self, address: str) -> str | None:
        from pytp_cli.selection import barcode

        try:
            return barcode(address)
        except PytpError:
            return None

    def say(self, text: str) -> None:
        """Print human text on stdout; with --json nothing."""
        if not self.as_json:
            put(text)

    def note(self, text: str) -> None:
        """Print one line on stderr, if anybody still reads it."""
        with suppress(OSError):
            print(f"pytp: {printable(text)}", file=sys.stderr, flush=True)

    def job(
        self,
        work: Callable[[Emit, Interrupt], JobReport],
        *,
        verb: str,
        log: JobLog | None = None,
        bar: bool = True,
    ) -> JobReport:
        """Run a job with screen, log and signals around it and take over its report.

        `bar`: a progress bar on a terminal; not for a job whose output may go to that terminal by way of a pipe.
        """
        from pytp_cli.job_looks import looking
        from pytp_cli.signals import stopping

        screen = Screen(verb, quiet_stdout=self.as_json, bar=bar)
        self.fields["notices"] = screen.notices
        self.fields["arguments"] = screen.finished

        def emit(record: object) -> None:
            if log:
                log.event(record)
            if not self._unseen or isinstance(record, MemberListed):
                self._show(screen, record)

        try:
            with looking(self, self._drive, verb), stopping(self._interrupt):
                report = work(emit, self._interrupt)
        finally:
            screen.close()
            self._last = screen.last
        if self._reader_gone:
            raise BrokenPipeError
        if screen.members:
            self.fields["members"] = screen.members
        if screen.own_files:
            self.fields["own_files"] = screen.own_files
        if log:
            log.event(report)
            self._see_log(log)
        self._take(report)
        return report

    def _see_log(self, log: JobLog) -> None:
        if warning := log.take_warning():
            self.note(f"warning: {warning}")

    def _show(self, screen: Screen, record: object) -> None:
        """Put an event on the screen. A terminal that went away ends no job; a list that cannot be written does."""
        try:
            screen(record)
        except OSError as exc:
            if not isinstance(record, MemberListed):
                self._unseen = True
            elif isinstance(exc, BrokenPipeError):
                self.reader_gone()
            else:
                raise unwritable(exc) from exc

    def reader_gone(self) -> None:
        """Nobody reads stdout any more (`pytp ls | head`): let the job end in good order, then leave quietly."""
        self._reader_gone = True
        self._interrupt.trigger()

    def _take(self, report: JobReport) -> None:
        self.fields["arguments"] = [argument_object(argument) for argument in report.arguments]
        self.fields["limits"] = report.limits
        self.fields.update(report.details)
        if report.position is not None:
            self.fields["position"] = position_object(report.position)
        self.exit_code = report.exit_code
        if "failure" in self.fields:
            self.fields["failure"] = {**report.details["failure"], "before": self._last}  # type: ignore[dict-item]
        if report.message:
            self.fields["message"] = report.message
            self.note(report.message)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or isinstance(error, PytpError):
            self._see_position()
        error = self._close(error)
        if error is not None and not self._take_error(error):
            return False
        if self.as_json:
            self.fields["exit"] = self.exit_code
            write_object(self.fields)
        return True

    def _see_position(self) -> None:
        """Report where the tape stands, if it can be known without trouble."""
        if self._drive is None or self.fields["position"] is not None:
            return
        try:
            self.fields["position"] = position_object(self._drive.where())
        except PytpError:
            self.fields["position"] = None

    def _close(self, error: BaseException | None) -> BaseException | None:
        """Close the drive; its failure counts unless something failed before."""
        try:
            self._open.close()
        except PytpError as exc:
            return error or exc
        return error

    def _take_error(self, error: BaseException) -> bool:
        """Make the ending out of an exception; False leaves it to main."""
        if isinstance(error, PytpError):
            self._fail(error.exit_code, self._told(error))
        elif isinstance(error, KeyboardInterrupt):
            self._fail(INTERRUPTED_EXIT, "interrupted")
        elif isinstance(error, Exception) and self._unexpected(error):
            self._fail(PytpError.exit_code, f"{type(error).__name__}: {error}; set PYTP_DEBUG=1 for details")
        else:
            return False
        return True

    def _told(self, error: PytpError) -> str:
        """A backup names the stage that failed."""
        if self.command not in {"backup", "resume"}:
            return str(error)
        from pytp_native.jobs.failure import failure_object, staged

        self.fields["failure"] = {**failure_object(error), "before": self._last}
        return staged(error)

    def _unexpected(self, error: Exception) -> bool:
        if isinstance(error, (typer.Exit, typer.Abort, BrokenPipeError)) or hasattr(error, "format_message"):
            return False
        if os.environ.get("PYTP_DEBUG"):
            import traceback

            traceback.print_exception(error)
        return True

    def _fail(self, code: int, message: str) -> None:
        self.exit_code = code
        self.fields["message"] = message
        self.note(message)
