# SPDX-License-Identifier: WTFPL OR MIT
"""The vendors' own additional sense codes, as data. IBM's mechanism is in HPE and Quantum drives from LTO-7 on, so the
LTO vendors share one table; a row may hold for one sense key only.

Sources: IBM and HPE LTO SCSI references; library manuals. mtx knows 83h/02h and 83h/04h as "not installed".
"""

from __future__ import annotations

_DUMP = "take a dump and have the drive serviced"
_IMAGE = "use the right firmware image"
_MANAGER = "look at the key manager"
_STOP = "stop writing and check the encryption status"
_KEY = "supply the right key"

LTO_VENDORS = frozenset({"IBM", "HP", "HPE", "QUANTUM", "DELL", "TANDBERG", "OVERLAND", "ORACLE", "LENOVO", "FUJITSU"})

_LTO: dict[int, tuple[str, str]] = {
    0x2690: ("the firmware image does not fit the boot code", _IMAGE),
    0x2691: ("the firmware image is for another model", _IMAGE),
    0x2693: ("the firmware image's checksum is wrong", _IMAGE),
    0x4780: ("internal checksum error on the read path", _DUMP),
    0x4781: ("internal checksum error on the write path", _DUMP),
    0x8252: ("degraded medium", "plan to retire the cartridge"),
    0x8282: ("the drive asks to be cleaned", "clean it when the job is done"),
    0x8283: ("bad firmware found", _IMAGE),
    0x8383: ("the drive was cleaned", ""),
    0x8500: ("write-protected by the drive: cartridge or drive fault", "copy the data, then try another cartridge"),
    0x8501: ("write-protected by the drive: cartridge fault", "copy the data and retire the cartridge"),
    0x8502: ("write-protected by the drive: drive fault", "have the drive serviced"),
    0x8503: ("writing is refused at this position", "go to the end of the data"),
    0xEE0E: ("the key service timed out", _MANAGER),
    0xEE0F: ("the key service failed", _MANAGER),
    0xEE10: ("a key is required", _KEY),
    0xEF10: ("a key is required", _KEY),
    0xEE12: ("the key was changed", _STOP),
    0xEE18: ("the key for reading was changed", _STOP),
    0xEE19: ("the key for writing was changed", _STOP),
    0xEE2B: ("the key is incorrect", _KEY),
    0xEE31: ("the key is unknown", _KEY),
    0xEF31: ("the key is unknown", _KEY),
    0xEED0: ("decryption failed on reading", _DUMP),
    0xEED1: ("decryption failed on reading after writing", _DUMP),
    0xEEE0: ("key translation failed", _DUMP),
    0xEEE1: ("key translation is ambiguous", _DUMP),
    0xEEF0: ("reading is fenced off", _DUMP),
    0xEEF1: ("writing is fenced off", _DUMP),
}
_BY_KEY = {(0x6, 0x8283): ("the drive was cleaned", "")}
_FAMILIES = {0xEE: ("key service", _MANAGER), 0xEF: ("key service", _MANAGER)}


def vendor_meaning(vendor: str, key: int, code: int) -> tuple[str, str] | None:
    """Return meaning and next step of a code that is the vendor's own, None if its tables do not have it.

    `vendor` is INQUIRY's; "" asks the tables of all vendors.
    """
    if vendor and vendor.strip().upper() not in LTO_VENDORS:
        return None
    known = _BY_KEY.get((key, code)) or _LTO.get(code)
    if known is None and code >> 8 in _FAMILIES:
        text, step = _FAMILIES[code >> 8]
        known = (f"{text} (code {code >> 8:02x}h/{code & 0xFF:02x}h)", step)
    return known
