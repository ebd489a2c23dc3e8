# SPDX-License-Identifier: WTFPL OR MIT
"""The transport contract. Kernel devices, the virtual library, replays and wrappers all keep it; tests/contract
holds them to it.

One thread at a time uses a transport, and the thread that opened it closes it; `write_from` and `read_into` may
run in a
thread of their own while others watch the ring. Every failing call raises a class of pytp_native.errors once, with
address,
operation and position in it; a failing call never loses the descriptor.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from pytp_native.transport.records import Moved, MtStatus, ScsiReply

    class BlockRing(Protocol):
        """What a bulk transfer needs of a ring (stream.ring.Ring): the C object behind it."""

        @property
        def handle(self) -> Any: ...

    class TapeTransport(Protocol):
        """A tape as st(4) shows it: one opener, one position, blocks and filemarks."""

        @property
        def address(self) -> str:
            """The text that opens this device again: /dev/nst0, vtl:DIR/drive0."""

        def read_block(self, into: memoryview) -> int:
            """Read one block (variable mode) or as many whole blocks as fit (fixed mode); return its length in bytes.

            0 means that a filemark was met: the tape stands behind it. At the end of data the first call
            returns 0 too if a filemark was the last thing met (read, or passed by MTFSF; not after MTWEOF, MTEOM,
            rewind or data), as st does; every other raises EndOfData; the tape stays there.
            Variable mode: a block longer than `into` raises BlockTooLarge and the tape stands behind that block; a
            shorter one returns its own length. Fixed mode: give room for a multiple of the block size (with other
            room st delivers parts of blocks, the virtual library refuses); a block of another size raises
            BlockSizeMismatch (MediumError while the driver does not know its block number), and the tape may stand
            before or behind it: read the position.
            """

        def write_block(self, data: bytes | memoryview) -> int:
            """Write one block (variable mode) or len(data) / block size blocks (fixed mode) here; what followed on
            the tape is gone.

            Returns the bytes written: all of them, except at the end of the medium in fixed mode, where whole
            blocks may be
            missing. The write that meets early warning returns its full length. Then CartridgeNeeded (ENOSPC: nothing
            written, position unchanged) and success alternate up to the physical end, where CartridgeNeeded stays.
            WriteProtected leaves the tape where it was. After MediumError the position is where the drive stopped.
            Written is not saved: see `sync`.
            """

        def operate(self, operation: int, count: int = 1) -> None:
            """Do one MTIOCTOP operation (lib.MTREW, lib.MTFSF, ...) as st(4) describes it.

            After success the position is what st(4) says. Spacing that fails stands where the medium
            stopped it (end of data: EndOfData; beginning of tape: BeginningOfTape) and `status` tells how far it
            came. Spacing over records that meets a filemark raises FilemarkMet: forwards the tape stands behind it,
            backwards before it. After a failure at the beginning of the tape the numbers are known: file 0, block 0.
            MTSEEK and partition changes make file and block numbers unknown until a rewind or a seek to 0; a filemark
            passed makes the block known, nothing else the file (MTEOM does not). NotSupported
            (EINVAL, ENOSYS) never moves the tape. WriteProtected for MTWEOF and MTERASE without write access.
            """

        def status(self) -> MtStatus:
            """MTIOCGET: never moves the tape; works without a medium when opened for status."""

        def position(self) -> int:
            """MTIOCPOS: the logical block number that the drive reports, filemarks counted, from 0. Flushes
            nothing."""

        def sync(self) -> None:
            """Return when everything written so far is on the medium (MTWEOF 0); the position does not change.

            As st does, `status` calls this block 0 of the file from now on (`position` stays right), and a close no
            longer adds a filemark. Nothing to do without write access.
            """

        def close(self) -> None:
            """Give the device back. After a write as the last operation the driver adds a filemark, as st does.
            Idempotent."""

        def write_from(self, ring: BlockRing, *, limit: int = 0) -> Moved:
            """Write blocks out of the ring until its stream ends or something stops it; never raises for the device.

            `limit` stops after that many blocks (0: none). The count of blocks is exact, also after an error; a
            block the device refused is still in the ring.
            Runs without the GIL. Stopping the ring ends it at a block boundary.
            """

        def read_into(self, ring: BlockRing, *, limit: int = 0) -> Moved:
            """Read blocks into the ring until a filemark, end of data or something else stops it; never raises for
            the device.

            Each slot gets what one read returned. Does not finish the ring: the caller does, when it knows why.
            """

    class ScsiTransport(Protocol):
        """A logical unit that takes SCSI commands. Facts only: a CHECK CONDITION is a reply, not an exception.

        One behind a host adapter also has `most_transfer_bytes`, the most that one command can move.
        """

        @property
        def address(self) -> str: ...

        def execute(
            self, cdb: bytes, *, data_out: bytes = b"", data_in_bytes: int = 0, timeout_s: float = 60.0
        ) -> ScsiReply:
            """Send one command and wait for its end. Raises DeviceError only if it was not carried (no such
            device, host error, timeout)."""

        def close(self) -> None: ...
