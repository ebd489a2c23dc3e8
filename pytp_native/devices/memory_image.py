# SPDX-License-Identifier: WTFPL OR MIT
"""Fetch the image of a cartridge's memory from drives that are known to give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytp_native.devices.retry import CALM
from pytp_native.errors import BadReply, NoMedium, NotReady, NotSupported
from pytp_native.scsi import diagnostic, executor
from pytp_native.scsi.memory_image import BUFFER, MemoryImage, parse_image
from pytp_native.spec.log_vendors import IBM

if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet

_PIECE = 4096
_MOST = 1 << 16
"""LTO-9's memory has 32 KiB."""


def memory_image(device: Quiet) -> MemoryImage | None:
    """Return what the cartridge's memory says of its wraps. None: another mechanism than IBM's, no cartridge, or an
    answer that is no such image. Nothing moves."""
    if device.family != IBM or device.is_changer:
        return None
    try:
        size = min(executor.run(device.scsi, diagnostic.read_buffer_size(BUFFER), CALM).capacity, _MOST)
        data = b"".join(_piece(device, at, min(_PIECE, size - at)) for at in range(0, size, _PIECE))
        return parse_image(data)
    except (BadReply, NotSupported, NoMedium, NotReady):
        return None


def _piece(device: Quiet, at: int, length: int) -> bytes:
    command = diagnostic.read_buffer(diagnostic.DATA, BUFFER, offset=at, length=length)
    return executor.run(device.scsi, command, CALM)
