# SPDX-License-Identifier: WTFPL OR MIT
"""What the loaded cartridge's memory (MAM, SPC-6) says of it, and what pytp writes there.

A drive without it, or one that SCSI commands do not reach, is no failure: the answer is that nothing is known.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytp_native.errors import PytpError
from pytp_native.light import NamedTuple
from pytp_native.transport import open_scsi, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytp_native.scsi.mam import Attribute
    from pytp_native.transport.base import ScsiTransport

_GUID = 0x0820
_MEDIUM_TYPE, _WORM = 0x0408, 0x80
_VOLUME_STATISTICS, _WRITES_ONCE = 0x17, 0x0081
_UTF8 = 0x81
"""Value of the text localisation identifier (SPC-6)."""


class Memory(NamedTuple):
    """What is of use to a backup; None for what the memory does not tell."""

    serial: str | None = None
    barcode: str | None = None
    uuid: str | None = None
    """Of the cartridge, as pytp's label has it, once pytp has written it there."""
    load_count: int | None = None
    remaining_mib: int | None = None
    maximum_mib: int | None = None


NOTHING_KNOWN = Memory()


def read_memory(address: str) -> Memory:
    """Read the memory of the cartridge in the drive at `address`; the tape does not move."""
    from pytp_native.devices.retry import CALM  # noqa: PLC0415 - construct is slow to import
    from pytp_native.scsi import mam  # noqa: PLC0415
    from pytp_native.scsi.executor import run  # noqa: PLC0415

    if not _has_scsi(address):
        return NOTHING_KNOWN
    try:
        scsi = open_scsi(address)
    except PytpError:
        return NOTHING_KNOWN
    try:
        found = {one.identifier: one for one in run(scsi, mam.read_attributes(), CALM)}
    except PytpError:
        return NOTHING_KNOWN
    finally:
        scsi.close()
    return _memory(found)


def is_worm(address: str) -> bool:
    """Tell whether the cartridge in the drive can be written once only; False where nobody tells."""
    return bool(writes_once(address))


def writes_once(address: str) -> bool | None:
    """Tell whether the cartridge in the drive can be written once only: by its memory (MAM 0408h, SPC-6), else by the
    volume statistics (page 17h, 0081h, SSC-5); None where neither tells."""
    if not _has_scsi(address):
        return None
    try:
        scsi = open_scsi(address)
    except PytpError:
        return None
    try:
        told = _type_in_memory(scsi)
        return _flag_in_statistics(scsi) if told is None else told
    finally:
        scsi.close()


def _type_in_memory(scsi: ScsiTransport) -> bool | None:
    from pytp_native.devices.retry import CALM  # noqa: PLC0415 - construct is slow to import
    from pytp_native.scsi import mam  # noqa: PLC0415
    from pytp_native.scsi.executor import run  # noqa: PLC0415

    try:
        found = run(scsi, mam.read_attributes(first=_MEDIUM_TYPE, alloc_bytes=64), CALM)
    except PytpError:
        return None
    return next((one.number == _WORM for one in found if one.identifier == _MEDIUM_TYPE), None)


def _flag_in_statistics(scsi: ScsiTransport) -> bool | None:
    from pytp_native.devices.asking import log_page_if  # noqa: PLC0415

    try:
        page = log_page_if(scsi, _VOLUME_STATISTICS)
    except PytpError:
        return None
    told = page.number(_WRITES_ONCE) if page is not None else None
    return None if told is None else bool(told)


def _memory(found: Mapping[int, Attribute]) -> Memory:
    from pytp_native.spec import mam  # noqa: PLC0415

    def text(identifier: int) -> str | None:
        return (found[identifier].text.strip() or None) if identifier in found else None

    def number(identifier: int) -> int | None:
        return found[identifier].number if identifier in found else None

    guid = found[_GUID].value.rstrip(b"\0 ").decode("ascii", "replace") if _GUID in found else ""
    return Memory(
        text(mam.MEDIUM_SERIAL), text(mam.BARCODE), guid or None,
        number(mam.LOAD_COUNT), number(mam.REMAINING_MIB), number(mam.MAXIMUM_MIB),
    )  # fmt: skip


class HostFacts(NamedTuple):
    """What pytp writes into the memory of a cartridge that it labels."""

    barcode: str
    uuid: str
    host: str
    version: str
    pool: str | None = None


def write_memory(address: str, facts: HostFacts, *, now: float | None = None) -> str:
    """Write the host's attributes; return "" or why the memory did not take them. The tape does not move."""
    from pytp_native.scsi import mam  # noqa: PLC0415 - construct is slow to import
    from pytp_native.spec.mam import BINARY  # noqa: PLC0415

    when = time.strftime("%Y%m%d%H%M", time.gmtime(now))
    attributes = [
        mam.attribute(0x0800, "PYTP"), mam.attribute(0x0801, "pytp"), mam.attribute(0x0802, facts.version[:8]),
        mam.attribute(0x0805, _UTF8), mam.attribute(0x0803, _fitting(facts.barcode, 160)),
        mam.attribute(0x0804, when), mam.attribute(0x0806, _fitting(facts.barcode, 32)),
        mam.attribute(0x0807, _fitting(facts.host, 80)), mam.attribute(0x080B, "1"),
        mam.Attribute(_GUID, BINARY, facts.uuid.encode()[:36]),
    ]  # fmt: skip
    if facts.pool:
        attributes.append(mam.attribute(0x0808, _fitting(facts.pool, 160)))
    return _write(address, attributes)


def write_date(address: str, *, now: float | None = None) -> str:
    """Write only when the cartridge was last written to; return "" or why the memory did not take it."""
    from pytp_native.scsi import mam  # noqa: PLC0415 - construct is slow to import

    return _write(address, [mam.attribute(0x0804, time.strftime("%Y%m%d%H%M", time.gmtime(now)))])


def _write(address: str, attributes: list[Attribute]) -> str:
    from pytp_native.devices.retry import CALM  # noqa: PLC0415 - construct is slow to import
    from pytp_native.scsi.executor import run  # noqa: PLC0415
    from pytp_native.scsi.mam import write_attributes  # noqa: PLC0415
    from pytp_native.scsi.spc import test_unit_ready  # noqa: PLC0415

    if not _has_scsi(address):
        return ""
    try:
        scsi = open_scsi(address)
    except PytpError as error:
        return error.fact
    try:
        run(scsi, test_unit_ready(), CALM)  # takes a unit attention; a write is not repeated
        run(scsi, write_attributes(attributes), CALM)
    except PytpError as error:
        return error.fact
    finally:
        scsi.close()
    return ""


def _has_scsi(address: str) -> bool:
    """A replayed or traced tape has no SCSI side of its own."""
    try:
        return resolve(address).kind in {"st", "vtl drive"}
    except PytpError:
        return False


def _fitting(text: str, length: int) -> str:
    """Cut a text to so many bytes of UTF-8."""
    return text.encode("utf-8", "replace")[:length].decode("utf-8", "ignore")
