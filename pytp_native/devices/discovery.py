# SPDX-License-Identifier: WTFPL OR MIT
"""Every tape drive and library that this host can reach, and which drive is which element of which library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytp_native.devices import retry
from pytp_native.devices.identity import Identity, identify
from pytp_native.devices.nodes import Nodes, find_nodes
from pytp_native.devices.quirks import quirks_of
from pytp_native.errors import PytpError
from pytp_native.scsi.element_scan import Scan, attached_addresses, element_addresses, elements_of_type
from pytp_native.scsi.elements import Element
from pytp_native.scsi.field import text
from pytp_native.scsi.inquiry import CHANGER, TAPE, Inquiry
from pytp_native.scsi.mode_pages import DRIVE
from pytp_native.transport import open_scsi

if TYPE_CHECKING:
    from pytp_native.transport.base import ScsiTransport

    Opener = Callable[[str], ScsiTransport]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a drive is in a library."""

    library: str
    """The library's address."""
    number: int
    """Drive number from 0, as mtx counts."""
    element: int
    """Element address."""


@dataclass(frozen=True, slots=True)
class FoundDrive:
    address: str
    """What belongs into a configuration."""
    vendor: str = ""
    product: str = ""
    revision: str = ""
    serial: str = ""
    nodes: Nodes | None = None
    """None for a virtual one."""
    place: Place | None = None
    problem: str | None = None
    """Why it could not be asked; what is told here is the kernel's word then."""
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class FoundElement:
    """A place for a drive in a library."""

    number: int
    element: int
    serial: str
    """What the library calls the drive; "" if it does not tell."""
    drive: str | None = None
    """Address of the drive, None if none that this host can reach has proved to be it."""


@dataclass(frozen=True, slots=True)
class FoundLibrary:
    address: str
    vendor: str = ""
    product: str = ""
    revision: str = ""
    serial: str = ""
    nodes: Nodes | None = None
    slots: int = 0
    import_export: int = 0
    elements: tuple[FoundElement, ...] = ()
    problem: str | None = None


LibraryAndDrives = tuple[FoundLibrary, tuple[Element, ...]]
"""A library, and the elements of its drives as it describes them."""


@dataclass(frozen=True, slots=True)
class Found:
    drives: tuple[FoundDrive, ...]
    libraries: tuple[FoundLibrary, ...]


def discover(
    *, sysfs: str = "/sys", dev: str = "/dev", virtual: Iterable[str] = (), opener: Opener = open_scsi
) -> Found:
    """Look at every device of the kernel, and at the virtual libraries in the directories `virtual`.

    A device that cannot be asked (permission, trouble) is there with what sysfs says and its problem. Nothing moves:
    only INQUIRY, MODE SENSE and READ ELEMENT STATUS with CURDATA are sent.
    """
    nodes = find_nodes(sysfs, dev)
    drives = [_drive(one, opener) for one in nodes if one.device_type == TAPE]
    libraries = [_library(one.address, one, opener) for one in nodes if one.device_type == CHANGER]
    libraries += _attached(drives, [one for one in nodes if one.device_type == CHANGER], opener)
    for path in dict.fromkeys(virtual):
        library = _library(f"vtl:{path}/changer", None, opener)
        libraries.append(library)
        count = len(library[0].elements)
        drives += [_virtual_drive(f"vtl:{path}/drive{number}", opener) for number in range(count)]
    return _paired(drives, libraries)


# -- asking ------------------------------------------------------------------------------------------------------------


def _drive(nodes: Nodes, opener: Opener) -> FoundDrive:
    plain = FoundDrive(nodes.address, nodes.vendor, nodes.product, nodes.revision, nodes.serial, nodes)
    return _asked(plain, nodes.commands, opener)


def _virtual_drive(address: str, opener: Opener) -> FoundDrive:
    return _asked(FoundDrive(address), address, opener)


def _asked(drive: FoundDrive, node: str, opener: Opener) -> FoundDrive:
    try:
        who = _identity(node, opener)
    except PytpError as exc:
        return replace(drive, problem=str(exc))
    told = who.inquiry
    return replace(
        drive, vendor=told.vendor, product=told.product, revision=told.revision,
        serial=who.serial or who.manufacturer_serial or drive.serial, identity=who,
    )  # fmt: skip


def _identity(node: str, opener: Opener) -> Identity:
    scsi = opener(node)
    try:
        return identify(scsi)
    finally:
        scsi.close()


