# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages, vital product data and mode pages of any device: which there are, and each as it came."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytp_native.devices.retry import CALM
from pytp_native.errors import BadReply, NotSupported
from pytp_native.scsi import executor, mam, mode, spc

if TYPE_CHECKING:
    from pytp_native.scsi.log import LogPage
    from pytp_native.scsi.mam import Attribute
    from pytp_native.scsi.mode import ModeData
    from pytp_native.transport.base import ScsiTransport

_MOST = 65535
"""Largest allocation length of LOG SENSE."""
_ALL = 0x3F


def log_page_list(scsi: ScsiTransport) -> tuple[tuple[int, int], ...]:
    """Return (page, subpage) of all log pages, the lists themselves left out. Empty: it has none at all."""
    found: set[tuple[int, int]] = set()
    for subpages in (False, True):
        with suppress(NotSupported, BadReply):
            told: tuple[tuple[int, int], ...] = executor.run(scsi, spc.supported_log_pages(subpages=subpages), CALM)
            found.update(told)
    return tuple(sorted((page, subpage) for page, subpage in found if page and subpage != 0xFF))


def log_page(scsi: ScsiTransport, page: int, subpage: int = 0) -> LogPage:
    """Return one page, whole. Page 2Eh is cleared by being read: save it before it is shown."""
    found = executor.run(scsi, spc.log_sense(page, subpage), CALM)
    if found.truncated and page != 0x2E:
        found = executor.run(scsi, spc.log_sense(page, subpage, alloc_bytes=_MOST), CALM)
    return found


def log_page_if(scsi: ScsiTransport, page: int, subpage: int = 0) -> LogPage | None:
    """Return one page, None if the device does not have it or answers what nobody can read."""
    try:
        return log_page(scsi, page, subpage)
    except (NotSupported, BadReply):
        return None


def vpd_page_list(scsi: ScsiTransport) -> tuple[int, ...]:
    """Return the pages that the device says it has; empty if it does not say."""
    from pytp_native.scsi import vpd  # noqa: PLC0415 - construct is slow to import

    try:
        return executor.run(scsi, vpd.supported_pages(), CALM)
    except (NotSupported, BadReply):
        return ()


def vpd_page(scsi: ScsiTransport, page: int) -> bytes:
    """Return one page with its header. A page longer than 255 bytes is asked for again with more room."""
    data = executor.run(scsi, spc.inquiry_page(page), CALM)
    told = 4 + int.from_bytes(data[2:4], "big")
    if told > len(data) and len(data) >= 255:
        data = executor.run(scsi, spc.inquiry_page(page, alloc_bytes=told), CALM)
    return data


def mode_pages(scsi: ScsiTransport, page: int = _ALL, subpage: int = 0, *, control: int = mode.CURRENT) -> ModeData:
    """Return mode pages, all of them with 3Fh; with their subpages where the device knows that question."""
    if page == _ALL:
        try:
            return executor.run(scsi, spc.mode_sense_10(_ALL, 0xFF, control=control, alloc_bytes=4096), CALM)
        except (NotSupported, BadReply):
            subpage = 0
    try:
        return executor.run(scsi, spc.mode_sense_10(page, subpage, control=control, alloc_bytes=4096), CALM)
    except NotSupported:
        return executor.run(scsi, spc.mode_sense_6(page, subpage, control=control), CALM)


def memory(scsi: ScsiTransport, partition: int = 0) -> tuple[Attribute, ...]:
    """Return all attributes of the cartridge's memory. Raises NoMedium, NotReady, NotSupported."""
    found: list[Attribute] = []
    first = 0
    while True:
        part = executor.run(scsi, mam.read_attributes(first=first, partition=partition), CALM)
        found += [one for one in part if one.identifier >= first]
        if not part or sum(5 + len(one.value) for one in part) < mam.ROOM - 4096 or part[-1].identifier < first:
            return tuple(found)
        first = part[-1].identifier + 1


def attribute_text(attributes: tuple[Attribute, ...], identifier: int) -> str:
    """Return a text attribute, "" if it is not there."""
    return next((one.text for one in attributes if one.identifier == identifier), "")
