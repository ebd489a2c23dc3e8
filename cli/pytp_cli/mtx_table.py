# SPDX-License-Identifier: WTFPL OR MIT
"""The words of mtx(1), and its help."""

from __future__ import annotations

from pytp_native.light import NamedTuple

UNDERSTOOD = "1.3.12"
"""The release of mtx whose behaviour this is."""
DEFAULT_DEVICE = "/dev/changer"
ENVIRONMENT = ("CHANGER", "TAPE")
"""Where the device is looked for without -f."""


class Word(NamedTuple):
    """One word of mtx. Without a device it sets a flag for the words behind it."""

    name: str
    most: int = 0
    """Numbers taken."""
    device: bool = False
    scan: bool = False
    """It needs to know what is where."""


WORDS = {
    word.name: word
    for word in (
        Word("inquiry", device=True),
        Word("status", device=True, scan=True),
        Word("load", 2, device=True, scan=True),
        Word("unload", 2, device=True, scan=True),
        Word("transfer", 2, device=True, scan=True),
        Word("exchange", 3, device=True, scan=True),
        Word("first", 1, device=True, scan=True),
        Word("last", 1, device=True, scan=True),
        Word("previous", 1, device=True, scan=True),
        Word("next", 1, device=True, scan=True),
        Word("position", 1, device=True, scan=True),
        Word("inventory", device=True),
        Word("eject", device=True),
        Word("erase", device=True),
        Word("--version"),
        Word("noattach"),
        Word("nobarcode"),
        Word("invert"),
        Word("invert2"),
        Word("altres"),
        Word("eepos", 1),
    )
}
_DEVICE = "[ -f <loader-dev> ]"
_SLOT = "<storage-element-number>"
_USES = (
    "--version",
    f"{_DEVICE} noattach <more commands>",
    f"{_DEVICE} inquiry | inventory ",
    f"{_DEVICE} [altres] [nobarcode] status",
    f"{_DEVICE} [altres] first [<drive#>]",
    f"{_DEVICE} [altres] last [<drive#>]",
    f"{_DEVICE} [altres] previous [<drive#>]",
    f"{_DEVICE} [altres] next [<drive#>]",
    f"{_DEVICE} [altres] [invert] load {_SLOT} [<drive#>]",
    f"{_DEVICE} [altres] [invert] unload [{_SLOT}][<drive#>]",
    f"{_DEVICE} [altres] [eepos eepos-number] transfer {_SLOT} {_SLOT}",
    f"{_DEVICE} [altres] [eepos eepos-number][invert][invert2] exchange {_SLOT} {_SLOT}",
    f"{_DEVICE} [altres] position {_SLOT}",
    f"{_DEVICE} eject",
)


def usage(program: str) -> str:
    return "Usage:\n" + "".join(f"\t{program} {use}\n" for use in _USES)
