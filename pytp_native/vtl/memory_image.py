# SPDX-License-Identifier: WTFPL OR MIT
"""The image of the cartridge's memory as IBM's mechanisms give it: maker, end of data, and the tape directory with the
last data set of each wrap. The virtual tape is taken to be spread evenly over its format's wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.spec import wraps as spec
from pytp_native.vtl.door_log import use_of
from pytp_native.vtl.door_log_parts import data_sets
from pytp_native.vtl.formats import FORMATS
from pytp_native.vtl.makers import IBM
from pytp_native.vtl.reply import ascii_field
from pytp_native.vtl.wear import retries_of_load

if TYPE_CHECKING:
    from pytp_native.vtl.drive import VirtualDrive

_SIZES = {1: 4096, 2: 4096, 3: 4096, 4: 8192, 5: 8192, 9: 32768}
_USUAL_SIZE = 16384
_MAKER_AT, _END_AT, _TABLE_AT, _DIRECTORY_AT = 0x100, 0x180, 0x1F0, 0x200
_VALID = 1


def image_of(drive: VirtualDrive) -> bytes | None:
    """None without a cartridge, of another mechanism than IBM's, and of a format whose wraps nobody has published."""
    use = use_of(drive)
    if use.label is None or use.memory is None or drive.personality.family != IBM:
        return None
    generation = FORMATS[use.label.generation].number
    kind = next((code for code, number in spec.MEMORY_TYPES.items() if number == generation), None)
    if kind is None:
        return None
    last_ids = _directory(drive, generation)
    image = bytearray(_SIZES.get(generation, _USUAL_SIZE))
    image[:5] = b"\x01\x00\x00\x02\x03"  # the last is the exclusive or of the others
    table = ((spec.MAKER_PAGE, _MAKER_AT), (spec.DIRECTORY_PAGE, _DIRECTORY_AT), (spec.END_OF_DATA_PAGE, _END_AT))
    _put(image, spec.PAGE_TABLE_AT, b"".join(_row(*row) for row in (*table, (spec.END_OF_TABLE, _TABLE_AT))))
    _put(image, _TABLE_AT, _row(spec.END_OF_TABLE, 0))
    maker = ascii_field("PYTP", 8) + ascii_field(use.memory.serial, 10) + kind.to_bytes(2, "big")
    maker += ascii_field(use.memory.made, 8) + (FORMATS[use.label.generation].length_m * 4).to_bytes(2, "big")
    _put(image, _MAKER_AT, _row(spec.MAKER_PAGE, 64) + maker)
    end = last_ids[-1].to_bytes(4, "big") + (len(last_ids) - 1).to_bytes(4, "big") + _VALID.to_bytes(2, "big")
    _put(image, _END_AT, _row(spec.END_OF_DATA_PAGE, 64) + bytes(20) + end)
    entries = b"".join(
        (bytes(4) + last.to_bytes(4, "big")).ljust(spec.DIRECTORY_ENTRY_BYTES, b"\0") for last in last_ids
    )
    head = _row(spec.DIRECTORY_PAGE, len(entries)).ljust(spec.directory_header_bytes(generation), b"\0")
    _put(image, _DIRECTORY_AT, head + entries)
    return bytes(image)


def _directory(drive: VirtualDrive, generation: int) -> list[int]:
    """Return the last data set on each wrap of partition 0 that has data; data sets written again have taken room."""
    use, memory = use_of(drive), drive.memory()
    again = memory.write_retries + retries_of_load(drive, memory).writes
    written = data_sets(use.written)
    on_a_wrap = spec.DATA_SETS_OF_A_WRAP[generation] * written // (written + again) if written else 0
    wraps = spec.WRAPS[generation] * use.used[0] / max(use.label.capacity_bytes if use.label else 0, 1)
    full = min(int(wraps), spec.WRAPS[generation] - 1)
    last = full * on_a_wrap + int(on_a_wrap * min(wraps - full, 1))
    return [*((wrap + 1) * on_a_wrap for wrap in range(full)), last]


def _row(page: int, number: int) -> bytes:
    return page.to_bytes(2, "big") + number.to_bytes(2, "big")


def _put(image: bytearray, at: int, data: bytes) -> None:
    image[at : at + len(data)] = data
