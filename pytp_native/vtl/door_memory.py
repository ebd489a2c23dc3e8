# SPDX-License-Identifier: WTFPL OR MIT
"""READ ATTRIBUTE and WRITE ATTRIBUTE: the cartridge's memory as SPC-5 7.4 numbers it."""

from __future__ import annotations

import struct

from pytp_native.light import NamedTuple
from pytp_native.vtl import loading, sense
from pytp_native.vtl.cartridge import Cartridge, early_warning_bytes, read_label
from pytp_native.vtl.door_log import Use, use_of
from pytp_native.vtl.door_log_parts import flags_bitmap
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.formats import FORMATS
from pytp_native.vtl.memory import CartridgeMemory
from pytp_native.vtl.reply import GOOD, TargetReply, answer, ascii_field, check

_MIB = 1 << 20
_BINARY, _ASCII, _TEXT = 0, 1, 2
_READ_ONLY = 0x80
_MEMORY_BYTES = 16384


class HostAttribute(NamedTuple):
    """What a host may write: format and longest value in bytes."""

    code: int
    longest: int


_HOST = {
    0x0800: HostAttribute(_ASCII, 8), 0x0801: HostAttribute(_ASCII, 32), 0x0802: HostAttribute(_ASCII, 8),
    0x0803: HostAttribute(_TEXT, 160), 0x0804: HostAttribute(_ASCII, 12), 0x0805: HostAttribute(_BINARY, 1),
    0x0806: HostAttribute(_ASCII, 32), 0x0807: HostAttribute(_TEXT, 80), 0x0808: HostAttribute(_TEXT, 160),
    0x0809: HostAttribute(_ASCII, 16), 0x080A: HostAttribute(_BINARY, 1), 0x080B: HostAttribute(_ASCII, 16),
    0x080C: HostAttribute(_BINARY, 1023), 0x0820: HostAttribute(_BINARY, 36), 0x0821: HostAttribute(_BINARY, 36),
    0x1623: HostAttribute(_BINARY, 1),
}  # fmt: skip
_OF_A_PARTITION = {0x0809, 0x080B, 0x080C}
"""Kept for each partition; the others are one for the cartridge, told under partition 0."""


def _held_use(drive: VirtualDrive) -> Use:
    """The memory of a cartridge that is not threaded; nothing of this load is still in the drive's head."""
    label, memory = read_label(drive.cartridge_path), drive.memory()
    used = []
    for partition in range(max(len(label.partitions), 1)):
        tape = Cartridge(drive.cartridge_path, writable=False, partition=partition)
        used.append(tape.used_bytes)
        tape.close()
    return Use(memory, label, tuple(used), memory.written, memory.read, memory.write_errors, memory.read_errors)


