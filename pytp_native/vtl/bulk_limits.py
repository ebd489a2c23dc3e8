# SPDX-License-Identifier: WTFPL OR MIT
"""How far a bulk transfer may go before somebody has to look at a block (csrc/vdrive.h, pytp_bulk)."""

from __future__ import annotations

from pytp_native.ffi import ffi
from pytp_native.vtl import warning_zone
from pytp_native.vtl.cartridge import FILEMARK_BYTES
from pytp_native.vtl.faults import NEVER, WHEN_WRITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pytp_native.vtl.drive import VirtualDrive


class BulkLimits:
    """What a drive tells the C loops."""

    def __init__(self, drive: VirtualDrive) -> None:
        self._drive = drive
        self._raw: Any = ffi.new("pytp_bulk *")

    def for_writing(self) -> Any:
        """How far pytp_bulk_write may go."""
        raw, tape = self._limits(("write", "early warning", *WHEN_WRITING)), self._drive.tape
        raw.stop_bytes = max(warning_zone.next_stop(self._drive) - tape.filemarks * FILEMARK_BYTES, 0)
        return self._for_host(raw)

    def for_reading(self) -> Any:
        """The same for pytp_bulk_read."""
        return self._for_host(self._limits(("read", "eject", "cleaning")))

    def _for_host(self, raw: Any) -> Any:
        """Blocks that the fault "adapter" is too small for go the ordinary way, which refuses them."""
        raw.most = min((one.at for one in self._drive.faults.faults if one.kind == "adapter"), default=raw.most)
        return raw

    def host_error(self) -> int:
        """Errno of the host that stopped the last transfer; the ordinary write meets it again, with its story."""
        return int(self._raw.host_error)

    def _limits(self, kinds: tuple[str, ...]) -> Any:
        raw, drive = self._raw, self._drive
        raw.cartridge, raw.state = drive.tape.handle, drive.raw
        raw.stop_at = drive.faults.next_event(kinds, drive.position)
        raw.stop_bytes = NEVER
        fixed, limits = drive.raw.block_bytes, drive.personality
        raw.least, raw.most = (fixed, fixed) if fixed else (limits.least_block, limits.most_block)
        return raw
