# SPDX-License-Identifier: WTFPL OR MIT
"""REPORT SUPPORTED OPERATION CODES (SPC-6): which commands a device has, and how long each may take."""

from __future__ import annotations

from collections.abc import Iterable

from construct import GreedyBytes, GreedyRange, If, Int8ub, Int16ub, Int32ub, Padding, Prefixed, Struct, this

from pytp_native.light import NamedTuple
from pytp_native.scsi.command import Command, bits, packed
from pytp_native.scsi.field import check_length, number
from pytp_native.scsi.layouts import parsed
from pytp_native.spec import opcodes

ROOM = 8192
NOT_SUPPORTED, SUPPORTED, SUPPORTED_BY_VENDOR = 1, 3, 5

_TIMEOUTS = Struct(
    "length" / Int16ub, Padding(1), "specific" / Int8ub, "nominal_s" / Int32ub, "recommended_s" / Int32ub
)
_ENTRIES = GreedyRange(
    Struct(
        "opcode" / Int8ub, Padding(1), "service_action" / Int16ub, Padding(1), "flags" / Int8ub, "cdb_bytes" / Int16ub,
        "timeouts" / If(this.flags & 2, _TIMEOUTS),
    )
)  # fmt: skip
_ONE = Struct(
    Padding(1), "flags" / Int8ub, "usage" / Prefixed(Int16ub, GreedyBytes),
    "timeouts" / If(this.flags & 0x80, _TIMEOUTS),
)  # fmt: skip


class SupportedCommand(NamedTuple):
    opcode: int
    service_action: int | None
    cdb_bytes: int
    nominal_s: int | None = None
    recommended_s: int | None = None
    """None or 0: the device does not tell."""


class CommandSupport(NamedTuple):
    """The answer about one command."""

    support: int
    """1 not supported, 3 as the standard has it, 5 in the vendor's way, 0 not known at the moment."""
    usage: bytes
    """The CDB with a 1 in each bit that the device looks at."""
    nominal_s: int | None = None
    recommended_s: int | None = None

    @property
    def supported(self) -> bool:
        return self.support in {SUPPORTED, SUPPORTED_BY_VENDOR}


def _cdb(options: int, opcode: int, service_action: int, with_timeouts: bool, room: int) -> bytes:
    head = bytes((opcodes.MAINTENANCE_IN, opcodes.REPORT_SUPPORTED_OPERATION_CODES, with_timeouts << 7 | options))
    head += bytes((bits(opcode, 8, "operation code"),)) + packed(service_action, 2, "service action")
    return head + packed(room, 4, "allocation length") + bytes(2)


def report_supported_operation_codes(
    *, with_timeouts: bool = True, alloc_bytes: int = ROOM
) -> Command[tuple[SupportedCommand, ...]]:
    """All commands of the logical unit."""
    cdb = _cdb(0, 0, 0, with_timeouts, alloc_bytes)
    return Command("REPORT SUPPORTED OPERATION CODES", cdb, parse_all, alloc_bytes, repeatable=True)


def report_supported_operation_code(
    opcode: int, service_action: int | None = None, *, with_timeouts: bool = True, alloc_bytes: int = 64
) -> Command[CommandSupport]:
    """One command."""
    cdb = _cdb(1 if service_action is None else 2, opcode, service_action or 0, with_timeouts, alloc_bytes)
    return Command("REPORT SUPPORTED OPERATION CODES", cdb, parse_one, alloc_bytes, repeatable=True)


def parse_all(data: bytes) -> tuple[SupportedCommand, ...]:
    """Whole entries only: a cut answer ends with the last that came in full."""
    check_length(data, 4, "supported operation codes")
    entries = parsed(_ENTRIES, data[4 : 4 + number(data, 0, 4)], "supported operation codes")
    return tuple(
        SupportedCommand(
            entry.opcode,
            entry.service_action if entry.flags & 1 else None,
            entry.cdb_bytes,
            *_seconds(entry.timeouts),
        )
        for entry in entries
    )


def parse_one(data: bytes) -> CommandSupport:
    found = parsed(_ONE, data, "supported operation code")
    return CommandSupport(found.flags & 7, bytes(found.usage), *_seconds(found.timeouts))


def _seconds(timeouts: object) -> tuple[int | None, int | None]:
    if timeouts is None:
        return None, None
    return getattr(timeouts, "nominal_s"), getattr(timeouts, "recommended_s")  # noqa: B009 - construct has no types


def timeouts(commands: Iterable[SupportedCommand]) -> dict[tuple[int, int | None], float]:
    """Return the drive's own time limits by (operation code, service action), for executor.run."""
    return {
        (command.opcode, command.service_action): float(command.recommended_s)
        for command in commands
        if command.recommended_s
    }
