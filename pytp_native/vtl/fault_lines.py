# SPDX-License-Identifier: WTFPL OR MIT
"""The lines of fault scripts: what can be asked of a drive, of the changer, of a cartridge.

Loaded when there is a line: most libraries have none, and re takes more of `pytp-mt`'s start than all of faults."""

from __future__ import annotations

import re

from pytp_native.errors import BadAddress, UsageError
from pytp_native.units import parse_size
from pytp_native.vtl.changer_faults import FAILURES, ChangerFault
from pytp_native.vtl.faults import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F")

_DRIVE = re.compile(
    r"(?:(?P<verb>read|write) (?P<at>\d+): medium error"
    r"|write (?P<bad>\d+): deferred error(?: after (?P<later>\d+))?"
    r"|early warning at (?P<warn>\d+)"
    r"|(?P<protect>write protect)"
    r"|eject at (?P<eject>\d+)"
    r"|cleaning at (?P<cleaning>\d+)"
    r"|slow load (?P<slow>\d+)"
    r"|buffer (?P<buffer>\d+[kmg]?)"
    r"|(?P<once>power cut|blackout|reset) at (?P<when>\d+)"
    r"|(?P<selftest>self-test failure)"
    r"|adapter (?P<adapter>\d+[kmg]?)"
    r"|worn head (?P<worn>\d{1,4})"
    r"|starved (?P<starved>\d{1,4})"
    r"|link errors (?P<link>\d{1,9})"
    r"|moved to (?P<goal>\d+) at (?P<moved>\d+))\Z"
)
_CHANGER = re.compile(
    rf"(?:move (?P<move>[1-9]\d{{0,8}}): (?:(?P<failure>{'|'.join(FAILURES)})|slow (?P<seconds>\d{{1,6}}))"
    r"|(?P<state>door open|offline)"
    r"|slot (?P<hard>[1-9]\d{0,8}): retries (?P<retries>\d{1,4})"
    r"|slot (?P<slot>[1-9]\d{0,8}): (?:label|barcode) unreadable)\Z"
)
_DEGRADED = re.compile(r"cartridge (?P<barcode>\S+): degraded (?P<retries>\d{1,4})\Z", re.IGNORECASE)
DRIVE_ALLOWS = (
    'use "write N: medium error", "write N: deferred error after D", "read N: medium error", "early warning at N", '
    '"write protect", "eject at N", "cleaning at N", "slow load N", "buffer SIZE", "power cut at N", "blackout at N", '
    '"reset at N", "moved to B at N", "worn head N", "starved N", "link errors N", "self-test failure" or'
    ' "adapter SIZE"'
)
CHANGER_ALLOWS = (
    f'use "move N: {"|".join(FAILURES)}", "move N: slow SECONDS", "door open", "offline", "slot N: retries M" or'
    ' "slot N: barcode unreadable"'
)
_GROUPS = {"slow load": "slow", "worn head": "worn", "link errors": "link"}
_LATER = 8


def parse_fault(text: str) -> Fault:
    """Read one line. Raises UsageError with what is allowed."""
    line = " ".join(text.lower().split()).replace(" :", ":")
    match = _DRIVE.match(line)
    if match is None:
        raise UsageError("fault", f"'{text}' is none", DRIVE_ALLOWS)
    if match["verb"]:
        return Fault(match["verb"], int(match["at"]), line)
    if match["bad"]:
        bad = int(match["bad"])
        return Fault("deferred", bad + int(match["later"] or _LATER), line, bad)
    if match["once"]:
        return Fault(match["once"], int(match["when"]), line)
    if match["moved"]:
        return Fault("moved", int(match["moved"]), line, int(match["goal"]))
    if match["buffer"]:
        return Fault("buffer", parse_size(match["buffer"]), line)
    if match["adapter"]:
        return Fault("adapter", parse_size(match["adapter"]), line)
    if match["selftest"]:
        return Fault("self-test failure", 0, line)
    if match["warn"]:
        return Fault("early warning", int(match["warn"]), line)
    for kind in ("eject", "cleaning", "slow load", "worn head", "starved", "link errors"):
        if told := match[_GROUPS.get(kind, kind)]:
            return Fault(kind, int(told), line)
    return Fault("write protect", 0, line)


def parse_changer_fault(text: str) -> ChangerFault:
    """Read one line. Raises UsageError with what is allowed."""
    match = _CHANGER.match(" ".join(text.lower().split()).replace(" :", ":"))
    if match is None:
        raise UsageError("fault", f"'{text}' is none of the changer", CHANGER_ALLOWS)
    if match["state"]:
        return ChangerFault(match["state"])
    if match["hard"]:
        return ChangerFault("retries", int(match["hard"]), int(match["retries"]))
    if match["slot"]:
        return ChangerFault("label unreadable", int(match["slot"]))
    if match["seconds"]:
        return ChangerFault("slow", int(match["move"]), int(match["seconds"]))
    return ChangerFault(match["failure"], int(match["move"]))


def parse_degraded(text: str) -> tuple[str, int] | None:
    """Read "cartridge PYT001L9: degraded 60": barcode, and retries for 1000 data sets. None: it is another fault."""
    match = _DEGRADED.match(" ".join(text.split()))
    return (match["barcode"], int(match["retries"])) if match else None


def _read(path: str, lines: list[str], parse: Callable[[str], F]) -> tuple[F, ...]:
    try:
        return tuple(parse(line) for line in lines)
    except UsageError as exc:
        raise BadAddress(path, exc.fact, f"mend that line ({exc.next_step}), or remove the file") from exc


def drive_faults(path: str, lines: list[str]) -> tuple[Fault, ...]:
    """Read a drive's script. Raises BadAddress with the line that is none."""
    return _read(path, lines, parse_fault)


def changer_faults(path: str, lines: list[str]) -> tuple[ChangerFault, ...]:
    """Read the changer's script. Raises BadAddress with the line that is none."""
    return _read(path, lines, parse_changer_fault)
