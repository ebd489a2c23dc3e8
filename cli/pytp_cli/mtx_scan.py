# SPDX-License-Identifier: WTFPL OR MIT
"""Reads what is where: mode page 1Dh and READ ELEMENT STATUS, by type as mtx asks, in as many requests as it takes."""

from __future__ import annotations

from pytp_cli import inquiry_lines
from pytp_cli.generic_device import PATIENT, Refused
from pytp_cli.mtx_failure import Failure, shown
from pytp_cli.mtx_library import Library
from pytp_native.errors import BadReply, DeviceBusy, DeviceError, PytpError
from pytp_native.scsi import element_scan, executor
from pytp_native.scsi.element_scan import Scan
from pytp_native.scsi.mode_pages import DRIVE, IMPORT_EXPORT, STORAGE, TRANSPORT, ElementAddresses, ElementRange
from pytp_native.scsi.sense import parse_sense
from pytp_native.spec import opcodes
from pytp_native.spec import sense as codes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_cli.generic_device import GenericDevice
    from pytp_native.scsi.elements import Element, ElementStatus

_MODE_ROOM = 136
_DESCRIPTOR_BYTES = 84
"""An element's descriptor with both tags, without a device identifier."""
_MOST_BYTES = 840040
"""10000 elements: what Debian's mtx asks for at once."""
_SAFE_BYTES = 65536
"""What every host adapter transfers."""
_ALL = ElementRange(0, 0xFFFF)
_EVERYWHERE = ElementAddresses(_ALL, _ALL, _ALL, _ALL)
_ALL_TYPES = 0
_ORDER = (STORAGE, IMPORT_EXPORT, DRIVE, TRANSPORT)
"""In which mtx asks."""


class Flags:
    """What the words without a device have set."""

    def __init__(self) -> None:
        self.no_attached = False
        self.no_barcodes = False
        self.all_types = False
        """altres: ask for all types of elements at once."""
        self.invert = False
        self.invert2 = False
        self.eepos = 0
        """Position of the import/export door (0 to 3), in the vendor's bits of the control byte."""


