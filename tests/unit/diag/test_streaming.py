# SPDX-License-Identifier: WTFPL OR MIT
"""Streams, starves, repositions, writes twice: told from two samples, and nothing from what a drive does not say."""

from __future__ import annotations

from typing import Any

import pytest

from pytp_native.devices.look import CartridgeLook, DriveLook
from pytp_native.devices.watched import AttentionWatch
from pytp_native.diag.streaming import Sample, between, kept_sample, sample
from pytp_native.errors import UnitAttention
from pytp_native.spec.speed_matching import lowest_speed
from pytp_native.transport.records import ScsiReply

START = Sample(100.0, "C1", 0.0, 0.0, 1000.0, 5.0, None, None, 112.0)


def later(**changed: Any) -> Sample:
    return START._replace(at=110.0, **changed)


def test_a_drive_that_gets_enough_streams() -> None:
    told = between(START, later(written=3000e6, data_sets=1600.0), watched=True)
    assert (told.level, told.words) == ("good", "streams")
    assert (told.written_mb_s, told.needs_mb_s, told.retries_per_1000) == (300.0, 112.0, 0.0)


def test_compressible_data_have_to_come_faster() -> None:
    told = between(START, later(written=2000e6, compression=2.0), watched=True)
    assert told.level == "watch"
    assert told.words == "starves: the host sends 200.0 MB/s, and it stops and repositions below 224 MB/s"
    assert [one.blames for one in told.findings] == ["host"]
    assert between(START, later(written=2000e6, compression=1.0), watched=True).level == "good"


def test_a_rate_is_judged_only_while_it_is_watched() -> None:
    told = between(START, later(written=1e6), watched=False)
    assert (told.level, told.written_mb_s, told.seconds) == ("good", None, None)


def test_reading_slowly_is_no_fault() -> None:
    assert between(START, later(read=10e6), watched=True).level == "good"


@pytest.mark.parametrize(("repositions", "level"), [(0.2, "good"), (0.3, "watch"), (1.0, "watch"), (1.1, "act now")])
def test_repositions(repositions: float, level: str) -> None:
    assert between(START, later(written=9e9, repositions=repositions), watched=True).level == level


@pytest.mark.parametrize(("retries", "level"), [(15.0, "good"), (16.0, "watch"), (55.0, "watch"), (56.0, "act now")])
def test_what_is_written_twice(retries: float, level: str) -> None:
    told = between(START, later(written=9e9, data_sets=2000.0, retries=retries), watched=True)
    assert told.level == level
    assert told.retries_per_1000 == retries - 5


def test_the_worst_is_told_first() -> None:
    told = between(START, later(written=1e6, data_sets=2000.0, retries=500.0), watched=True)
    assert [one.level for one in told.findings] == ["act now", "watch"]
    assert told.words.startswith("writes or reads 495 of 1000")


def test_another_cartridge_is_counted_from_its_load() -> None:
    told = between(START, later(cartridge="C2", written=5e9, data_sets=9e9), watched=True)
    assert (told.written_bytes, told.data_sets, told.written_mb_s) == (5e9, None, None)


def test_what_is_not_told_is_not_made_up() -> None:
    told = between(None, Sample(0.0, "", None, None, None, None, None, None, None), watched=True)
    assert told[:-1] == (None,) * 10
    assert told.is_idle
    assert told.findings == ()


def test_a_counter_that_begins_anew_counts_from_there() -> None:
    assert between(START._replace(written=8e9), later(written=2e9), watched=True).written_mb_s == 200.0


def test_samples_come_from_looks_and_from_the_history() -> None:
    counts = {"data_sets_written": 7.0, "data_sets_read": 1.0, "write_retries": 2.0, "write_compression_percent": 250.0}
    seen = DriveLook("d", 1, "IBM", "ULT3580-TD9", "x", "s", 9, counters={"mount_written_bytes": 4e6},
                     cartridge=CartridgeLook(serial="C1", counters=counts))  # fmt: skip
    assert sample(seen, "", 3.0) == Sample(3.0, "C1", 4e6, None, 8.0, 2.0, 2.5, None, 177.0)
    beside = seen._replace(counters={}, cartridge=CartridgeLook(serial="C1", counters={"written_mb": 5.0}))
    assert sample(beside, "", 3.0).written == 5e6
    assert kept_sample({"mount_written_bytes": 1.0}, counts, "C1") == Sample(
        0.0, "C1", 1.0, None, 8.0, 2.0, *[None] * 3
    )


def test_lowest_speeds() -> None:
    assert [lowest_speed(number, "") for number in (5, 6, 7, 8, 9, 10, None)] == [40, 40, 101.5, 112, 177, None, None]
    assert (lowest_speed(6, "HP"), lowest_speed(7, "HP")) == (54, 101.5)


class Told:
    """A drive that answers what it is given."""

    address = "drive"

    def __init__(self, *senses: bytes) -> None:
        self._senses = list(senses)

    def execute(self, cdb: bytes, **_options: Any) -> ScsiReply:
        sense = self._senses.pop(0)
        return ScsiReply(2 if sense else 0, sense, b"")

    def close(self) -> None: ...


def test_an_attention_that_was_taken_from_st_is_told() -> None:
    reset = bytes.fromhex("700006000000000a00000000290200000000")
    watch = AttentionWatch(Told(b"", reset, b""))
    for _ in range(3):
        watch.execute(bytes(6))
    with pytest.raises(UnitAttention, match="has not been told; stop that program"):
        watch.check()


def test_other_answers_are_no_attention() -> None:
    watch = AttentionWatch(Told(b"", bytes.fromhex("700005000000000a00000000240000000000"), b"\x70"))
    for _ in range(3):
        watch.execute(bytes(6))
    watch.check()
