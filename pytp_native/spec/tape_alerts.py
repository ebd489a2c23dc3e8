# SPDX-License-Identifier: WTFPL OR MIT
"""TapeAlert flags of drives (SSC-5, TapeAlert flags) and of changers (SMC-3, TapeAlert), as data: severity, what it is
about, what an operator does.

mtx's tapeinfo has texts of its own; see there.
"""

from __future__ import annotations

from pytp_native.light import NamedTuple

CRITICAL, WARNING, INFORMATION = "critical", "warning", "information"
MEDIUM, DRIVE, HOST, LIBRARY = "medium", "drive", "host", "library"
EITHER = "medium or drive"
FLAGS = 64


class Alert(NamedTuple):
    flag: int
    name: str
    severity: str
    scope: str
    """Whose trouble it is."""
    action: str


_S = {"C": CRITICAL, "W": WARNING, "I": INFORMATION}
_O = {"M": MEDIUM, "D": DRIVE, "H": HOST, "L": LIBRARY, "MD": EITHER}

_LINK = "check cables, transceivers, zoning and the host adapter"
_SWAP = "try a good cartridge in this drive and this cartridge in another drive"
_RETIRE = "copy what can be read to another cartridge and retire this one"
_NEVER = "do not load it again; only a recovery laboratory can help"
_DUMP = "take a drive dump, then have the drive serviced"
_REBUILD = "read the tape to its end once, or write it anew; searching is slow until then"
_SERVICE = "have the library serviced"
_WATCH = "watch whether it comes again"

_DRIVE_ROWS = (
    (1, "read warning", "W", "MD", "finish the job; clean the drive if it asks; compare with the cartridge's history"),
    (2, "write warning", "W", "MD", "finish the job; clean the drive if it asks; compare with the cartridge's history"),
    (3, "hard error", "W", "MD", "look at the flags 4, 5 and 6 and at the sense data for whose it is"),
    (4, "media", "C", "M", _RETIRE),
    (5, "read failure", "C", "MD", "read it in another drive: if that works suspect this drive, else the cartridge"),
    (6, "write failure", "C", "MD", _SWAP),
    (7, "media life", "W", "M", _RETIRE),
    (8, "not data grade", "W", "M", "use a data-grade cartridge for backups"),
    (9, "write protect", "C", "H", "move the cartridge's switch, or load one that can be written"),
    (10, "no removal", "I", "H", "find the program that locked the cartridge in, and let it unlock"),
    (11, "cleaning media", "I", "M", "load a data cartridge"),
    (12, "unsupported format", "I", "M", "use a drive of a generation that takes it"),
    (13, "recoverable mechanical cartridge failure", "C", "M", _NEVER),
    (14, "unrecoverable mechanical cartridge failure", "C", "M", "do not force the eject; call service"),
    (15, "memory chip in cartridge failure", "W", "M", _RETIRE),
    (16, "forced eject", "C", "H", "the last data may be missing: verify the last file"),
    (17, "read-only format", "W", "M", "load a cartridge of a generation that this drive writes"),
    (18, "tape directory corrupted on load", "W", "M", _REBUILD),
    (19, "nearing media life", "I", "M", "plan a new cartridge"),
    (20, "clean now", "C", "D", "clean the drive before the next job"),
    (21, "clean periodic", "W", "D", "clean the drive when the job is done"),
    (22, "expired cleaning media", "C", "M", "throw the cleaning cartridge away and use a new one"),
    (23, "invalid cleaning tape", "C", "M", "use a cleaning cartridge that is made for this drive"),
    (24, "retension requested", "W", "M", "wind the tape from end to end once"),
    (25, "dual-port interface error", "W", "H", _LINK),
    (26, "cooling fan", "W", "D", "check fan and air flow"),
    (27, "power supply", "W", "D", "replace the redundant supply that failed"),
    (28, "power consumption", "W", "D", "have the drive serviced"),
    (29, "drive maintenance", "W", "D", "have the preventive maintenance done"),
    (30, "hardware A", "C", "D", "take the cartridge out, switch the drive off and on, then test it"),
    (31, "hardware B", "C", "D", _DUMP),
    (32, "interface", "W", "H", _LINK),
    (33, "eject media", "C", "MD", "eject the cartridge, load it again and retry once; then another drive"),
    (34, "download fault", "W", "H", "get the firmware image for this very model"),
    (35, "drive humidity", "W", "D", "check the room"),
    (36, "drive temperature", "W", "D", "pause, check the air flow"),
    (37, "drive voltage", "W", "D", "check the power supply"),
    (38, "predictive failure", "C", "D", "order a replacement drive"),
    (39, "diagnostics required", "W", "D", "run the drive's self-test and take a dump"),
    (40, "loader hardware A", "C", "L", "the loader cannot talk to the drive: check both and their cable"),
    (41, "loader stray tape", "C", "L", "take the cartridge out of the loader's path"),
    (42, "loader hardware B", "W", "L", _SERVICE),
    (43, "loader door", "C", "L", "close the door"),
    (44, "loader hardware C", "C", "L", _SERVICE),
    (45, "loader magazine", "C", "L", "put the magazine in"),
    (46, "loader predictive failure", "W", "L", _SERVICE),
    (47, "external encryption control: communications failure", "W", "H", "check the path to the key manager"),
    (48, "external encryption control: key manager error", "W", "H", "look at the key manager's log"),
    (49, "diminished native capacity", "I", "M", "the cartridge holds less than its design capacity"),
    (50, "lost statistics", "W", "M", "do not trust the cartridge's counters: power was lost"),
    (51, "tape directory invalid at unload", "W", "M", _REBUILD),
    (52, "system area write failure", "C", "M", _RETIRE),
    (53, "system area read failure", "C", "M", _RETIRE),
    (54, "no start of data", "C", "M", "blank, damaged, of the wrong generation, or degaussed for ever: replace it"),
    (55, "loading failure", "C", "MD", "look at the leader pin; try another cartridge"),
    (56, "unrecoverable unload failure", "C", "D", "the cartridge is stuck: do not pull it; call service"),
    (57, "automation interface failure", "C", "L", "check the cable between drive and library"),
    (58, "firmware failure", "W", "D", "take a drive dump before any reset, then update the firmware"),
    (59, "WORM integrity check failed", "W", "M", "only read it, and copy it"),
    (60, "WORM overwrite attempted", "W", "H", "append at the end of data only"),
    (61, "encryption policy violation", "W", "H", "check the library's encryption policy"),
)

