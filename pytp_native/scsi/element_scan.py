# SPDX-License-Identifier: WTFPL OR MIT
"""Read the elements of a library, whatever its size: in requests that fit the transfer limit. Light."""

from __future__ import annotations

from pytp_native.errors import BadReply, LibraryError, NotSupported, PytpError
from pytp_native.light import NamedTuple
from pytp_native.scsi import executor, mode, smc, spc
from pytp_native.scsi.mode_pages import (
    DRIVE,
    ELEMENT_TYPES,
    STORAGE,
    ElementAddresses,
    ElementRange,
    parse_element_addresses,
)
from pytp_native.scsi.policy import ONCE
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.scsi.command import Command
    from pytp_native.scsi.elements import Element, ElementStatus
    from pytp_native.scsi.policy import Policy
    from pytp_native.transport.base import ScsiTransport

LEAST_ROOM = 1024
_EVERYWHERE = ElementRange(0, 0xFFFF)
_ENTRY_BYTES = 128
"""More than a descriptor with both tags and an identifier; drives with long identifiers need a second request."""


class Scan(NamedTuple):
    """How to ask; devices/quirks.py knows what a library does not take."""

    policy: Policy = ONCE
    volume_tags: bool = True
    without_motion: bool = False
    """CURDATA"""
    drive_identifiers: bool = False
    """DVCID, asked for drives only."""
    most_bytes: int = 65536
    """Transfer limit of the device; that of the host adapter is asked of a transport that knows it."""
    first_bytes: int = 0
    """Allocation length to begin with; 0: as much as the elements may take."""
    attached: bool = False
    """The changer answers through its drive (SPC-2, MChngr): READ ELEMENT STATUS ATTACHED."""

    def plainer(self, element_type: int) -> tuple[Scan, ...]:
        """Return how to ask a library that refuses this, best first: without CURDATA, which a library that does not
        know it cannot miss, without DVCID, without both, and without volume tags."""
        identified = self.drive_identifiers and element_type == DRIVE
        ways = [
            self._replace(without_motion=without_motion, drive_identifiers=identifiers, volume_tags=tags)
            for tags in ((True, False) if self.volume_tags else (False,))
            for identifiers in ((True, False) if identified else (False,))
            for without_motion in ((True, False) if self.without_motion else (False,))
        ]
        return tuple(ways[1:])

    def request(self, element_type: int, where: ElementRange, room: int) -> Command[ElementStatus]:
        command = smc.read_element_status(
            element_type=element_type,
            first=where.first,
            count=where.size,
            volume_tags=self.volume_tags,
            without_motion=self.without_motion,
            drive_identifiers=self.drive_identifiers and element_type == DRIVE,
            alloc_bytes=room,
        )
        if not self.attached:
            return command
        return command._replace(cdb=bytes((opcodes.READ_ELEMENT_STATUS_ATTACHED,)) + command.cdb[1:])


def element_addresses(transport: ScsiTransport, policy: Policy = ONCE) -> ElementAddresses:
    """Ask for mode page 1Dh: where the elements of each type are. Never moves the robot."""
    sensed = executor.run(transport, spc.mode_sense_6(mode.ELEMENT_ADDRESSES, descriptors=False), policy)
    try:
        return parse_element_addresses(sensed.page(mode.ELEMENT_ADDRESSES))
    except BadReply as exc:
        raise BadReply(transport.address, f"MODE SENSE (6): {exc.fact}") from exc


def attached_addresses(transport: ScsiTransport, scan: Scan) -> ElementAddresses:
    """Find out where the elements are of a changer that answers through its drive: mode page 1Dh is the drive's there,
    so that all addresses are asked for, as mtx does. Slots and drives there must be."""
    ranges = []
    for element_type in ELEMENT_TYPES:
        try:
            found = elements_of_type(transport, scan, element_type, _EVERYWHERE)
        except PytpError as exc:
            if element_type in {STORAGE, DRIVE} or not exc.sense:
                raise
            found = []
        first = found[0].address if found else 0
        ranges.append(ElementRange(first, found[-1].address - first + 1 if found else 0))
    return ElementAddresses(*ranges)


