# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

import time
from pathlib import Path

import pytest

from pytp_native.devices.look import CartridgeLook, DriveLook, LibraryLook
from pytp_native.diag.checkup import verdicts
from pytp_native.diag.difference import difference
from pytp_native.diag.history import FILE_NAME, History
from pytp_native.diag.trend import cells, read_past
from pytp_native.diag.verdict import Verdict, exit_code
from pytp_native.scsi.log_incidents import ElementCounts

NOW = int(time.time())
SOUND = {
    "mounts": 3.0, "data_sets_written": 1000.0, "write_retries": 1.0, "data_sets_read": 0.0, "read_retries": 0.0,
    "life_percent": 97.0, "middle_passes": 40.0,
}  # fmt: skip


def drive(serial: str = "D1", tape: CartridgeLook | None = None, **told: object) -> DriveLook:
    return DriveLook("/dev/nst0", NOW, "IBM", "ULT3580-TD9", "R1", serial, cartridge=tape)._replace(**told)  # type: ignore[arg-type]


def tape(serial: str = "M1", **counters: float) -> CartridgeLook:
    return CartridgeLook(serial=serial, barcode=f"{serial}L9", counters={**SOUND, **counters})


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(str(tmp_path / FILE_NAME))


def judged(history: History, *looks: DriveLook | LibraryLook) -> dict[str, Verdict]:
    for seen in looks:
        history.store(seen, "test")
    return {f"{one.kind} {one.name}": one for one in verdicts(history, looks)}


def test_a_sound_pair_is_good(history: History) -> None:
    found = judged(history, drive(tape=tape()))
    assert {name: one.level for name, one in found.items()} == {
        "drive IBM ULT3580-TD9 D1": "good", "cartridge M1L9": "good",
    }  # fmt: skip
    assert exit_code(found.values()) == 0


@pytest.mark.parametrize(
    ("counters", "level"),
    [
        ({"life_percent": 19}, "watch"), ({"life_percent": 4}, "act now"), ({"middle_passes": 12_800}, "watch"),
        ({"middle_passes": 16_000}, "act now"), ({"mounts": 16_000}, "watch"),
        ({"fatal_suspended_writes": 1}, "act now"),
        ({"unrecovered_read_errors": 1}, "act now"), ({"write_retries": 30}, "watch"), ({"write_retries": 2}, "good"),
    ],
)  # fmt: skip
def test_what_a_cartridge_counts_decides_about_it_alone(
    history: History, counters: dict[str, float], level: str
) -> None:
    found = judged(history, drive(tape=tape(**counters)))
    assert found["cartridge M1L9"].level == level
    assert found["drive IBM ULT3580-TD9 D1"].level == "good"


@pytest.mark.parametrize(
    ("flag", "of_drive", "of_cartridge"),
    [
        (20, "act now", "good"), (21, "watch", "good"), (4, "good", "act now"), (7, "good", "watch"),
        (6, "act now", "act now"), (9, "good", "good"), (30, "act now", "good"),
    ],
)  # fmt: skip
def test_flags_belong_to_drive_cartridge_or_either(
    history: History, flag: int, of_drive: str, of_cartridge: str
) -> None:
    found = judged(history, drive(tape=tape(), alerts=frozenset({flag})))
    assert found["drive IBM ULT3580-TD9 D1"].level == of_drive
    assert found["cartridge M1L9"].level == of_cartridge


def test_a_flag_that_may_be_either_s_goes_where_the_history_points(history: History) -> None:
    for number in range(4):
        for written in (0.0, 1000.0):
            history.store(drive(tape=tape(f"M{number}", data_sets_written=written, write_retries=written / 10)), "job")
    found = judged(history, drive(tape=tape("M0", write_retries=100), alerts=frozenset({6})))
    assert found["drive IBM ULT3580-TD9 D1"].level == "act now"
    assert found["cartridge M0L9"].level == "good"


