# SPDX-License-Identifier: WTFPL OR MIT
"""Open a device for questions without disturbing whoever uses its tape.

Most commands take a pending unit attention away, and st would then not learn of a reset. So the tape is opened first,
as `mt status` does it: st takes its attentions, and nobody else opens the drive meanwhile. Where somebody has it open
already, only what does not matter to st may be asked (INQUIRY, and page 11h, which waits for no motion).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytp_native.devices import retry
from pytp_native.devices.time_limits import generation_of
from pytp_native.errors import BadAddress, DeviceBusy, DeviceError, PytpError, Refused
from pytp_native.light import NamedTuple
from pytp_native.scsi import executor, spc
from pytp_native.scsi.inquiry import CHANGER, TAPE, Inquiry
from pytp_native.spec.log_vendors import family_of
from pytp_native.transport import open_scsi, open_tape, resolve
from pytp_native.transport.address import generic_node

if TYPE_CHECKING:
    from pytp_native.transport.address import Address
    from pytp_native.transport.base import ScsiTransport, TapeTransport

_NO_REWIND = re.compile(r"nst\d+")


class Quiet(NamedTuple):
    """A drive or library that can be asked."""

    address: str
    scsi: ScsiTransport
    inquiry: Inquiry
    busy: str = ""
    """Who has its tape open, in words; "" if nobody has, or if it is no tape."""

    @property
    def is_changer(self) -> bool:
        return self.inquiry.device_type == CHANGER

    @property
    def family(self) -> str:
        """Whose pages it has (spec.log_vendors)."""
        return family_of(self.inquiry.vendor, self.inquiry.product)

    @property
    def generation(self) -> int | None:
        """LTO generation by its product identification; None: not told."""
        return generation_of(self.inquiry.product) if self.inquiry.device_type == TAPE else None

    def check_free(self) -> None:
        """Raise DeviceBusy if somebody has the tape open."""
        if self.busy:
            raise DeviceBusy(self.address, self.busy, "ask again when the tape is closed")


def tape_of(address: str, *, sysfs: str = "/sys") -> str:
    """Return the address of the tape of the drive at `address`: of /dev/sgN the no-rewind node, else the same."""
    target = resolve(address)
    return (_tape_node(target, sysfs) or address) if target.kind == "sg" else address


@contextmanager
def opened(address: str, *, sysfs: str = "/sys") -> Iterator[Quiet]:
    """Open `address`; its tape does not move and is nobody else's meanwhile. Raises BadAddress, DeviceError."""
    target = resolve(address)
    tape, busy = _tape(target, sysfs)
    try:
        scsi = open_scsi(address)
        try:
            busy = busy or getattr(scsi, "busy", "")  # of a capture: who had it then
            yield Quiet(address, scsi, executor.run(scsi, spc.inquiry(), retry.CALM), busy)
        finally:
            scsi.close()
    finally:
        if tape is not None:
            tape.close()


@contextmanager
def opened_beside_own(address: str) -> Iterator[Quiet]:
    """Open a drive whose tape this process has open itself: st has had its attentions then."""
    scsi = open_scsi(address)
    try:
        yield Quiet(address, scsi, executor.run(scsi, spc.inquiry(), retry.CALM))
    finally:
        scsi.close()


def _tape(target: Address, sysfs: str) -> tuple[TapeTransport | None, str]:
    """Open the tape of a device, if it is one: the tape, or who has it."""
    while target.inner:
        target = resolve(target.inner)
    node = _tape_node(target, sysfs)
    if node is None:
        return None, ""
    try:
        return open_tape(node, status_only=True), ""
    except DeviceBusy as exc:
        return None, exc.fact
    except (BadAddress, DeviceError, PytpError):
        return None, ""  # whoever can say more about it is asked next


def _tape_node(target: Address, sysfs: str) -> str | None:
    """Return what to open for st's sake: never a node that rewinds at its close.

    Without an sg node st itself carries the commands: it has one opener, so that nothing more has to be held.
    """
    if target.kind == "st":
        if generic_node(target.path, sysfs=sysfs) is None:
            if target.rewinds:
                fact = "this node rewinds the tape at every close, and there is no sg node to ask instead"
                raise Refused(target.text, fact, f"use {target.no_rewind_node}, or modprobe sg")
            return None
        return target.no_rewind_node if target.rewinds else target.path
    if target.kind == "vtl drive":
        return f"vtl:{target.path}/drive{target.drive}"
    if target.kind != "sg":
        return None
    try:
        number = os.stat(target.path).st_rdev
        names = os.listdir(f"{sysfs}/dev/char/{os.major(number)}:{os.minor(number)}/device/scsi_tape")
    except OSError:
        return None
    return next((f"/dev/{name}" for name in sorted(names) if _NO_REWIND.fullmatch(name)), None)
