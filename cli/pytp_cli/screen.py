# SPDX-License-Identifier: WTFPL OR MIT
"""What a person sees of a running job: notices on stderr, listed members on stdout, a progress bar on a terminal."""

from __future__ import annotations

import sys
from typing import Any

from pytp_cli.names import printable
from pytp_cli.report import argument_object
from pytp_native.jobs.events import (
    ArgumentReport,
    ArgumentStarted,
    MemberListed,
    MemberProblem,
    Notice,
    OwnFileListed,
    Progress,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.progress import ProgressBar


_LAST = 5


class Screen:
    """Takes a job's events one by one. With `quiet_stdout` nothing goes to stdout (--json owns it)."""

    def __init__(self, verb: str, *, quiet_stdout: bool, bar: bool) -> None:
        self._verb = verb
        self._quiet_stdout = quiet_stdout
        self._bar = _make_bar(verb) if bar and sys.stderr.isatty() else None
        self.notices: list[dict[str, Any]] = []
        self.members: list[dict[str, Any]] = []
        self.own_files: list[dict[str, Any]] = []
        """Labels and trailers that a listing met."""
        self.finished: list[dict[str, Any]] = []
        """Arguments whose report came as an event: what is known if the job dies before it returns."""
        self.last: list[str] = []
        """The lines that were printed last."""

    def __call__(self, record: object) -> None:
        if isinstance(record, Progress):
            if self._bar:
                self._bar.update(record)
        elif isinstance(record, MemberListed):
            self._list(record)
        elif isinstance(record, OwnFileListed):
            self._list_own(record)
        elif isinstance(record, Notice):
            self._notice(record)
        elif isinstance(record, MemberProblem):
            self._problem(record)
        elif isinstance(record, ArgumentStarted):
            self.line(f"{self._verb} {_name(record)}")
        elif isinstance(record, ArgumentReport):
            self.finished.append(argument_object(record))

    def _problem(self, record: MemberProblem) -> None:
        from pytp_native.jobs.failure import stage_of_reason

        stage = self._stage(stage_of_reason(record.reason))
        self.line(f"{stage}{printable(record.path)}: {record.reason}")

    def _stage(self, kind: str) -> str:
        """A backup names the stage that has a problem."""
        return f"[{kind}] " if self._verb in {"backup", "resume"} else ""

    def line(self, text: str) -> None:
        """Print one line on stderr, above the progress bar if there is one."""
        self.last = [*self.last[1 - _LAST :], text]
        if self._bar:
            self._bar.line(f"pytp: {text}")
        else:
            self._keep_order()
            print(f"pytp: {text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the progress bar away."""
        if self._bar:
            self._bar.close()
            self._bar = None

    def _notice(self, record: Notice) -> None:
        self.notices.append({"level": record.level, "kind": record.kind, "text": record.text})
        mark = "" if record.level == "info" else f"{record.level}: {self._stage(record.kind)}"
        self.line(f"{mark}{printable(record.text)}")

    def _keep_order(self) -> None:
        """Members listed before this line must be seen before it."""
        if not self._quiet_stdout:
            sys.stdout.flush()

    def _list(self, record: MemberListed) -> None:
        if self._quiet_stdout:
            self.members.append({"line": record.line.decode("utf-8", "surrogateescape")})
        else:
            sys.stdout.buffer.write(record.line + b"\n")

    def _list_own(self, record: OwnFileListed) -> None:
        self.own_files.append({"tape_file": record.tape_file, "kind": record.kind, "text": record.text})
        if not self._quiet_stdout:
            sys.stdout.buffer.write(f"[{printable(record.text)}]\n".encode())
            sys.stdout.flush()  # an error may be told next


def _name(record: ArgumentStarted) -> str:
    """What a reading job calls "file 3" is the tape file itself; a writing one has a path to put into it."""
    if record.path == f"file {record.tape_file}".encode():
        return f"tape {record.path.decode()}"
    place = "" if record.tape_file is None else f" (tape file {record.tape_file})"
    return f"{printable(record.path)}{place}"


def _make_bar(verb: str) -> ProgressBar:
    from pytp_cli.progress import ProgressBar

    return ProgressBar(verb)
