# SPDX-License-Identifier: WTFPL OR MIT
"""How bytes and commands reach a device. Implementations are imported when an address asks for them."""

# ruff: noqa: PLC0415 - a program run needs one or two of the implementations

from __future__ import annotations

from pytp_native.errors import BadAddress, PytpError
from pytp_native.transport.address import Address, generic_node, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport, TapeTransport

__all__ = ["Address", "open_scsi", "open_tape", "resolve"]


def open_tape(address: str, *, write: bool = False, status_only: bool = False) -> TapeTransport:
    """Open `address` as a tape.

    `write` allows writing and refuses a write-protected cartridge; `status_only` works without a cartridge and never
    waits. Raises BadAddress, DeviceBusy, NoMedium, NotReady, WriteProtected.
    """
    target = resolve(address)
    if target.kind == "st":
        from pytp_native.transport.linux_st import open_st

        return open_st(address, write=write, status_only=status_only)
    if target.kind == "vtl drive":
        from pytp_native.transport.virtual import open_virtual_tape

        return open_virtual_tape(target.path, target.drive, write=write, status_only=status_only)
    if target.kind == "replay":
        from pytp_native.transport.replay import open_replayed_tape

        return open_replayed_tape(target.path)
    if target.kind == "trace":
        return _traced_tape(target, open_tape(target.inner, write=write, status_only=status_only))
    raise BadAddress(address, "not a tape drive", "give a drive, like /dev/nst0 or vtl:DIR/drive0")


def open_scsi(address: str) -> ScsiTransport:
    """Open `address` for SCSI commands. st and sch nodes are reached through their sg node, which does not disturb
    who has the tape open. Raises BadAddress, DeviceBusy."""
    target = resolve(address)
    if target.kind in {"sg", "st", "sch"}:
        from pytp_native.transport.linux_sg import open_sg

        return open_sg(address, _command_node(target))
    if target.is_virtual:
        if target.kind == "vtl changer":
            from pytp_native.transport.virtual_scsi import open_virtual_changer

            return open_virtual_changer(target.path)
        from pytp_native.transport.virtual_scsi import open_virtual_scsi

        return open_virtual_scsi(target.path, target.drive)
    if target.kind == "trace":
        return _traced_scsi(target, open_scsi(target.inner))
    from pytp_native.transport.replay import open_replayed_scsi

    return open_replayed_scsi(target.path)


def _traced_tape(target: Address, tape: TapeTransport) -> TapeTransport:
    from pytp_native.transport.trace import TracedTape, start_trace

    try:
        return TracedTape(tape, start_trace(target.path, "tape", target.inner))
    except PytpError:
        tape.close()
        raise


def _traced_scsi(target: Address, scsi: ScsiTransport) -> ScsiTransport:
    from pytp_native.transport.trace import TracedScsi, start_trace

    try:
        return TracedScsi(scsi, start_trace(target.path, "scsi", target.inner))
    except PytpError:
        scsi.close()
        raise


def _command_node(target: Address) -> str:
    """Return the node that takes SG_IO: st does too, ch does not."""
    node = target.path if target.kind == "sg" else generic_node(target.path)
    if node is None and target.kind == "sch":
        raise BadAddress(target.text, "no sg node belongs to it", "load the sg module: modprobe sg")
    return node or target.path