def test_a_drive_that_may_not_ask_is_cleaned_by_hours(history: History) -> None:
    seen = drive(counters={"motion_hours_since_cleaning": 95.0})
    history.store(seen, "test")
    assert [one.level for one in verdicts(history, [seen])] == ["good"]
    assert [one.level for one in verdicts(history, [seen], lazy=frozenset({"D1"}))] == ["watch"]


def test_a_slot_that_is_missed_is_named_also_where_others_have_a_retry(history: History) -> None:
    def counts(retries: int) -> ElementCounts:
        return ElementCounts(10, retries, 10, 0, 0, 0)

    elements = {address: counts(1) for address in range(1000, 1010)} | {1003: counts(12)}
    seen = LibraryLook("/dev/sg4", NOW, "HP", "MSL", "9", "L1", elements=elements)
    (library,) = judged(history, seen).values()
    assert [finding.words.split(":")[0] for finding in library.findings] == ["element 1003"]
    assert library.level == "watch"


def test_flags_that_reading_cleared_count_for_a_day(history: History) -> None:
    old = LibraryLook("/dev/sg4", NOW - 3600, "HP", "MSL", "9", "L1", alerts=frozenset({4}))
    history.store(old, "metrics", cleared=frozenset({4}))
    assert [one.level for one in judged(history, old._replace(taken=NOW, alerts=frozenset())).values()] == ["act now"]
    older = old._replace(taken=NOW - 2 * 86400, serial="L2")
    history.store(older, "metrics", cleared=frozenset({4}))
    assert [one.level for one in judged(history, older._replace(taken=NOW, alerts=frozenset())).values()] == ["good"]


def test_errors_of_a_link_are_neither_the_drives_nor_the_tapes(history: History) -> None:
    week = 7 * 86400
    for age, count in ((2 * week, 5.0), (week + 60, 90.0)):
        history.store(drive(counters={"link_errors": count}, taken=NOW - age), "job")
    found = judged(history, drive(tape=tape(), counters={"link_errors": 90.0}))
    assert [one.level for one in found.values()] == ["good", "good"]
    found = judged(history, drive(tape=tape(), counters={"link_errors": 97.0}))
    (told,) = found["drive IBM ULT3580-TD9 D1"].findings
    assert (told.level, told.blames) == ("watch", "host")
    assert told.words.startswith("7 errors of its link")
    assert found["cartridge M1L9"].level == "good"


def test_a_missing_end_of_data_is_said(history: History) -> None:
    found = judged(history, drive(tape=tape()._replace(end_of_data_missing=True)))
    assert "end of data" in found["cartridge M1L9"].findings[0].words


def test_the_difference_of_a_job_is_of_the_same_cartridge_only() -> None:
    before = drive(tape=tape(), counters={"loads": 4.0, "hard_read_errors": 0.0}, alerts=frozenset({3}))
    counters = {"loads": 4.0, "hard_read_errors": 2.0}
    later = tape(data_sets_written=1500.0, write_retries=9.0)
    after = drive(tape=later, counters=counters, alerts=frozenset({3, 6}))
    told = difference(before, after)
    assert told.cartridge == {"data_sets_written": 500, "write_retries": 8}
    assert told.trouble == {"write_retries": 8, "hard_read_errors": 2}
    assert (told.new_alerts, told.alerts) == ((6,), (3, 6))
    assert difference(before, after._replace(cartridge=tape("M2"))).cartridge is None


def test_8_drives_and_200_cartridges_are_judged_in_less_than_two_seconds(history: History) -> None:
    for round_ in range(4):
        for number in range(200):
            counters = {name: value * (round_ + 1) for name, value in SOUND.items()} | {"life_percent": 90.0}
            history.store(drive(f"D{number % 8}", tape(f"M{number}", **counters), taken=NOW - 1000 + round_), "job")
    looks = [drive(f"D{number}", tape(f"M{number}"), taken=NOW) for number in range(8)]
    began = time.process_time()
    for seen in looks:
        history.store(seen, "health")
    found = verdicts(history, looks, everything=True)
    assert time.process_time() - began < 2
    assert len(found) == 208


