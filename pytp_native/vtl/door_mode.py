# SPDX-License-Identifier: WTFPL OR MIT
"""MODE SENSE and MODE SELECT of the drive (SPC-5 7.5, SSC-5 8.5), with the pages of an LTO drive."""

from __future__ import annotations

import struct
from collections.abc import Callable

from pytp_native.light import NamedTuple
from pytp_native.vtl import sense
from pytp_native.vtl.cartridge import PARTITION_UNIT, default_partitions
from pytp_native.vtl.counters import raise_alert
from pytp_native.vtl.door_medium import REST
from pytp_native.vtl.drive import VirtualDrive
from pytp_native.vtl.formats import FORMATS
from pytp_native.vtl.reply import GOOD, TargetReply, answer, check
from pytp_native.vtl.sense import Sense

_ALL, _ALL_SUBPAGES = 0x3F, 0xFF
_CURRENT, _CHANGEABLE, _DEFAULT, _SAVED = range(4)
_LAST_FLAG = 64
_PARTITION_PAGE = (0x11, 0)


class Page(NamedTuple):
    """A mode page: its bytes behind the header now, a mask of those that MODE SELECT changes, and what it does."""

    current: Callable[[VirtualDrive], bytes]
    changeable: dict[int, int]
    """Offset from the page's first byte: bits."""
    select: Callable[[VirtualDrive, bytes], Sense | None]


