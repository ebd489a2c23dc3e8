# SPDX-License-Identifier: WTFPL OR MIT
"""Reads stretches of tape files into a ring, in a thread of its own: one locate each, and not a block more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from pytp_native import mtio
from pytp_native.catalog.restoring import ArchivePart
from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError, PytpError
from pytp_native.ffi import lib
from pytp_native.jobs.bad_blocks import Step, is_unreadable, step_over
from pytp_native.jobs.framed_stretch import FramedStretch, cover
from pytp_native.jobs.plan import Stretch
from pytp_native.light import NamedTuple
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Stop


class Unread(NamedTuple):
    """A block that could not be read."""

    part: ArchivePart
    block: int
    """Of the archive, or of what is stored if it is compressed: ArchivePart.block_in_file takes both."""
    error: PytpError


class StretchReader:
    """A context manager around its thread, which reads from entering on. A block that cannot be read is a slot of no
    bytes; what ends the reading is in `error`."""

    def __init__(
        self, drive: Drive, ring: Ring, stretches: Sequence[Stretch], ready: Callable[[ArchivePart], object]
    ) -> None:
        """`ready` is called, in the thread, before something is read of a cartridge: it brings that into the drive."""
        self.error: PytpError | None = None
        self.unread: list[Unread] = []
        self.damage: list[str] = []
        """What was wrong with frames of compressed archives."""
        self.locates = 0
        self.blocks = 0
        """Read so far."""
        self._drive = drive
        self._ring = ring
        self._stretches = stretches
        self._ready = ready
        self._at: int | None = None
        """Logical block at the head."""
        self._thread = threading.Thread(target=self._run, name="tape reader", daemon=True)

    def __enter__(self) -> StretchReader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ring.stop()
        self._thread.join()

    def join(self) -> None:
        """Wait for the end of the reading, after the stream has ended."""
        self._thread.join()

    def _run(self) -> None:
        why = lib.PYTP_FAILED
        try:
            cartridge: int | None = None
            for stretch in self._stretches:
                if stretch.part.cartridge != cartridge:
                    self._ready(stretch.part)
                    cartridge, self._at = stretch.part.cartridge, None
                if not self._read(stretch):
                    break
            why = lib.PYTP_END_OF_STREAM
        except PytpError as error:
            self.error = error
        except Exception as error:
            self.error = PytpError(self._drive.name, f"{type(error).__name__}: {error}")
        finally:
            self._ring.finish(why)

    def _read(self, stretch: Stretch) -> bool:
        """Read one stretch; False when nobody wants more."""
        part = stretch.part
        if part.compression is None:
            self._read_blocks(part, part.block_in_file(stretch.first), stretch.blocks, self._ring)
        else:
            self._read_frames(stretch)
        return not self._ring.stopped

    def _read_frames(self, stretch: Stretch) -> None:
        where = cover(stretch.part, stretch.part.block_bytes, stretch.first, stretch.blocks)
        framed = FramedStretch(self._ring, where, stretch.first, stretch.blocks, self.damage.append)
        try:
            self._read_blocks(stretch.part, where.first, where.blocks, framed.ring)
        except BaseException:
            framed.ring.stop()
            with suppress(PytpError):
                framed.finish()
            raise
        framed.finish()
        if framed.done < stretch.blocks and not self._ring.stopped:
            raise self._too_short(stretch.part, where.first)

    def _read_blocks(self, part: ArchivePart, first: int, blocks: int | None, ring: Ring) -> None:
        """Read `blocks` blocks of a tape file (None: to its end), from `first` on."""
        start, done = self._go_to(part, first), 0
        while blocks is None or done < blocks:
            moved = self._drive.tape.read_into(ring, limit=0 if blocks is None else blocks - done)
            done += moved.blocks
            self.blocks += moved.blocks
            self._at = None if start is None else start + done
            if moved.stop is Stop.CANCELLED or ring.stopped:
                return
            if moved.stop is Stop.LIMIT:
                continue
            if moved.stop in {Stop.FILEMARK, Stop.END_OF_DATA}:
                self._at = None
                if blocks is None:
                    return
            error = moved.error or self._too_short(part, first + done)
            if moved.error is None or not is_unreadable(error) or start is None:
                raise error
            self.unread.append(Unread(part, first + done + part.skipped - part.ahead, error))
            if step_over(self._drive, start + done) is not Step.BEHIND:
                raise error
            if not ring.put(b""):
                return
            done += 1
            self._at = start + done

    def _go_to(self, part: ArchivePart, block: int) -> int | None:
        """Stand at that block of the tape file; return which logical block that is, where it is known."""
        if part.first_block is not None:
            wanted = part.first_block + block
            if wanted != self._at:
                self.locates += 1
                mtio.seek(self._drive.tape, wanted)
            return wanted
        if part.number is None:
            raise MediumError(self._drive.name, "the catalog does not know where this tape file is", "rebuild it")
        self.locates += 1
        self._drive.go_to_file(part.number)
        if block:
            mtio.forward_records(self._drive.tape, block)
        return None

    def _too_short(self, part: ArchivePart, block: int) -> PytpError:
        place = f"tape file {part.number} of cartridge {part.barcode or part.uuid}"
        fact = f"{place} ends in front of block {block}, other than the catalog says"
        return MediumError(self._drive.name, fact, "see pytp catalog rebuild")
