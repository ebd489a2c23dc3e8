# SPDX-License-Identifier: WTFPL OR MIT
"""A virtual cartridge: a directory with cartridge.json, and data and index (csrc/cartridge.h has their layout)."""

from __future__ import annotations

import errno
import os

from pytp_native.errors import BadAddress, MediumDamaged, PytpError, UsageError
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.units import MIB
from pytp_native.vtl.files import host_error, read_json, sync_directory, write_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FILEMARK_BYTES = 4096
"""What a filemark takes of the capacity."""
SPARE_FILEMARKS = 16
"""A drive keeps room for closing filemarks behind the last block."""
LARGEST_PARTITIONS: int = lib.PYTP_PARTITIONS
PARTITION_UNIT = 10**6
"""Partitions are counted in 10^6 bytes: virtual cartridges are small."""
SMALLEST_CAPACITY = MIB
SMALLEST_PARTITION = MIB // 4
"""Of the one that takes what the others leave."""
NO_FILE = -1
_BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Label(NamedTuple):
    """cartridge.json: what is fixed to the cartridge rather than recorded on it."""

    barcode: str
    generation: str
    capacity_bytes: int
    write_protected: bool = False
    worm: bool = False
    """Write-once: what is recorded stays."""
    partitions: tuple[int, ...] = ()
    """Bytes of each partition; empty: one, of all the capacity."""

    def capacity_of(self, partition: int) -> int:
        return self.partitions[partition] if self.partitions else self.capacity_bytes


def check_barcode(barcode: str) -> str:
    """Return the barcode in capitals; raise UsageError unless it can be printed on an LTO label."""
    if not (3 <= len(barcode) <= 8 and barcode.isascii() and barcode.isalnum()):
        raise UsageError(
            "barcode", f"{barcode!r} is none", "use up to 6 letters and digits and the generation, like A00001L9"
        )
    return barcode.upper()


def check_capacity(capacity_bytes: int) -> None:
    """Raise UsageError for a cartridge too small to be any use."""
    if capacity_bytes < SMALLEST_CAPACITY:
        raise UsageError("capacity", f"{capacity_bytes} bytes is too small", "give at least 1M")


