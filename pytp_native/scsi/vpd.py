# SPDX-License-Identifier: WTFPL OR MIT
"""Vital product data pages (SPC-6, SSC-5, ADC-4 and the vendors' own), each as a command with its record."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from construct import Bytes, GreedyBytes, GreedyRange, Int8ub, Int16ub, Padding, Prefixed, Struct

from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command
from pytp_native.scsi.field import check_length, number, text
from pytp_native.scsi.inquiry import page_body
from pytp_native.scsi.layouts import parsed
from pytp_native.scsi.log import flags_of_bitmap
from pytp_native.scsi.spc import inquiry_page

T = TypeVar("T")

ROOM = 255
"""Old devices read one byte of the allocation length only."""

T10, NAA, RELATIVE_PORT, NAME = 0x1, 0x3, 0x4, 0x8
"""Designator types."""
LOGICAL_UNIT, PORT, DEVICE = 0, 1, 2
"""Associations."""
LBP_METHODS = {0: "none", 1: "Reed-Solomon CRC", 2: "CRC32C"}

_DESIGNATOR = Struct(
    "code_set" / Int8ub, "kind" / Int8ub, Padding(1), "value" / Prefixed(Int8ub, GreedyBytes)
)  # fmt: skip
_DESIGNATORS = GreedyRange(_DESIGNATOR)
_EXTENDED = Struct("byte_4" / Int8ub, "byte_5" / Int8ub, Bytes(4), "self_test_minutes" / Int16ub, "rest" / GreedyBytes)
_PROTECTION = Struct(Padding(4), "methods" / GreedyRange(Prefixed(Int8ub, GreedyBytes)))
_IBM_FIRMWARE = Struct("code" / Bytes(12), "built_at" / Bytes(7), "built_on" / Bytes(8), "platform" / Bytes(12))
_IBM_SERIALS = Struct("manufacturing" / Bytes(12), "reported" / Bytes(12))
_HP_COMPONENT = Struct("component" / Bytes(26), "version" / Bytes(19), "date" / Bytes(24), "variant" / GreedyBytes)


class Designator(NamedTuple):
    """One name of a logical unit, port or device (SPC-6, Device Identification VPD page)."""

    kind: int
    association: int
    code_set: int
    """1 binary, 2 ASCII, 3 UTF-8."""
    protocol: int | None
    value: bytes

    def __str__(self) -> str:
        return text(self.value) if self.code_set in {2, 3} else self.value.hex()


class ExtendedInquiry(NamedTuple):
    activate_microcode: int
    protection: int
    """SPT"""
    self_test_minutes: int


class TapeCapabilities(NamedTuple):
    worm: bool
    stream_mirroring: bool


class ProtectionMethod(NamedTuple):
    """One way to protect logical blocks (SSC-5, Logical Block Protection VPD page)."""

    method: int
    information_bytes: int
    on_write: bool
    on_read: bool
    on_recover: bool

    @property
    def name(self) -> str:
        return LBP_METHODS.get(self.method, f"method {self.method}")


class Firmware(NamedTuple):
    """IBM page C0h."""

    code: str
    built_at: str
    built_on: str
    platform: str


class Serials(NamedTuple):
    """IBM page C1h."""

    manufacturing: str
    reported: str


class Component(NamedTuple):
    """HP and HPE pages C0h to C5h: firmware, hardware, PCA, mechanism, head, ACI."""

    component: str
    version: str
    date: str
    variant: str


def _command(page: int, parse: Callable[[bytes], T]) -> Command[T]:
    plain = inquiry_page(page, alloc_bytes=ROOM)
    return Command(plain.name, plain.cdb, parse, ROOM, repeatable=True)


def supported_pages() -> Command[tuple[int, ...]]:
    """Page 00h."""
    return _command(0x00, lambda data: tuple(page_body(data, 0x00)))


def device_identification() -> Command[tuple[Designator, ...]]:
    """Page 83h."""
    return _command(0x83, parse_device_identification)


def parse_device_identification(data: bytes) -> tuple[Designator, ...]:
    return designators(page_body(data, 0x83), "VPD page 83h")


def designators(data: bytes, what: str) -> tuple[Designator, ...]:
    """Whole designators only; one that is cut at the end is left out."""
    found = parsed(_DESIGNATORS, data, what)
    return tuple(
        Designator(
            kind=one.kind & 0x0F,
            association=one.kind >> 4 & 3,
            code_set=one.code_set & 0x0F,
            protocol=one.code_set >> 4 if one.kind & 0x80 else None,
            value=bytes(one.value),
        )
        for one in found
    )


def extended_inquiry() -> Command[ExtendedInquiry]:
    """Page 86h."""
    return _command(0x86, parse_extended_inquiry)


def parse_extended_inquiry(data: bytes) -> ExtendedInquiry:
    found = parsed(_EXTENDED, page_body(data, 0x86), "VPD page 86h")
    return ExtendedInquiry(found.byte_4 >> 6, found.byte_4 >> 3 & 7, found.self_test_minutes)


def tape_capabilities() -> Command[TapeCapabilities]:
    """Page B0h of a tape drive."""
    return _command(0xB0, parse_tape_capabilities)


def parse_tape_capabilities(data: bytes) -> TapeCapabilities:
    body = page_body(data, 0xB0)
    check_length(body, 1, "VPD page B0h")
    return TapeCapabilities(worm=bool(body[0] & 1), stream_mirroring=bool(body[0] & 2))


def manufacturer_serial() -> Command[str]:
    """Page B1h: the drive's own serial number where a library has put its own into page 80h."""
    return _command(0xB1, lambda data: text(page_body(data, 0xB1)))


