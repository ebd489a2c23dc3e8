# SPDX-License-Identifier: WTFPL OR MIT
"""What is read from the drive itself (SPC-5): buffers and diagnostic pages.

There is no firmware to download, so nothing can be written. The dump is a JSON text: real ones are opaque too. So is
the cartridge's memory, but of drives that appear as a vendor's.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress

from pytp_native.vtl import sense
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.memory import FILE
from pytp_native.vtl.reply import TargetReply, answer, check

_DATA, _DESCRIPTOR = 0x02, 0x03
_DUMP, _CARTRIDGE_MEMORY = 0x01, 0x10


def read_buffer(drive: VirtualDrive, cdb: bytes) -> TargetReply:
    """Sizes (mode 03h) and contents (02h) of the dump (buffer 01h, as IBM numbers them) and the cartridge memory."""
    mode, offset, length = cdb[1] & 0x1F, int.from_bytes(cdb[3:6], "big"), int.from_bytes(cdb[6:9], "big")
    contents = _contents(drive, cdb[2])
    if contents is None or mode not in {_DATA, _DESCRIPTOR} or offset > len(contents):
        return check(sense.INVALID_FIELD)
    if mode == _DESCRIPTOR:
        return answer(b"\0" + len(contents).to_bytes(3, "big"), length)
    return answer(contents[offset:], length)


def _contents(drive: VirtualDrive, buffer: int) -> bytes | None:
    if buffer == _DUMP:
        return json.dumps(_counts(drive)).encode()
    if buffer == _CARTRIDGE_MEMORY and drive.personality.family:
        from pytp_native.vtl.memory_image import image_of  # noqa: PLC0415 - our own drives do without

        return image_of(drive)
    if buffer == _CARTRIDGE_MEMORY and drive.ready:
        with suppress(OSError), open(os.path.join(drive.cartridge_path, FILE), "rb") as file:
            return file.read()
    return None


def _counts(drive: VirtualDrive) -> dict[str, object]:
    raw = drive.raw
    names = ("loads", "position", "partition", "mounted", "life_loads", "life_cleanings", "life_written", "life_read",
             "life_write_errors", "life_read_errors", "alerts")  # fmt: skip
    return {"serial": drive.bay.serial, **{name: int(getattr(raw, name)) for name in names}}


def receive_diagnostic(_drive: VirtualDrive, cdb: bytes) -> TargetReply:
    """Only the list of pages, with itself in it (SPC-5 7.3.2)."""
    if cdb[1] & 1 and cdb[2]:
        return check(sense.INVALID_FIELD)
    return answer(b"\0\0\0\x01\0", int.from_bytes(cdb[3:5], "big"))
