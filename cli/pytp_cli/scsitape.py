# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-scsitape: scsitape(1) of mtx: SCSI commands to a tape drive past the kernel's tape driver."""

from __future__ import annotations

import os
import sys

from pytp_cli import raw_output
from pytp_cli.generic_device import GenericDevice, NotOpened, Refused, open_device
from pytp_cli.mtx_failure import Failure

_COMMANDS = {
    "setblk": 1, "fsf": 1, "bsf": 1, "eod": 0, "rewind": 0, "eject": 0, "reten": 0, "erase": 0, "mark": 1, "seek": 1,
    "read": 2, "write": 2,
}  # fmt: skip
"""How many numbers each takes; those that are missing are 0."""
_ENVIRONMENT = ("STAPE", "TAPE")


def usage(program: str) -> str:
    return (
        f"Usage: {program} -f <generic-device> <command> where <command> is:\n"
        " setblk <n> | fsf <n> | bsf <n> | eod | rewind | eject | erase |\n"
        "  mark <n> | seek <n> | read [<blksize> [<numblocks]] | write [<blocksize>]\n"
    )


class Line:
    """The command line: the device is opened where it is named; what follows the first command counts for nothing."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.device: GenericDevice | None = None

    def run(self, words: list[str]) -> int:
        """Return the exit status. Raises Failure."""
        while words:
            word = words.pop(0)
            if word == "-f":
                if not words:
                    raise self._misused("-f: the device is missing")
                self._open(words.pop(0))
            elif word in _COMMANDS:
                return self._do(word, words)
            else:
                raise self._misused(f'"{word}" is no command of scsitape')
        return 0

    def close(self) -> None:
        device, self.device = self.device, None
        if device is not None:
            device.close()

    def _open(self, name: str) -> GenericDevice:
        self.close()
        try:
            self.device = open_device(name)
        except NotOpened as error:
            raise Failure.of_open(error) from error
        return self.device

    def _misused(self, why: str) -> Failure:
        return Failure(usage(self.program), why)

    def _do(self, word: str, words: list[str]) -> int:
        numbers = [self._number(word, words[index : index + 1]) for index in range(_COMMANDS[word])]
        device = self.device or self._from_environment()
        from pytp_cli.scsitape_commands import TapeCommands

        return TapeCommands(device).do(word, numbers)

    def _from_environment(self) -> GenericDevice:
        named = [os.environ[name] for name in _ENVIRONMENT if name in os.environ]
        if not named:
            raise self._misused("name the device with -f, or in the environment variable STAPE or TAPE")
        return self._open(named[0])

    def _number(self, word: str, text: list[str]) -> int:
        if not text:
            return 0
        if not (text[0].isascii() and text[0].isdecimal()):
            raise self._misused(f"{word}: {text[0]} is no number")
        return int(text[0][:20])  # Python refuses to read thousands of digits


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    words = list(sys.argv if argv is None else argv)
    program = os.path.basename(words[0]) if words else "scsitape"
    line = Line(program)
    try:
        return line.run(words[1:])
    except Refused as refused:
        failure = Failure.of_command(refused, "")
    except Failure as told:
        failure = told
    finally:
        line.close()
    raw_output.err(failure.lines)
    if failure.why is not None:
        raw_output.err(f"{program}: {failure.why}\n")
    return failure.code


def program() -> None:
    """Run as a program."""
    raw_output.run(main, broken=1)
