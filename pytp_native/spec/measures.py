# SPDX-License-Identifier: WTFPL OR MIT
"""What is counted and measured, under one name for all vendors, and where each device keeps it: as data.

The first source that a device answers counts. A value that it does not give is absent, never 0. Sources: SSC-5 and
SMC-3 log pages, the vendors' pages where drives have no other.
"""

from __future__ import annotations

from pytp_native.light import NamedTuple

DRIVE, CARTRIDGE, LIBRARY = "drive", "cartridge", "library"
COUNTER, GAUGE = "counter", "gauge"


class Source(NamedTuple):
    """A log parameter; `family` names the vendor whose page it is ("": the standard's)."""

    page: int
    subpage: int
    code: int
    family: str = ""


class Measure(NamedTuple):
    name: str
    subject: str
    unit: str
    """"" is a count."""
    kind: str
    """COUNTER: only grows, over the life of its subject, unless it is reset or rolls over; GAUGE: a state."""
    words: str
    sources: tuple[Source, ...]


def _measure(subject: str, kind: str, name: str, unit: str, words: str, *codes: tuple[int, int] | Source) -> Measure:
    sources = tuple(one if isinstance(one, Source) else Source(one[0], 0, one[1]) for one in codes)
    return Measure(name, subject, unit, kind, words, sources)


def _drive(name: str, unit: str, words: str, *codes: tuple[int, int] | Source, kind: str = COUNTER) -> Measure:
    return _measure(DRIVE, kind, name, unit, words, *codes)


def _cartridge(name: str, unit: str, words: str, *codes: tuple[int, int] | Source, kind: str = COUNTER) -> Measure:
    return _measure(CARTRIDGE, kind, name, unit, words, *codes)


def _library(name: str, words: str, code: int) -> Measure:
    return _measure(LIBRARY, COUNTER, name, "", words, (0x14, code))


DRIVE_MEASURES = (
    _drive("loads", "", "cartridges loaded", (0x14, 0x00), Source(0x0C, 0, 0x8001, "HP"),
           Source(0x3E, 0, 0x8000, "Quantum"), Source(0x3E, 0, 0x0002, "HP")),
    _drive("cleanings", "", "cleanings", (0x14, 0x01), Source(0x0C, 0, 0x8002, "HP")),
    _drive("power_on_hours", "h", "hours switched on", (0x14, 0x02)),
    _drive("motion_hours", "h", "hours of moving tape", (0x14, 0x03), Source(0x3E, 0, 0x8001, "Quantum")),
    _drive("metres", "m", "tape moved", (0x14, 0x04)),
    _drive("motion_hours_since_cleaning", "h", "hours of moving tape since the last cleaning", (0x14, 0x08),
           Source(0x3E, 0, 0x8002, "Quantum"), kind=GAUGE),
    _drive("motion_hours_since_second_cleaning", "h", "... since the second to last cleaning", (0x14, 0x09),
           kind=GAUGE),
    _drive("motion_hours_since_third_cleaning", "h", "... since the third to last cleaning", (0x14, 0x0A), kind=GAUGE),
    _drive("power_cycles", "", "times switched on", (0x14, 0x0C)),
    _drive("hard_write_errors", "", "hard write errors", (0x14, 0x0E)),
    _drive("hard_read_errors", "", "hard read errors", (0x14, 0x0F)),
    _drive("too_hot", "", "its mechanism was too hot", (0x14, 0x81), kind=GAUGE),
    _drive("temperature_celsius", "C", "temperature", (0x0D, 0x00), kind=GAUGE),
    _drive("cleaning_required", "", "it wants to be cleaned", (0x0C, 0x0100), kind=GAUGE),
    _drive("repositions_per_100_mb", "", "repositions for 100 MB", Source(0x34, 0, 0x0000, "HP"), kind=GAUGE),
    _drive("drive_efficiency", "", "drive efficiency, 1 the best, 255 the worst", Source(0x37, 0, 0x0000, "IBM"),
           kind=GAUGE),
    _drive("moved_since_cleaning_mb", "MB", "data moved since the last cleaning", Source(0x0C, 0, 0x8000, "HP"),
           kind=GAUGE),
    _drive("cleaning_interval_hours", "h", "hours of moving tape from one cleaning to the next, as the drive says",
           Source(0x3E, 0, 0x8003, "Quantum"), kind=GAUGE),
    _drive("non_medium_errors", "", "errors that are not the medium's", (0x06, 0x00)),
    _drive("link_errors", "", "errors of its link to the host"),  # of all phys of page 18h: devices/look.py
    _drive("mount_written_bytes", "bytes", "received from the host since the load", (0x0C, 0x00), kind=GAUGE),
    _drive("mount_read_bytes", "bytes", "sent to the host since the load", (0x0C, 0x03), kind=GAUGE),
    _drive("mount_uncorrected_write_errors", "", "uncorrected write errors since the load", (0x02, 0x06), kind=GAUGE),
    _drive("mount_uncorrected_read_errors", "", "uncorrected read errors since the load", (0x03, 0x06), kind=GAUGE),
)  # fmt: skip

