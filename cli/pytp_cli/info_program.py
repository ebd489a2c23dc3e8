# SPDX-License-Identifier: WTFPL OR MIT
"""What tapeinfo and loaderinfo have in common: one argument, a list of lines, silence about what a device lacks."""

from __future__ import annotations

import os
import sys

from pytp_cli import raw_output
from pytp_cli.generic_device import ATTENTIVE, GenericDevice, NotOpened, Refused, open_device
from pytp_cli.mtx_failure import Failure
from pytp_native.spec import opcodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MODE_ROOM = 255
_HEADER_BYTES, _LONGEST_PAGE = 4, 257


class Report:
    """One run on one device: what it prints, and the same as fields for --json."""

    def __init__(self, program: str, device: GenericDevice, *, as_json: bool) -> None:
        self.program = program
        self.device = device
        self.as_json = as_json
        self.fields: dict[str, Any] = {}

    def line(self, text: str, **fields: object) -> None:
        """Print a line, or keep its fields."""
        self.fields.update(fields)
        if not self.as_json:
            raw_output.out(f"{text}\n")

    def explain(self, why: object) -> None:
        """One line of ours, on stderr."""
        self.fields["message"] = str(why)
        raw_output.err(f"{self.program}: {why}\n")

    def ask(self, name: str, cdb: bytes, room: int) -> bytes | None:
        """Return what the device answers; None if it refuses."""
        try:
            return self.device.send(name, cdb, room, policy=ATTENTIVE)
        except Refused:
            return None

    def mode_page(self, page: int, *, descriptors: bool) -> tuple[bytes, bytes]:
        """Return header with block descriptor, and the page, both with zeros behind. Raises Refused."""
        cdb = bytes((opcodes.MODE_SENSE_6, 0 if descriptors else 0x08, page, 0, _MODE_ROOM, 0))
        data = self.device.send("MODE SENSE (6)", cdb, _MODE_ROOM, policy=ATTENTIVE)
        data = data.ljust(_HEADER_BYTES + 255 + _LONGEST_PAGE, b"\0")
        return data, data[_HEADER_BYTES + data[3] :]


def yes(flag: object) -> str:
    return "yes" if flag else "no"


def run(argv: list[str] | None, name: str, body: Callable[[Report], None]) -> int:
    """Read `-f DEVICE`, open it and have `body` report; return the exit status."""
    words = list(sys.argv if argv is None else argv)
    program = os.path.basename(words[0]) if words else name
    as_json = "--json" in words
    words = [word for word in words[1:] if word != "--json"]
    if len(words) != 2 or words[0] != "-f":
        raw_output.err(f"Usage: {program} -f <generic-device>\n")
        raw_output.err(f"{program}: it takes -f, a device like /dev/sg3, and nothing else but --json\n")
        return 1
    fields: dict[str, Any] = {}
    code = _report(program, words[1], body, fields, as_json=as_json)
    if as_json:
        from pytp_cli.object_line import show_object

        show_object(name, words[1], code, fields)
    return code


def _report(
    program: str, address: str, body: Callable[[Report], None], fields: dict[str, Any], *, as_json: bool
) -> int:
    try:
        device = open_device(address)
        try:
            report = Report(program, device, as_json=as_json)
            report.fields = fields
            body(report)
        finally:
            device.close()
    except NotOpened as error:
        return _failed(program, Failure.of_open(error), fields)
    except Failure as failure:
        return _failed(program, failure, fields)
    return 0


def _failed(program: str, failure: Failure, fields: dict[str, Any]) -> int:
    fields["message"] = str(failure.why or failure.lines.strip())
    raw_output.err(failure.lines + (f"{program}: {failure.why}\n" if failure.why is not None else ""))
    return failure.code
