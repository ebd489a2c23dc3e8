# SPDX-License-Identifier: WTFPL OR MIT
"""Packs trees into memory and looks at them with other people's tar readers."""

import io
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from pytp_native.stream.pack import Hash, Member, Packer, Problem, read_members
from pytp_native.stream.ring import Ring

BLOCK = 10240


class Packed:
    """One archive, its blocks, member records and problems."""

    def __init__(self, blocks: list[bytes], members: list[Member], problems: list[tuple[bytes, Problem, str]]) -> None:
        self.blocks = blocks
        self.data = b"".join(blocks)
        self.members = members
        self.problems = problems

    def open(self) -> tarfile.TarFile:
        return tarfile.open(fileobj=io.BytesIO(self.data), errors="surrogateescape", encoding="utf-8")


def pack(
    path: Path | bytes, name: bytes = b"t", *, block: int = BLOCK, hash_kind: Hash = Hash.XXH3,
    exclude: tuple[bytes, ...] = (), one_file_system: bool = False,
    on_block: Callable[[int], None] = lambda count: None,
) -> Packed:  # fmt: skip
    problems: list[tuple[bytes, Problem, str]] = []
    ring = Ring(block, 8 * block)
    blocks: list[bytes] = []

    def consume() -> None:
        try:
            while (data := ring.get()) is not None:
                blocks.append(data)
                on_block(len(blocks))
        finally:
            ring.stop()

    with tempfile.TemporaryFile() as log:
        packer = Packer(
            ring, lambda *seen: problems.append(seen), hash_kind=hash_kind, exclude=exclude,
            one_file_system=one_file_system, members_fd=log.fileno(),
        )  # fmt: skip
        consumer = threading.Thread(target=consume)
        consumer.start()
        try:
            packer.add(os.fsencode(path), name)
            packer.end()
        finally:
            ring.finish()
            consumer.join()
        log.seek(0)
        return Packed(blocks, list(read_members(log)), problems)