CARTRIDGE_MEASURES = (
    _cartridge("mounts", "", "times loaded", (0x17, 0x01), (0x30, 0x01), Source(0x3E, 0, 0x9000, "Quantum")),
    _cartridge("data_sets_written", "", "data sets written", (0x17, 0x02), (0x30, 0x02)),
    _cartridge("write_retries", "", "data sets written again", (0x17, 0x03), (0x30, 0x03)),
    _cartridge("unrecovered_write_errors", "", "unrecovered write errors", (0x17, 0x04), (0x30, 0x04)),
    _cartridge("suspended_writes", "", "writes suspended", (0x17, 0x05), (0x30, 0x05)),
    _cartridge("fatal_suspended_writes", "", "writes suspended for good", (0x17, 0x06), (0x30, 0x06)),
    _cartridge("data_sets_read", "", "data sets read", (0x17, 0x07), (0x30, 0x07)),
    _cartridge("read_retries", "", "data sets read again", (0x17, 0x08), (0x30, 0x08)),
    _cartridge("unrecovered_read_errors", "", "unrecovered read errors", (0x17, 0x09), (0x30, 0x09)),
    _cartridge("suspended_reads", "", "reads suspended", (0x17, 0x0A), (0x30, 0x0A)),
    _cartridge("fatal_suspended_reads", "", "reads suspended for good", (0x17, 0x0B), (0x30, 0x0B)),
    _cartridge("written_mb", "MB", "written over its life", (0x17, 0x10)),
    _cartridge("read_mb", "MB", "read over its life", (0x17, 0x11)),
    _cartridge("write_compression_percent", "%", "compression when written last", (0x17, 0x12), kind=GAUGE),
    _cartridge("read_compression_percent", "%", "compression when read last", (0x17, 0x13), kind=GAUGE),
    _cartridge("capacity_mb", "MB", "native capacity", (0x17, 0x16), kind=GAUGE),
    _cartridge("used_mb", "MB", "native capacity used", (0x17, 0x17), kind=GAUGE),
    _cartridge("life_percent", "%", "useful life left", (0x17, 0x19), kind=GAUGE),
    _cartridge("forward_stops", "", "writes stopped on forward wraps", (0x17, 0x1A)),
    _cartridge("backward_stops", "", "writes stopped on backward wraps", (0x17, 0x1B)),
    _cartridge("too_hot", "", "its path was too hot", (0x17, 0x82), kind=GAUGE),
    _cartridge("medium_efficiency", "", "its efficiency, 1 the best, 255 the worst", Source(0x37, 0, 0x0001, "IBM"),
               kind=GAUGE),
    _cartridge("mount_capacity_lost_percent", "%", "capacity lost to rewriting since the load",
               Source(0x37, 0x64, 0x7113, "IBM"), kind=GAUGE),
    _cartridge("write_mounts", "", "mounts with writes", (0x17, 0x0100)),
    _cartridge("beginning_passes", "", "passes over its beginning", (0x17, 0x0101)),
    _cartridge("middle_passes", "", "passes over its middle", (0x17, 0x0102)),
)  # fmt: skip

LIBRARY_MEASURES = (
    _library("moves", "moves", 0x00), _library("picks", "picks", 0x01),
    _library("pick_retries", "picks repeated", 0x02),
    _library("places", "places", 0x03), _library("place_retries", "places repeated", 0x04),
    _library("tags_read", "labels read", 0x05), _library("tags_unreadable", "labels that could not be read", 0x06),
    _library("door_openings", "door openings", 0x07),
)  # fmt: skip

ELEMENT_COUNTS = ("places", "place_retries", "picks", "pick_retries", "tags_read", "tags_unreadable")
"""Of page 15h, by element."""

MEASURES = {(one.subject, one.name): one for one in (*DRIVE_MEASURES, *CARTRIDGE_MEASURES, *LIBRARY_MEASURES)}