def early_warning_bytes(capacity_bytes: int) -> int:
    """Data bytes at which early warning begins: 2 % before the end, at least 2 MiB, at most 4 GiB, never over an
    eighth."""
    return capacity_bytes - min(max(capacity_bytes // 50, 2 * MIB), 4096 * MIB, capacity_bytes // 8)


def read_label(directory: str) -> Label:
    """Raises MediumDamaged."""
    try:
        raw = read_json(os.path.join(directory, "cartridge.json"), what="virtual cartridge")
        return Label(
            str(raw["barcode"]),
            str(raw["generation"]),
            int(raw["capacity_bytes"]),
            bool(raw.get("write_protected", False)),
            bool(raw.get("worm", False)),
            tuple(int(size) for size in raw.get("partitions", ())),
        )
    except BadAddress as exc:
        raise MediumDamaged(exc.subject, exc.fact) from exc
    except (KeyError, TypeError, ValueError) as exc:
        raise MediumDamaged(directory, f"cartridge.json has no usable {exc}") from exc


def write_label(directory: str, label: Label) -> None:
    write_json(os.path.join(directory, "cartridge.json"), {"format": 1, **label._asdict()})


def create_cartridge(directory: str, label: Label) -> None:
    """Make a blank cartridge, whole or not at all. The directory must not exist."""
    check_capacity(label.capacity_bytes)
    import shutil  # noqa: PLC0415 - who only uses cartridges need not wait for it

    parent, name = os.path.split(directory)
    fresh = os.path.join(parent, f".{name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        os.makedirs(fresh)
        _format_partition(fresh, 0)
        write_label(fresh, label)
        os.rename(fresh, directory)
        sync_directory(parent)
    except OSError as exc:
        raise host_error(directory, exc.errno or 0) from exc


def partition_files(partition: int) -> tuple[str, str, str]:
    """Names of a partition's files: even and odd units of its data, and its index."""
    number = f".{partition}" if partition else ""
    return f"data{number}", f"data{number}.odd", f"index{number}"


def _format_partition(directory: str, partition: int) -> None:
    """Make a partition blank. Raises OSError or HostDiskFull."""
    even, odd, index = (os.path.join(directory, name) for name in partition_files(partition))
    with open(even, "wb"), open(odd, "wb"), open(index, "wb") as file:
        error = lib.pytp_cartridge_format(file.fileno(), int.from_bytes(os.urandom(8), "big"))
    if error:
        raise host_error(directory, error)


def default_partitions(capacity_bytes: int) -> tuple[int, int]:
    """Two partitions as the drive likes them: a small second one for an index (about two wraps), and the rest."""
    index = max(capacity_bytes // 32 // PARTITION_UNIT, 1) * PARTITION_UNIT
    return capacity_bytes - index, index


def format_cartridge(directory: str, sizes: tuple[int, ...]) -> None:
    """Make it blank, with partitions of these many bytes (one: of all there is). Nobody has it open."""
    label = read_label(directory)
    try:
        for partition in range(LARGEST_PARTITIONS):
            if partition < max(len(sizes), 1):
                _format_partition(directory, partition)
                continue
            for name in partition_files(partition):
                if os.path.exists(os.path.join(directory, name)):
                    os.unlink(os.path.join(directory, name))
    except OSError as exc:
        raise host_error(directory, exc.errno or 0) from exc
    write_label(directory, label._replace(partitions=sizes if len(sizes) > 1 else ()))


def boot_number() -> int:
    """A number for this run of the host: after another, unsynced data may not be there."""
    try:
        with open(_BOOT_ID, encoding="ascii") as file:
            return int(file.read().strip().replace("-", "")[:16], 16)
    except (OSError, ValueError):
        return 0


class Cartridge:
    """An open cartridge. Its user holds the drive's lock; `writable=False` only looks and may be used without."""

    def __init__(self, directory: str, *, writable: bool = True, partition: int = 0) -> None:
        self.directory = directory
        self.label = read_label(directory)
        self.capacity_bytes = self.label.capacity_of(partition)
        """Of this partition."""
        self.handle: Any = ffi.new("pytp_cartridge *")
        self._fds: list[int] = []
        flags = (os.O_RDWR if writable else os.O_RDONLY) | os.O_CLOEXEC
        try:
            for name in partition_files(partition):
                self._open(os.path.join(directory, name), flags)
        except OSError as exc:
            self.close()
            raise MediumDamaged(self.label.barcode, f"{name} cannot be opened: {os.strerror(exc.errno or 0)}") from exc
        try:
            self._check(lib.pytp_cartridge_open(self.handle, *self._fds, boot_number(), writable), "its index")
        except PytpError:
            self.close()
            raise

    def _open(self, path: str, flags: int) -> None:
        try:
            self._fds.append(os.open(path, flags))
        except FileNotFoundError:
            if not path.endswith(".odd"):
                raise
            self._fds.append(NO_FILE)  # a cartridge made before there were two data files

    def close(self) -> None:
        while self._fds:
            fd = self._fds.pop()
            if fd != NO_FILE:
                os.close(fd)

    @property
    def count(self) -> int:
        """Objects recorded: blocks and filemarks; the logical block number of the end of data."""
        return int(self.handle.count)

    @property
    def filemarks(self) -> int:
        return int(self.handle.filemarks)

    @property
    def data_bytes(self) -> int:
        return int(self.handle.data_bytes)

    @property
    def used_bytes(self) -> int:
        return self.data_bytes + self.filemarks * FILEMARK_BYTES

    @property
    def torn(self) -> int:
        """Objects that were lost with the host's power: written, never synced."""
        return int(self.handle.torn)

    def append(self, data: memoryview | bytes) -> None:
        self._check(lib.pytp_cartridge_append(self.handle, ffi.from_buffer(data), len(data)), f"block {self.count}")

    def mark(self) -> None:
        self._check(lib.pytp_cartridge_mark(self.handle), f"filemark {self.count}")

    def cut(self, at: int) -> None:
        """Forget object `at` and everything behind it."""
        self._check(lib.pytp_cartridge_cut(self.handle, at), f"block {at}")

    def sync(self) -> None:
        """Return when everything is on the host's disk."""
        self._check(lib.pytp_cartridge_sync(self.handle), "its data")

    def look(self, at: int) -> tuple[int, int]:
        """Return what stands at object `at` (lib.PYTP_AT_*) and a block's length in bytes."""
        length = ffi.new("uint32_t *")
        what = lib.pytp_cartridge_look(self.handle, at, length)
        self._check(-what, f"block {at}")
        if what == lib.PYTP_AT_DAMAGE:
            self._check(errno.EBADMSG, f"filemark {at}")
        return what, length[0]

    def read(self, at: int, into: memoryview) -> int:
        """Read block `at` and return its length; one longer than `into` is not read."""
        length = lib.pytp_cartridge_read(self.handle, at, ffi.from_buffer(into, require_writable=True), len(into))
        self._check(-length, f"block {at}")
        return int(length)

    def space_filemarks(self, at: int, count: int) -> tuple[int, int]:
        """Return where spacing over `count` filemarks from `at` ends, and how many were crossed."""
        place = ffi.new("uint64_t *", at)
        crossed = lib.pytp_cartridge_space_marks(self.handle, place, count)
        self._check(-crossed, "its index")
        return place[0], crossed

    def space_blocks(self, at: int, count: int) -> tuple[int, int, bool]:
        """Return where spacing over `count` blocks from `at` ends, how many were crossed, and whether a filemark
        ended it."""
        place, hit = ffi.new("uint64_t *", at), ffi.new("int *")
        crossed = lib.pytp_cartridge_space_blocks(self.handle, place, count, hit)
        self._check(-crossed, "its index")
        return place[0], crossed, bool(hit[0])

    def place_of(self, at: int) -> tuple[int, int]:
        """Return object `at` as tape file number and block number in it, both from 0."""
        since = ffi.new("uint64_t *")
        marks = lib.pytp_cartridge_marks_before(self.handle, at, since)
        self._check(-marks, "its index")
        return marks, since[0]

    def offset_of(self, at: int) -> int:
        """Return how many bytes of blocks stand before object `at`."""
        if at >= self.count:
            return self.data_bytes
        place = int(lib.PYTP_CARTRIDGE_HEADER) + at * int(lib.PYTP_CARTRIDGE_RECORD)
        return int.from_bytes(os.pread(self._fds[2], 8, place), "little")

    def find_damage(self) -> int | None:
        """Read everything and compare; return the first damaged object's number."""
        bad = lib.pytp_cartridge_verify(self.handle)
        if bad < -1:
            self._check(-bad - 1, "its index")
        return None if bad < 0 else int(bad)

    def _check(self, error: int, what: str) -> None:
        if error > 0:
            raise self._error(error, what)

    def _error(self, error: int, what: str) -> PytpError:
        if error in {errno.EBADMSG, errno.ENODATA}:
            return MediumDamaged(
                f'cartridge "{self.label.barcode}"',
                f"{what} is damaged: {self.directory} does not hold what was written",
                "restore these files or read what stands before and behind",
            )
        return host_error(f'cartridge "{self.label.barcode}"', error)
