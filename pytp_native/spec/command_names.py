# SPDX-License-Identifier: WTFPL OR MIT
"""What commands are called (SPC-6, SSC-5, SMC-3), for those who look at lists of them."""

from __future__ import annotations

_NAMES = {
    0x00: "TEST UNIT READY", 0x01: "REWIND", 0x03: "REQUEST SENSE", 0x04: "FORMAT MEDIUM", 0x05: "READ BLOCK LIMITS",
    0x08: "READ (6)", 0x0A: "WRITE (6)", 0x0B: "SET CAPACITY", 0x10: "WRITE FILEMARKS (6)", 0x11: "SPACE (6)",
    0x12: "INQUIRY", 0x13: "VERIFY (6)", 0x15: "MODE SELECT (6)", 0x16: "RESERVE (6)", 0x17: "RELEASE (6)",
    0x19: "ERASE (6)", 0x1A: "MODE SENSE (6)", 0x1B: "LOAD UNLOAD", 0x1C: "RECEIVE DIAGNOSTIC RESULTS",
    0x1D: "SEND DIAGNOSTIC", 0x1E: "PREVENT ALLOW MEDIUM REMOVAL", 0x2B: "LOCATE (10)", 0x34: "READ POSITION",
    0x3B: "WRITE BUFFER", 0x3C: "READ BUFFER", 0x44: "REPORT DENSITY SUPPORT", 0x4C: "LOG SELECT", 0x4D: "LOG SENSE",
    0x55: "MODE SELECT (10)", 0x56: "RESERVE (10)", 0x57: "RELEASE (10)", 0x5A: "MODE SENSE (10)",
    0x5E: "PERSISTENT RESERVE IN", 0x5F: "PERSISTENT RESERVE OUT", 0x80: "WRITE FILEMARKS (16)",
    0x82: "ALLOW OVERWRITE", 0x8C: "READ ATTRIBUTE", 0x8D: "WRITE ATTRIBUTE", 0x8F: "VERIFY (16)",
    0x91: "SPACE (16)", 0x92: "LOCATE (16)", 0x93: "ERASE (16)", 0xA0: "REPORT LUNS", 0xA2: "SECURITY PROTOCOL IN",
    0xA3: "MAINTENANCE IN", 0xA4: "MAINTENANCE OUT", 0xA5: "MOVE MEDIUM", 0xA6: "EXCHANGE MEDIUM",
    0xB5: "SECURITY PROTOCOL OUT", 0xB6: "SEND VOLUME TAG", 0xB8: "READ ELEMENT STATUS",
}  # fmt: skip
_CHANGER = {
    0x07: "INITIALIZE ELEMENT STATUS", 0x1B: "OPEN/CLOSE IMPORT/EXPORT ELEMENT", 0x2B: "POSITION TO ELEMENT",
    0x37: "INITIALIZE ELEMENT STATUS WITH RANGE", 0x44: "REPORT VOLUME TYPES SUPPORTED",
    0xB5: "REQUEST VOLUME ELEMENT ADDRESS", 0xE7: "INITIALIZE ELEMENT STATUS WITH RANGE",
}  # fmt: skip
_ACTIONS = {
    (0xA3, 0x05): "REPORT DEVICE IDENTIFICATION", (0xA3, 0x0A): "REPORT TARGET PORT GROUPS",
    (0xA3, 0x0C): "REPORT SUPPORTED OPERATION CODES",
    (0xA3, 0x0D): "REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS", (0xA3, 0x0F): "REPORT TIMESTAMP",
    (0xA3, 0x1D): "RECEIVE RECOMMENDED ACCESS ORDER", (0xA3, 0x1F): "READ END OF WRAP POSITION",
    (0xA4, 0x06): "SET DEVICE IDENTIFIER", (0xA4, 0x0F): "SET TIMESTAMP",
    (0xA4, 0x1D): "GENERATE RECOMMENDED ACCESS ORDER",
}  # fmt: skip


def command_name(opcode: int, service_action: int | None = None, *, changer: bool = False) -> str:
    """Return the command's name; one that is in no standard is named by its number."""
    if service_action is not None and (opcode, service_action) in _ACTIONS:
        return _ACTIONS[opcode, service_action]
    known = (_CHANGER.get(opcode) if changer else None) or _NAMES.get(opcode)
    return known or f"command {opcode:02x}h"
