# SPDX-License-Identifier: WTFPL OR MIT
"""How bytes and commands reach a device. Implementations are imported when an address asks for them."""

from __future__ import annotations

from importlib import import_module

from pytp_native.errors import BadAddress, NotSupported
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
    # ruff: noqa: PLC0415 - one program run needs one of these
    target = resolve(address)
    if target.kind == "st":
        from pytp_native.transport.linux_st import open_st

        return open_st(address, write=write, status_only=status_only)
    if target.kind == "vtl drive":
        tape: TapeTransport = import_module("pytp_native.transport.virtual").open_virtual_tape(
            target.path, target.drive, write=write, status_only=status_only
        )
        return tape
    if target.kind == "replay":
        from pytp_native.transport.replay import open_replayed_tape

        return open_replayed_tape(target.path)
    if target.kind == "trace":
        from pytp_native.transport.trace import TracedTape, start_trace

        inner = open_tape(target.inner, write=write, status_only=status_only)
        return TracedTape(inner, start_trace(target.path, "tape", target.inner))
    raise BadAddress(address, "not a tape drive", "give a drive, like /dev/nst0 or vtl:DIR/drive0")


def open_scsi(address: str) -> ScsiTransport:
    """Open `address` for SCSI commands. st and sch nodes are reached through their sg node, which does not disturb
    who has the tape open. Raises BadAddress, DeviceBusy, NotSupported."""
    target = resolve(address)
    if target.kind in {"sg", "st", "sch"}:
        from pytp_native.transport.linux_sg import open_sg

        return open_sg(address, _command_node(target))
    if target.is_virtual:
        if target.kind == "vtl changer":
            raise NotSupported(address, "the virtual changer takes no SCSI commands yet", "use `pytp vtl`")
        scsi: ScsiTransport = import_module("pytp_native.transport.virtual").open_virtual_scsi(
            target.path, target.drive
        )
        return scsi
    if target.kind == "trace":
        from pytp_native.transport.trace import TracedScsi, start_trace

        return TracedScsi(open_scsi(target.inner), start_trace(target.path, "scsi", target.inner))
    from pytp_native.transport.replay import open_replayed_scsi

    return open_replayed_scsi(target.path)


def _command_node(target: Address) -> str:
    """Return the node that takes SG_IO: st does too, ch does not."""
    node = target.path if target.kind == "sg" else generic_node(target.path)
    if node is None and target.kind == "sch":
        raise BadAddress(target.text, "no sg node belongs to it", "load the sg module: modprobe sg")
    return node or target.path
