# SPDX-License-Identifier: WTFPL OR MIT
"""An archive on its way to tape, compressed: independent Zstandard frames, several at a time.

Three calls a frame, none of which holds the GIL while it works: blocks are gathered, compressed, and spread over tape
blocks. That is as parallel as a native stage would be, with the library that the `zstandard` package brings.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import zstandard

from pytp_native.errors import PytpError, Refused
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.stream.frames import FRAME_BYTES, FrameMap, filler_to
from pytp_native.stream.ring import HOT_BYTES, Ring
from pytp_native.units import MIB, format_size

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

MOST_WORKERS = 16


class Plan(NamedTuple):
    """How memory is shared out."""

    level: int
    workers: int
    frame_blocks: int
    tape_bytes: int
    """What is left for the ring that feeds the tape."""


def plan_compression(level: int, memory_bytes: int, block_bytes: int, capacity_bytes: int | None) -> Plan:
    """Share `memory_bytes` out: half of it at most for frames being compressed, the rest buffers the tape.

    A cartridge ends with a whole frame behind its early warning, so frames are small on small cartridges. Refused, with
    the numbers, where not even one frame at a time fits.
    """
    limit = FRAME_BYTES if capacity_bytes is None else min(FRAME_BYTES, capacity_bytes // 64)
    frame_blocks = max(1, limit // block_bytes)
    one = _worker_bytes(level, frame_blocks * block_bytes)
    workers = min(MOST_WORKERS, len(os.sched_getaffinity(0)), max(1, memory_bytes // 2 // one))
    left = memory_bytes - (workers + 1) * one - HOT_BYTES
    if left < 4 * block_bytes:
        need = 2 * one + HOT_BYTES + 4 * block_bytes
        fact = f"{format_size(memory_bytes)} is too little for zstd:{level}, which takes {format_size(need)}"
        raise Refused("memory buffer", fact, "ask for more, or for a lower level")
    return Plan(level, workers, frame_blocks, left)


def _worker_bytes(level: int, frame_bytes: int) -> int:
    """What is compressed, what comes out of it, and what the compressor itself takes."""
    parameters = zstandard.ZstdCompressionParameters.from_level(level, source_size=frame_bytes)
    return 2 * frame_bytes + int(parameters.estimated_compression_context_size()) + MIB


class _Job(NamedTuple):
    buffer: Any
    blocks: int
    result: Future[bytes]


class Compressor:
    """Between the ring that the packer fills and the one that the tape is fed from; one archive after the other."""

    def __init__(self, plain: Ring, tape: Ring, plan: Plan) -> None:
        self._plain = plain
        self._tape = tape
        self._workers = plan.workers
        self._room = plan.frame_blocks * plain.block_bytes
        self._buffers: SimpleQueue[Any] = SimpleQueue()
        for _ in range(plan.workers + 1):
            self._buffers.put(ffi.new("uint8_t[]", self._room))
        self._tools: SimpleQueue[zstandard.ZstdCompressor] = SimpleQueue()
        for _ in range(plan.workers + 1):
            self._tools.put(zstandard.ZstdCompressor(level=plan.level, write_checksum=True, write_content_size=True))
        self.restart()

    def restart(self, first: int = 0) -> None:
        """Begin the next archive, or go on with one at that block; both rings have been reset."""
        self.frames = FrameMap(first)
        self._used = 0

    def run(self, produce: Callable[[], None]) -> None:
        """Compress what `produce` packs, in a thread of its own, into the first ring. Raises what it raises."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - brings logging, which is slow to import

        with ThreadPoolExecutor(1, thread_name_prefix="pytp-pack") as source:
            packed = source.submit(self._feed, produce)
            self._compress_all()
            packed.result()

    def _feed(self, produce: Callable[[], None]) -> None:
        try:
            produce()
        except BaseException:
            self._plain.stop()
            raise

    def _compress_all(self) -> None:
        """Compress until the packer has ended, and finish the tape's ring; stop both where one was stopped."""
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - brings logging, which is slow to import

        jobs: SimpleQueue[_Job | None] = SimpleQueue()
        with ThreadPoolExecutor(self._workers, thread_name_prefix="pytp-zstd") as pool:
            gatherer = Thread(target=self._gather, args=(pool, jobs), name="pytp-frames", daemon=True)
            gatherer.start()
            try:
                while (job := jobs.get()) is not None:
                    self._take(job)
            except BaseException:
                self._plain.stop()
                while (job := jobs.get()) is not None:
                    self._buffers.put(job.buffer)
                raise
            finally:
                gatherer.join()
        if self._plain.stopped:
            self._tape.stop()
        elif self._put(filler_to(self._used, self._tape.block_bytes), 0):
            self._tape.finish()

    def whole(self, data: bytes) -> bytes:
        """Return a frame of these bytes alone."""
        tool = self._tools.get()
        try:
            return tool.compress(data)
        finally:
            self._tools.put(tool)

    def _gather(self, pool: ThreadPoolExecutor, jobs: SimpleQueue[_Job | None]) -> None:
        blocks = ffi.new("size_t *")
        try:
            while True:
                buffer = self._buffers.get()
                length = lib.pytp_frames_gather(self._plain.handle, buffer, self._room, blocks)
                if not length:
                    self._buffers.put(buffer)
                    return
                result = pool.submit(self._compress, buffer, length)
                jobs.put(_Job(buffer, blocks[0], result))
        finally:
            jobs.put(None)

    def _compress(self, buffer: Any, length: int) -> bytes:
        return self.whole(ffi.buffer(buffer, length))

    def _take(self, job: _Job) -> None:
        """Put one frame behind the others, in the order in which they were gathered."""
        try:
            data = job.result.result()
        except (MemoryError, zstandard.ZstdError) as error:
            raise PytpError("compression", f"failed: {error}", "ask for a lower level, or for none") from error
        finally:
            self._buffers.put(job.buffer)
        if not self._put(data, job.blocks):
            self._plain.stop()

    def _put(self, data: bytes, blocks: int) -> bool:
        """False when the tape's side was stopped."""
        if not data:
            return True
        self.frames.add(blocks, len(data))
        used = lib.pytp_frames_spread(
            self._tape.handle, self._tape.block_bytes, self._used, ffi.from_buffer(data), len(data)
        )
        self._used = max(0, used)
        return bool(used >= 0)
