# SPDX-License-Identifier: WTFPL OR MIT
"""Tape encryption over SECURITY PROTOCOL IN and OUT, protocol 20h (SSC-5, Tape Data Encryption security protocol).

Keys and key descriptors never go into a log, JSON or an error; KeySettings does not show its key.
"""

from __future__ import annotations

from typing import Any

from construct import GreedyBytes, GreedyRange, Int8ub, Int16ub, Int32ub, Int64ub, Padding, Prefixed, Struct

from pytp_native.errors import BadReply, UsageError
from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command, bits, no_data, packed, raw
from pytp_native.scsi.field import check_length, number
from pytp_native.scsi.layouts import built, parsed
from pytp_native.spec import opcodes

INFORMATION, TAPE_ENCRYPTION = 0x00, 0x20
"""Security protocols."""
IN_PAGES, OUT_PAGES, CAPABILITIES, KEY_FORMATS, STATUS, NEXT_BLOCK = 0x0000, 0x0001, 0x0010, 0x0011, 0x0020, 0x0021
SET_DATA_ENCRYPTION = 0x0010
AES_256_GCM = 0x00010014
OFF, EXTERNAL, ON = 0, 1, 2
"""Encryption modes."""
DECRYPT_OFF, DECRYPT_RAW, DECRYPT_ON, DECRYPT_MIXED = range(4)
PUBLIC, THIS_NEXUS, ALL_NEXUSES = range(3)
UKAD, AKAD = 0x00, 0x01
"""Kinds of key-associated data: not authenticated (the key's name), authenticated on tape."""
BLOCK_STATES = (
    "it cannot tell", "not read yet", "no block", "not encrypted", "encrypted with an unknown algorithm",
    "encrypted, the key fits", "encrypted, the key does not fit",
)  # fmt: skip
ROOM = 8192

_KADS = GreedyRange(Struct("kind" / Int8ub, "authenticated" / Int8ub, "value" / Prefixed(Int16ub, GreedyBytes)))
_ALGORITHM = Struct(
    "index" / Int8ub, Padding(1), "length" / Int16ub, "flags" / Int8ub, Padding(1), "ukad_bytes" / Int16ub,
    "akad_bytes" / Int16ub, "key_bytes" / Int16ub, Padding(8), "algorithm" / Int32ub,
)  # fmt: skip
_STATUS = Struct(
    "scopes" / Int8ub, "encryption" / Int8ub, "decryption" / Int8ub, "index" / Int8ub, "counter" / Int32ub,
    "flags" / Int8ub, "kad_format" / Int8ub, Padding(10), "kads" / _KADS,
)  # fmt: skip
_NEXT_BLOCK = Struct(
    "block" / Int64ub, "states" / Int8ub, "index" / Int8ub, "flags" / Int8ub, "kad_format" / Int8ub, "kads" / _KADS
)
_SET = Struct(
    "scope_lock" / Int8ub, "flags" / Int8ub, "encryption" / Int8ub, "decryption" / Int8ub, "index" / Int8ub,
    "key_format" / Int8ub, "kad_format" / Int8ub, Padding(7), "key" / Prefixed(Int16ub, GreedyBytes), "kads" / _KADS,
)  # fmt: skip


class KeyData(NamedTuple):
    """One key-associated data descriptor."""

    kind: int
    authenticated: int
    """0 not told, 1 not checked, 2 checked and right, 3 failed."""
    value: bytes


class Algorithm(NamedTuple):
    algorithm_index: int
    algorithm: int
    key_bytes: int
    ukad_bytes: int
    akad_bytes: int
    encrypts: int
    """0 no, 1 in software, 2 in hardware, 3 by an external device."""
    decrypts: int
    tells_encrypted_blocks: bool


class Status(NamedTuple):
    """Data encryption status page."""

    scope: int
    key_scope: int
    encryption: int
    decryption: int
    algorithm_index: int
    counter: int
    """Changes whenever the key does: compare before writing on."""
    controlled_by: int
    """0 not told, 1 nobody exclusively, 2 this application, 3 an external key manager."""
    volume_has_encrypted_blocks: bool
    key_data: tuple[KeyData, ...]


class NextBlock(NamedTuple):
    block: int
    encryption: int
    """An index of BLOCK_STATES; more than that is reserved."""
    compression: int
    algorithm_index: int
    key_data: tuple[KeyData, ...]

    @property
    def state(self) -> str:
        return BLOCK_STATES[self.encryption] if self.encryption < len(BLOCK_STATES) else f"state {self.encryption}"


class KeySettings(NamedTuple):
    """What SET DATA ENCRYPTION asks for."""

    key: bytes = b""
    encryption: int = ON
    decryption: int = DECRYPT_MIXED
    algorithm_index: int = 1
    scope: int = ALL_NEXUSES
    """All nexuses: it survives the failure of a host adapter."""
    key_data: tuple[KeyData, ...] = ()
    forget_at_unload: bool = False

    def __repr__(self) -> str:
        return f"KeySettings(key=<{len(self.key)} bytes>, encryption={self.encryption}, decryption={self.decryption})"


def security_protocol_in(protocol: int, page: int, *, alloc_bytes: int = ROOM) -> Command[bytes]:
    """SECURITY PROTOCOL IN (SPC-6), as it came."""
    head = bytes((opcodes.SECURITY_PROTOCOL_IN, bits(protocol, 8, "security protocol"))) + packed(page, 2, "page")
    cdb = head + bytes(2) + packed(alloc_bytes, 4, "allocation length") + bytes(2)
    return Command("SECURITY PROTOCOL IN", cdb, raw, alloc_bytes, repeatable=True)


