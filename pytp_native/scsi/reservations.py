# SPDX-License-Identifier: WTFPL OR MIT
"""Persistent reservations (SPC-6): who holds a device, and how a stale key is cleared."""

from __future__ import annotations

from construct import Bytes, GreedyBytes, GreedyRange, Int8ub, Int16ub, Int32ub, Int64ub, Padding, Prefixed, Struct

from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command, bits, no_data, packed
from pytp_native.scsi.field import check_length
from pytp_native.scsi.layouts import built, parsed
from pytp_native.spec import opcodes

ROOM = 8192
REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT_AND_ABORT, REGISTER_AND_IGNORE, REGISTER_AND_MOVE = range(8)
EXCLUSIVE_ACCESS, EXCLUSIVE_ACCESS_REGISTRANTS = 3, 6
TYPE_NAMES = {
    1: "write exclusive", 3: "exclusive access", 5: "write exclusive, registrants only",
    6: "exclusive access, registrants only", 7: "write exclusive, all registrants",
    8: "exclusive access, all registrants",
}  # fmt: skip

_CUT = Struct("generation" / Int32ub, "length" / Int32ub, "body" / GreedyBytes)
_KEYS = GreedyRange(Int64ub)
_HELD = GreedyRange(Struct("key" / Int64ub, Padding(5), "scope_type" / Int8ub, Padding(2)))
_STATUS = GreedyRange(
    Struct(
        "key" / Int64ub, Padding(4), "flags" / Int8ub, "scope_type" / Int8ub, Padding(4), "port" / Int16ub,
        "transport_id" / Prefixed(Int32ub, GreedyBytes),
    )
)  # fmt: skip
_PARAMETERS = Struct("key" / Int64ub, "service_key" / Int64ub, "obsolete" / Bytes(4), "flags" / Int8ub, Padding(3))


class Keys(NamedTuple):
    generation: int
    keys: tuple[int, ...]


class Registrant(NamedTuple):
    """One registered initiator port (SPC-6, READ FULL STATUS)."""

    key: int
    holder: bool
    all_ports: bool
    kind: int
    port: int
    transport_id: bytes

    @property
    def kind_name(self) -> str:
        return TYPE_NAMES.get(self.kind, f"type {self.kind}")


class Reservation(NamedTuple):
    key: int
    kind: int
    """3 exclusive access, 6 exclusive access for registrants only..."""

    @property
    def kind_name(self) -> str:
        return TYPE_NAMES.get(self.kind, f"type {self.kind}")


def _in(action: int) -> bytes:
    return bytes((opcodes.PERSISTENT_RESERVE_IN, action)) + bytes(5) + packed(ROOM, 2, "allocation length") + b"\0"


def read_keys() -> Command[Keys]:
    return Command("PERSISTENT RESERVE IN", _in(0), parse_keys, ROOM, repeatable=True)


def read_reservation() -> Command[Reservation | None]:
    return Command("PERSISTENT RESERVE IN", _in(1), parse_reservation, ROOM, repeatable=True)


def report_capabilities() -> Command[int]:
    """Bit mask of the reservation types that the device has; bit n is type n."""
    return Command("PERSISTENT RESERVE IN", _in(2), parse_capabilities, ROOM, repeatable=True)


def read_full_status() -> Command[tuple[Registrant, ...]]:
    """Every registrant: what to show first at a reservation conflict."""
    return Command("PERSISTENT RESERVE IN", _in(3), parse_full_status, ROOM, repeatable=True)


def _body(data: bytes) -> bytes:
    header = parsed(_CUT, data, "persistent reservations")
    return bytes(header.body[: header.length])


def parse_keys(data: bytes) -> Keys:
    body = _body(data)
    return Keys(int.from_bytes(data[:4], "big"), tuple(parsed(_KEYS, body, "reservation keys")))


def parse_reservation(data: bytes) -> Reservation | None:
    held = parsed(_HELD, _body(data), "reservation")
    return Reservation(held[0].key, held[0].scope_type & 0x0F) if held else None


def parse_capabilities(data: bytes) -> int:
    """Bytes 4-5: which types; TMV says whether they are told."""
    check_length(data, 8, "reservation capabilities")
    if not data[3] & 0x80:
        return 0
    mask = data[4] & 0xEA  # byte 4: bits 7 6 5 3 1 are types 7, 6, 5, 3, 1
    return mask | (data[5] & 1) << 8


def parse_full_status(data: bytes) -> tuple[Registrant, ...]:
    return tuple(
        Registrant(
            one.key, bool(one.flags & 1), bool(one.flags & 2), one.scope_type & 0x0F, one.port, bytes(one.transport_id)
        )
        for one in parsed(_STATUS, _body(data), "registrants")
    )


def persistent_reserve_out(
    action: int, *, key: int = 0, service_key: int = 0, kind: int = 0, through_power_loss: bool = False
) -> Command[None]:
    """PERSISTENT RESERVE OUT (SPC-6): `action` REGISTER, RESERVE, ... A registration outlives the program: clear it."""
    fields = {"key": key, "service_key": service_key, "obsolete": bytes(4), "flags": int(through_power_loss)}
    data = built(_PARAMETERS, fields, "PERSISTENT RESERVE OUT")
    head = bytes((opcodes.PERSISTENT_RESERVE_OUT, bits(action, 5, "action"), bits(kind, 4, "type"), 0, 0))
    return Command(
        "PERSISTENT RESERVE OUT", head + packed(len(data), 4, "parameter list length") + b"\0", no_data, data_out=data
    )