def _attached(drives: list[FoundDrive], changers: list[Nodes], opener: Opener) -> Iterator[LibraryAndDrives]:
    """Yield the changers that answer through a drive (SPC-2, MChngr): autoloaders without a unit of their own. Drives
    beside such a unit set that bit, too, and some do for no reason."""
    targets = {one.place.rpartition(":")[0] for one in changers}
    for drive in drives:
        said = drive.identity is not None and drive.identity.inquiry.attached_changer
        if not said or drive.nodes is None or drive.nodes.place.rpartition(":")[0] in targets:
            continue
        library = _library(drive.nodes.commands, drive.nodes, opener)
        if library[0].problem is None:
            yield library


def _library(address: str, nodes: Nodes | None, opener: Opener) -> tuple[FoundLibrary, tuple[Element, ...]]:
    """Return the library and the elements of its drives, as it describes them."""
    library = FoundLibrary(address, nodes=nodes)
    if nodes is not None:
        library = replace(library, vendor=nodes.vendor, product=nodes.product, revision=nodes.revision,
                          serial=nodes.serial)  # fmt: skip
    try:
        scsi = opener(nodes.commands if nodes is not None else address)
    except PytpError as exc:
        return replace(library, problem=str(exc)), ()
    try:
        who = identify(scsi)
        told = who.inquiry
        library = replace(library, vendor=told.vendor, product=told.product, revision=told.revision,
                          serial=who.serial or library.serial)  # fmt: skip
        is_attached = told.device_type != CHANGER
        scan = _scan(told)._replace(attached=is_attached)
        addresses = attached_addresses(scsi, scan) if is_attached else element_addresses(scsi, retry.LIBRARY)
        library = replace(library, slots=addresses.storage.size, import_export=addresses.import_export.size)
        drives = tuple(elements_of_type(scsi, scan, DRIVE, addresses.drives))
    except PytpError as exc:
        return replace(library, problem=str(exc)), ()
    finally:
        scsi.close()
    elements = tuple(FoundElement(number, one.address, _shown(one)) for number, one in enumerate(drives))
    return replace(library, elements=elements), drives


def _scan(who: Inquiry) -> Scan:
    quirks = quirks_of(who)
    return Scan(
        retry.LIBRARY, volume_tags=quirks.volume_tags, without_motion=quirks.status_without_motion,
        drive_identifiers=quirks.drive_identifiers, most_bytes=quirks.element_status_bytes,
    )  # fmt: skip


def _shown(element: Element) -> str:
    """Return the identifier's serial number, or its hexadecimal digits if it is no text."""
    return element.identifier.hex() if _is_binary(element) else element.serial


def _is_binary(element: Element) -> bool:
    return element.identifier_type >> 4 == 1


# -- pairing -----------------------------------------------------------------------------------------------------------


def _paired(drives: Sequence[FoundDrive], libraries: Sequence[tuple[FoundLibrary, tuple[Element, ...]]]) -> Found:
    """Find the drives of every element; several drives at one element are paths to the same one."""
    places: dict[int, Place] = {}
    whole = []
    for library, told in libraries:
        elements = []
        for element, described in zip(library.elements, told, strict=True):
            fitting = [n for n, drive in enumerate(drives) if n not in places and _is_at(drive, library, described)]
            if len({drives[n].serial for n in fitting}) > 1:
                fitting = []  # two drives claim it: believe neither
            for n in fitting:
                places[n] = Place(library.address, element.number, element.element)
            elements.append(replace(element, drive=drives[fitting[0]].address if fitting else None))
        whole.append(replace(library, elements=tuple(elements)))
    placed = (replace(drive, place=places.get(n)) for n, drive in enumerate(drives))
    return Found(tuple(placed), tuple(whole))


def _is_at(drive: FoundDrive, library: FoundLibrary, element: Element) -> bool:
    """Tell whether this drive has proved to be at this element: by what the library calls it (DVCID), else by what
    the drive knows of its library (VPD pages B3h and B4h). Nothing is guessed from counts or bus addresses."""
    names = drive.identity.names if drive.identity else frozenset({drive.serial.upper()} - {""})
    if drive.nodes is not None and drive.nodes == library.nodes and len(library.elements) == 1:
        return True  # the changer answers through this very drive
    if drive.address.startswith("vtl:") != library.address.startswith("vtl:"):
        return False  # two copies of a virtual library may share serial numbers with what a kernel exports of it
    if element.identifier:
        called = element.identifier.hex() if _is_binary(element) else text(element.identifier)
        return bool(names & {called.upper(), element.serial.upper(), called.upper().replace(" ", "")})
    who = drive.identity
    if who is None or not who.library_serial or who.element is None:
        return False
    return who.library_serial.upper() == library.serial.upper() and who.element == element.address
