# SPDX-License-Identifier: WTFPL OR MIT
"""The mode pages that the drop-ins print and the library needs, as records. Light; layouts.py declares the rest."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.scsi.field import check_length

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.scsi.mode import ModePage

TRANSPORT, STORAGE, IMPORT_EXPORT, DRIVE = 1, 2, 3, 4
"""Element type codes (SMC-3)."""
ELEMENT_TYPES = (TRANSPORT, STORAGE, IMPORT_EXPORT, DRIVE)


class Compression(NamedTuple):
    """Data compression mode page 0Fh (SSC-5)."""

    enabled: bool
    capable: bool
    decompression_enabled: bool
    exception_on_decompression: int
    algorithm: int
    decompression_algorithm: int


class DeviceConfiguration(NamedTuple):
    """Device configuration mode page 10h (SSC-5), what pytp shows of it."""

    active_format: int
    active_partition: int
    write_delay_ms: int
    early_warning_bytes: int
    """Object buffer size at early warning."""
    select_compression: int
    software_write_protect: bool
    associated_write_protect: bool
    persistent_write_protect: bool
    permanent_write_protect: bool


class Partitions(NamedTuple):
    """Medium partition mode page 11h (SSC-5)."""

    most_additional: int
    additional: int
    units: int
    """Power of ten of a size's unit in bytes."""
    sizes: tuple[int, ...]
    """In units; FFFFh: the rest of the medium."""


class ElementRange(NamedTuple):
    first: int
    size: int
    """How many; 0: there are none of this type."""

    @property
    def addresses(self) -> range:
        return range(self.first, self.first + self.size)


class ElementAddresses(NamedTuple):
    """Element address assignment mode page 1Dh (SMC-3)."""

    transports: ElementRange
    storage: ElementRange
    import_export: ElementRange
    drives: ElementRange

    def of_type(self, element_type: int) -> ElementRange:
        """Return the range of an element type code 1 to 4."""
        return self[element_type - 1]


class TransportGeometry(NamedTuple):
    """Transport geometry mode page 1Eh (SMC-3), one per transport."""

    rotates: bool
    member: int


class DeviceCapabilities(NamedTuple):
    """Device capabilities mode page 1Fh (SMC-3). Sets of element types are bits: 01h for transports up to 08h for
    drives."""

    stores: int
    """Which elements can keep a cartridge."""
    flags: int
    """Byte 3: SCSI-2's volume tag reader and automatic cleaning."""
    moves: tuple[int, int, int, int]
    """Where MOVE MEDIUM goes from a transport, storage, import/export, drive."""
    exchanges: tuple[int, int, int, int]

    def can_move(self, source: int, destination: int) -> bool:
        """Tell whether a move between two element types (1 to 4) is possible."""
        return bool(self.moves[source - 1] >> (destination - 1) & 1)

    def can_store(self, element_type: int) -> bool:
        return bool(self.stores >> (element_type - 1) & 1)


def parse_compression(page: ModePage) -> Compression:
    check_length(page.data, 12, "mode page 0Fh")
    return Compression(
        enabled=bool(page.byte(2) & 0x80),
        capable=bool(page.byte(2) & 0x40),
        decompression_enabled=bool(page.byte(3) & 0x80),
        exception_on_decompression=page.byte(3) >> 5 & 3,
        algorithm=page.number(4, 4),
        decompression_algorithm=page.number(8, 4),
    )


def parse_device_configuration(page: ModePage) -> DeviceConfiguration:
    check_length(page.data, 14, "mode page 10h")
    return DeviceConfiguration(
        active_format=page.byte(2) & 0x1F,
        active_partition=page.byte(3),
        write_delay_ms=100 * page.number(6, 2),
        early_warning_bytes=page.number(11, 3),
        select_compression=page.byte(14),
        software_write_protect=bool(page.byte(10) & 0x04),
        associated_write_protect=bool(page.byte(15) & 0x04),
        persistent_write_protect=bool(page.byte(15) & 0x02),
        permanent_write_protect=bool(page.byte(15) & 0x01),
    )


def parse_partitions(page: ModePage) -> Partitions:
    """Sizes end with the page; LTO drives leave out the partitions that are not there."""
    check_length(page.data, 8, "mode page 11h")
    kind = page.byte(4) >> 3 & 3
    units = {0: 0, 1: 3, 2: 6}.get(kind, page.byte(6) & 0x0F)
    sizes = tuple(page.number(at, 2) for at in range(8, len(page.data) - 1, 2))
    return Partitions(page.byte(2), page.byte(3), units, sizes)


def parse_element_addresses(page: ModePage) -> ElementAddresses:
    check_length(page.data, 18, "mode page 1Dh")
    return ElementAddresses(*(ElementRange(page.number(at, 2), page.number(at + 2, 2)) for at in (2, 6, 10, 14)))


def parse_transport_geometry(page: ModePage) -> tuple[TransportGeometry, ...]:
    check_length(page.data, 4, "mode page 1Eh")
    return tuple(
        TransportGeometry(bool(page.byte(at) & 1), page.byte(at + 1)) for at in range(2, len(page.data) - 1, 2)
    )


def parse_device_capabilities(page: ModePage) -> DeviceCapabilities:
    """The exchange matrix is zero where the page ends before it, as in SCSI-2's form."""
    check_length(page.data, 8, "mode page 1Fh")
    rows = [tuple(page.byte(at + row) & 0x0F for row in range(4)) for at in (4, 12)]
    return DeviceCapabilities(page.byte(2) & 0x0F, page.byte(3), rows[0], rows[1])  # type: ignore[arg-type]
