# SPDX-License-Identifier: WTFPL OR MIT
"""vtl:DIR/drive0 and vtl:DIR/changer as SCSI devices. What one of them needs is not loaded for the other."""

from __future__ import annotations

from pytp_native.errors import DeviceError, UsageError
from pytp_native.transport.records import ScsiReply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.changer_target import ChangerTarget
    from pytp_native.vtl.target import VirtualTarget


def open_virtual_scsi(path: str, drive: int) -> VirtualScsi:
    """Open a drive for SCSI commands; works beside a user of the tape, as sg does beside st."""
    from pytp_native.vtl.target import VirtualTarget  # noqa: PLC0415 - a changer's user does without it

    return VirtualScsi(f"vtl:{path}/drive{drive}", VirtualTarget(path, drive))


def open_virtual_changer(path: str) -> VirtualScsi:
    """Open the library's changer for SCSI commands."""
    from pytp_native.vtl.changer_target import ChangerTarget  # noqa: PLC0415

    return VirtualScsi(f"vtl:{path}/changer", ChangerTarget(path))


class VirtualScsi:
    """The SCSI door of a drive or of the changer."""

    def __init__(self, address: str, target: VirtualTarget | ChangerTarget) -> None:
        self.address = address
        self._target: VirtualTarget | ChangerTarget | None = target

    def execute(
        self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
    ) -> ScsiReply:
        """As the contract. Virtual commands take no time; one that would have taken longer than the timeout was done
        none the less, as a real one goes on after the host has given up on it."""
        if self._target is None:
            raise DeviceError(self.address, "is closed")
        if data_out and data_in_bytes:
            raise UsageError(self.address, "one command moves data one way only")
        reply = self._target.execute(cdb, data_out)
        if reply.seconds > timeout_s:
            raise DeviceError(
                self.address, f"command {cdb[:1].hex()}h was not carried: timed out", "look at the device"
            )
        data = reply.data[:data_in_bytes]
        return ScsiReply(
            reply.status, reply.sense, data, residual=data_in_bytes - len(data), duration_ms=int(reply.seconds * 1000)
        )

    def close(self) -> None:
        if self._target is not None:
            self._target.close()
            self._target = None