_CHANGER_ROWS = (
    (1, "library hardware A", "C", "the library cannot talk to a drive: check its power and cable"),
    (2, "library hardware B", "W", "the mechanism had a problem and recovered: " + _WATCH),
    (3, "library hardware C", "C", "start the operation again, else reset the library"),
    (4, "library hardware D", "C", "switch the library off and on; if it stays, call service"),
    (5, "library diagnostics required", "W", "run the library's self-test"),
    (6, "library interface", "C", _LINK),
    (7, "predictive failure", "W", _SERVICE),
    (8, "library maintenance", "W", "have the preventive maintenance done"),
    (9, "library humidity limits", "C", "stop until the room is right"),
    (10, "library temperature limits", "C", "stop until the room is right"),
    (11, "library voltage limits", "C", "check the power supply"),
    (12, "library stray tape", "C", "a cartridge was left in a drive after a failed move: unload it by hand"),
    (13, "library pick retry", "W", "look which element it is: its alignment, the cartridge's shell and label"),
    (14, "library place retry", "W", "look which element it is: its alignment, the cartridge's shell and label"),
    (15, "library load retry", "W", "look which drive and which cartridge it is"),
    (16, "library door", "C", "close the door"),
    (17, "library mailslot", "C", "clear and close the import/export station"),
    (18, "library magazine", "C", "put the magazine in"),
    (19, "library security", "W", "the door was opened while it worked: check the inventory"),
    (20, "library security mode", "I", "the security mode was changed: see that it was meant"),
    (21, "library offline", "I", "put the library online at its panel"),
    (22, "library drive offline", "I", "put the drive online again when it may be used"),
    (23, "library scan retry", "W", "clean the barcode labels or put them on anew"),
    (24, "library inventory", "C", "take the inventory anew"),
    (25, "library illegal operation", "W", "a program asked for an impossible move: check its configuration"),
    (26, "dual-port interface error", "W", _LINK),
    (27, "cooling fan failure", "W", "check fan and air flow"),
    (28, "power supply", "W", "replace the redundant supply that failed"),
    (29, "power consumption", "W", _SERVICE),
    (30, "pass-through mechanism failure", "C", "clear the way between the modules"),
    (31, "cartridge in pass-through mechanism", "C", "take the cartridge out of the pass-through"),
    (32, "unreadable barcode labels", "I", "put new labels on"),
)

DRIVE_ALERTS = {row[0]: Alert(row[0], row[1], _S[row[2]], _O[row[3]], row[4]) for row in _DRIVE_ROWS}
CHANGER_ALERTS = {row[0]: Alert(row[0], row[1], _S[row[2]], LIBRARY, row[3]) for row in _CHANGER_ROWS}

FAILING = frozenset({4, 5, 6, 13, 14, 20, 22, 30, 31, 38, 52, 53, 55, 56})
"""Drive flags after which nothing more should be trusted to this drive or cartridge until somebody has acted."""
DEGRADED = frozenset({1, 2, 3, 7, 8, 15, 18, 21, 29, 36, 39, 50, 51, 58})
OPERATOR = frozenset({9, 10, 11, 12, 16, 17, 19, 60})
"""Drive flags that ask for a hand and say nothing bad about drive or cartridge."""
CLEANING = frozenset({20, 21})
"""Never a reason to stop a running job, nor to refuse to read."""


def alert_of(flag: int, *, changer: bool = False) -> Alert:
    """Return what is known about a flag; a reserved one is named by its number."""
    known = (CHANGER_ALERTS if changer else DRIVE_ALERTS).get(flag)
    scope = LIBRARY if changer else DRIVE
    return known or Alert(flag, f"flag {flag}", INFORMATION, scope, "look it up in the device's manual")
