# SPDX-License-Identifier: WTFPL OR MIT
"""Backups of small trees onto a blank cartridge, and a tape that lets a test act between two blocks."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytp_native.devices.drive import Drive
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Moved, Stop
from tests.cartridge import Cartridge

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    """64 MiB, with small blocks so that little data are many of them."""
    return Cartridge(shelf / "vtl", block_bytes=BLOCK)


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Make a directory with files of the given sizes, or contents."""

    def make(name: str, **files: int | bytes) -> Path:
        top = tmp_path / "source" / name
        top.mkdir(parents=True)
        for file, content in files.items():
            (top / file).write_bytes(os.urandom(content) if isinstance(content, int) else content)
        return top

    return make


class BlockByBlock:
    """The same tape, written one block at a time, with a call after each."""

    def __init__(self, tape: Any, after: Callable[[int, Ring], object]) -> None:
        self._tape = tape
        self._after = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tape, name)

    def write_from(self, ring: Ring, *, limit: int = 0) -> Moved:
        blocks = data_bytes = 0
        while True:
            moved = self._tape.write_from(ring, limit=1)
            blocks, data_bytes = blocks + moved.blocks, data_bytes + moved.data_bytes
            if moved.stop is not Stop.LIMIT:
                return Moved(blocks, data_bytes, moved.stop, moved.error)
            self._after(blocks, ring)


def after_block(number: int, action: Callable[[], object]) -> Callable[[Drive], None]:
    """Call `action`, once, when that many blocks of a tape file are on tape; for Cartridge.backup(prepare=...)."""
    left = [action]

    def after(blocks: int, ring: Ring) -> None:
        if blocks == number and left:
            left.pop()()

    return watching(after)


def watching(after: Callable[[int, Ring], object]) -> Callable[[Drive], None]:
    def prepare(drive: Drive) -> None:
        drive.tape = BlockByBlock(drive.tape, after)

    return prepare
