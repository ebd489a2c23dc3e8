# SPDX-License-Identifier: WTFPL OR MIT
"""The st driver's options by name, as `stoptions` and its kin take them and `stshowoptions` shows them."""

from __future__ import annotations

import os
import stat

from pytp_cli.mt_counts import strtol
from pytp_cli.mt_table import first_match

KEYWORDS = (
    ("buffer-writes", 0x1, "buffered writes"),
    ("async-writes", 0x2, "asynchronous writes"),
    ("read-ahead", 0x4, "read-ahead for fixed block size"),
    ("debug", 0x8, "debugging (if compiled into driver)"),
    ("two-fms", 0x10, "write two filemarks when file closed"),
    ("fast-eod", 0x20, "space directly to eod (and lose file number)"),
    ("auto-lock", 0x40, "automatically lock/unlock drive door"),
    ("def-writes", 0x80, "the block size and density are for writes"),
    ("can-bsr", 0x100, "drive can space backwards well"),
    ("no-blklimits", 0x200, "drive doesn't support read block limits"),
    ("can-partitions", 0x400, "drive can handle partitioned tapes"),
    ("scsi2logical", 0x800, "logical block addresses used with SCSI-2"),
    ("no-wait", 0x2000, "immediate mode for rewind, etc."),
    ("weof-no-wait", 0x8000, "immediate mode for writing filemarks"),
    ("sysv", 0x1000, "enable the SystemV semantics"),
    ("sili", 0x4000, "enable SILI for variable block mode"),
)
"""Names, bits (linux/mtio.h, MT_ST_BUFFER_WRITES and on) and mt-st's explanations, in the order of the prefix rule.
mt-st also has `cleaning`, whose bit damages the option word; stsetcln is the way."""

_VALUE = 0x0FFFFFFF
_SYSFS = "/sys/class/scsi_tape"
_MODES = ("", "l", "m", "a")


class OptionError(Exception):
    """The lines that mt prints for a word that is no option, or several, and what to do."""

    def __init__(self, lines: str, advice: str) -> None:
        self.lines = lines
        self.advice = advice
        super().__init__(lines)


class NotATape(Exception):
    """No character device."""


def parse(arguments: list[str]) -> int:
    """Return the option bits for the words; a first argument that begins with a digit is the bits as a number and the
    rest is ignored; nothing is 0. Raises OptionError."""
    if arguments and "0" <= arguments[0][:1] <= "9":
        found = strtol(arguments[0])
        return found[0] & _VALUE if found is not None else 0
    bits = 0
    for word in arguments:
        bits |= _bit(word)
    return bits


def _bit(word: str) -> int:
    names = [name for name, _, _ in KEYWORDS]
    index, ambiguous = first_match(names, word)
    if ambiguous:
        candidates = ", ".join(name for name in names if name.startswith(word))
        raise OptionError(f"Property name '{word}' ambiguous.\n", f'"{word}" may be: {candidates}')
    if index < 0:
        rows = "".join(f"  {name:>9} -> {explained}\n" for name, _, explained in KEYWORDS)
        raise OptionError(
            f"Illegal property name '{word}'.\nThe implemented property names are:\n{rows}", f'"{word}" is none of them'
        )
    return KEYWORDS[index][1]


def names(bits: int) -> list[str]:
    return [name for name, bit, _ in KEYWORDS if bits & bit]


def sysfs_file(rdev: int) -> str:
    """Return where the kernel shows the options of the tape with this device number (drivers/scsi/st.h, TAPE_NR and
    TAPE_MODE)."""
    minor = os.minor(rdev)
    return f"{_SYSFS}/st{(minor & ~255) >> 3 | minor & 31}{_MODES[minor >> 5 & 3]}/options"


def read(fd: int) -> tuple[str, int | None]:
    """Return the sysfs file of an open tape and the bits in it; None: not readable. Raises NotATape."""
    status = os.fstat(fd)
    if not stat.S_ISCHR(status.st_mode):
        raise NotATape
    path = sysfs_file(status.st_rdev)
    try:
        with open(path, "rb") as file:
            return path, int(file.read(64), 16)
    except (OSError, ValueError):
        return path, None
