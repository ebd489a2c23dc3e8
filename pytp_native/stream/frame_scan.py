# SPDX-License-Identifier: WTFPL OR MIT
"""A compressed tape file read whole without a table of its frames: the archive's blocks, and where the frames are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import zstandard

from pytp_native.stream.frames import FRAME_BYTES, MAGIC, FramePlace, frame_bytes, is_frame

_FILLER = 8
_LONGEST = 2 * FRAME_BYTES


class FrameScan:
    """Used once. Afterwards `places`, `stored` and `trouble` are known."""

    def __init__(self, stored: Iterable[bytes], block_bytes: int, *, first: int = 0, ahead: int = 0) -> None:
        """`first`: block of the archive with which it begins; `ahead`: frames of one block in front, not the
        archive's."""
        self.places: list[FramePlace] = []
        self.stored = 0
        """Tape blocks so far."""
        self.trouble = ""
        self._stored = iter(stored)
        self._block_bytes = block_bytes
        self._content = first
        self._ahead = ahead
        self._held = bytearray()
        self._at = 0

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks of the archive."""
        tool = zstandard.ZstdDecompressor()
        size = self._block_bytes
        while self._has(_FILLER) and not self.trouble:
            if not is_frame(self._held):
                self.trouble = "no frame begins where one should"
            elif self._held[:4] != MAGIC:
                self._pass(_FILLER + int.from_bytes(self._held[4:8], "little"))
            elif (length := self._length()) is not None:
                content = self._decompressed(tool, length)
                yield from (content[at : at + size] for at in range(0, len(content), size))
        if self._held and not self.trouble:
            self.trouble = "its last frame is cut off"

    def _decompressed(self, tool: zstandard.ZstdDecompressor, length: int) -> bytes:
        """Take one frame; nothing comes of one that is not the archive's."""
        try:
            content = tool.decompress(bytes(self._held[:length]), max_output_size=FRAME_BYTES)
        except zstandard.ZstdError as error:
            self.trouble = f"a frame is damaged ({error})"
            return b""
        if not content or len(content) % self._block_bytes:
            self.trouble = "a frame does not hold whole blocks"
            return b""
        at = self._at
        self._pass(length)
        if self._ahead:
            self._ahead -= 1
            return b""
        self.places.append(FramePlace(self._content, at))
        self._content += len(content) // self._block_bytes
        return content

    def _length(self) -> int | None:
        """Hold the frame that begins here; None, and `trouble`, where it does not end."""
        while (length := frame_bytes(self._held)) is None:
            if len(self._held) > _LONGEST or not self._has(len(self._held) + 1):
                self.trouble = "its last frame is cut off"
                return None
        return length

    def _has(self, length: int) -> bool:
        while len(self._held) < length:
            block = next(self._stored, b"")
            if not block:
                return False
            self.stored += 1
            self._held += block
        return True

    def _pass(self, length: int) -> None:
        while length and self._has(1):
            some = min(length, len(self._held))
            del self._held[:some]
            self._at += some
            length -= some
