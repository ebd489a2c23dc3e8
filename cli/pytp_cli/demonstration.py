# SPDX-License-Identifier: WTFPL OR MIT
"""The steps of `pytp demo`, each through the program's own front door."""

from __future__ import annotations

import io
import json
import os
import shlex
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any

from pytp_cli.compare import Comparison, compare_trees
from pytp_cli.names import printable
from pytp_cli.signals import received
from pytp_cli.tables import duration, rate
from pytp_native.errors import PytpError
from pytp_native.units import MIB, format_size

_DIFFERENT_EXIT = 8
_SHOWN = 5
_SHOWN_DIFFERENCES = 20
_OURS = ("PYTP_DEV", "PYTP_LIB", "PYTP_CONFIG")


class _StepFailed(Exception):
    """A command of the demonstration did not end with 0; its own message is already on stderr."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(code, words)
        self.code, self.words = code, words


class Demonstration:
    """A temporary directory with a virtual library, and what is done with it; leaving the context removes it all."""

    def __init__(self, directory: str, say: Callable[[str], None], exclude: Sequence[str] = ()) -> None:
        self.directory = directory
        self.exclude = exclude
        """Names directly in the directory that stay out."""
        self.say = say
        self.fields: dict[str, Any] = {"steps": []}
        self._environ: dict[str, str] = {}
        self.place = ""

    def __enter__(self) -> Demonstration:
        self._environ = {name: os.environ.pop(name) for name in _OURS if name in os.environ}
        self.place = tempfile.mkdtemp(prefix="pytp-demo-")
        received.clear()
        return self

    def __exit__(self, *_error: object) -> None:
        os.environ.update(self._environ)
        _remove(self.place)

    def perform(self) -> tuple[int, str | None]:
        """Do everything; return exit code and message. Raises PytpError if there is no room."""
        size = _size(os.fsencode(self.directory), self.exclude)
        self._need(size)
        self.say(f"Backing up {printable(self.directory)} to a virtual LTO-9 cartridge in {self.place}\n")
        try:
            problems = self._back_up(size)
            self._list()
            self._restore()
        except _StepFailed as failed:
            return failed.code, f"demo: `{failed.words}` ended with exit code {failed.code}"
        return self._compare(problems)

    def _back_up(self, size: int) -> frozenset[bytes]:
        library = f"{self.place}/library"
        capacity = f"{(size + size // 8) // MIB + 256}M"
        self._step(
            "vtl", "create", library, "--drives", "1", "--slots", "2", "--cartridges", "1", "--capacity", capacity
        )
        exclude = [word for name in self.exclude for word in ("--exclude", name)]
        report, _ = self._step("backup", "--no-catalog", *self._drive(), *exclude, self.directory, accept=(0, 1))
        self._tell_rate(report, "on tape")
        return self._unsaved(report)

    def _list(self) -> None:
        self._step("rewind", *self._drive())
        report, seconds = self._step("ls", *self._drive())
        lines = [member["line"] for member in report["members"]]
        self.say("".join(f"  {printable(line)}\n" for line in lines[:_SHOWN]).rstrip("\n"))
        self.say(f"  ... {len(lines)} members listed in {duration(seconds)}\n")

    def _restore(self) -> None:
        self._step("rewind", *self._drive())
        report, _ = self._step("restore", *self._drive(), f"{self.place}/restored")
        self._tell_rate(report, "restored")

    def _compare(self, problems: frozenset[bytes]) -> tuple[int, str | None]:
        copy = os.path.join(f"{self.place}/restored", os.path.basename(self.directory) or "root")
        owners = os.geteuid() == 0
        skip = problems | {os.fsencode(os.path.join(self.directory, name)) for name in self.exclude}
        found = compare_trees(os.fsencode(self.directory), os.fsencode(copy), owners=owners, skip=skip)
        self._record(found)
        if found.differences:
            return _DIFFERENT_EXIT, f"demo: {len(found.differences)} differences between source and restored files"
        attributes = f"mode, mtime (ns), links, xattrs, ACLs{', owners' if owners else ' (owners only as root)'}"
        self.say(f"Identical: {found.members} members, {format_size(found.data_bytes)}; content, {attributes}")
        if problems:
            return 1, f"demo: {len(problems)} files could not be saved (listed above)"
        return 0, None

    def _record(self, found: Comparison) -> None:
        named = [(printable(os.path.join(os.fsencode(self.directory), d.path)), d.what) for d in found.differences]
        self.fields["compared"] = {"members": found.members, "bytes": found.data_bytes}
        self.fields["differences"] = [{"path": path, "what": what} for path, what in named]
        for path, what in named[:_SHOWN_DIFFERENCES]:
            self.say(f"  {path}: {what}")
        if len(named) > _SHOWN_DIFFERENCES:
            self.say(f"  ... and {len(named) - _SHOWN_DIFFERENCES} more (--json lists all)")

    def _step(self, *words: str, accept: Sequence[int] = (0,)) -> tuple[dict[str, Any], float]:
        """Print a command, run it, return its object and its wall-clock seconds."""
        from pytp_cli.main import main

        shown = f"pytp {shlex.join(words)}"
        self.say(f"$ {shown}")
        out = io.StringIO()
        started = time.perf_counter()
        with redirect_stdout(out):
            code = main(["--config", self._config(), *words, "--json"])
        seconds = time.perf_counter() - started
        self.fields["steps"].append({"command": shown, "exit": code, "seconds": round(seconds, 6)})
        if received and code in accept:
            raise KeyboardInterrupt  # it came when the step had nothing left to stop
        if code not in accept:
            raise _StepFailed(code, shown)
        report: dict[str, Any] = json.loads(out.getvalue())
        return report, seconds

    def _config(self) -> str:
        """A configuration that keeps logs inside the temporary directory."""
        path = f"{self.place}/config.json"
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"tar_dir": self.place, "snapshot_dir": self.place}, file)
        return path

    def _drive(self) -> tuple[str, str]:
        return ("--drive", f"vtl:{self.place}/library/drive0")

    def _tell_rate(self, report: dict[str, Any], verb: str) -> None:
        done = report["arguments"][0]
        figures = f"{done['files']} files, {format_size(done['bytes'])} {verb} in {duration(done['duration_s'])}"
        speed = rate(done["bytes"], done["duration_s"])
        self.fields["steps"][-1]["mb_per_s"] = speed
        self.say(f"  {figures}: {speed} MB/s\n")

    def _unsaved(self, report: dict[str, Any]) -> frozenset[bytes]:
        """The source paths that the backup could not save, however it names them."""
        names = [os.fsencode(error["path"]) for argument in report["arguments"] for error in argument["errors"]]
        parent = os.fsencode(os.path.dirname(self.directory))
        return frozenset(os.path.join(parent, name) for name in names)

    def _need(self, size: int) -> None:
        need, free = 2 * size + 64 * MIB, shutil.disk_usage(self.place).free
        if free < need:
            fact = f"{format_size(free)} free, the demonstration needs {format_size(need)}"
            raise PytpError(self.place, fact, "set TMPDIR to a larger file system or name a smaller directory")


def _size(directory: bytes, exclude: Sequence[str]) -> int:
    """Bytes in regular files below, plus what a header costs each member."""
    total = 0
    left_out = {os.path.join(directory, os.fsencode(name)) for name in exclude}
    for folder, folders, files in os.walk(directory):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in left_out]
        for name in files:
            try:
                found = os.lstat(os.path.join(folder, name))
            except OSError:
                continue
            total += (found.st_size if stat.S_ISREG(found.st_mode) else 0) + 2048
    return total


def _remove(place: str) -> None:
    """Remove the tree, also below directories whose restored mode keeps us out."""
    for folder, folders, _files in os.walk(place):
        for name in folders:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
    shutil.rmtree(place, ignore_errors=True)
