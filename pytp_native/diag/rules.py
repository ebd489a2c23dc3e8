# SPDX-License-Identifier: WTFPL OR MIT
"""When a value is worth a word, as data: thresholds with where they come from. They are habits of operators, not limits
of the standard, and are tuned here."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.spec.measures import CARTRIDGE, DRIVE

EITHER = "either"
"""It may be the drive's or the cartridge's: diag/blame.py decides."""


class Rule(NamedTuple):
    """A value at or above `watch`, or `act`, is worth a finding; below, if `low`."""

    measure: str
    kept_by: str
    """DRIVE or CARTRIDGE: who counts it."""
    blames: str
    """DRIVE, CARTRIDGE or EITHER."""
    watch: float
    act: float
    words: str
    action: str
    source: str
    low: bool = False
    unit: str = ""


NEVER = float("inf")
_COPY = "copy what can be read with a good drive, and retire the cartridge"
_SWAP = "try a good cartridge in this drive and this cartridge in another drive"
_PLAN = "plan its replacement"
_USE = "SSC-5 volume statistics; any unrecovered error is one too many"

RULES = (
    Rule("unrecovered_write_errors", CARTRIDGE, EITHER, NEVER, 1, "write errors that were not recovered", _SWAP, _USE),
    Rule("unrecovered_read_errors", CARTRIDGE, EITHER, NEVER, 1, "read errors that were not recovered", _SWAP, _USE),
    Rule("fatal_suspended_writes", CARTRIDGE, CARTRIDGE, NEVER, 1, "writes given up", _COPY, _USE),
    Rule("fatal_suspended_reads", CARTRIDGE, CARTRIDGE, NEVER, 1, "reads given up", _COPY, _USE),
    Rule("life_percent", CARTRIDGE, CARTRIDGE, 20, 5, "useful life left", _PLAN, "SSC-5 0019h; a year's notice",
         low=True, unit="%"),
    Rule("beginning_passes", CARTRIDGE, CARTRIDGE, 12_800, 16_000, "passes over its beginning", _PLAN,
         "16,000 rated; 80 % of that"),
    Rule("middle_passes", CARTRIDGE, CARTRIDGE, 12_800, 16_000, "passes over its middle", _PLAN,
         "16,000 rated; 80 % of that"),
    Rule("mounts", CARTRIDGE, CARTRIDGE, 16_000, 20_000, "loads", _PLAN, "20,000 loads; 80 % of that"),
    Rule("too_hot", CARTRIDGE, DRIVE, 1, NEVER, "the tape path was too hot", "check room and air flow", "SSC-5 0082h"),
    Rule("temperature_celsius", DRIVE, DRIVE, 45, 55, "temperature", "check room and air flow",
         "LTO drives: 10 to 45 C at the inlet", unit="C"),
    Rule("too_hot", DRIVE, DRIVE, 1, NEVER, "its mechanism was too hot", "check room and air flow", "SSC-5 0081h"),
    Rule("cleaning_required", DRIVE, DRIVE, 1, NEVER, "it wants to be cleaned", "clean it: pytp diag clean",
         "SSC-5 0Ch/0100h"),
    Rule("repositions_per_100_mb", DRIVE, DRIVE, 0.2, 1, "repositions for 100 MB",
         "feed the drive faster, or use its lower speeds", "HP performance data, 34h"),
)  # fmt: skip

RETRIES_WATCH, RETRIES_ACT = 10.0, 50.0
"""Retries for 1000 data sets (operators' experience)."""
LEAST_RETRIES = 3
"""Fewer say nothing."""
SLOT_FACTOR, SLOT_LEAST = 5.0, 3
"""A slot with so many times the median of the retries for a move, and at least so many retries."""
BAD_PLACES = 3
"""Moves fail at so many places: it is the robot."""
BAD_CARTRIDGES = 3
"""So many cartridges of a drive have trouble in it, and most of those it had: it is the drive."""
BAD_DRIVES = 2
"""So many drives have trouble with a cartridge: it is the cartridge."""
CLEANING_DUE = 0.9
"""Of the mean interval between cleanings."""
HOURS_WITHOUT_CLEANING = 100
"""Motion hours, for drives that do not ask (HP's while writing)."""
