# SPDX-License-Identifier: WTFPL OR MIT
"""A look: one structure of what a drive, its cartridge or a library says about itself at one moment.

What a device does not tell is absent (None, or not in the mapping), never 0. TapeAlert flags are taken from page 12h,
which is not cleared by being read; page 2Eh is read by devices/alerts.py only.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytp_native.devices import asking
from pytp_native.devices.retry import CALM
from pytp_native.errors import BadReply, NoMedium, NotReady, NotSupported, PytpError
from pytp_native.light import NamedTuple
from pytp_native.scsi import executor, log_values, spc
from pytp_native.scsi.log import LogPage, flags_of_bitmap, tape_alerts
from pytp_native.scsi.log_incidents import ChangerIncident, DriveIncident, ElementCounts
from pytp_native.scsi.log_records import DeviceStatus, Phy, device_status
from pytp_native.spec import mam as attributes
from pytp_native.spec.measures import CARTRIDGE_MEASURES, DRIVE_MEASURES, LIBRARY_MEASURES, Measure

if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet
    from pytp_native.scsi.mam import Attribute

STATUS, ALERT_RESPONSE, ALERTS, INCIDENTS, VOLUME, ELEMENTS, PORTS = 0x11, 0x12, 0x2E, 0x16, 0x17, 0x15, 0x18
_BESIDE = frozenset({0x14, VOLUME})
"""Pages that drives answer from memory while the tape moves."""
_TEXTS = {0x40: "serial", 0x41: "lot", 0x42: "barcode", 0x43: "manufacturer", 0x45: "personality", 0x46: "made"}


class CartridgeLook(NamedTuple):
    """Texts are "" where nobody tells."""

    serial: str = ""
    barcode: str = ""
    lot: str = ""
    manufacturer: str = ""
    personality: str = ""
    made: str = ""
    counters: Mapping[str, float] = {}
    """By the names of spec.measures."""
    alerts: frozenset[int] | None = None
    """TapeAlert flags in its memory: those of the last load that has ended."""
    end_of_data_missing: bool = False
    """The used capacity of a partition is unknown (page 17h, 0203h)."""

    @property
    def key(self) -> str:
        """What it is known by: the serial number in its memory, else the barcode."""
        return self.serial or self.barcode


class DriveLook(NamedTuple):
    address: str
    taken: int
    """Seconds since 1970."""
    vendor: str
    product: str
    firmware: str
    serial: str
    generation: int | None = None
    busy: str = ""
    """Who has its tape open: then little could be asked."""
    status: DeviceStatus | None = None
    alerts: frozenset[int] | None = None
    counters: Mapping[str, float] = {}
    incidents: tuple[DriveIncident, ...] = ()
    links: tuple[Phy, ...] = ()
    cartridge: CartridgeLook | None = None

    @property
    def key(self) -> str:
        return self.serial or self.address


class LibraryLook(NamedTuple):
    address: str
    taken: int
    vendor: str
    product: str
    firmware: str
    serial: str
    alerts: frozenset[int] | None = None
    counters: Mapping[str, float] = {}
    elements: Mapping[int, ElementCounts] = {}
    """By element address."""
    incidents: tuple[ChangerIncident, ...] = ()

    @property
    def key(self) -> str:
        return self.serial or self.address


def look(device: Quiet) -> DriveLook | LibraryLook:
    """Ask for everything that a verdict needs. Nothing moves, nothing is cleared."""
    return look_at_library(device) if device.is_changer else look_at_drive(device)


def look_at_drive(device: Quiet) -> DriveLook:
    """Beside somebody who has the tape open only page 11h is asked: it never waits for a motion."""
    who = _names(device)
    if device.busy:
        return DriveLook(**who, generation=device.generation, busy=device.busy, status=drive_status(device))
    pages = _Pages(device)
    incidents = tuple(one for one in pages.values(INCIDENTS) if isinstance(one, DriveIncident))
    links = tuple(phy for one in pages.values(PORTS) if isinstance(one, tuple) for phy in one if isinstance(phy, Phy))
    counters = pages.counters(DRIVE_MEASURES)
    if links:
        counters["link_errors"] = float(sum(phy.errors for phy in links))
    return DriveLook(
        **who, generation=device.generation, status=drive_status(device), alerts=pages.alerts(),
        counters=counters, incidents=incidents, links=links, cartridge=_cartridge(device, pages),
    )  # fmt: skip


def look_beside(device: Quiet) -> DriveLook:
    """Look at a drive in use, without a wait for its motion: the statistics of drive and volume, nothing else. The
    caller minds unit attentions: what is told here is not told to st."""
    pages = _Pages(device, _BESIDE)
    volume = pages.get(VOLUME)
    cartridge = None
    if volume is not None and volume.number(0):
        texts: dict[str, Any] = {name: _text(volume, code) for code, name in _TEXTS.items()}
        cartridge = CartridgeLook(**texts, counters=pages.counters(CARTRIDGE_MEASURES))
    return DriveLook(
        **_names(device), generation=device.generation, busy=device.busy, status=drive_status(device),
        counters=pages.counters(DRIVE_MEASURES), cartridge=cartridge,
    )  # fmt: skip


def look_at_library(device: Quiet) -> LibraryLook:
    pages = _Pages(device)
    elements = {}
    page = pages.get(ELEMENTS)
    if page is not None:
        for one in log_values.readings(page, changer=True):
            if isinstance(one.value, ElementCounts):
                elements[one.code] = one.value
    incidents = tuple(one for one in pages.values(INCIDENTS) if isinstance(one, ChangerIncident))
    return LibraryLook(
        **_names(device), alerts=pages.alerts(), counters=pages.counters(LIBRARY_MEASURES), elements=elements,
        incidents=incidents,
    )  # fmt: skip


def _names(device: Quiet) -> dict[str, Any]:
    told = device.inquiry
    taken = getattr(device.scsi, "taken", 0) or int(time.time())  # a capture knows when it was made
    return {
        "address": device.address, "taken": taken, "vendor": told.vendor, "product": told.product,
        "firmware": told.revision, "serial": _serial(device),
    }  # fmt: skip


def _serial(device: Quiet) -> str:
    with suppress(PytpError):
        if serial := executor.run(device.scsi, spc.unit_serial(), CALM):
            return serial
    from pytp_native.devices.identity import identify  # noqa: PLC0415 - construct is slow to import

    with suppress(PytpError):
        return identify(device.scsi).manufacturer_serial
    return ""


def drive_status(device: Quiet) -> DeviceStatus | None:
    """Return page 11h, which waits for no motion; None where the drive does not tell."""
    page = asking.log_page_if(device.scsi, STATUS)
    told = page.get(0) if page is not None else None
    found = device_status(told.value) if told is not None else None
    return found if found is not None and found.valid else None


class _Pages:
    """Log pages of one device, each read once."""

    def __init__(self, device: Quiet, only: frozenset[int] | None = None) -> None:
        self._device = device
        self._there = {key for key in asking.log_page_list(device.scsi) if only is None or key[0] in only}
        self._read: dict[tuple[int, int], LogPage | None] = {}

    def get(self, page: int, subpage: int = 0) -> LogPage | None:
        key = (page, subpage)
        if key not in self._there:
            return None
        if key not in self._read:
            self._read[key] = asking.log_page_if(self._device.scsi, page, subpage)
        return self._read[key]

    def values(self, page: int) -> tuple[object, ...]:
        found = self.get(page)
        if found is None:
            return ()
        told = log_values.readings(found, family=self._device.family, changer=self._device.is_changer)
        return tuple(one.value for one in told)

    def alerts(self) -> frozenset[int] | None:
        found = self.get(ALERT_RESPONSE) if not self._device.is_changer else None
        return tape_alerts(found) if found is not None else None

    def counters(self, measures: tuple[Measure, ...]) -> dict[str, float]:
        found: dict[str, float] = {}
        for measure in measures:
            value = self._value(measure)
            if value is not None:
                found[measure.name] = value
        return found

    def _value(self, measure: Measure) -> float | None:
        for source in measure.sources:
            page = None if source.family not in {"", self._device.family} else self.get(source.page, source.subpage)
            if page is None or (source.page == VOLUME and not page.number(0)):
                continue
            told = log_values.reading(page, source.code, family=self._device.family, changer=self._device.is_changer)
            if told is not None and isinstance(told.value, (int, float)):
                return float(told.value)
        return None


def _cartridge(device: Quiet, pages: _Pages) -> CartridgeLook | None:
    """None without one, or while it is not ready."""
    volume = pages.get(VOLUME)
    if volume is not None and not volume.number(0):
        volume = None
    try:
        memory = asking.memory(device.scsi)
    except (NoMedium, NotReady):
        return None
    except (NotSupported, BadReply):
        memory = ()
    if volume is None and not memory:
        return None
    texts = {name: _text(volume, code) for code, name in _TEXTS.items()}
    texts["serial"] = texts["serial"] or asking.attribute_text(memory, attributes.MEDIUM_SERIAL)
    texts["barcode"] = texts["barcode"] or asking.attribute_text(memory, attributes.BARCODE)
    counters = pages.counters(CARTRIDGE_MEASURES)
    loads = next((one.number for one in memory if one.identifier == attributes.LOAD_COUNT), None)
    if loads is not None:
        counters.setdefault("mounts", float(loads))
    return CartridgeLook(**texts, counters=counters, alerts=_memory_alerts(memory), end_of_data_missing=_no_end(volume))


def _text(page: LogPage | None, code: int) -> str:
    found = page.get(code) if page is not None else None
    return found.text if found is not None and found.known else ""


def _memory_alerts(memory: tuple[Attribute, ...]) -> frozenset[int] | None:
    found = next((one for one in memory if one.identifier == attributes.TAPE_ALERTS), None)
    return flags_of_bitmap(found.value) if found is not None else None


def _no_end(volume: LogPage | None) -> bool:
    """A used capacity of all ones: the end of data was never written."""
    told = volume.get(0x0203) if volume is not None else None
    at = 0
    while told is not None and at + 8 <= len(told.value):
        if told.value[at + 4 : at + 8] == b"\xff" * 4:
            return True
        at += 1 + max(told.value[at], 7)
    return False
