# SPDX-License-Identifier: WTFPL OR MIT
"""A compressed archive on its way from tape: Zstandard frames (RFC 8878) back into blocks, several at a time.

A frame is looked through for its end before it is given to a thread, so that the next one can begin: three bytes in
front of each 128 KiB say how long that is. A frame of unknown or large size, as other programs write one around
everything, is decompressed as it comes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import zstandard

from pytp_native.errors import MediumError, PytpError
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.stream.frames import FRAME_BYTES, MAGIC, FramePlace, header_bytes, is_frame, walk_blocks
from pytp_native.stream.ring import Ring
from pytp_native.units import MIB, format_size

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

LARGEST_WINDOW = 128 * MIB
"""As the zstd program has it without --memory."""
MOST_WORKERS = 4
_HEADER = 18
"""Bytes of a frame's header, at most."""
_PIECE = MIB


class _Ended(Exception):
    """The stream ends here."""


class _Hole(Exception):
    """A block of the stream could not be read."""


class _Damaged(Exception):
    """What stands here is no frame."""


class _Input:
    """The stored blocks as bytes, of which some are held."""

    def __init__(self, ring: Ring, at: int, before_wait: Callable[[], object]) -> None:
        """`at`: byte of the tape file with which the ring begins. `before_wait` is called where the ring is empty."""
        self._ring = ring
        self._before_wait = before_wait
        self.waits = False
        """For the next block, and nothing of those before is on its way any more."""
        self.held = bytearray()
        self.at = at
        """Byte of the tape file at which what is held begins."""
        self._hole = False

    def need(self, length: int) -> None:
        """Hold that many bytes. Raises _Ended, or _Hole in front of a block that could not be read."""
        while len(self.held) < length:
            if self._hole:
                raise _Hole
            if not self._ring.stats().filled:
                self._before_wait()
                self.waits = True
            block = self._ring.look()
            self.waits = False
            if block is None:
                raise _Ended
            self._hole = not block
            self.held += block
            self._ring.release()

    def has(self, length: int) -> bool:
        """Tell whether that many bytes follow."""
        try:
            self.need(length)
        except (_Ended, _Hole):
            return False
        return True

    def drop(self, length: int) -> None:
        del self.held[:length]
        self.at += length

    def leave_hole(self) -> None:
        """Go on behind the hole."""
        self.drop(len(self.held))
        self.at += self._ring.block_bytes
        self._hole = False

    @property
    def at_hole(self) -> bool:
        return self._hole


class _Piece(NamedTuple):
    """What comes next in the archive."""

    length: int
    content: Future[bytes] | None
    """None: it is lost."""