def sense_6(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    return _sense(drive, cdb, long=False, allocated=cdb[4])


def sense_10(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    return _sense(drive, cdb, long=True, allocated=int.from_bytes(cdb[7:9], "big"))


def _sense(drive: VirtualDrive, cdb: bytes, *, long: bool, allocated: int) -> TargetReply:
    control, code, subpage = cdb[2] >> 6, cdb[2] & 0x3F, cdb[3]
    if control == _SAVED:
        return check(sense.SAVING_NOT_SUPPORTED)
    pages_here = _pages_of(drive)
    wanted = [
        key for key in sorted(pages_here)
        if code in {_ALL, key[0]} and subpage in {_ALL_SUBPAGES, key[1]}
    ]  # fmt: skip
    if not wanted and code:
        return check(sense.INVALID_FIELD)
    pages = b"".join(_page(drive, key, control) for key in wanted) if code else b""
    block = b"" if cdb[1] & 8 else _block_descriptor(drive)
    return answer(_header(drive, len(pages), len(block), long=long) + block + pages, allocated)


def _pages_of(drive: VirtualDrive) -> dict[tuple[int, int], Page]:
    if not drive.personality.family:
        return _PAGES
    from pytp_native.vtl.door_pages_vendor import MODE_PAGES  # noqa: PLC0415 - our own drives do without

    more = MODE_PAGES.get(drive.personality.family, {})
    return {**_PAGES, **{(code, 0): Page(body, {}, _keep) for code, body in more.items()}}


def _page(drive: VirtualDrive, key: tuple[int, int], control: int) -> bytes:
    page = _pages_of(drive)[key]
    head = bytes([key[0] | 0x40, key[1]]) if key[1] else bytes([key[0]])
    body = page.current(drive)
    head += len(body).to_bytes(2, "big") if key[1] else bytes([len(body)])
    if control == _CHANGEABLE:
        body = bytes(page.changeable.get(at + len(head), 0) for at in range(len(body)))
    return head + body


def _header(drive: VirtualDrive, pages: int, block: int, *, long: bool) -> bytes:
    """Medium type, write protection and buffered mode, in either length."""
    label = drive.label
    kind = FORMATS[label.generation].medium_type(worm=label.worm) if label is not None else 0
    if drive.personality.family and label is not None:
        from pytp_native.vtl.door_pages_vendor import medium_type  # noqa: PLC0415 - our own drives do without

        kind = medium_type(drive.personality.family, kind, worm=label.worm)
    specific = (0x80 if drive.write_protected else 0) | int(drive.raw.buffered_mode) << 4
    if long:
        return struct.pack(">HBBHH", 6 + pages + block, kind, specific, 0, block)
    return bytes([(3 + pages + block) & 0xFF, kind, specific, block])


def _block_descriptor(drive: VirtualDrive) -> bytes:
    """The cartridge's density, or with none the drive's own; block length, 0 in variable mode."""
    density = drive.density or drive.personality.density
    return bytes([density, 0, 0, 0, 0]) + int(drive.raw.block_bytes).to_bytes(3, "big")


# -- MODE SELECT -------------------------------------------------------------------------------------------------------


def select_6(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    return _select(drive, cdb, data[: cdb[4]], header=4)


def select_10(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    return _select(drive, cdb, data[: int.from_bytes(cdb[7:9], "big")], header=8)


def _select(drive: VirtualDrive, cdb: bytes, data: bytes, *, header: int) -> TargetReply:
    if cdb[1] & 1 or not cdb[1] & 0x10:
        return check(sense.INVALID_FIELD)  # nothing can be saved, and pages are in page format
    if not data:
        return GOOD
    specific_at, block_at = (2, 3) if header == 4 else (3, 7)
    if len(data) < header or data[block_at] not in {0, 8} or len(data) < header + data[block_at]:
        return check(sense.PARAMETER_LIST_LENGTH)
    problem = drive.set_mode(buffered=data[specific_at] >> 4 & 7)
    if problem is None and data[block_at]:
        block = data[header : header + 8]
        problem = drive.set_mode(density=block[0], block_bytes=int.from_bytes(block[5:8], "big"))
    problem = problem or _select_pages(drive, data[header + data[block_at] :])
    return GOOD if problem is None else check(problem)


def _select_pages(drive: VirtualDrive, data: bytes) -> Sense | None:
    while data:
        with_subpage = data[0] & 0x40
        head = 4 if with_subpage else 2
        if len(data) < head:
            return sense.PARAMETER_LIST_LENGTH
        key = (data[0] & 0x3F, data[1] if with_subpage else 0)
        size = head + (int.from_bytes(data[2:4], "big") if with_subpage else data[1])
        if key not in _pages_of(drive):
            return sense.INVALID_PARAMETER
        own = len(_page(drive, key, _CURRENT))
        if len(data) < size or not (size == own or (key == _PARTITION_PAGE and 8 <= size <= own)):
            return sense.PARAMETER_LIST_LENGTH
        if (problem := _pages_of(drive)[key].select(drive, data[:size])) is not None:
            return problem
        data = data[size:]
    return None


# -- pages -------------------------------------------------------------------------------------------------------------


def _zeros(count: int) -> Callable[[VirtualDrive], bytes]:
    return lambda _drive: bytes(count)


def _keep(_drive: VirtualDrive, _page: bytes) -> None:
    """Nothing in it changes anything here."""


def _control(drive: VirtualDrive) -> bytes:
    return bytes([0x04 if drive.raw.descriptor_sense else 0]) + bytes(9)


def _select_control(drive: VirtualDrive, page: bytes) -> None:
    drive.raw.descriptor_sense = page[2] >> 2 & 1


def _compression(drive: VirtualDrive) -> bytes:
    """DCE and DCC, DDE; both algorithms are LTO's."""
    return bytes([0x40 | int(drive.raw.compression) << 7, 0x80]) + b"\0\0\0\x01" * 2 + bytes(4)


def _select_compression(drive: VirtualDrive, page: bytes) -> None:
    drive.set_compression(bool(page[2] & 0x80))


def _configuration(drive: VirtualDrive) -> bytes:
    """Active partition; write delay 10 s; LOIS; EEG and SEW; select compression."""
    return bytes([0, int(drive.raw.partition), 0, 0, 0, 100, 0x40, 0, 0x18, 0, 0, 0, int(drive.raw.compression), 0])


def _select_configuration(drive: VirtualDrive, page: bytes) -> None:
    drive.set_compression(bool(page[14]))


def _extension(drive: VirtualDrive) -> bytes:
    """PEWS, in 10^6 bytes."""
    return bytes(2) + int(drive.raw.programmed_warning).to_bytes(2, "big") + bytes(24)


def _select_extension(drive: VirtualDrive, page: bytes) -> Sense | None:
    """Append-only mode is not offered."""
    if any(page[4:6]) or any(page[8:]):
        return sense.INVALID_PARAMETER
    drive.raw.programmed_warning = int.from_bytes(page[6:8], "big")
    return None


def _partitions(drive: VirtualDrive) -> bytes:
    """Sizes in 10^6 bytes; what the cartridge has, or what the next FORMAT MEDIUM will make of it (POFM)."""
    label = drive.label
    most = drive.most_partitions
    have = list(label.partitions) if label is not None else []
    sizes = [min(size // PARTITION_UNIT, REST - 1) for size in have]
    if label is not None and not sizes:
        sizes = [min(label.capacity_bytes // PARTITION_UNIT, REST - 1)]
    sizes += [0] * (drive.personality.partitions - len(sizes))
    defined = max(len(have), 1) - 1
    return bytes([most - 1, defined, 0x3C if defined else 0x1C, 0x03, 0x06, 0]) + struct.pack(f">{len(sizes)}H", *sizes)


def _select_partitions(drive: VirtualDrive, page: bytes) -> Sense | None:
    """FDP, SDP or IDP; taken up by FORMAT MEDIUM. Sizes for IDP in units of 10^6 or 10^9; there may be fewer than the
    page has room for, as st sends them."""
    count, room = page[3] + 1, (len(page) - 8) // 2
    if count > drive.most_partitions:
        return sense.INVALID_PARAMETER
    if page[4] & 0x20:  # IDP: the initiator says how large
        factor = {0x10: 1, 0x18: {6: 1, 9: 1000}.get(page[6] & 0x0F, 0)}.get(page[4] & 0x18, 0)
        if not factor or (count > room and count > 1):
            return sense.INVALID_PARAMETER
        sizes = struct.unpack_from(f">{min(count, room)}H", page, 8)
        wanted = [size if size == REST else size * factor for size in (*sizes, REST)]
    else:
        index = default_partitions(drive.label.capacity_bytes if drive.label else 0)[1]
        wanted = [REST, *[index // PARTITION_UNIT] * 3]
    for number in range(count):
        drive.raw.wanted_sizes[number] = wanted[number]
    drive.raw.wanted_partitions = count
    return None


def _exceptions(_drive: VirtualDrive) -> bytes:
    """DEXCPT: TapeAlert is asked for, not told; MRIE 3."""
    return bytes([0x08, 0x03]) + bytes(8)


def _select_exceptions(drive: VirtualDrive, page: bytes) -> Sense | None:
    """TEST with a flag's number raises that TapeAlert flag, with its negative lowers it (SSC-5 8.5.6)."""
    number = int.from_bytes(page[8:12], "big", signed=True)
    if not page[2] & 0x04 or number == 0:
        return None
    if not 1 <= abs(number) <= _LAST_FLAG:
        return sense.INVALID_PARAMETER
    if number > 0:
        raise_alert(drive, number)
    else:
        drive.raw.alerts &= ~(1 << (-number - 1))
    return None


def _medium_configuration(drive: VirtualDrive) -> bytes:
    """WORMM; labels may be written over if they are filemarks at the end, but the first (restrictions 01h, 02h)."""
    label = drive.label
    return bytes([bool(label and label.worm), 0, 0x01, 0x02]) + bytes(26)


_PAGES: dict[tuple[int, int], Page] = {
    (0x01, 0): Page(_zeros(10), {}, _keep),
    (0x02, 0): Page(lambda _drive: b"\x32\x32" + bytes(12), {}, _keep),
    (0x0A, 0): Page(_control, {2: 0x04}, _select_control),
    (0x0F, 0): Page(_compression, {2: 0x80}, _select_compression),
    (0x10, 0): Page(_configuration, {14: 0xFF}, _select_configuration),
    (0x10, 1): Page(_extension, {6: 0xFF, 7: 0xFF}, _select_extension),
    (0x11, 0): Page(_partitions, {3: 0xFF, 4: 0xF8, 6: 0x0F, **dict.fromkeys(range(8, 16), 0xFF)}, _select_partitions),
    (0x1C, 0): Page(_exceptions, {2: 0x04, **dict.fromkeys(range(8, 12), 0xFF)}, _select_exceptions),
    (0x1D, 0): Page(_medium_configuration, {}, _keep),
}
