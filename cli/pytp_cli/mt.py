# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mt: mt(1) of mt-st, on kernel tapes and virtual ones. Everything here must start fast: see test_mt_start."""

from __future__ import annotations

import os
import stat
import sys

from pytp_cli import mt_table as table
from pytp_cli import raw_output
from pytp_cli.raw_output import err, out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.mt_table import Command

_UNDERSTOOD = "1.8"
"""The release of mt-st whose behaviour this is. Bacula's and Bareos's scripts look for "mt-st" in --version."""


class _Exit(Exception):
    """The command line has been dealt with."""

    def __init__(self, code: int) -> None:
        self.code = code


class Line:
    """A command line, read as mt reads it: options first, only their first letter counts."""

    def __init__(self, arguments: list[str], program: str) -> None:
        self.program = program
        self.device: str | None = None
        self.as_json = False
        self.words = self._options(list(arguments))

    def _options(self, words: list[str]) -> list[str]:
        while words and words[0][:1] == "-":
            option = words.pop(0)
            if option[1:2] in {"f", "t"} and words:
                self.device = words.pop(0)
            elif option[1:2] == "h":
                err(table.long_usage(self.program))
                raise _Exit(0)
            elif option[1:2] == "v" or option[:3] == "--v":
                out(version())
                raise _Exit(0)
            elif option == "--json":
                self.as_json = True
            else:
                raise self.misused()
        return words

    def misused(self) -> _Exit:
        err(table.usage(self.program))
        return _Exit(1)

    def command(self) -> Command:
        """Look up the first word and check how many follow it. Raises _Exit."""
        if not self.words:
            raise self.misused()
        try:
            command = table.find(self.words[0])
        except table.WordError as error:
            err(f'{self.program}: {error.what} command "{error.word}"\n{table.long_usage(self.program)}')
            if error.matches:
                err(f'{self.program}: "{error.word}" may be: {", ".join(error.matches)}\n')
            raise _Exit(1) from error
        if command.kind in {table.STATUS, table.TELL}:
            self.as_json = self.as_json or "--json" in self.words
            self.words = [word for word in self.words if word != "--json"]
        elif self.as_json:
            raise self.misused()
        if len(self.words) - 1 > command.most:
            err(f"{self.program}: too many arguments for the command '{command.name}'.\n")
            err(f"{self.program}: {command.name} takes {f'{command.most} at most' if command.most else 'none'}\n")
            raise _Exit(1)
        return command


def version() -> str:
    from pytp_native import __version__

    return f"mt-st v. {_UNDERSTOOD} (pytp {__version__})\ndefault tape device: {table.DEFAULT_DEVICE}\n"


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    words = sys.argv if argv is None else argv
    program = os.path.basename(words[0]) if words else "mt"
    try:
        line = Line(words[1:], program)
        name = line.device if line.device is not None else os.environ.get("TAPE")
        if name is None:
            name = table.DEFAULT_DEVICE
            _check_default(line)
        command = line.command()
    except _Exit as done:
        return done.code
    if command.kind == table.DENSITIES:
        from pytp_cli import mt_densities

        out(mt_densities.listing())
        return 0
    from pytp_cli.mt_run import Run

    return Run(program, command, line.words[1:], out=out, err=err, as_json=line.as_json).on(name)


def _check_default(line: Line) -> None:
    """The default must be a character device if it exists; udev makes it a directory of links. mt-st does not even
    list densities then; that needs no device."""
    try:
        mode = os.stat(table.DEFAULT_DEVICE).st_mode
    except OSError:
        return
    if stat.S_ISCHR(mode) or (line.words and line.words[0] == "densities"):
        return
    err(f"The default '{table.DEFAULT_DEVICE}' is not a character device.\n\n{table.long_usage(line.program)}")
    err(f"{line.program}: name the device with -f, or in the environment variable TAPE\n")
    raise _Exit(1)


def program() -> None:
    """Run as a program: signals end it as they end mt, without a word; a full disk under its output is exit 2."""
    raw_output.run(main, broken=2)
