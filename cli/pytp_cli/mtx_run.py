# SPDX-License-Identifier: WTFPL OR MIT
"""Runs the words of a line of mtx one by one: earlier ones have been done when a later one is wrong."""

from __future__ import annotations

import os

from pytp_cli import mtx_table as table
from pytp_cli.generic_device import GenericDevice, NotOpened, open_device
from pytp_cli.mtx_failure import Failure
from pytp_cli.raw_output import err, out
from pytp_native.errors import PytpError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytp_cli.mtx_library import Library
    from pytp_cli.mtx_scan import Flags
    from pytp_cli.mtx_table import Word

LARGEST = 0x7FFFFFFF
"""Larger numbers are this one; mtx lets them wrap around."""


class Run:
    """One command line: what is left of it, the device, and what is known of it."""

    def __init__(self, program: str, words: list[str], *, as_json: bool = False) -> None:
        self.program = program
        self.words = words
        self.said = ""
        """The word that runs, as it was given."""
        self.found: dict[str, Any] = {}
        """What --json shows beyond what every object has."""
        self.as_json = as_json
        self.is_attached = False
        self.name: str | None = None
        self._device: GenericDevice | None = None
        self._library: Library | None = None
        self._flags: Flags | None = None

    # -- what the words use ----------------------------------------------------------------------------------------

    err = staticmethod(err)

    def out(self, text: str) -> None:
        """Write mtx's lines to standard output; with --json the object stands there alone."""
        if not self.as_json:
            out(text)

    def explain(self, why: object) -> None:
        """Our one line behind mtx's."""
        self.found["message"] = str(why)
        self.err(f"{self.program}: {why}\n")

    @property
    def device(self) -> GenericDevice:
        """The open device; without -f one from the environment. Raises Failure."""
        if self._device is not None:
            return self._device
        named = [os.environ[name] for name in table.ENVIRONMENT if name in os.environ]
        return self.open(named[0] if named else table.DEFAULT_DEVICE)

    @property
    def flags(self) -> Flags:
        if self._flags is None:
            from pytp_cli.mtx_scan import Flags

            self._flags = Flags()
        return self._flags

    @property
    def library(self) -> Library:
        """What is where; read once, unless the inventory was taken anew. Raises Failure."""
        if self._library is None:
            from pytp_cli.mtx_scan import Scanner

            self._library, self.is_attached = Scanner(self.device, self.flags, self.err).read()
        return self._library

    def forget(self) -> None:
        """Read again what is where when it is needed."""
        self._library = None

    def open(self, name: str) -> GenericDevice:
        """Use another device from now on. Raises Failure."""
        self.close()
        self.name = name
        try:
            self._device = open_device(name)
        except NotOpened as error:
            raise Failure.of_open(error) from error
        return self._device

    def close(self) -> None:
        device, self._device, self._library = self._device, None, None
        if device is not None:
            device.close()

    # -- the line ------------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Run all words; return the exit status."""
        try:
            while self.words:
                self._step()
        except Failure as failure:
            self.err(failure.lines)
            if failure.why is not None:
                self.explain(failure.why)
            return failure.code
        finally:
            self._close_quietly()
        return 0

    def _close_quietly(self) -> None:
        try:
            self.close()
        except PytpError as error:
            self.explain(error)

    def _step(self) -> None:
        said = self.words.pop(0)
        if said == "-f":
            if not self.words:
                raise self._misused("-f: the device is missing")
            self.open(self.words.pop(0))
            return
        word = table.WORDS.get(said)
        if word is None:
            raise self._misused(f'"{said}" is no command of mtx')
        numbers = [self._number(word) for _ in range(word.most)]
        self.said = " ".join([said, *(str(number) for number in numbers if number is not None)])
        self._do(word, numbers)

    def _number(self, word: Word) -> int | None:
        """Take the next word if it is a number. Raises Failure for one that only begins as one; mtx takes the
        beginning."""
        text = self.words[0] if self.words else ""
        if not "0" <= text[:1] <= "9":
            return None
        if not (text.isascii() and text.isdecimal()):
            raise Failure(f"illegal argument '{text}' to '{word.name}' command\n", f"{text}: give a decimal number")
        del self.words[0]
        return min(int(text[:20]), LARGEST)

    def _misused(self, why: str) -> Failure:
        return Failure(table.usage(self.program), why)

    def _do(self, word: Word, numbers: list[int | None]) -> None:
        if word.device:
            _ = self.device
        if word.scan:
            _ = self.library
        if word.name == "status":
            self._status()
        elif word.name == "inquiry":
            self._inquiry()
        elif word.name == "--version":
            raise self._version()
        elif word.device:
            from pytp_cli.mtx_moves import MOVES

            MOVES[word.name](self, *numbers)
        else:
            self._set(word, numbers)

    def _set(self, word: Word, numbers: list[int | None]) -> None:
        if word.name == "eepos":
            if numbers[0] is None or numbers[0] > 3:
                raise Failure("eepos equires argument between 0 and 3.\n", "eepos: 0 to 3, before transfer or exchange")
            self.flags.eepos = numbers[0]
        else:
            setattr(self.flags, _FLAGS[word.name], True)

    def _status(self) -> None:
        from pytp_cli import mtx_status

        if self.library.moved:
            self.forget()
        if self.as_json:
            self.found.update(mtx_status.fields(self.library))
        else:
            self.out(mtx_status.text(self.library, self.name or ""))

    def _inquiry(self) -> None:
        from pytp_cli import inquiry_lines

        who = inquiry_lines.ask(self.device)
        if self.as_json:
            self.found.update(who.fields())
        else:
            self.out(who.text(changer="Attached Changer API"))

    def _version(self) -> Failure:
        from pytp_native import __version__

        told = f"{self.program} version {table.UNDERSTOOD}\n\n{table.usage(self.program)}"
        return Failure(told, f"this is pytp {__version__}, which does what mtx {table.UNDERSTOOD} does")


_FLAGS = {
    "noattach": "no_attached",
    "nobarcode": "no_barcodes",
    "invert": "invert",
    "invert2": "invert2",
    "altres": "all_types",
}
