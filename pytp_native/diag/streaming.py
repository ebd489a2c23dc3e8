# SPDX-License-Identifier: WTFPL OR MIT
"""Does a drive stream, does the host starve it, or does it write too much twice: from what it counts between two looks.

A drive that gets data more slowly than its lowest speed, times what compression makes of them, stops, backs up and
starts anew ("shoe-shining"): slow, and hard on tape and head.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytp_native.devices.look import DriveLook
from pytp_native.diag.rules import RETRIES_ACT, RETRIES_WATCH
from pytp_native.diag.trend import growth
from pytp_native.diag.verdict import ACT, GOOD, LEVELS, WATCH, Finding
from pytp_native.light import NamedTuple
from pytp_native.spec.speed_matching import lowest_speed

_MB = 10**6
_REPOSITIONS_WATCH, _REPOSITIONS_ACT = 0.2, 1.0
"""For 100 MB (HP performance data, 34h)."""
_FEED = "feed it faster (a larger buffer, --strategy tar, two sources at once), or use a drive of an older generation"
_CLEAN = "clean it (pytp diag clean) and try another cartridge; pytp diag trend tells whose fault it is"
_PAIRS = (("data_sets_written", "write_retries"), ("data_sets_read", "read_retries"))


class Sample(NamedTuple):
    """What a drive says at one moment; a value that it does not tell is None."""

    at: float
    """Seconds."""
    cartridge: str
    written: float | None
    """Bytes, from the host."""
    read: float | None
    data_sets: float | None
    """Written and read."""
    retries: float | None
    compression: float | None
    """2.0: the drive makes half of what it gets; of the cartridge's last mount."""
    repositions: float | None
    """For 100 MB."""
    needs_mb_s: float | None
    """What the drive has to get to stream, uncompressed."""


class Streaming(NamedTuple):
    """Between two samples."""

    seconds: float | None
    """None: the drive was not watched all the time, and nobody knows for how long it was busy."""
    written_bytes: float | None
    read_bytes: float | None
    written_mb_s: float | None
    read_mb_s: float | None
    needs_mb_s: float | None
    compression: float | None
    data_sets: float | None
    retries: float | None
    repositions: float | None
    findings: tuple[Finding, ...] = ()

    @property
    def retries_per_1000(self) -> float | None:
        return 1000 * self.retries / self.data_sets if self.data_sets and self.retries is not None else None

    @property
    def is_idle(self) -> bool:
        return not self.written_bytes and not self.read_bytes and not self.data_sets

    @property
    def level(self) -> str:
        return max((one.level for one in self.findings), key=LEVELS.index, default=GOOD)

    @property
    def words(self) -> str:
        """The verdict in a word or two."""
        if self.findings:
            return self.findings[0].words
        return "idle" if self.is_idle else "streams" if self.seconds is not None else "nothing speaks against streaming"


def sample(seen: DriveLook, family: str, at: float) -> Sample:
    """Take out of a look what streaming is told by."""
    tape = seen.cartridge
    counts = tape.counters if tape is not None else {}
    percent = counts.get("write_compression_percent")
    return Sample(
        at=at,
        cartridge=tape.key if tape is not None else "",
        written=_bytes(seen.counters, counts, "mount_written_bytes", "written_mb"),
        read=_bytes(seen.counters, counts, "mount_read_bytes", "read_mb"),
        data_sets=_total(counts, 0),
        retries=_total(counts, 1),
        compression=percent / 100 if percent else None,
        repositions=seen.counters.get("repositions_per_100_mb"),
        needs_mb_s=lowest_speed(seen.generation, family),
    )


def kept_sample(drive: Mapping[str, float], tape: Mapping[str, float], key: str) -> Sample:
    """Make a sample of what the history has of an earlier look."""
    written = _bytes(drive, tape, "mount_written_bytes", "written_mb")
    read = _bytes(drive, tape, "mount_read_bytes", "read_mb")
    return Sample(0.0, key, written, read, _total(tape, 0), _total(tape, 1), None, None, None)


def between(before: Sample | None, now: Sample, *, watched: bool) -> Streaming:
    """Judge what has happened since `before`; None: since the cartridge was loaded. `watched`: the time between the two
    counts, as somebody watches a job."""
    if before is not None and before.cartridge != now.cartridge:
        before = None
    ratio = now.compression if now.compression and now.compression > 1 else 1.0
    seconds = now.at - before.at if watched and before is not None else None
    written, read = _grown(before, now, "written"), _grown(before, now, "read")
    told = Streaming(
        seconds=seconds,
        written_bytes=written,
        read_bytes=read,
        written_mb_s=_rate(written, seconds),
        read_mb_s=_rate(read, seconds),
        needs_mb_s=now.needs_mb_s * ratio if now.needs_mb_s is not None else None,
        compression=now.compression,
        data_sets=_grown(before, now, "data_sets"),
        retries=_grown(before, now, "retries"),
        repositions=now.repositions,
    )
    return told._replace(findings=tuple(_findings(told)))


def _rate(amount: float | None, seconds: float | None) -> float | None:
    return amount / _MB / seconds if amount is not None and seconds else None


def _bytes(drive: Mapping[str, float], tape: Mapping[str, float], mount: str, life: str) -> float | None:
    """Since the load in bytes; beside somebody who uses the drive only the cartridge's MB can be asked."""
    if mount in drive:
        return drive[mount]
    return tape[life] * _MB if life in tape else None


def _total(counts: Mapping[str, float], which: int) -> float | None:
    known = [counts[pair[which]] for pair in _PAIRS if pair[which] in counts]
    return sum(known) if known else None


def _grown(before: Sample | None, now: Sample, name: str) -> float | None:
    value = getattr(now, name)
    old = getattr(before, name) if before is not None else None
    if value is None or old is None:
        return value if before is None and name in {"written", "read"} else None
    return growth(old, value).amount


def _findings(told: Streaming) -> list[Finding]:
    found = []
    rate, needs = told.written_mb_s, told.needs_mb_s
    if rate and needs is not None and rate < needs:
        words = f"starves: the host sends {rate:.1f} MB/s, and it stops and repositions below {needs:.0f} MB/s"
        found.append(Finding(WATCH, words, _FEED, "host"))
    if told.repositions is not None and told.repositions > _REPOSITIONS_WATCH:
        level = ACT if told.repositions > _REPOSITIONS_ACT else WATCH
        found.append(Finding(level, f"repositions {told.repositions:g} times for 100 MB", _FEED, "host"))
    again = told.retries_per_1000
    if again is not None and again > RETRIES_WATCH:
        level = ACT if again > RETRIES_ACT else WATCH
        words = f"writes or reads {again:.0f} of 1000 data sets again"
        found.append(Finding(level, words, _CLEAN, "either"))
    return sorted(found, key=lambda one: -LEVELS.index(one.level))
