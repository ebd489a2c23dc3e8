# SPDX-License-Identifier: WTFPL OR MIT
"""Addresses of devices: the text a person types, and what it stands for."""

from __future__ import annotations

import os
import stat

from pytp_native.errors import BadAddress
from pytp_native.light import NamedTuple
from pytp_native.transport.holders import TAPE_MAJOR, tape_number

GENERIC_MAJOR = 21
CHANGER_MAJOR = 86
"""Character device majors of sg and ch (Documentation/admin-guide/devices.txt)."""

_NO_REWIND = 0x80
_MODES = ("", "l", "m", "a")
_EXAMPLES = "give one like /dev/nst0, /dev/sg3, /dev/sch0, vtl:DIR/drive0, vtl:DIR/changer or replay:FILE"


class Address(NamedTuple):
    """A resolved address."""

    text: str
    """As typed: what messages and records name."""
    kind: str
    """"st", "sg", "sch", "vtl drive", "vtl changer", "replay" or "trace"."""
    path: str
    """The node, library directory or file."""
    drive: int = 0
    """Drive number within a virtual library."""
    inner: str = ""
    """trace: the address that is traced."""
    rewinds: bool = False
    """An st node that rewinds at close."""
    no_rewind_node: str = ""
    """The node of the same tape that does not rewind, for messages."""

    @property
    def is_virtual(self) -> bool:
        return self.kind in {"vtl drive", "vtl changer"}


def resolve(text: str) -> Address:
    """Say what `text` stands for; nothing is opened. Raises BadAddress for what is no tape, changer or SCSI device."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme == "vtl":
        return _virtual(text, rest)
    if colon and scheme == "replay" and rest:
        return Address(text, "replay", rest)
    if colon and scheme == "trace":
        return _trace(text, rest)
    return _node(text)


def _virtual(text: str, rest: str) -> Address:
    library, _, unit = rest.removesuffix("/").rpartition("/")
    if library and unit == "changer":
        return Address(text, "vtl changer", library)
    number = unit.removeprefix("drive")
    if library and unit.startswith("drive") and number.isascii() and number.isdecimal() and len(number) <= 3:
        return Address(text, "vtl drive", library, drive=int(number))
    raise BadAddress(text, "no drive or changer of a virtual library", "give vtl:DIR/drive0 or vtl:DIR/changer")


def _trace(text: str, rest: str) -> Address:
    path, colon, inner = rest.partition(":")
    if not (path and colon and inner):
        raise BadAddress(text, "a trace names a file and an address", "give trace:FILE:ADDRESS")
    return Address(text, "trace", path, inner=inner)


def _node(text: str) -> Address:
    try:
        status = os.stat(text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise BadAddress(text or "device address", reason.lower() if text else "empty", _EXAMPLES) from error
    major = os.major(status.st_rdev) if stat.S_ISCHR(status.st_mode) else -1
    if major == TAPE_MAJOR:
        return _tape(text, status.st_rdev)
    if major == GENERIC_MAJOR:
        return Address(text, "sg", text)
    if major == CHANGER_MAJOR:
        return Address(text, "sch", text)
    raise BadAddress(text, "not a tape, changer or SCSI device", _EXAMPLES)


def _tape(text: str, rdev: int) -> Address:
    minor = os.minor(rdev)
    node = f"/dev/nst{tape_number(rdev)}{_MODES[minor >> 5 & 3]}"
    return Address(text, "st", text, rewinds=not minor & _NO_REWIND, no_rewind_node=node)


def generic_node(path: str, *, sysfs: str = "/sys") -> str | None:
    """Return the /dev/sgN of the same logical unit as an st or sch node; None without one (sg not loaded)."""
    try:
        rdev = os.stat(path).st_rdev
        names = os.listdir(f"{sysfs}/dev/char/{os.major(rdev)}:{os.minor(rdev)}/device/scsi_generic")
    except OSError:
        return None
    return f"/dev/{sorted(names)[0]}" if names else None