def all_elements(transport: ScsiTransport, scan: Scan, addresses: ElementAddresses) -> list[Element]:
    """Read every element, one type at a time, in the order of the type codes."""
    found: list[Element] = []
    for element_type in ELEMENT_TYPES:
        found += elements_of_type(transport, scan, element_type, addresses.of_type(element_type))
    return found


def elements_of_type(transport: ScsiTransport, scan: Scan, element_type: int, where: ElementRange) -> list[Element]:
    """Read the elements of one type in the range, in as many requests as it takes.

    A library may answer with a part only; the next request begins behind the last element that came. One that refuses
    DVCID, CURDATA or volume tags is asked without. Raises BadReply if the answers do not come forward or no element
    fits, LibraryError if elements of another type come.
    """
    found: list[Element] = []
    left = where
    scan = scan._replace(most_bytes=min(scan.most_bytes, getattr(transport, "most_transfer_bytes", scan.most_bytes)))
    room = min(scan.most_bytes, scan.first_bytes or max(LEAST_ROOM, 16 + _ENTRY_BYTES * left.size))
    while left.size > 0:
        try:
            status, scan = _ask(transport, scan, element_type, left, room)
        except PytpError as exc:
            if found and _is_end(exc):
                break
            raise
        elements = _elements_of(status, room)
        if elements:
            _check_order(transport, elements, element_type, left.first)
            found += elements
            first = elements[-1].address + 1
            left = ElementRange(first, where.first + where.size - first)
        elif status.available:
            room = _more_room(transport, scan, status, room)
        else:
            break
    return found


def _ask(
    transport: ScsiTransport, scan: Scan, element_type: int, where: ElementRange, room: int
) -> tuple[ElementStatus, Scan]:
    """Send one request, plainer each time the library refuses a field of the command; say how it was asked."""
    for way in (scan, *scan.plainer(element_type)):
        answer = _accepted(transport, way, element_type, where, room)
        if answer is not None:
            return answer, way
    return executor.run(transport, scan.request(element_type, where, room), scan.policy), scan


def _accepted(
    transport: ScsiTransport, scan: Scan, element_type: int, where: ElementRange, room: int
) -> ElementStatus | None:
    """Send one request; None if the library does not take a field of the command."""
    try:
        return executor.run(transport, scan.request(element_type, where, room), scan.policy)
    except NotSupported as exc:
        if _code_of(exc) != codes.INVALID_FIELD_IN_CDB:
            raise
        return None


def _elements_of(status: ElementStatus, room: int) -> tuple[Element, ...]:
    """With the last one too, if it is cut though there was room."""
    return (*status.elements, status.cut) if status.cut is not None and status.received < room else status.elements


def _more_room(transport: ScsiTransport, scan: Scan, status: ElementStatus, room: int) -> int:
    """Not one descriptor fitted: ask with more room, up to the limit."""
    wanted = min(scan.most_bytes, max(2 * room, status.byte_count + 8))
    if wanted <= room:
        fact = f"READ ELEMENT STATUS: no element in {room} bytes, though {status.available} are available"
        raise BadReply(transport.address, fact)
    return wanted


def _check_order(transport: ScsiTransport, elements: tuple[Element, ...], element_type: int, first: int) -> None:
    last = first - 1
    for element in elements:
        if element.element_type != element_type:
            fact = f"READ ELEMENT STATUS: type {element_type} was asked for, type {element.element_type} came"
            raise LibraryError(transport.address, fact)
        if element.address <= last:
            raise BadReply(transport.address, f"READ ELEMENT STATUS: element {element.address} came out of order")
        last = element.address


def _is_end(error: PytpError) -> bool:
    """Behind the last element some libraries say "invalid element address"."""
    return _code_of(error) == codes.INVALID_ELEMENT_ADDRESS


def _code_of(error: PytpError) -> int | None:
    try:
        return parse_sense(error.sense).code
    except BadReply:
        return None
