# SPDX-License-Identifier: WTFPL OR MIT
"""The whole frames of a compressed archive whose table died with its session: where they are, and what is in them."""

from __future__ import annotations

from collections.abc import Iterator

import zstandard

from pytp_native.stream.frames import MAGIC, FramePlace, header_bytes, is_frame, walk_blocks

_LONGEST_HEADER = 18
_SKIPPABLE_HEADER = 8


class FrameWalk:
    """Goes through the tape blocks of one tape file, frame by frame, up to the first that is cut off or damaged."""

    def __init__(self, blocks: Iterator[bytes], block_bytes: int, start: FramePlace, *, ahead: bool = False) -> None:
        """`start`: the block of the archive and the byte of the tape file with which it begins, in the first block.
        `ahead`: the first frame continues a member and is none of the archive."""
        self.places: list[FramePlace] = []
        self.content = start.content
        """Block of the archive behind the last whole frame."""
        self._blocks = blocks
        self._size = block_bytes
        self._held = bytearray()
        self._at = start.stored // block_bytes * block_bytes
        self._pass = start.stored % block_bytes
        self._ahead = ahead

    def run(self) -> None:
        """Find the frames and decompress none of them."""
        for _frame in self._frames():
            pass

    def archive(self) -> Iterator[bytes]:
        """Yield the blocks of the archive."""
        for frame in self._frames():
            try:
                data = zstandard.ZstdDecompressor().decompress(frame)
            except zstandard.ZstdError:
                return
            for at in range(0, len(data), self._size):
                yield data[at : at + self._size]

    def _frames(self) -> Iterator[bytes]:
        if not self._drop(self._pass):
            return
        while self._has(_SKIPPABLE_HEADER) and is_frame(self._held):
            if bytes(self._held[:4]) != MAGIC:
                length = _SKIPPABLE_HEADER + int.from_bytes(self._held[4:8], "little")
                if not self._drop(length):
                    return
                continue
            frame = self._whole()
            if frame is None:
                return
            if self._ahead:
                self._ahead = False
            else:
                blocks = _content_bytes(frame) // self._size
                self.places.append(FramePlace(self.content, self._at))
                self.content += blocks
                yield frame
            self._drop(len(frame))

    def _whole(self) -> bytes | None:
        """The frame that begins here, if it is all there."""
        at, last = self._header(), False
        while at and not last:
            if not self._has(at + 3):
                return None
            try:
                at, last = walk_blocks(self._held, at)
            except ValueError:
                return None
        at += 4 * (self._held[4] >> 2 & 1)
        frame = bytes(self._held[:at]) if last and self._has(at) else b""
        return frame if frame and _content_bytes(frame) % self._size == 0 else None

    def _header(self) -> int:
        return header_bytes(self._held) if self._has(_LONGEST_HEADER) else 0

    def _has(self, length: int) -> bool:
        while len(self._held) < length:
            block = next(self._blocks, b"")
            if not block:
                return False
            self._held += block
        return True

    def _drop(self, length: int) -> bool:
        """Pass so many bytes; False where they do not all follow."""
        there = self._has(length)
        del self._held[:length]
        self._at += length
        return there


def _content_bytes(frame: bytes) -> int:
    """0 for a frame that does not tell; pytp's do."""
    try:
        size = int(zstandard.get_frame_parameters(frame[:_LONGEST_HEADER]).content_size)
    except zstandard.ZstdError:
        return 0
    return size if 0 < size < 1 << 40 else 0
