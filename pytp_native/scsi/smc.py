# SPDX-License-Identifier: WTFPL OR MIT
"""Medium changer commands (SMC-3) as values. Light. Addresses are element addresses, not slot numbers.

The mode pages of a changer are in mode_pages, reading a whole library is in element_scan.
"""

from __future__ import annotations

from pytp_native.scsi.command import INVENTORY_S, MOVE_S, OPEN_CLOSE_S, Command, bits, no_data, packed
from pytp_native.scsi.elements import ElementStatus, parse_element_status
from pytp_native.spec import opcodes

ALL_TYPES = 0
OPEN, CLOSE = 0, 1


def read_element_status(
    *, element_type: int = ALL_TYPES, first: int = 0, count: int = 0xFFFF, volume_tags: bool = True,
    without_motion: bool = False, drive_identifiers: bool = False, alloc_bytes: int = 65536,
) -> Command[ElementStatus]:  # fmt: skip
    """READ ELEMENT STATUS (SMC-3). `without_motion` is CURDATA: answer from memory, do not move the robot.

    `drive_identifiers` is DVCID: a drive's element tells its serial number. Ask per type: mixed descriptor lengths
    break old firmware, and DVCID is refused for some types.
    """
    head = bytes((opcodes.READ_ELEMENT_STATUS, volume_tags << 4 | bits(element_type, 4, "element type")))
    head += _element(first) + packed(count, 2, "element count") + bytes((without_motion << 1 | drive_identifiers,))
    cdb = head + packed(alloc_bytes, 3, "allocation length") + bytes(2)
    return Command("READ ELEMENT STATUS", cdb, parse_element_status, alloc_bytes,
                   timeout_s=INVENTORY_S, repeatable=True, changer=True)  # fmt: skip


def move_medium(source: int, destination: int, *, transport: int = 0, invert: bool = False) -> Command[None]:
    """MOVE MEDIUM (SMC-3); transport 0 is the library's default."""
    cdb = bytes((opcodes.MOVE_MEDIUM, 0)) + _element(transport) + _element(source) + _element(destination)
    return Command("MOVE MEDIUM", cdb + bytes((0, 0, invert, 0)), no_data, timeout_s=MOVE_S, changer=True)


def exchange_medium(
    source: int, first: int, second: int, *, transport: int = 0, invert_first: bool = False, invert_second: bool = False
) -> Command[None]:
    """EXCHANGE MEDIUM (SMC-3): from `source` to `first`, and what was there to `second`."""
    cdb = (
        bytes((opcodes.EXCHANGE_MEDIUM, 0))
        + _element(transport)
        + _element(source)
        + _element(first)
        + _element(second)
    )
    return Command("EXCHANGE MEDIUM", cdb + bytes((invert_first << 1 | invert_second, 0)), no_data,
                   timeout_s=2 * MOVE_S, changer=True)  # fmt: skip


def position_to_element(element: int, *, transport: int = 0, invert: bool = False) -> Command[None]:
    """POSITION TO ELEMENT (SMC-3): move the robot in front of an element."""
    cdb = bytes((opcodes.POSITION_TO_ELEMENT, 0)) + _element(transport) + _element(element) + bytes((0, 0, invert, 0))
    return Command("POSITION TO ELEMENT", cdb, no_data, timeout_s=MOVE_S, changer=True)


def initialize_element_status() -> Command[None]:
    """INITIALIZE ELEMENT STATUS (SMC-3): the robot looks at every slot and barcode; minutes."""
    cdb = bytes((opcodes.INITIALIZE_ELEMENT_STATUS, 0, 0, 0, 0, 0))
    return Command("INITIALIZE ELEMENT STATUS", cdb, no_data, timeout_s=INVENTORY_S, changer=True)


def initialize_element_status_with_range(
    first: int = 0, count: int = 0, *, fast: bool = False, opcode: int = opcodes.INITIALIZE_ELEMENT_STATUS_WITH_RANGE
) -> Command[None]:
    """INITIALIZE ELEMENT STATUS WITH RANGE (SMC-3); count 0: all. Some changers know it as E7h: see quirks."""
    cdb = (
        bytes((opcode, fast << 1 | bool(count)))
        + _element(first)
        + b"\0\0"
        + packed(count, 2, "element count")
        + bytes(2)
    )
    return Command("INITIALIZE ELEMENT STATUS WITH RANGE", cdb, no_data, timeout_s=INVENTORY_S, changer=True)


def open_close_import_export_element(element: int, action: int) -> Command[None]:
    """OPEN/CLOSE IMPORT/EXPORT ELEMENT (SMC-3): `action` OPEN or CLOSE."""
    cdb = (
        bytes((opcodes.OPEN_CLOSE_IMPORT_EXPORT_ELEMENT, 0)) + _element(element) + bytes((bits(action, 5, "action"), 0))
    )
    return Command("OPEN/CLOSE IMPORT/EXPORT ELEMENT", cdb, no_data, timeout_s=OPEN_CLOSE_S, changer=True)


def request_volume_element_address(
    *, element_type: int = ALL_TYPES, first: int = 0, count: int = 0xFFFF, alloc_bytes: int = 65536
) -> Command[ElementStatus]:
    """REQUEST VOLUME ELEMENT ADDRESS (SMC-3): what SEND VOLUME TAG found, as element status."""
    head = bytes((opcodes.REQUEST_VOLUME_ELEMENT_ADDRESS, 0x10 | bits(element_type, 4, "element type")))
    cdb = (
        head + _element(first) + packed(count, 2, "element count") + b"\0" + packed(alloc_bytes, 3, "allocation length")
    )
    return Command("REQUEST VOLUME ELEMENT ADDRESS", cdb + bytes(2), parse_element_status, alloc_bytes, changer=True)


def send_volume_tag(
    template: str, *, action: int, element_type: int = ALL_TYPES, address: int = 0, lowest: int = 0, highest: int = 0
) -> Command[None]:
    """SEND VOLUME TAG (SMC-3): look for a barcode; `template` may have * and ? where the library allows it."""
    tag = template.encode("ascii", "strict")[:32].ljust(32)
    data = tag + bytes(2) + packed(lowest, 2, "sequence number") + bytes(2) + packed(highest, 2, "sequence number")
    head = bytes((opcodes.SEND_VOLUME_TAG, bits(element_type, 4, "element type"))) + _element(address)
    cdb = (
        head
        + bytes((0, bits(action, 5, "send action"), 0, 0))
        + packed(len(data), 2, "parameter list length")
        + bytes(2)
    )
    return Command("SEND VOLUME TAG", cdb, no_data, data_out=data, timeout_s=INVENTORY_S, changer=True)


def _element(address: int) -> bytes:
    return packed(address, 2, "element address")
