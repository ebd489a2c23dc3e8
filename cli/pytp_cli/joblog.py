# SPDX-License-Identifier: WTFPL OR MIT
"""The log of one job: a JSON object per line and event, in tar_dir or the user's state directory.

`kind` is one of the original's words (TAR, SOURCE, PERMISSION, TAPE, BUFFER...), and the text starts with it in
brackets, so that `grep '\\[PERMISSION\\]'` keeps working. A log that cannot be written never stops a backup.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import IO, Any

from pytp_cli.names import json_text, printable
from pytp_cli.report import argument_object
from pytp_native.jobs.events import ArgumentReport, ArgumentStarted, JobReport, MemberProblem, Notice
from pytp_native.jobs.failure import stage_of_reason


class JobLog:
    """An open log file, or nothing if no directory takes one; `path` tells which."""

    def __init__(self, command: str, tar_dir: str | None, environ: Mapping[str, str] = os.environ) -> None:
        self.path: str | None = None
        self.warning: str | None = None
        self._file: IO[str] | None = None
        stamp = datetime.now().astimezone().strftime("%Y%m%d_%H%M%S")
        for directory in filter(None, (tar_dir, state_directory(environ))):
            self._open(directory, f"{command}_{stamp}_{os.getpid()}.log")
            if self._file:
                return

    def event(self, record: object) -> None:
        """Write one line for an event of a job; progress is no event."""
        if isinstance(record, JobReport) and record.limits:
            figures: dict[str, Any] = dict(record.limits)
            self.write(kind="BUFFER", text=limits_text(figures), limits=figures)
        line = _line(record)
        if line is not None:
            self.write(**line)

    def write(self, *, kind: str, level: str = "info", text: str, **fields: Any) -> None:
        """Write one line. Not an error if it cannot be written."""
        if self._file is None:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        try:
            entry = {"time": now, "level": level, "kind": kind, "text": f"[{kind}] {text}", **fields}
            self._file.write(json.dumps(entry, default=str) + "\n")
        except OSError as exc:
            self.warning = f"log {self.path}: cannot be written ({exc.strerror}); going on without it"
            self._file = None

    def take_warning(self) -> str | None:
        """Return what is wrong with the log, once."""
        warning, self.warning = self.warning, None
        return warning

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, directory: str, name: str) -> None:
        path = os.path.join(directory, name)
        try:
            os.makedirs(directory, exist_ok=True)
            # One line per write: a killed job leaves everything it said.
            self._file = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115  # lives as long as the job
            self.path = path
        except OSError as exc:
            self.warning = f"log directory {directory}: {exc.strerror}; trying another"


def state_directory(environ: Mapping[str, str] = os.environ) -> str:
    """Return $XDG_STATE_HOME/pytp, by default ~/.local/state/pytp."""
    home = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(home, "pytp")


def limits_text(limits: Mapping[str, object]) -> str:
    """Return what limited a job, in one line: "limited by source, source waited s 0.1, ..."."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in limits.items())


def _line(record: object) -> dict[str, Any] | None:
    if isinstance(record, Notice):
        return {"kind": record.kind, "level": record.level, "text": record.text}
    if isinstance(record, ArgumentStarted):
        text = f"{printable(record.path)}: starts"
        return {"kind": "TAR", "text": text, "path": json_text(record.path), "tape_file": record.tape_file}
    if isinstance(record, MemberProblem):
        text = f"{printable(record.path)}: {record.reason}"
        kind = stage_of_reason(record.reason)
        return {"kind": kind, "level": "warning", "text": text, "path": json_text(record.path)}
    if isinstance(record, ArgumentReport):
        return {"kind": "TAR", "text": f"{printable(record.path)}: {record.status}", **_flat(record)}
    if isinstance(record, JobReport):
        text = record.message or f"{record.command}: done"
        level = "error" if record.exit_code > 1 else "info"
        failure: Any = record.details.get("failure") or {}
        text = failure.get("text", text)
        return {"kind": failure.get("stage") or "TAPE", "level": level, "text": text, "exit": record.exit_code,
                **({"failure": failure} if failure else {})}  # fmt: skip
    return None


def _flat(report: ArgumentReport) -> dict[str, Any]:
    """The argument's figures; its errors have lines of their own."""
    return {**argument_object(report), "errors": len(report.errors)}
