# SPDX-License-Identifier: WTFPL OR MIT
"""LOG SENSE of the drive: the pages of an LTO drive (SSC-5 8.3, LTO references), with values that follow what was
done. Nothing is compressed here, so what the host sent is what the medium has."""

from __future__ import annotations

from collections.abc import Callable

from pytp_native.errors import PytpError
from pytp_native.light import NamedTuple
from pytp_native.vtl import door_log_port, sense
from pytp_native.vtl.cartridge import FILEMARK_BYTES, Cartridge, Label, early_warning_bytes
from pytp_native.vtl.counters import forget_load
from pytp_native.vtl.door_log_parts import (
    Parameters,
    data_sets,
    diagnostic_data,
    environment,
    error_counters,
    exception_status,
    flags_bitmap,
    mounts,
    number,
    parameter,
    self_tests,
)
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.formats import FORMATS
from pytp_native.vtl.memory import CartridgeMemory
from pytp_native.vtl.reply import GOOD, TargetReply, answer, ascii_field, check
from pytp_native.vtl.wear import Retries, retries_of_load

_MB = 10**6
_MIB = 1 << 20
_FLAGS = 64
_BINARY, _TEXT = 0x03, 0x01
_CELSIUS = 31
_UNKNOWN = 0xFF


class Use(NamedTuple):
    """What was counted for the cartridge in the drive; all 0 without one."""

    memory: CartridgeMemory | None
    label: Label | None
    used: tuple[int, ...]
    """Bytes recorded, by partition."""
    written: int
    read: int
    """Bytes over its life, with this load."""
    write_errors: int
    read_errors: int