def supported_tape_alerts() -> Command[frozenset[int]]:
    """Page B2h: the TapeAlert flags that the drive can raise."""
    return _command(0xB2, lambda data: flags_of_bitmap(page_body(data, 0xB2)))


def automation_serial() -> Command[str]:
    """Page B3h: serial number of the library that the drive is in."""
    return _command(0xB3, lambda data: text(page_body(data, 0xB3)))


def element_address() -> Command[int]:
    """Page B4h: the drive's own element address in its library."""
    return _command(0xB4, parse_element_address)


def parse_element_address(data: bytes) -> int:
    body = page_body(data, 0xB4)
    check_length(body, 2, "VPD page B4h")
    return number(body, len(body) - 2, 2)


def block_protection() -> Command[tuple[ProtectionMethod, ...]]:
    """Page B5h."""
    return _command(0xB5, parse_block_protection)


def parse_block_protection(data: bytes) -> tuple[ProtectionMethod, ...]:
    found = parsed(_PROTECTION, page_body(data, 0xB5), "VPD page B5h")
    return tuple(
        ProtectionMethod(one[0], one[1] & 0x3F, bool(one[2] & 0x80), bool(one[2] & 0x40), bool(one[2] & 0x20))
        for one in found.methods
        if len(one) >= 3
    )


def ibm_firmware() -> Command[Firmware]:
    return _command(0xC0, parse_ibm_firmware)


def parse_ibm_firmware(data: bytes) -> Firmware:
    found = parsed(_IBM_FIRMWARE, page_body(data, 0xC0), "VPD page C0h")
    return Firmware(text(found.code), text(found.built_at), text(found.built_on), text(found.platform))


def ibm_serials() -> Command[Serials]:
    return _command(0xC1, parse_ibm_serials)


def parse_ibm_serials(data: bytes) -> Serials:
    found = parsed(_IBM_SERIALS, page_body(data, 0xC1), "VPD page C1h")
    return Serials(text(found.manufacturing), text(found.reported))


def hp_component(page: int) -> Command[Component]:
    """`page` C0h to C5h."""
    return _command(page, lambda data: parse_hp_component(data, page))


def parse_hp_component(data: bytes, page: int) -> Component:
    found = parsed(_HP_COMPONENT, page_body(data, page), f"VPD page {page:02x}h")
    return Component(text(found.component), text(found.version), text(found.date), text(found.variant))
