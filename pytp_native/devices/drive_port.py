# SPDX-License-Identifier: WTFPL OR MIT
"""The host's side of a drive that stands in a library: who uses it, letting go of its cartridge, getting ready.

The library's robot and the drive's driver do not know of each other; whoever moves cartridges has to tell both.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pytp_native import mtio
from pytp_native.devices.changer import Step, Tell, tell_nobody
from pytp_native.devices.patience import open_patiently
from pytp_native.devices.quirks import quirks_of
from pytp_native.devices.retry import ABORTED, BUSY, CALM, RESERVED, UNIT_ATTENTION, becoming_ready
from pytp_native.devices.time_limits import time_limits_of
from pytp_native.errors import BadReply, DeviceBusy, NotReady, PytpError
from pytp_native.scsi import executor, spc, ssc
from pytp_native.scsi.executor import Clock, Waiting
from pytp_native.scsi.policy import Policy, Rule
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import sense as codes
from pytp_native.transport import holders, open_scsi, open_tape, resolve
from pytp_native.transport.address import generic_node
from pytp_native.transport.records import GMT_DR_OPEN, GMT_ONLINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport, TapeTransport

SEATING_S = 90.0
"""How long a drive may still say "no medium" after the robot has put a cartridge into it."""
_WAIT_S = 2.0
_LOAD = ssc.load_unload(load=True, immediate=True)._replace(repeatable=True)
"""Loading twice is loading."""


class DrivePort:
    """One drive by its address: /dev/nst0, vtl:DIR/drive0. Opened for moments only."""

    def __init__(
        self, address: str, *, name: str | None = None, tell: Tell = tell_nobody, clock: Clock | None = None
    ) -> None:
        self.address = address
        self.name = name or address
        self._tell = tell
        self._clock = clock or Clock()

    @contextmanager
    def held(self, *, unload: bool) -> Iterator[None]:
        """Be the drive's only user while the robot takes its cartridge: from the look whether somebody uses it until
        the block ends nobody else can open it. With `unload` it is rewound, unlocked and unloaded first.

        Raises DeviceBusy, naming the process, if somebody else has it open: a cartridge in use is never moved.
        """
        tape = self._open_settled() if unload else open_patiently(self.address, status_only=True)
        try:
            with self._no_commands_of_others():
                if unload and tape.status().has(GMT_ONLINE):
                    self._tell(Step(f"{self.name}: unloading"))
                    mtio.offline(tape)
                yield
        finally:
            with suppress(PytpError):  # nothing was written; a node that rewinds has nothing left to rewind
                tape.close()

    def _open_settled(self) -> TapeTransport:
        """Open the drive; one that is still threading its cartridge takes no order to let go of it, and is waited for.

        st looks at the cartridge when it is opened, so it is opened again then.
        """
        tape = open_patiently(self.address, status_only=True)
        try:
            is_settled = tape.status().has(GMT_ONLINE | GMT_DR_OPEN)
        except BaseException:
            tape.close()
            raise
        if is_settled:
            return tape
        tape.close()
        scsi = open_scsi(self.address)
        try:
            inquiry = executor.run(scsi, spc.inquiry(), CALM)
            with suppress(
                NotReady
            ):  # not on its way, or never ready: the robot will tell whether it gets the cartridge
                self._test(scsi, _getting_ready(quirks_of(inquiry).first_load_s), inquiry.vendor)
        finally:
            scsi.close()
        return open_tape(self.address, status_only=True)

    @contextmanager
    def _no_commands_of_others(self) -> Iterator[None]:
        """Keep out who sends commands past st (LTFS, for one, uses the sg node only), by opening that node exclusively
        (sg.c, O_EXCL). Raises DeviceBusy if somebody has it open."""
        target = resolve(self.address)
        node = generic_node(target.path) if target.kind == "st" else None
        fd = self._exclusive(node) if node is not None else None
        try:
            yield
        finally:
            if fd is not None:
                os.close(fd)

    def _exclusive(self, node: str) -> int | None:
        """Return an exclusive descriptor; None if the kernel gives none: no permission, or the changer that is under
        orders answers through this very node."""
        try:
            return os.open(node, os.O_RDWR | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            is_busy = error.errno == errno.EBUSY
        seen = holders.find(node)
        others = [one for one in seen if one.pid != os.getpid()]
        if others or (is_busy and not seen):
            who = ", ".join(map(str, others)) or holders.describe(node)
            raise DeviceBusy(self.address, f"its node {node} is in use by {who}")
        return None

    def serial(self) -> str:
        """Return the unit serial number (VPD page 80h), "" if it tells none."""
        with suppress(PytpError):
            scsi = open_scsi(self.address)
            try:
                return executor.run(scsi, spc.unit_serial(), CALM)
            finally:
                scsi.close()
        return ""

    def wait_ready(self, *, delivered: bool = True) -> None:
        """Return when the cartridge that the robot has put in can be used; the tape stands at its beginning.

        As long as the drive says that it is on its way, up to the time that it tells for a load, or that such a drive
        may take (two hours for the first load of an LTO-9 cartridge). `delivered` is False for a cartridge that was
        there before: a drive that has unloaded it calls itself empty, and is told to load. Raises NotReady, NoMedium
        and what else TEST UNIT READY means.
        """
        scsi = open_scsi(self.address)
        try:
            inquiry = executor.run(scsi, spc.inquiry(), CALM)
            limits = time_limits_of(scsi, inquiry)
            policy = loading(max(quirks_of(inquiry).first_load_s, executor.timeout_of(_LOAD, limits)))
            try:
                self._test(scsi, policy if delivered else CALM, inquiry.vendor)
            except NotReady as exc:
                if delivered and not _wants_load(exc):
                    raise
                executor.run(scsi, _LOAD, CALM, timeouts=limits, vendor=inquiry.vendor)
                self._test(scsi, policy, inquiry.vendor)
        finally:
            scsi.close()
        if delivered:
            self._tell_driver()

    def _test(self, scsi: ScsiTransport, policy: Policy, vendor: str) -> None:
        executor.run(scsi, spc.test_unit_ready(), policy, on_wait=self._waiting, vendor=vendor, clock=self._clock)

    def _tell_driver(self) -> None:
        """Rewind through st: our TEST UNIT READY took the unit attention by which st would have noticed the new
        cartridge, and until 6.14 it would go on with the old file number. The tape is at its beginning anyway."""
        if resolve(self.address).kind not in {"st", "vtl drive"}:
            return
        with suppress(DeviceBusy):  # somebody was waiting for the drive; st is open and in order
            tape = open_tape(self.address, status_only=True)
            try:
                mtio.rewind(tape)
            finally:
                tape.close()

    def _waiting(self, waiting: Waiting) -> None:
        if waiting.rule == UNIT_ATTENTION.name:
            return
        progress = waiting.sense.progress if waiting.sense else None
        self._tell(Step(f"{self.name}: {waiting.rule}", progress, waiting.elapsed_s))


def loading(most_s: float) -> Policy:
    """Wait out what comes after a robot's delivery: unit attentions, "no medium" for a while, loading up to `most_s`
    seconds."""
    seating = Rule(
        "waiting for the cartridge to be seated", keys=frozenset({codes.NOT_READY}),
        codes=frozenset({codes.MEDIUM_NOT_PRESENT, 0x3A01, 0x3A04}), wait_s=_WAIT_S, deadline_s=SEATING_S,
    )  # fmt: skip
    return Policy((*_getting_ready(most_s).rules, seating))


def _getting_ready(most_s: float) -> Policy:
    return Policy((UNIT_ATTENTION, BUSY, RESERVED, ABORTED, becoming_ready(most_s, wait_s=_WAIT_S)))


def _wants_load(error: PytpError) -> bool:
    """NEEDS LOAD: a drive that does not load by itself (autoload off)."""
    try:
        return parse_sense(error.sense).code == codes.NEEDS_LOAD
    except BadReply:
        return False
