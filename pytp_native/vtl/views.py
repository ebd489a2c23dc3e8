# SPDX-License-Identifier: WTFPL OR MIT
"""What Library.describe tells: immutable records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DriveView:
    number: int
    address: str
    """What `--drive` takes: vtl:DIR/drive0"""
    element: int
    serial: str
    barcode: str | None
    source_slot: int | None
    """Slot the cartridge came from."""
    ready: bool
    """A cartridge is in it and threaded (not unloaded by a command)."""
    open_by: str | None
    """The process that has it open, in words; None: nobody."""
    file_number: int | None
    block_number: int | None
    logical_block: int | None
    faults: tuple[str, ...]
    maker: str
    """Whose drive it appears to be: pytp, ibm, hpe, quantum."""


@dataclass(frozen=True, slots=True)
class SlotView:
    number: int
    """From 1; mail slots behind the storage slots."""
    element: int
    mail: bool
    barcode: str | None


@dataclass(frozen=True, slots=True)
class CartridgeView:
    barcode: str
    generation: str
    capacity_bytes: int
    used_bytes: int
    filemarks: int
    blocks: int
    write_protected: bool
    slot: int | None
    drive: int | None
    """Where it is; neither: the robot holds it, or it was taken out of the library."""
    damaged: str | None = None
    """What is wrong with its files, as far as a glance tells."""
    removed: bool = False
    """An operator took it out of the library; only its files are still here."""


@dataclass(frozen=True, slots=True)
class LibraryView:
    path: str
    generation: str
    serial: str
    capacity_bytes: int
    """Of a cartridge that is added without another wish."""
    drives: tuple[DriveView, ...]
    slots: tuple[SlotView, ...]
    cartridges: tuple[CartridgeView, ...]
