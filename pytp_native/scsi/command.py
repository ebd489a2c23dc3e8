# SPDX-License-Identifier: WTFPL OR MIT
"""What a SCSI command is here: a value that knows its bytes, its room for the answer and how the answer is read."""

from __future__ import annotations

from pytp_native.errors import UsageError
from pytp_native.light import Generic, NamedTuple, T

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# How long a command may take: classes, in seconds. The longest figure that a vendor gives for a drive without a table
# of its own (LTO-5 to LTO-10, 3592; library guides), so that a slow device is never taken for a dead one.
QUICK_S = 60.0
LOAD_S = 1020.0
REWIND_S = 780.0
LOCATE_S = 3940.0
READ_S = 2340.0
WRITE_S = 1920.0
ERASE_S = 166370.0
VERIFY_S = 104880.0
FORMAT_S = 3840.0
SET_CAPACITY_S = 960.0
SELF_TEST_S = 3120.0
BUFFER_S = 720.0
MOVE_S = 1800.0
INVENTORY_S = 1800.0
OPEN_CLOSE_S = 600.0


def no_data(_data: bytes) -> None:
    """The answer of a command that has none."""


def raw(data: bytes) -> bytes:
    """The answer as it came."""
    return data


class Command(NamedTuple, Generic[T]):
    """One command to one logical unit. Values: two commands with the same fields are equal."""

    name: str
    """As the standard writes it, with its CDB length where there are several: "LOCATE (16)"."""
    cdb: bytes
    parse: Callable[[bytes], T]
    """Takes the data-in that was transferred; raises BadReply."""
    data_in_bytes: int = 0
    data_out: bytes = b""
    timeout_s: float = QUICK_S
    """For a device without a table of its own (supported_commands.py)."""
    repeatable: bool = False
    """It moves and changes nothing, so that it may be sent again after a unit attention or while not ready."""
    changer: bool = False
    """A medium changer's command: its failures are the library's."""

    @property
    def opcode(self) -> int:
        return self.cdb[0]

    @property
    def service_action(self) -> int | None:
        """For the operation codes that have service actions: byte 1, bits 4-0."""
        return self.cdb[1] & 0x1F if self.cdb[0] in _SERVICE_ACTIONS else None


_SERVICE_ACTIONS = frozenset({0x5E, 0x5F, 0x8C, 0x9E, 0x9F, 0xA3, 0xA4})


def packed(value: int, size: int, what: str, *, is_signed: bool = False) -> bytes:
    """Return `value` as `size` bytes. Raises UsageError if it does not fit: a CDB is never cut silently."""
    try:
        return value.to_bytes(size, "big", signed=is_signed)
    except OverflowError:
        raise UsageError(what, f"{value} does not fit into {8 * size} bits") from None


def bits(value: int, width: int, what: str) -> int:
    """Return `value` if it fits into `width` bits. Raises UsageError."""
    if not 0 <= value < 1 << width:
        raise UsageError(what, f"{value} does not fit into {width} bits")
    return value