class Decompressor:
    """Between the ring that the tape fills and the one that the tar reader empties; `run` in a thread of its own.

    A damaged frame becomes slots without bytes, as a block that cannot be read does; the next frame is looked for.
    """

    def __init__(
        self, stored: Ring, plain: Ring, tell: Callable[[str], object], known: Sequence[FramePlace] = (), at: int = 0
    ) -> None:
        """`known`: where the frames are, from the one on with which it begins at byte `at` of the tape file."""
        self.error: PytpError | None = None
        """What ended the stream early."""
        self._stored = stored
        self._plain = plain
        self._tell = tell
        self._input = _Input(stored, at, self._flush)
        self._known = {place.stored: place.content - known[0].content for place in known}
        self._content = 0
        """Bytes of content so far."""
        self._used = 0
        self._waiting: deque[_Piece] = deque()
        self._workers = min(MOST_WORKERS, len(os.sched_getaffinity(0)))

    @property
    def is_idle(self) -> bool:
        """Everything that was put into the first ring so far is in the second one."""
        return self._input.waits

    def run(self) -> None:
        """Decompress up to the end of the stream, and finish the other ring as this one was finished."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - brings logging, which is slow to import

        why = lib.PYTP_FAILED
        try:
            with ThreadPoolExecutor(self._workers, thread_name_prefix="pytp-zstd") as pool:
                self._pass_start()
                while not self._plain.stopped and self._next(pool):
                    while len(self._waiting) > self._workers:
                        self._give(self._waiting.popleft())
                self._flush()
            why = lib.pytp_ring_why(self._stored.handle)
        except PytpError as error:
            self.error = error
        except Exception as error:
            self.error = PytpError("compressed archive", f"{type(error).__name__}: {error}")
        finally:
            if self._used:
                lib.pytp_ring_commit(self._plain.handle, self._used)
            if self._stored.stopped:
                self._plain.stop()
            self._plain.finish(why)

    # -- frame after frame -------------------------------------------------------------------------------------------

    def _pass_start(self) -> None:
        """The first frame may begin inside the first block."""
        offset = self._input.at % self._stored.block_bytes
        self._input.at -= offset
        if offset and self._input.has(offset):
            self._input.drop(offset)

    def _next(self, pool: ThreadPoolExecutor) -> bool:
        """Take one frame; False at the end."""
        source = self._input
        try:
            if not source.held and not source.at_hole:
                source.need(1)
            source.need(8)
            if not any(source.held[:8]):
                self._pass_zeros()
                return True
            if not is_frame(source.held):
                raise _Damaged("no frame begins here")
            if source.held[:4] == MAGIC:
                self._frame(pool)
            else:
                self._pass_filler(8 + int.from_bytes(source.held[4:8], "little"))
        except _Ended:
            if not source.held:
                return False
            if source.held[:4] == MAGIC and not self._stored.stopped:
                self._tell(f"the last frame is cut off behind {format_size(len(source.held))}")
            return False
        except _Hole:
            self._lose("a block of it could not be read")
        except _Damaged as damage:
            self._lose(str(damage))
        return True

    def _pass_filler(self, length: int) -> None:
        source = self._input
        while length:
            source.need(1)
            some = min(length, len(source.held))
            source.drop(some)
            length -= some

    def _pass_zeros(self) -> None:
        """Behind what other programs wrote; what follows them must be another frame."""
        source = self._input
        while not any(source.held):
            source.drop(len(source.held))
            source.need(1)
        source.drop(len(source.held) - len(source.held.lstrip(b"\0")))

    def _frame(self, pool: ThreadPoolExecutor) -> None:
        source = self._input
        header = self._header()
        if not 0 <= header.content_size <= FRAME_BYTES:
            self._flush()
            self._stream(header)
            return
        length = self._length(header)
        data = bytes(source.held[:length])
        if source.has(length + 4) and not is_frame(source.held[length : length + 4]):
            _check(data, header.content_size)  # one of the two is damaged
        source.drop(length)
        self._content += header.content_size
        self._waiting.append(_Piece(header.content_size, pool.submit(_whole, data, header.content_size)))

    def _header(self) -> zstandard.FrameParameters:
        source = self._input
        source.has(_HEADER)
        try:
            header = zstandard.get_frame_parameters(bytes(source.held[:_HEADER]))
        except zstandard.ZstdError as error:
            raise _Damaged("its header is none") from error
        if header.window_size > LARGEST_WINDOW:
            fact = f"was compressed with a window of {format_size(header.window_size)}, more than is taken"
            raise MediumError("compressed archive", fact, "pytp cat | zstd -dc --memory=2048MB | tar -x")
        return header

    def _length(self, header: zstandard.FrameParameters) -> int:
        """Return the length of the frame that begins here, all of it held."""
        source = self._input
        at, last = header_bytes(source.held), False
        while not last:
            source.need(at + 3)
            at, last = self._walk(at)
            if at > 2 * FRAME_BYTES:
                raise _Damaged("it is longer than any")
        at += 4 * header.has_checksum
        source.need(at)
        return at

    def _walk(self, at: int) -> tuple[int, bool]:
        try:
            return walk_blocks(self._input.held, at)
        except ValueError as error:
            raise _Damaged(str(error)) from error

    def _stream(self, header: zstandard.FrameParameters) -> None:
        """Decompress a frame as it comes."""
        source = _OneFrame(self._input, header.has_checksum)
        tool = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
        try:
            with tool.stream_reader(source, read_size=_PIECE) as reader:  # type: ignore[arg-type]
                while not self._plain.stopped and (piece := reader.read(_PIECE)):
                    self._put(piece)
        except (zstandard.ZstdError, _Damaged) as error:
            fact = f"cannot be decompressed: {error}; nothing behind that can be read"
            raise MediumError("compressed archive", fact, "look at its bytes with pytp cat") from error

    # -- what is damaged ---------------------------------------------------------------------------------------------

    def _lose(self, why: str) -> None:
        """The frame here is lost: go on with the next one that there is."""
        source = self._input
        lost = 0
        if source.held[:4] == MAGIC:
            try:
                lost = self._header().content_size
            except (_Damaged, MediumError):
                lost = 0
        if not 0 < lost <= FRAME_BYTES or lost % self._plain.block_bytes:
            lost = self._plain.block_bytes  # nobody knows how much
        if source.at_hole:
            source.leave_hole()
        else:
            source.drop(1)
        self._tell(f"a frame is damaged: {why}; looking for the next one")
        self._search()
        if source.held and source.at in self._known:
            lost = self._known[source.at] * self._plain.block_bytes - self._content
        self._content += lost
        self._waiting.append(_Piece(lost, None))

    def _search(self) -> None:
        """Stand at the next frame, or at the end."""
        source = self._input
        while True:
            try:
                source.need(_HEADER)
            except _Ended:
                source.drop(len(source.held))
                return
            except _Hole:
                source.leave_hole()
                continue
            at = source.held.find(MAGIC)
            source.drop(at if at >= 0 else len(source.held) - 3)
            if at >= 0 and self._is_ours():
                return
            if at >= 0:
                source.drop(1)

    def _is_ours(self) -> bool:
        """Tell whether a frame begins here that holds whole blocks."""
        if self._known:
            return self._input.at in self._known
        if not self._input.has(_HEADER):
            return False
        try:
            size = self._header().content_size
            return 0 < size <= FRAME_BYTES and size % self._plain.block_bytes == 0 and self._is_whole()
        except (_Damaged, MediumError):
            return False

    def _is_whole(self) -> bool:
        try:
            self._length(self._header())
        except (_Ended, _Hole):
            return False
        return True

    # -- what comes out of it ----------------------------------------------------------------------------------------

    def _flush(self) -> None:
        while self._waiting:
            self._give(self._waiting.popleft())

    def _give(self, piece: _Piece) -> None:
        try:
            if piece.content is not None:
                self._put(piece.content.result())
                return
        except zstandard.ZstdError as error:
            self._tell(f"a frame is damaged: {error}")
        size = self._plain.block_bytes
        if self._used or piece.length % size:
            fact = "a frame is damaged, and it does not hold whole blocks: what follows cannot be told from it"
            raise MediumError("compressed archive", fact, "look at its bytes with pytp cat")
        for _ in range(piece.length // size):
            if not self._plain.put(b""):
                return

    def _put(self, data: bytes) -> None:
        if data:
            used = lib.pytp_frames_spread(
                self._plain.handle, self._plain.block_bytes, self._used, ffi.from_buffer(data), len(data)
            )
            self._used = max(0, used)


class _OneFrame:
    """The bytes of one frame, to be read."""

    def __init__(self, source: _Input, has_checksum: bool) -> None:
        self._input = source
        self._left = header_bytes(source.held)
        """Of what is known to belong to it."""
        self._tail = 4 * has_checksum
        self._over = False

    def read(self, size: int) -> bytes:
        """Return some bytes, none at the end of the frame. A stream that ends before gives what there is."""
        try:
            if not self._left and not self._over:
                self._input.need(3)
                self._left, self._over = walk_blocks(self._input.held, 0)
                self._left += self._tail * self._over
            some = min(size, self._left)
            self._input.need(some)
        except _Ended:
            some = len(self._input.held)
            self._left, self._over = some, True
        except _Hole as error:
            raise _Damaged("a block could not be read") from error
        except ValueError as error:
            raise _Damaged(str(error)) from error
        piece = bytes(self._input.held[:some])
        self._input.drop(some)
        self._left -= some
        return piece


def _check(data: bytes, length: int) -> None:
    try:
        _whole(data, length)
    except zstandard.ZstdError as error:
        raise _Damaged(str(error)) from error


def _whole(data: bytes, length: int) -> bytes:
    """Decompress a frame of known length."""
    return zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW).decompress(data, max_output_size=length)
