# SPDX-License-Identifier: WTFPL OR MIT
"""How long an LTO drive may take, by maker and generation, as data: for drives that do not tell it themselves (REPORT
SUPPORTED OPERATION CODES). Seconds; of full-height and half-height drives the longer figure.

Sources: the LTFS reference implementation's tables, IBM's and HPE's SCSI references. What is not here keeps the limit
of its command (scsi/command.py), the longest of all drives.
"""

from __future__ import annotations

from pytp_native.spec import opcodes

IBM, HPE = "IBM", "HPE"

_LONG_COMMANDS = (
    (opcodes.LOAD_UNLOAD,),
    (opcodes.REWIND,),
    (opcodes.LOCATE_10, opcodes.LOCATE_16, opcodes.SPACE_6, opcodes.SPACE_16),
    (opcodes.READ_6,),
    (opcodes.WRITE_6,),
    (opcodes.WRITE_FILEMARKS_6, opcodes.WRITE_FILEMARKS_16),
    (opcodes.ERASE_6, opcodes.ERASE_16),
    (opcodes.VERIFY_6, opcodes.VERIFY_16),
    (opcodes.FORMAT_MEDIUM,),
    (opcodes.SET_CAPACITY,),
    (opcodes.SEND_DIAGNOSTIC,),
    (opcodes.READ_BUFFER, opcodes.WRITE_BUFFER),
)
_FIGURES: dict[tuple[str, int], tuple[int, ...]] = {
    # load, rewind, locate, read, write, filemarks, erase, verify, format, capacity, self-test, buffer
    (IBM, 5): (1020, 780, 2700, 1920, 1920, 1740, 19200, 19980, 1980, 960, 3120, 720),
    (IBM, 6): (1020, 780, 2940, 1920, 1920, 1740, 29400, 30000, 3840, 960, 3120, 720),
    (IBM, 7): (960, 600, 2940, 2340, 1560, 1680, 27540, 28860, 3240, 960, 2040, 540),
    (IBM, 8): (960, 600, 2940, 2340, 1560, 1680, 121448, 54360, 3240, 960, 2040, 540),
    (IBM, 9): (960, 600, 2940, 2340, 1560, 1680, 166370, 63300, 3240, 960, 2040, 540),
    (IBM, 10): (960, 600, 3940, 2340, 1560, 1680, 166370, 104880, 3240, 960, 2040, 540),
    (HPE, 5): (600, 600, 1200, 1200, 300, 300, 18000, 18000, 1560, 780, 600, 60),
    (HPE, 6): (600, 600, 1200, 1200, 300, 300, 18000, 18000, 1560, 780, 600, 60),
    (HPE, 7): (1020, 780, 2700, 1920, 1920, 1920, 29400, 28860, 3000, 780, 1980, 540),
    (HPE, 8): (840, 660, 2940, 2340, 1680, 1680, 53040, 53040, 3000, 780, 1980, 540),
    (HPE, 9): (840, 660, 2940, 2340, 1680, 1680, 53040, 53040, 3000, 780, 1980, 540),
}
OPTIMISING = (opcodes.LOAD_UNLOAD, opcodes.FORMAT_MEDIUM)
"""What may start the measuring of a new LTO-9 cartridge, and then takes that much longer."""


def drive_limits(maker: str, generation: int) -> dict[int, float]:
    """Return limits in seconds by operation code; empty for a drive that is not in the tables."""
    figures = _FIGURES.get((maker, generation), ())
    return {code: float(seconds) for seconds, codes in zip(figures, _LONG_COMMANDS, strict=False) for code in codes}
