# SPDX-License-Identifier: WTFPL OR MIT
"""What the results of a drive's test mean: whose fault it is, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytp_native.diag import rules
from pytp_native.diag.verdict import ACT, WATCH, Finding
from pytp_native.light import NamedTuple
from pytp_native.spec.measures import CARTRIDGE, DRIVE

if TYPE_CHECKING:
    from pytp_native.devices.self_test import SelfTestResult

HOST = "host"
FEW, MANY = 0.25, 0.5
"""Share of the stretches with trouble: up to the first it is a place on the tape, above the second everywhere."""
RETRIES_PER_MB = 0.01
"""Where a drive does not count its data sets: of LTO-5's, it is 25 for 1000."""
LEAST_STRETCHES = 4
"""Fewer say nothing about where."""


def judge_self_test(result: SelfTestResult) -> list[Finding]:
    if result.passed is not False:
        return []
    return [Finding(ACT, f"the drive's self-test failed: {result.words}", "power it off and on and test again; if it "
                    "fails again have it serviced, and save pytp diag capture for that", DRIVE)]  # fmt: skip


class Place(NamedTuple):
    """A stretch of tape that was read."""

    retries: int | None
    """Data sets that were read again; None: not told."""
    data_sets: float | None
    unreadable: int
    """Blocks."""
    data_bytes: int = 0


def judge_scan(places: Sequence[Place]) -> list[Finding]:
    """Blocks that cannot be read, and data sets that were read again more often than is usual."""
    found = []
    unreadable = sum(one.unreadable for one in places)
    if unreadable:
        hit = sum(1 for one in places if one.unreadable)
        where = _where(hit / len(places), len(places))
        words = f"{unreadable} blocks cannot be read{where.words}"
        found.append(Finding(ACT, words, where.action, where.blames))
    retries = sum(one.retries or 0 for one in places)
    sets = sum(one.data_sets or 0.0 for one in places)
    if retries >= rules.LEAST_RETRIES and sets and 1000 * retries / sets >= rules.RETRIES_WATCH:
        rate = 1000 * retries / sets
        where = _where(_spread(places, retries), len(places))
        words = f"{retries} of {sets:.0f} data sets were read again ({rate:.0f} for 1000){where.words}"
        found.append(Finding(ACT if rate >= rules.RETRIES_ACT else WATCH, words, where.action, where.blames))
    elif retries >= rules.LEAST_RETRIES and not sets:
        where = _where(_spread(places, retries), len(places))
        megabytes = sum(one.data_bytes for one in places) / 1e6
        if megabytes and retries / megabytes >= RETRIES_PER_MB:
            words = (
                f"data were read again {retries} times in {megabytes:.0f} MB{where.words}; data sets are not counted"
            )
            found.append(Finding(WATCH, words, where.action, where.blames))
    return found


def _spread(places: Sequence[Place], retries: int) -> float:
    """In how many stretches there were retries, against in how many there would be if chance had thrown them onto the
    tape: 1.0 is all over it, 0 at one place."""
    count = len(places)
    by_chance = count * (1 - (1 - 1 / count) ** retries)
    return sum(1 for one in places if one.retries) / by_chance


class _Where(NamedTuple):
    blames: str
    words: str
    action: str


def _where(share: float, stretches: int) -> _Where:
    """Whose fault it is: at few places the tape's, everywhere the head's."""
    if stretches >= LEAST_STRETCHES and share <= FEW:
        return _Where(CARTRIDGE, ", at few places of the tape", "copy what can be read, and retire the cartridge")
    if stretches >= LEAST_STRETCHES and share > MANY:
        action = "clean the drive (pytp diag clean) and test it with a good cartridge"
        return _Where(DRIVE, ", all over the tape", action)
    action = "test a good cartridge in this drive and this cartridge in another drive"
    return _Where(rules.EITHER, "", action)


def judge_block_size(largest: int | None, configured: int, reasons: Sequence[str], blames: str) -> list[Finding]:
    """`configured`: the block size that backups use; `reasons`: why sizes failed; `blames`: host, or either."""
    why = f" ({reasons[0]})" if reasons else ""
    if largest is None:
        return [Finding(ACT, f"no block size could be written and read back{why}",
                        "test a good cartridge in this drive; look at cable and adapter", blames)]  # fmt: skip
    if configured > largest:
        return [Finding(ACT, f"the configured block size of {configured} bytes is not safe here, {largest} is{why}",
                        f"set block_size to {largest} for new cartridges, or raise the adapter's limit "
                        "(pytp diag doctor)", blames)]  # fmt: skip
    return []


def judge_end(reason: str) -> Finding:
    """A scan that ended because the drive did not go on: a cartridge that was taken out, a reset."""
    return Finding(WATCH, f"the read scan ended early: {reason}", "load the cartridge and test again", rules.EITHER)


def judge_failure(what: str, reason: str) -> Finding:
    """A test that came to no end, or data that came back other than written."""
    action = "test a good cartridge in this drive and this cartridge in another drive; then look at cable and adapter"
    return Finding(ACT, f"{what}: {reason}", action, rules.EITHER)