def log_sense(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """Current cumulative values, whatever page control says; nothing is saved (SP)."""
    page, subpage = cdb[2] & 0x3F, cdb[3]
    build = _pages_of(drive).get((page, subpage))
    if cdb[1] & 1 or build is None:
        return check(sense.INVALID_FIELD)
    parts = build(drive)
    if drive.personality.family and not isinstance(parts, bytes):
        from pytp_native.vtl.door_log_vendor import adapted  # noqa: PLC0415 - our own drives do without

        parts = adapted(drive, (page, subpage), parts)
    first = int.from_bytes(cdb[5:7], "big")
    body = parts if isinstance(parts, bytes) else b"".join(raw for code, raw in parts if code >= first)
    head = bytes([page | 0x40, subpage]) if subpage else bytes([page, 0])
    return answer(head + len(body).to_bytes(2, "big") + body, int.from_bytes(cdb[7:9], "big"))


def _pages_of(drive: VirtualDrive) -> dict[tuple[int, int], Callable[[VirtualDrive], bytes | Parameters]]:
    if not drive.personality.family:
        return {**_PAGES, **SELDOM}
    from pytp_native.vtl.door_log_vendor import pages_of  # noqa: PLC0415 - our own drives do without

    return pages_of(drive, _PAGES)


def log_select(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """PCR sets back what is counted by load, of one page or of all (page 0); no parameter can be set."""
    page, length = cdb[2] & 0x3F, int.from_bytes(cdb[7:9], "big")
    if cdb[1] & 1 or cdb[3]:
        return check(sense.INVALID_FIELD)
    if not cdb[1] & 2:
        return check(sense.INVALID_PARAMETER) if length and data else GOOD
    if length or data:
        return check(sense.PARAMETER_LIST_LENGTH)
    if page not in {0, *_PER_LOAD}:
        return check(sense.INVALID_FIELD)
    forget_load(drive)
    return GOOD


def use_of(drive: VirtualDrive) -> Use:
    raw = drive.raw
    if not drive.ready:
        return Use(None, None, (), 0, 0, 0, 0)
    memory, label = drive.memory(), drive.label
    used = tuple(_used(drive, number) for number in range(drive.partitions))
    return Use(
        memory, label, used, memory.written + int(raw.load_written), memory.read + int(raw.load_read),
        memory.write_errors + int(raw.load_write_errors), memory.read_errors + int(raw.load_read_errors),
    )  # fmt: skip


def _used(drive: VirtualDrive, partition: int) -> int:
    try:
        tape = Cartridge(drive.cartridge_path, writable=False, partition=partition)
    except PytpError:
        return 0
    try:
        return tape.used_bytes
    finally:
        tape.close()


# -- pages -------------------------------------------------------------------------------------------------------------


def _supported(drive: VirtualDrive) -> bytes:
    return bytes(sorted(page for page, subpage in _pages_of(drive) if not subpage))


def _supported_subpages(drive: VirtualDrive) -> bytes:
    return bytes(byte for pair in sorted(_pages_of(drive)) for byte in pair)


def _write_errors(drive: VirtualDrive) -> Parameters:
    return error_counters(int(drive.raw.load_written), _retries(drive).writes, int(drive.raw.load_write_errors))


def _read_errors(drive: VirtualDrive) -> Parameters:
    return error_counters(int(drive.raw.load_read), _retries(drive).reads, int(drive.raw.load_read_errors))


def _retries(drive: VirtualDrive) -> Retries:
    return retries_of_load(drive, drive.memory()) if drive.ready else Retries(0, 0)


def _sequential_access(drive: VirtualDrive) -> Parameters:
    """Bytes, and native capacities in 10^6 bytes."""
    raw, use = drive.raw, use_of(drive)
    written, read = int(raw.load_written), int(raw.load_read)
    parameters = [number(code, count, 8) for code, count in enumerate((written, written, read, read))]
    if use.label is not None:
        partition = int(raw.partition)
        size = use.label.capacity_of(partition)
        warning = early_warning_bytes(size)
        places = (use.used[partition], warning, size - warning, _offset(drive, partition))
        parameters += [number(code, place // _MB, 4) for code, place in enumerate(places, 4)]
    return [*parameters, number(8, 0, 4), number(0x100, int(raw.cleaning_due), 8)]


def _offset(drive: VirtualDrive, partition: int) -> int:
    """Bytes recorded before the present position."""
    try:
        tape = Cartridge(drive.cartridge_path, writable=False, partition=partition)
    except PytpError:
        return 0
    try:
        return tape.offset_of(drive.position) + tape.place_of(min(drive.position, tape.count))[0] * FILEMARK_BYTES
    finally:
        tape.close()


def _temperature(_drive: VirtualDrive) -> Parameters:
    return [parameter(0, bytes([0, _CELSIUS]), 0x61), parameter(1, bytes([0, _UNKNOWN]), 0x61)]


def _device_status(drive: VirtualDrive) -> Parameters:
    """Very high frequency data (SSC-5 8.3.6) and how often to ask: every second."""
    raw, ready, present = drive.raw, drive.ready, drive.bay.barcode is not None
    first = 0x80 if raw.prevented else 0
    first |= 0x20 if ready else 0  # MACC
    first |= (0x10 if raw.compression else 0) | (0x08 if drive.write_protected else 0) | 0x01  # CMPR, WRTP, DINIT
    first |= 0x04 if raw.cleaning_due else 0  # CRQST
    second = (
        (0x10 if present else 0) | (0x04 if present else 0) | (0x03 if ready else 0)
    )  # MPRSNT, MSTD, MTHRD, MOUNTED
    alert = 0x01 if raw.alerts else 0  # TAFC
    activity = 0x01 if raw.cleaning else 0x02 if raw.mounted and raw.loading else 0
    second |= 0x80 if activity else 0 if ready else 0x20  # INXTN; RAA: a robot may come
    return [parameter(0, bytes([first, second, activity, alert])), parameter(1, (1000).to_bytes(2, "big"))]


def _alert_response(drive: VirtualDrive) -> Parameters:
    """Asking here clears nothing."""
    return [parameter(0, flags_bitmap(int(drive.raw.alerts)))]


def _tape_alert(drive: VirtualDrive) -> Parameters:
    """Being asked for clears the flags (SSC-5 4.2.20)."""
    flags = int(drive.raw.alerts)
    drive.raw.alerts = 0
    return [parameter(flag, bytes([flags >> (flag - 1) & 1])) for flag in range(1, _FLAGS + 1)]


def _device_statistics(drive: VirtualDrive) -> Parameters:
    """Lifetime of the drive (SSC-5 8.3.4). It has no clock: hours and metres are those that the bytes would take."""
    raw = drive.raw
    moved = int(raw.life_written + raw.life_read + raw.load_written + raw.load_read)
    marks = (raw.cleaned_moved, *raw.cleaned_before)
    since = [max(moved - int(mark), 0) // (300 * _MB) // 3600 for mark in marks]
    known = FORMATS[drive.personality.generation]
    seconds = moved // (300 * _MB)
    metres = moved * known.length_m // (known.capacity_mb * _MB // 200)
    counts = {
        0x00: raw.life_loads, 0x01: raw.life_cleanings,
        0x02: seconds // 3600, 0x03: seconds // 3600, 0x04: metres, 0x05: 0, 0x06: 0,
        0x07: 0, 0x08: since[0],
        **{0x08 + at: since[at] for at in (1, 2) if raw.life_cleanings > at}, 0x0B: 0, 0x0C: 1, 0x0D: raw.life_loads,
        0x0E: raw.life_write_errors + raw.load_write_errors, 0x0F: raw.life_read_errors + raw.load_read_errors,
    }  # fmt: skip
    serial = drive.bay.serial.encode("ascii").ljust(10)
    return [
        *(number(code, int(count), 4) for code, count in counts.items()),
        parameter(0x40, serial, _TEXT), parameter(0x41, serial, _TEXT),
        number(0x80, int(raw.prevented != 0), 1), number(0x81, 0, 1),
    ]  # fmt: skip


def _volume_statistics(drive: VirtualDrive) -> Parameters:
    """SSC-5 8.3.9; without a cartridge nothing but that there is none."""
    use = use_of(drive)
    if use.memory is None or use.label is None:
        return [number(0, 0, 1, _BINARY)]
    return [number(0, 1, 1, _BINARY), *_counts_of_life(drive, use), *_facts(drive, use), *_partitions(use),
            parameter(0x300, mounts(use.memory.drives))]  # fmt: skip


def _counts_of_life(drive: VirtualDrive, use: Use) -> Parameters:
    raw = drive.raw
    memory, now = use.memory, _retries(drive)
    loads, writes, reads = (0, 0, 0) if memory is None else (memory.loads, memory.write_retries, memory.read_retries)
    rows = (
        (0x01, loads, 4), (0x02, data_sets(use.written), 8), (0x03, writes + now.writes, 4),
        (0x04, use.write_errors, 2), (0x05, 0, 2),
        (0x06, 0, 2), (0x07, data_sets(use.read), 8), (0x08, reads + now.reads, 4),
        (0x09, use.read_errors, 2), (0x0A, 0, 2),
        (0x0B, 0, 2), (0x0C, raw.load_write_errors, 2), (0x0D, raw.load_read_errors, 2),
        (0x0E, raw.load_written // _MB, 4), (0x0F, raw.load_read // _MB, 4), (0x10, use.written // _MB, 8),
        (0x11, use.read // _MB, 8), (0x12, 100 if raw.load_written else 0, 2), (0x13, 100 if raw.load_read else 0, 2),
        (0x14, 0, 6), (0x15, 0, 6),
    )  # fmt: skip
    return [number(code, int(value), width) for code, value, width in rows]


def _facts(drive: VirtualDrive, use: Use) -> Parameters:
    memory, label = use.memory, use.label
    if memory is None or label is None:
        return []
    passes = data_sets(use.written + use.read) // 80
    format_number = FORMATS[label.generation].number
    texts = (
        (0x40, memory.serial, 32), (0x41, "VIRTUAL", 8), (0x42, label.barcode, 32), (0x43, "PYTP", 8),
        (0x44, "PYTP", 4), (0x45, f"Ultrium-{format_number}", 9), (0x46, memory.made, 8),
    )  # fmt: skip
    return [
        number(0x16, label.capacity_bytes // _MB, 4), number(0x17, sum(use.used) // _MB, 4),
        number(0x18, label.capacity_bytes // _MB, 4), number(0x19, max(100 - passes * 100 // 16_000, 0), 1),
        *(parameter(code, ascii_field(text, width), _TEXT) for code, text, width in texts),
        number(0x80, int(drive.write_protected), 1), number(0x81, int(label.worm), 1), number(0x82, 0, 1),
        number(0x101, passes, 4), number(0x102, passes, 4),
    ]  # fmt: skip


def _partitions(use: Use) -> Parameters:
    """Native, used and remaining capacity of each partition, in 10^6 bytes."""
    if use.label is None:
        return []
    sizes = [use.label.capacity_of(partition) for partition in range(len(use.used))]
    left = [max(early_warning_bytes(size) - used, 0) for size, used in zip(sizes, use.used, strict=True)]
    return [
        parameter(code, b"".join(_record(number, count // _MB) for number, count in enumerate(counts)))
        for code, counts in ((0x202, sizes), (0x203, use.used), (0x204, left))
    ]


def _record(partition: int, count: int) -> bytes:
    """Length less one, reserved, partition, value (SSC-5 table 93)."""
    return bytes([7, 0]) + partition.to_bytes(2, "big") + min(count, 0xFFFFFFFE).to_bytes(4, "big")


def _compression(drive: VirtualDrive) -> Parameters:
    """Ratios in percent, then 10^6 bytes and the bytes over them, four times."""
    written, read = int(drive.raw.load_written), int(drive.raw.load_read)
    parameters = [number(0, 100 if read else 0, 2), number(1, 100 if written else 0, 2)]
    for code, count in ((2, read), (4, read), (6, written), (8, written)):
        parameters += [number(code, count // _MB, 4), number(code + 1, count % _MB, 4)]
    return [*parameters, number(0x100, int(drive.raw.compression), 2)]


def _usage(drive: VirtualDrive) -> Parameters:
    """Tape usage: 17h's counts of life under the same numbers, to 000Bh."""
    use = use_of(drive)
    return [row for row in _counts_of_life(drive, use) if row[0] <= 0x0B]


def _capacity(drive: VirtualDrive) -> Parameters:
    """Remaining, then maximum capacity of partitions 0 and 1, in MiB."""
    use = use_of(drive)
    sizes = [use.label.capacity_of(partition) for partition in range(len(use.used))] if use.label else []
    left = [max(early_warning_bytes(size) - used, 0) for size, used in zip(sizes, use.used, strict=True)]
    pad = [0, 0]
    values = [*(left + pad)[:2], *(sizes + pad)[:2]]
    return [number(code, value // _MIB, 4) for code, value in enumerate(values, 1)]


SELDOM: dict[tuple[int, int], Callable[[VirtualDrive], bytes | Parameters]] = {
    (0x01, 0x00): door_log_port.buffer_runs,
    (0x04, 0x00): door_log_port.reverse_errors,
    (0x05, 0x00): door_log_port.verify_errors,
    (0x07, 0x00): door_log_port.error_events,
    (0x0B, 0x00): door_log_port.deferred_errors,
    (0x0D, 0x02): door_log_port.limits,
}
"""Standard pages that LTO drives of the makers whose pages are published do not have."""
_PER_LOAD = frozenset({0x02, 0x03, 0x05, 0x0C, 0x1B, 0x32})
_PAGES: dict[tuple[int, int], Callable[[VirtualDrive], bytes | Parameters]] = {
    (0x00, 0x00): _supported,
    (0x02, 0x00): _write_errors,
    (0x03, 0x00): _read_errors,
    (0x06, 0x00): door_log_port.non_medium_errors,
    (0x0C, 0x00): _sequential_access,
    (0x0D, 0x00): _temperature,
    (0x10, 0x00): lambda _drive: self_tests(),
    (0x11, 0x00): _device_status,
    (0x12, 0x00): _alert_response,
    (0x13, 0x00): lambda _drive: [parameter(0, b"\0")],
    (0x14, 0x00): _device_statistics,
    (0x15, 0x00): door_log_port.nothing,
    (0x16, 0x00): diagnostic_data,
    (0x17, 0x00): _volume_statistics,
    (0x18, 0x00): door_log_port.port,
    (0x1A, 0x00): door_log_port.power_conditions,
    (0x1B, 0x00): _compression,
    (0x2D, 0x00): door_log_port.nothing,
    (0x2E, 0x00): _tape_alert,
    (0x2F, 0x00): lambda drive: exception_status(int(drive.raw.alerts), _CELSIUS),
    (0x30, 0x00): _usage,
    (0x31, 0x00): _capacity,
    (0x32, 0x00): _compression,
    (0x00, 0xFF): _supported_subpages,
    (0x0D, 0x01): lambda _drive: environment(_CELSIUS),
}