def read_attribute(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """Values (0), identifiers (1), logical volumes (2), partitions (3), supported identifiers (5)."""
    del data
    action, partition = cdb[1] & 0x1F, cdb[7]
    first, allocated = int.from_bytes(cdb[8:10], "big"), int.from_bytes(cdb[10:14], "big")
    use = _held_use(drive) if loading.is_held(drive) else use_of(drive)
    if use.memory is None or use.label is None:
        return check(drive.not_ready())
    if cdb[5] or partition >= len(use.used) or action not in {0, 1, 2, 3, 5}:
        return check(sense.INVALID_FIELD)
    if action in {2, 3}:
        count = 1 if action == 2 else len(use.used)
        return answer(bytes([0, 2, 0, count]), allocated)
    values = attributes(drive, use, partition)
    if action == 0:
        body = b"".join(raw for identifier, raw in sorted(values.items()) if identifier >= first)
        return answer(len(body).to_bytes(4, "big") + body, allocated)
    known = sorted(values if action == 1 else {*values, *_HOST})
    body = b"".join(identifier.to_bytes(2, "big") for identifier in known if identifier >= first)
    return answer(len(body).to_bytes(4, "big") + body, allocated)


def attributes(drive: VirtualDrive, use: Use, partition: int) -> dict[int, bytes]:
    """Everything there is to read, encoded, by identifier."""
    memory, label = use.memory, use.label
    if memory is None or label is None:
        return {}
    found = {**_device(drive, use, memory, partition), **_medium(use, memory)}
    for identifier in memory.host_identifiers(partition):
        kept = memory.host_value(partition, identifier)
        if kept is not None:
            found[identifier] = _encode(identifier, kept[0], kept[1])
    return found


def _encode(identifier: int, code: int, value: bytes) -> bytes:
    return struct.pack(">HBH", identifier, code, len(value)) + value


def _fixed(identifier: int, value: int | str, width: int) -> tuple[int, bytes]:
    """A read-only attribute: a number, or text padded with spaces."""
    if isinstance(value, str):
        return identifier, _encode(identifier, _READ_ONLY | _ASCII, ascii_field(value, width))
    return identifier, _encode(identifier, _READ_ONLY, min(value, (1 << 8 * width) - 1).to_bytes(width, "big"))


def _device(drive: VirtualDrive, use: Use, memory: CartridgeMemory, partition: int) -> dict[int, bytes]:
    """0000h to 03FFh."""
    label, raw = use.label, drive.raw
    if label is None:
        return {}
    size = label.capacity_of(partition)
    left = max(early_warning_bytes(size) - use.used[partition], 0)
    loaded = [(memory.drives + [""] * 4)[number] for number in range(4)]
    rows = [
        _fixed(0x0000, left // _MIB, 8), _fixed(0x0001, size // _MIB, 8),
        (0x0002, _encode(0x0002, _READ_ONLY, flags_bitmap(int(raw.alerts) or memory.alerts))),
        _fixed(0x0003, memory.loads, 8), _fixed(0x0004, max(memory.free_bytes, 0), 8), _fixed(0x0005, "LTO-CVE", 8),
        _fixed(0x0006, FORMATS[label.generation].density, 1), _fixed(0x0007, memory.formats, 2),
        _fixed(0x0009, memory.changes + int(raw.changes) & 0xFFFFFFFF, 4),
        *(_fixed(0x020A + number, name, 40) for number, name in enumerate(loaded)),
        _fixed(0x0220, use.written // _MIB, 8), _fixed(0x0221, use.read // _MIB, 8),
        _fixed(0x0222, int(raw.load_written) // _MIB, 8), _fixed(0x0223, int(raw.load_read) // _MIB, 8),
        (0x0224, _encode(0x0224, _READ_ONLY, b"\xff" * 8)), (0x0225, _encode(0x0225, _READ_ONLY, b"\xff" * 8)),
        (0x0340, _encode(0x0340, _READ_ONLY, _history(drive, use, memory, 6))),
        (0x0341, _encode(0x0341, _READ_ONLY, _history(drive, use, memory, 4))),
    ]  # fmt: skip
    return dict(rows)


def _history(drive: VirtualDrive, use: Use, memory: CartridgeMemory, width: int) -> bytes:
    """Written and read MiB with their retries: this load, the previous, in all; loads, partition changes, formats."""
    raw = drive.raw
    loads = ((raw.load_written, raw.load_read), (memory.last_written, memory.last_read), (use.written, use.read))
    fields = [count for written, read in loads for count in (int(written) // _MIB, 0, int(read) // _MIB, 0)]
    return b"".join(value.to_bytes(width, "big") for value in (*fields, memory.loads, 0, memory.formats))


def _medium(use: Use, memory: CartridgeMemory) -> dict[int, bytes]:
    """0400h to 07FFh."""
    label = use.label
    if label is None:
        return {}
    known = FORMATS[label.generation]
    return dict(
        [
            _fixed(0x0400, "PYTP", 8), _fixed(0x0401, memory.serial, 32), _fixed(0x0402, known.length_m, 4),
            _fixed(0x0403, 127, 4), _fixed(0x0404, "LTO-CVE", 8), _fixed(0x0405, known.density, 1),
            _fixed(0x0406, memory.made, 8), _fixed(0x0407, _MEMORY_BYTES, 8),
            _fixed(0x0408, 0x80 if label.worm else 0, 1), _fixed(0x0409, 0, 2),
        ]
    )  # fmt: skip


# -- writing -----------------------------------------------------------------------------------------------------------


def write_attribute(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """All of the list or none of it. A value of no length deletes; what is not a host's is refused.

    The length in the list's header may count the header itself: LTFS does, and drives take it.
    """
    if not drive.ready:
        return check(drive.not_ready())
    partition, length = cdb[7], int.from_bytes(cdb[10:14], "big")
    if cdb[5] or partition >= drive.partitions:
        return check(sense.INVALID_FIELD)
    if length == 0:
        return GOOD
    data = data[:length]
    if len(data) < 4 or int.from_bytes(data[:4], "big") not in {len(data) - 4, len(data)}:
        return check(sense.PARAMETER_LIST_LENGTH)
    memory, at = drive.memory(), 4
    while at < len(data):
        if at + 5 > len(data):
            return check(sense.PARAMETER_LIST_LENGTH)
        identifier, code, size = struct.unpack_from(">HBH", data, at)
        value = data[at + 5 : at + 5 + size]
        if len(value) < size:
            return check(sense.PARAMETER_LIST_LENGTH)
        known = _host_attribute(identifier)
        if known is None or code & 0x03 != known.code or size > known.longest:
            return check(sense.INVALID_PARAMETER)
        memory.put(partition if identifier in _OF_A_PARTITION else 0, identifier, known.code, value)
        at += 5 + size
    if memory.free_bytes < 0:
        return check(sense.MEMORY_FULL)
    memory.save()
    return GOOD


def _host_attribute(identifier: int) -> HostAttribute | None:
    """0800h to 0BFFh and the vendor's 1400h to 17FFh are the host's."""
    known = _HOST.get(identifier)
    if known is None and 0x1400 <= identifier <= 0x17FF:
        return HostAttribute(_BINARY, 255)
    return known
