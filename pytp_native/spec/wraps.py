# SPDX-License-Identifier: WTFPL OR MIT
"""How LTO tape is divided: wraps from end to end of the tape, and the data sets that fit on one of them, by generation.

Wraps are the formats'. Data sets for a wrap are what was found on tapes without losses (LTFSCopyGUI's table); nobody
has published them. How the cartridge's memory numbers the generations is ECMA-319's and its successors'.
"""

from __future__ import annotations

WRAPS = {1: 48, 2: 64, 3: 44, 4: 56, 5: 80, 6: 136, 7: 112, 8: 208, 9: 280}
DATA_SETS_OF_A_WRAP = {1: 5500, 2: 8200, 3: 6000, 4: 9500, 5: 7800, 6: 7805, 7: 10950, 8: 11660, 9: 6770}
MEMORY_TYPES = {1: 1, 2: 2, 4: 3, 8: 4, 16: 5, 32: 6, 64: 7, 128: 8, 129: 9}
"""Cartridge type in the memory's first page: generation."""
CLEANING_TYPE = 0x8000

MAKER_PAGE, DIRECTORY_PAGE, END_OF_DATA_PAGE = 0x001, 0x103, 0x104
"""Pages of the memory: who made the cartridge; the tape directory, an entry a wrap; end of data of partition 0."""
END_OF_TABLE, PADDING = 0xFFF, frozenset({0xFFC, 0xFFE})
PAGE_TABLE_AT = 36
DIRECTORY_ENTRY_BYTES = 32


def directory_header_bytes(generation: int) -> int:
    """Return what stands before the first entry of the tape directory."""
    return 48 if generation >= 6 else 16
