# SPDX-License-Identifier: WTFPL OR MIT
"""The commands of mt(1) from mt-st, one row each, in the order in which prefixes are looked up and help lists them."""

from __future__ import annotations

from pytp_native.light import NamedTuple

# How a command runs and reads its arguments.
TOP, DRIVER, OPTIONS, SHOW_OPTIONS = "top", "driver", "options", "show options"
STATUS, TELL, DENSITIES, SEEK_PARTITION, TO_FILE = "status", "tell", "densities", "partseek", "asf"
MANY = 1 << 30


class Command(NamedTuple):
    """One word of mt."""

    name: str
    kind: str
    operation: str = ""
    """MTIOCTOP operation; DRIVER and OPTIONS: the option word of MTSETDRVBUFFER (linux/mtio.h, MT_ST_*), or none."""
    most: int = 0
    """Arguments taken."""
    writes: bool = False
    """The device is opened for writing too."""
    waits: bool = True
    """Opened without O_NONBLOCK; after a failure mt asks whether the drive is online."""
    tests_protection: bool = False
    """After a failure mt asks for write protection."""
    mask: int = 0
    """DRIVER: which bits of the number count."""


def _top(name: str, operation: str, most: int = 0, **more: bool) -> Command:
    return Command(name, TOP, operation, most, **more)


def _driver(name: str, word: str, mask: int = 0xFFFFFFF) -> Command:
    return Command(name, DRIVER, word, 1, waits=False, mask=mask)


_DEFAULT, _TIMEOUT = 0xFFFFF, 0x7FFFFFF

COMMANDS = (
    _top("weof", "MTWEOF", 1, writes=True, tests_protection=True),
    _top("wset", "MTWSM", 1, writes=True, tests_protection=True),
    _top("eof", "MTWEOF", 1, writes=True),
    _top("fsf", "MTFSF", 1),
    _top("fsfm", "MTFSFM", 1),
    _top("bsf", "MTBSF", 1),
    _top("bsfm", "MTBSFM", 1),
    _top("fsr", "MTFSR", 1),
    _top("bsr", "MTBSR", 1),
    _top("fss", "MTFSS", 1),
    _top("bss", "MTBSS", 1),
    _top("rewind", "MTREW"),
    _top("offline", "MTOFFL"),
    _top("rewoffl", "MTOFFL"),
    _top("eject", "MTOFFL"),
    _top("retension", "MTRETEN"),
    _top("eod", "MTEOM"),
    _top("seod", "MTEOM"),
    _top("seek", "MTSEEK", 1),
    Command("tell", TELL),
    Command("status", STATUS, waits=False),
    _top("erase", "MTERASE", 1, writes=True),
    _top("setblk", "MTSETBLK", 1, waits=False),
    _top("lock", "MTLOCK"),
    _top("unlock", "MTUNLOCK"),
    _top("load", "MTLOAD", 1, waits=False),
    _top("compression", "MTCOMPRESSION", 1, waits=False),
    _top("setdensity", "MTSETDENSITY", 1, waits=False),
    _driver("drvbuffer", ""),
    _driver("stwrthreshold", "MT_ST_WRITE_THRESHOLD"),
    Command("stoptions", OPTIONS, "MT_ST_BOOLEANS", MANY, waits=False),
    Command("stsetoptions", OPTIONS, "MT_ST_SETBOOLEANS", MANY, waits=False),
    Command("stclearoptions", OPTIONS, "MT_ST_CLEARBOOLEANS", MANY, waits=False),
    _driver("defblksize", "MT_ST_DEF_BLKSIZE"),
    _driver("defdensity", "MT_ST_DEF_DENSITY", _DEFAULT),
    _driver("defdrvbuffer", "MT_ST_DEF_DRVBUFFER", _DEFAULT),
    _driver("defcompression", "MT_ST_DEF_COMPRESSION", _DEFAULT),
    _driver("stsetcln", "MT_ST_SET_CLN"),
    _driver("sttimeout", "MT_ST_SET_TIMEOUT", _TIMEOUT),
    _driver("stlongtimeout", "MT_ST_SET_LONG_TIMEOUT", _TIMEOUT),
    Command("densities", DENSITIES, waits=False),
    _top("setpartition", "MTSETPART", 1),
    _top("mkpartition", "MTMKPART", 1, writes=True),
    Command("partseek", SEEK_PARTITION, most=2),
    Command("asf", TO_FILE, most=1),
    Command("stshowoptions", SHOW_OPTIONS, most=1, waits=False),
)

ELSEWHERE = {
    "eom": "eod", "seom": "eod", "datcompression": "compression", "comp": "compression", "unload": "offline",
    "setblksize": "setblk", "setblksz": "setblk", "blocksize": "setblk", "density": "setdensity", "nbsf": "bsfm",
    "ret": "retension", "rdhpos": "tell", "rdspos": "tell", "sethpos": "seek", "locate": "seek",
    "stlist": "stshowoptions", "weofi": "weof",
}  # fmt: skip
"""What other programs called mt have for it."""

DEFAULT_DEVICE = "/dev/tape"
_WIDTH = 70


class WordError(Exception):
    """A command word that stands for none, or for several: `word`, and "unknown" or "ambiguous"."""

    def __init__(self, word: str, what: str, matches: list[str]) -> None:
        self.word = word
        self.what = what
        self.matches = matches
        super().__init__(word, what)


def first_match(names: list[str], text: str) -> tuple[int, bool]:
    """Return the index of the first of `names` that begins with `text` (-1: none), and whether a later one does too.

    A name written in full is never ambiguous, but only if it is the first match (mt-st's rule, kept).
    """
    for index, name in enumerate(names):
        if name.startswith(text):
            later = len(text) != len(name) and any(other.startswith(text) for other in names[index + 1 :])
            return index, later
    return -1, False


def find(word: str) -> Command:
    """Return the command that `word` or the beginning of a word stands for. Raises WordError."""
    names = [command.name for command in COMMANDS]
    index, ambiguous = first_match(names, word)
    if index < 0:
        raise WordError(word, "unknown", [ELSEWHERE[word]] if word in ELSEWHERE else [])
    if ambiguous:
        raise WordError(word, "ambiguous", [name for name in names if name.startswith(word)])
    return COMMANDS[index]


def usage(program: str) -> str:
    """The short help, two lines."""
    line = f"usage: {program} [-v] [--version] [-h] [ -f device ] command [ count ]"
    return f"{line}\ndefault tape device: {DEFAULT_DEVICE}\n"


def long_usage(program: str) -> str:
    """The help with the list of commands; lines end behind the first name that reaches column 70."""
    lines, line = [], "commands: "
    for command in COMMANDS[:-1]:
        line += f"{command.name}, "
        if len(line) >= _WIDTH:
            lines.append(line)
            line = " " * 10
    lines.append(f"{line}{COMMANDS[-1].name}.")
    return usage(program) + "\n".join(lines) + "\n"