class Scanner:
    """One scan of one device."""

    def __init__(self, device: GenericDevice, flags: Flags, err: Callable[[str], None]) -> None:
        self._device = device
        self._flags = flags
        self._err = err

    def read(self) -> tuple[Library, bool]:
        """Return the library, and whether its moves go through a drive ("attached"). Raises Failure."""
        who = inquiry_lines.ask(self._device, failed="INQUIRY command Failed\n")
        is_attached = who.attached_changer and who.device_type != inquiry_lines.CHANGER and not self._flags.no_attached
        addresses = None if is_attached else self._addresses()
        try:
            return self._library(addresses, is_attached=is_attached), is_attached
        except BadReply as error:
            raise _unreadable(error) from error
        except PytpError as error:
            refused = Refused(error, sense=error.sense, answered=_was_answered(error))
            raise Failure.of_command(refused, "READ ELEMENT STATUS Command Failed\n") from error

    def _addresses(self) -> ElementAddresses | None:
        """Return mode page 1Dh; None, and why on stderr, if the library does not give it."""
        cdb = bytes((opcodes.MODE_SENSE_6, 0x08, 0x1D, 0, _MODE_ROOM, 0))
        try:
            data = self._device.send("MODE SENSE (6)", cdb, _MODE_ROOM, policy=PATIENT, changer=True)
        except Refused as refused:
            self._err(shown(refused) + "Mode sense (0x1A) for Page 0x1D failed\n")
            return None
        padded = data.ljust(4 + 255 + 20, b"\0")
        page = padded[4 + padded[3] :]
        return ElementAddresses._make(
            ElementRange(int.from_bytes(page[at : at + 2], "big"), int.from_bytes(page[at + 2 : at + 4], "big"))
            for at in (2, 6, 10, 14)
        )

    def _library(self, addresses: ElementAddresses | None, *, is_attached: bool) -> Library:
        told = addresses or _EVERYWHERE
        room = _room(addresses)
        scan = Scan(
            policy=PATIENT, volume_tags=not self._flags.no_barcodes, most_bytes=max(room, _SAFE_BYTES),
            first_bytes=room, attached=is_attached,
        )  # fmt: skip
        if self._flags.all_types:
            found = self._all_types(scan, told)
        else:
            found = [one for kind in _ORDER for one in self._of_type(scan, kind, told)]
        slots, mail, drives, robots = ([one for one in found if one.element_type == kind] for kind in _ORDER)
        library = Library(slots, mail, drives, robots[0].address if robots else 0)
        if not library.drives:
            raise Failure("no Data Transfer Element reported\n", DeviceError(self._device.name, "has no drives"))
        if not library.slots:
            raise Failure("no Storage Elements reported\n", DeviceError(self._device.name, "has no slots"))
        return library

    def _of_type(self, scan: Scan, kind: int, told: ElementAddresses) -> list[Element]:
        where = told.of_type(kind)
        if kind == TRANSPORT and where.size:
            where = ElementRange(where.first, 1)
        try:
            if not where.size and kind in {STORAGE, DRIVE}:
                self._ask(scan, kind, where)  # as mtx does: a device that is no library refuses it and says why
                return []
            return self._elements(scan, kind, where)
        except PytpError:
            if told is _EVERYWHERE and kind in {IMPORT_EXPORT, TRANSPORT}:
                return []  # nobody has told that there are any of this kind
            raise

    def _elements(self, scan: Scan, kind: int, where: ElementRange) -> list[Element]:
        """Read the elements: with a large buffer, and if the host does not transfer that much, with a small one;
        with barcodes, and if the library fails for whatever reason, without."""
        try:
            return element_scan.elements_of_type(self._device.transport, scan, kind, where)
        except PytpError as error:
            plainer = _plainer(scan, error)
            if plainer is None:
                raise
        return self._elements(plainer, kind, where)

    def _all_types(self, scan: Scan, told: ElementAddresses) -> list[Element]:
        """altres: read without telling a type, on and on from the last address, until nothing new comes."""
        found: list[Element] = []
        first = 0
        while True:
            try:
                status = self._ask(scan, _ALL_TYPES, ElementRange(first, told.storage.size))
            except PytpError as error:
                if parse_sense(error.sense).code == codes.INVALID_ELEMENT_ADDRESS if error.sense else False:
                    return found
                raise
            fresh = [one for one in status.elements if one.address >= first]
            if not fresh:
                return found
            found += fresh
            first = max(one.address for one in fresh) + 1

    def _ask(self, scan: Scan, kind: int, where: ElementRange) -> ElementStatus:
        transport = self._device.transport
        try:
            return executor.run(transport, scan.request(kind, where, scan.first_bytes), scan.policy)
        except PytpError as error:
            plainer = _plainer(scan, error)
            if plainer is None:
                raise
        return self._ask(plainer, kind, where)


def _plainer(scan: Scan, error: PytpError) -> Scan | None:
    """Return how to ask again after an error; None if there is no other way."""
    if isinstance(error.__cause__, OSError) and scan.first_bytes > _SAFE_BYTES:
        return scan._replace(most_bytes=_SAFE_BYTES, first_bytes=_SAFE_BYTES)
    if error.sense and scan.volume_tags and not isinstance(error, BadReply):
        return scan._replace(volume_tags=False)
    return None


def _room(addresses: ElementAddresses | None) -> int:
    """Return the allocation length: mtx's own formula, so that a device that is particular about it gets that."""
    if addresses is None:
        return _SAFE_BYTES
    total = sum(where.size for where in addresses)
    return min(_MOST_BYTES, max(element_scan.LEAST_ROOM, 8 + 4 * 8 + _DESCRIPTOR_BYTES * total))


def _was_answered(error: PytpError) -> bool:
    """A device's refusal, or the kernel's; else the command was not carried, or its answer makes no sense."""
    return bool(error.sense) or isinstance(error.__cause__, OSError) or isinstance(error, DeviceBusy)


def _unreadable(error: BadReply) -> Failure:
    """An answer that makes no sense: mtx has a line for the most frequent kind."""
    fact, _, number = error.fact.rpartition("descriptors of ")
    if fact:
        return Failure(f"Transport Element Descriptor Length too short: {number.split()[0]}\n", error)
    return Failure("READ ELEMENT STATUS Command Failed\n", error)
