# SPDX-License-Identifier: WTFPL OR MIT
"""More VPD pages (SPC-6): software and addresses, mode page policy, ports; and the makers' pages of component serial
numbers. Optional all: few drives have them, diagnosis shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from construct import Bytes, GreedyBytes, GreedyRange, Int8ub, Int16ub, Padding, Prefixed, Struct

from pytp_native.errors import UsageError
from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command
from pytp_native.scsi.field import text
from pytp_native.scsi.inquiry import page_body
from pytp_native.scsi.layouts import Layout, parsed
from pytp_native.scsi.spc import inquiry_page
from pytp_native.scsi.vpd import Designator, designators

T = TypeVar("T")
ROOM = 1024
"""These pages may be long, and devices that have them read both bytes of the allocation length."""

SERVICES = {0: "unspecified", 1: "storage configuration", 2: "diagnostics", 3: "status", 4: "logging",
            5: "code download", 6: "copy service", 7: "administrative configuration"}  # fmt: skip

_SOFTWARE = GreedyRange(Bytes(6))
_ADDRESSES = GreedyRange(Struct("flags" / Int8ub, Padding(1), "address" / Prefixed(Int16ub, GreedyBytes)))
_POLICIES = GreedyRange(Struct("page" / Int8ub, "subpage" / Int8ub, "flags" / Int8ub, Padding(1)))
_PORTS = GreedyRange(
    Struct(
        Padding(2), "port" / Int16ub, Padding(2), "initiator" / Prefixed(Int16ub, GreedyBytes), Padding(2),
        "targets" / Prefixed(Int16ub, GreedyBytes),
    )
)  # fmt: skip
_PROTOCOLS = GreedyRange(
    Struct("port" / Int16ub, "protocol" / Int8ub, Padding(3), "information" / Prefixed(Int16ub, GreedyBytes))
)


class ManagementAddress(NamedTuple):
    """Where a device can be managed over the network (page 85h)."""

    association: int
    service: str
    address: str


class ModePagePolicy(NamedTuple):
    """Who shares a mode page (page 87h)."""

    page: int
    subpage: int
    multiple_units: bool
    policy: int
    """0 shared, 1 per target port, 2 per initiator port, 3 per nexus."""


class ScsiPort(NamedTuple):
    """One port of the device and its names (page 88h)."""

    port: int
    targets: tuple[Designator, ...]


class ProtocolInformation(NamedTuple):
    """What a transport protocol says of a port (page 90h)."""

    port: int
    protocol: int
    """0 Fibre Channel, 5 iSCSI, 6 SAS."""
    information: bytes


def _command(page: int, parse: Callable[[bytes], T]) -> Command[T]:
    plain = inquiry_page(page, alloc_bytes=ROOM)
    return Command(plain.name, plain.cdb, parse, ROOM, repeatable=True)


def software_identification() -> Command[tuple[str, ...]]:
    """Page 84h: identifiers of the software, hexadecimal."""
    return _command(0x84, lambda data: tuple(bytes(one).hex() for one in _rows(_SOFTWARE, data, 0x84)))


def management_addresses() -> Command[tuple[ManagementAddress, ...]]:
    return _command(0x85, parse_management_addresses)


def parse_management_addresses(data: bytes) -> tuple[ManagementAddress, ...]:
    return tuple(
        ManagementAddress(
            one.flags >> 5 & 3, SERVICES.get(one.flags & 0x1F, f"service {one.flags & 0x1F}"), text(bytes(one.address))
        )
        for one in _rows(_ADDRESSES, data, 0x85)
    )


def mode_page_policies() -> Command[tuple[ModePagePolicy, ...]]:
    """Page 87h; page 3Fh, subpage FFh stands for all others."""
    return _command(0x87, parse_mode_page_policies)


def parse_mode_page_policies(data: bytes) -> tuple[ModePagePolicy, ...]:
    return tuple(
        ModePagePolicy(one.page & 0x3F, one.subpage, bool(one.flags & 0x80), one.flags & 3)
        for one in _rows(_POLICIES, data, 0x87)
    )


def ports() -> Command[tuple[ScsiPort, ...]]:
    return _command(0x88, parse_ports)


def parse_ports(data: bytes) -> tuple[ScsiPort, ...]:
    return tuple(
        ScsiPort(one.port, designators(bytes(one.targets), "VPD page 88h")) for one in _rows(_PORTS, data, 0x88)
    )


def protocol_information() -> Command[tuple[ProtocolInformation, ...]]:
    return _command(0x90, parse_protocol_information)


def parse_protocol_information(data: bytes) -> tuple[ProtocolInformation, ...]:
    return tuple(
        ProtocolInformation(one.port, one.protocol & 0x0F, bytes(one.information))
        for one in _rows(_PROTOCOLS, data, 0x90)
    )


def component_serial(page: int) -> Command[str]:
    """Pages C2h to C6h of Quantum's and Seagate's line: the serial number of one component each."""
    if not 0xC2 <= page <= 0xC6:
        raise UsageError(f"VPD page {page:02x}h", "is no page of a component", "these are C2h to C6h")
    return _command(page, lambda data: text(page_body(data, page)[:12]))


def _rows(layout: Layout, data: bytes, page: int) -> Any:
    """Whole rows only."""
    return parsed(layout, page_body(data, page), f"VPD page {page:02x}h")