def fills(history: History, when: int, retries: float, *, drive_serial: str = "D1", tapes: tuple[str, ...] = ("M1",)):
    """One look before and one behind 1000 data sets, for each cartridge."""
    for serial in tapes:
        seen = history.latest(next((one.id for one in history.units("cartridge") if one.serial == serial), 0))
        sets, again = seen.get("data_sets_written", 0.0), seen.get("write_retries", 0.0)
        for more in (0.0, 1.0):
            counters = {"data_sets_written": sets + 1000 * more, "write_retries": again + retries * more, "mounts": 1.0}
            look = CartridgeLook(serial=serial, barcode=f"{serial}L9", counters=counters)
            history.store(drive(drive_serial, look, taken=when), "job")


def test_trouble_that_begins_after_good_years_is_seen(history: History) -> None:
    tapes = ("M1", "M2", "M3", "M4")
    for age in range(24, 0, -1):
        fills(history, NOW - 120 * 86400 - age * 30 * 86400, 0, tapes=tapes)
    fills(history, NOW - 3600, 200, tapes=tapes)
    found = {f"{one.kind} {one.name}": one for one in verdicts(history, [], everything=True)}
    (finding,) = found["drive IBM ULT3580-TD9 D1"].findings
    assert (finding.blames, finding.level) == ("drive", "act now")


def test_what_was_mended_is_forgiven(history: History) -> None:
    tapes = ("M1", "M2", "M3", "M4")
    fills(history, NOW - 120 * 86400, 200, tapes=tapes)
    for tape_serial in tapes:
        fills(history, NOW - 3600, 0, tapes=(tape_serial,))
    found = {f"{one.kind} {one.name}": one for one in verdicts(history, [], everything=True)}
    assert found["drive IBM ULT3580-TD9 D1"].level == "good"


def test_a_slot_that_was_mended_is_forgiven(history: History) -> None:
    def counts(retries: int, picks: int) -> ElementCounts:
        return ElementCounts(picks, retries, picks, 0, 0, 0)

    def seen(age: int, retries: int, picks: int) -> LibraryLook:
        elements = {address: counts(0, picks) for address in range(1000, 1010)} | {1003: counts(retries, picks)}
        return LibraryLook("/dev/sg4", NOW - age, "HP", "MSL", "9", "L1", elements=elements)

    history.store(seen(40 * 86400, 30, 10), "health")
    (library,) = judged(history, seen(0, 30, 40)).values()
    assert library.level == "good"
    (library,) = judged(history, seen(0, 60, 44)).values()
    assert library.level == "watch"


def test_looks_count_in_their_order_whatever_the_clock_said(history: History) -> None:
    for when, retries in ((NOW, 1000.0), (NOW - 86400, 1001.0), (NOW - 86000, 1002.0)):
        history.store(drive(tape=tape(write_retries=retries, data_sets_written=1e6 + retries), taken=when), "job")
    (cell,) = cells(read_past(history))
    assert (cell.retries, cell.resets) == (2, 0)
    assert history.latest(next(one.id for one in history.units("cartridge")))["write_retries"] == 1002


def test_mounts_belong_to_the_pair_that_has_the_cartridge_now(history: History) -> None:
    for mounts, serial in ((1.0, "D1"), (2.0, "D2"), (3.0, "D1"), (4.0, "D2")):
        for data in (0.0, 10.0):
            counters = {"mounts": mounts, "data_sets_written": 100 * mounts + data, "write_retries": 0.0}
            history.store(drive(serial, CartridgeLook(serial="M1", counters=counters)), "job")
    assert [cell.grown["mounts"] for cell in cells(read_past(history))] == [2, 2]