def security_protocol_out(protocol: int, page: int, data: bytes) -> Command[None]:
    """SECURITY PROTOCOL OUT (SPC-6)."""
    head = bytes((opcodes.SECURITY_PROTOCOL_OUT, bits(protocol, 8, "security protocol"))) + packed(page, 2, "page")
    cdb = head + bytes(2) + packed(len(data), 4, "transfer length") + bytes(2)
    return Command("SECURITY PROTOCOL OUT", cdb, no_data, data_out=data)


def supported_protocols() -> Command[tuple[int, ...]]:
    cdb = security_protocol_in(INFORMATION, 0).cdb
    return Command("SECURITY PROTOCOL IN", cdb, parse_protocols, ROOM, repeatable=True)


def parse_protocols(data: bytes) -> tuple[int, ...]:
    check_length(data, 8, "security protocols")
    return tuple(data[8 : 8 + number(data, 6, 2)])


def supported_pages(*, out: bool = False) -> Command[tuple[int, ...]]:
    page = OUT_PAGES if out else IN_PAGES
    cdb = security_protocol_in(TAPE_ENCRYPTION, page).cdb
    return Command("SECURITY PROTOCOL IN", cdb, lambda data: parse_pages(data, page), ROOM, repeatable=True)


def parse_pages(data: bytes, page: int = IN_PAGES) -> tuple[int, ...]:
    body = _body(data, page)
    return tuple(number(body, at, 2) for at in range(0, len(body) - 1, 2))


def capabilities() -> Command[tuple[Algorithm, ...]]:
    """Ask this before anything else; NotSupported: the drive or the library has encryption switched off."""
    cdb = security_protocol_in(TAPE_ENCRYPTION, CAPABILITIES).cdb
    return Command("SECURITY PROTOCOL IN", cdb, parse_capabilities, ROOM, repeatable=True)


def parse_capabilities(data: bytes) -> tuple[Algorithm, ...]:
    """Algorithm descriptors begin at byte 20 and go by the length that each tells."""
    body, found, at = _body(data, CAPABILITIES), [], 16
    while at + _ALGORITHM.sizeof() <= len(body):
        one = parsed(_ALGORITHM, body[at:], "encryption algorithm")
        flags = one.flags
        found.append(
            Algorithm(
                one.index, one.algorithm, one.key_bytes, one.ukad_bytes, one.akad_bytes, flags & 3, flags >> 2 & 3,
                bool(flags & 0x10),
            )
        )  # fmt: skip
        at += 4 + max(one.length, _ALGORITHM.sizeof() - 4)
    return tuple(found)


def status() -> Command[Status]:
    cdb = security_protocol_in(TAPE_ENCRYPTION, STATUS).cdb
    return Command("SECURITY PROTOCOL IN", cdb, parse_status, ROOM, repeatable=True)


def parse_status(data: bytes) -> Status:
    one = parsed(_STATUS, _body(data, STATUS), "data encryption status")
    return Status(
        one.scopes >> 5, one.scopes & 7, one.encryption, one.decryption, one.index, one.counter, one.flags >> 4 & 7,
        bool(one.flags & 0x08), _key_data(one.kads),
    )  # fmt: skip


def next_block() -> Command[NextBlock]:
    """Whether the key fits the block that is read next; its UKAD tells which key is needed."""
    cdb = security_protocol_in(TAPE_ENCRYPTION, NEXT_BLOCK).cdb
    return Command("SECURITY PROTOCOL IN", cdb, parse_next_block, ROOM, repeatable=True)


def parse_next_block(data: bytes) -> NextBlock:
    one = parsed(_NEXT_BLOCK, _body(data, NEXT_BLOCK), "next block encryption status")
    return NextBlock(one.block, one.states & 0x0F, one.states >> 4, one.index, _key_data(one.kads))


def set_data_encryption(settings: KeySettings) -> Command[None]:
    """Set or clear the key. Read `status` back and compare modes, scope and counter before anything is written."""
    if (settings.encryption == ON or settings.decryption in {DECRYPT_ON, DECRYPT_MIXED}) and not settings.key:
        raise UsageError("encryption", "a key is needed")
    fields = {
        "scope_lock": bits(settings.scope, 3, "scope") << 5,
        "flags": 1 << 6 | settings.forget_at_unload << 2,  # CEEM 1: no check of external encryption; CKOD
        "encryption": settings.encryption, "decryption": settings.decryption, "index": settings.algorithm_index,
        "key_format": 0, "kad_format": 0, "key": settings.key,
        "kads": [one._asdict() for one in settings.key_data],
    }  # fmt: skip
    body = built(_SET, fields, "SET DATA ENCRYPTION")
    page = packed(SET_DATA_ENCRYPTION, 2, "page") + packed(len(body), 2, "page length") + body
    return security_protocol_out(TAPE_ENCRYPTION, SET_DATA_ENCRYPTION, page)


def _body(data: bytes, page: int) -> bytes:
    check_length(data, 4, "security page")
    if number(data, 0, 2) != page:
        raise BadReply("", f"security page {page:04x}h was asked for, {number(data, 0, 2):04x}h came")
    return bytes(data[4 : 4 + number(data, 2, 2)])


def _key_data(found: list[Any]) -> tuple[KeyData, ...]:
    return tuple(KeyData(one["kind"], one["authenticated"] & 7, bytes(one["value"])) for one in found)
