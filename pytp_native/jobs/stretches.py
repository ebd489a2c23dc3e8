# SPDX-License-Identifier: WTFPL OR MIT
"""Reads stretches of tape files into a ring, in a thread of its own: one locate each, and not a block more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pytp_native import mtio
from pytp_native.catalog.restoring import ArchivePart
from pytp_native.devices.drive import Drive
from pytp_native.errors import MediumError, PytpError
from pytp_native.ffi import lib
from pytp_native.jobs.bad_blocks import Step, is_unreadable, step_over
from pytp_native.jobs.plan import Stretch
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Stop


class Unread(NamedTuple):
    """A block that could not be read."""

    part: ArchivePart
    block: int
    """Of the archive."""
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
        start, done = self._go_to(stretch), 0
        while done < stretch.blocks:
            moved = self._drive.tape.read_into(self._ring, limit=stretch.blocks - done)
            done += moved.blocks
            self.blocks += moved.blocks
            self._at = None if start is None else start + done
            if moved.stop is Stop.CANCELLED or self._ring.stopped:
                return False
            if moved.stop is Stop.LIMIT:
                continue
            error = moved.error or self._too_short(stretch, done)
            if moved.error is None or not is_unreadable(error) or start is None:
                raise error
            self.unread.append(Unread(stretch.part, stretch.first + done, error))
            if step_over(self._drive, start + done) is not Step.BEHIND:
                raise error
            if not self._ring.put(b""):
                return False
            done += 1
            self._at = start + done
        return True

    def _go_to(self, stretch: Stretch) -> int | None:
        """Stand at its first block; return which logical block that is, where it is known."""
        wanted = stretch.logical
        if wanted is not None:
            if wanted != self._at:
                self.locates += 1
                mtio.seek(self._drive.tape, wanted)
            return wanted
        part = stretch.part
        if part.number is None:
            raise MediumError(self._drive.name, "the catalog does not know where this tape file is", "rebuild it")
        self.locates += 1
        self._drive.go_to_file(part.number)
        if part.block_in_file(stretch.first):
            mtio.forward_records(self._drive.tape, part.block_in_file(stretch.first))
        return None

    def _too_short(self, stretch: Stretch, done: int) -> PytpError:
        part = stretch.part
        place = f"tape file {part.number} of cartridge {part.barcode or part.uuid}"
        fact = f"{place} ends in front of block {part.block_in_file(stretch.first + done)}, other than the catalog says"
        return MediumError(self._drive.name, fact, "see pytp catalog rebuild")
