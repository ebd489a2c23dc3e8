# SPDX-License-Identifier: WTFPL OR MIT
"""Density codes of MODE SENSE's block descriptor and MTIOCGET (SSC-5, density code; T10's list of codes)."""

DENSITIES = {
    0x00: "default",
    0x01: "NRZI (800 bpi)",
    0x02: "PE (1600 bpi)",
    0x03: "GCR (6250 bpi)",
    0x13: "DDS (61000 bpi)",
    0x24: "DDS-2",
    0x25: "DDS-3",
    0x26: "DDS-4",
    0x40: "LTO-1",
    0x42: "LTO-2",
    0x44: "LTO-3",
    0x46: "LTO-4",
    0x58: "LTO-5",
    0x5A: "LTO-6",
    0x5C: "LTO-7",
    0x5D: "LTO-7-M8",
    0x5E: "LTO-8",
    0x60: "LTO-9",
    0x62: "LTO-10",
    0x63: "LTO-10P",
    0x7F: "no change",
}


def density_name(code: int) -> str:
    """Return the format's name, or "unknown (0x7b)" for a code of next year's drive."""
    return DENSITIES.get(code, f"unknown ({code:#04x})")
