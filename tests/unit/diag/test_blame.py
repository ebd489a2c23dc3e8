# SPDX-License-Identifier: WTFPL OR MIT
from __future__ import annotations

import pytest

from pytp_native.diag.blame import blame, blame_of
from pytp_native.diag.cleaning import forecast, next_cleaning
from pytp_native.diag.trend import Cell, Growth, growth


def cell(drive: int, cartridge: int, retries: float = 0, hard: float = 0, sets: float = 1000) -> Cell:
    grown = {"data_sets_written": sets, "write_retries": retries, "unrecovered_write_errors": hard}
    return Cell(drive, cartridge, grown)


def test_trouble_with_many_cartridges_is_the_drive_s() -> None:
    pairs = [cell(1, tape, 40) for tape in range(10, 14)] + [cell(2, tape) for tape in range(10, 14)]
    found = blame(pairs)
    assert (set(found.drives), set(found.cartridges), found.either) == ({1}, set(), [])


def test_trouble_in_many_drives_is_the_cartridge_s() -> None:
    pairs = [cell(drive, 10, 40) for drive in (1, 2)] + [cell(drive, tape) for drive in (1, 2) for tape in (11, 12)]
    found = blame(pairs)
    assert (set(found.drives), set(found.cartridges), found.either) == (set(), {10}, [])


def test_both_at_once_are_told_apart() -> None:
    pairs = [cell(1, tape, 40) for tape in range(10, 15)]
    pairs += [cell(drive, tape) for drive in (2, 3) for tape in range(10, 15)]
    pairs += [cell(drive, 99, 60) for drive in (2, 3)]
    found = blame(pairs)
    assert (set(found.drives), set(found.cartridges), found.either) == ({1}, {99}, [])


def test_a_bad_cartridge_that_only_one_good_drive_has_seen_is_to_blame() -> None:
    assert set(blame([cell(1, 10, 40), cell(1, 11), cell(1, 12)]).cartridges) == {10}


def test_a_drive_that_fails_a_cartridge_which_others_read_well_is_to_blame() -> None:
    assert set(blame([cell(1, 10, 40), cell(2, 10)]).drives) == {1}


def test_a_lonely_pair_cannot_be_told_apart() -> None:
    found = blame([cell(1, 10, 40)])
    assert (found.drives, found.cartridges, len(found.either)) == ({}, {}, 1)
    assert found.of_pair(1, 10) == ""


@pytest.mark.parametrize("pair", [cell(1, 10, 2), cell(1, 10, 9), cell(1, 10, 0, sets=0)])
def test_a_few_retries_are_usual(pair: Cell) -> None:
    found = blame([pair])
    assert (found.drives, found.cartridges, found.either) == ({}, {}, [])


def test_one_unrecovered_error_is_one_too_many() -> None:
    assert len(blame([cell(1, 10, 0, hard=1)]).either) == 1


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (5, 8, Growth(3)), (5, 5, Growth(0)), (5, 2, Growth(2, reset=True)), (65530, 4, Growth(10)),
        (16777210, 4, Growth(10)), (4294967290, 4, Growth(10)), (2.0**48 - 6, 4, Growth(10)),
        (40000, 4, Growth(4, reset=True)), (60000, 3, Growth(3, reset=True)), (16000000, 3, Growth(3, reset=True)),
    ],
)  # fmt: skip
def test_resets_and_roll_overs_are_recognised(before: float, now: float, told: Growth) -> None:
    assert growth(before, now) == told


def test_cleaning_is_forecast_from_the_intervals() -> None:
    hours = {"motion_hours_since_cleaning": 95.0, "motion_hours_since_second_cleaning": 195.0,
             "motion_hours_since_third_cleaning": 295.0}  # fmt: skip
    told = forecast(hours)
    assert told is not None
    assert (told.interval_hours, told.left_hours, told.due) == (100, 5, True)
    later = forecast({**hours, "motion_hours_since_cleaning": 20.0})
    assert later is not None
    assert not later.due


def test_a_drive_without_cleanings_is_due_by_hours_only_if_it_does_not_ask() -> None:
    hours = {"motion_hours_since_cleaning": 95.0}
    asking, silent = forecast(hours), forecast(hours, asks=False)
    assert asking is not None
    assert silent is not None
    assert (asking.due, silent.due) == (False, True)
    assert forecast({}) is None


def test_an_interval_that_the_drive_tells_counts_where_none_was_seen() -> None:
    hours = {"motion_hours_since_cleaning": 91.0, "cleaning_interval_hours": 100.0}
    told = forecast(hours)
    assert told is not None
    assert (told.interval_hours, told.left_hours, told.due) == (100, 9, True)
    seen = forecast({**hours, "motion_hours_since_second_cleaning": 241.0})
    assert seen is not None
    assert (seen.interval_hours, seen.due) == (150, False)


@pytest.mark.parametrize(
    ("hours", "asked", "words"),
    [
        ({"motion_hours_since_cleaning": 5.0}, True, "now: the drive asks for it"),
        ({}, False, "not foreseen: the drive does not tell its hours of motion"),
        ({"motion_hours_since_cleaning": 5.0}, False,
         "when the drive asks: it was not cleaned often enough to foresee it"),
        ({"motion_hours_since_cleaning": 95.0, "cleaning_interval_hours": 100.0}, False,
         "due: 95 h of motion since the last one, 100 h are usual"),
        ({"motion_hours_since_cleaning": 20.0, "cleaning_interval_hours": 100.0}, False,
         "likely in 80 h of motion: 20 h of motion since the last one, 100 h are usual"),
    ],
)  # fmt: skip
def test_the_next_cleaning_in_words(hours: dict[str, float], asked: bool, words: str) -> None:
    assert next_cleaning(forecast(hours), asked=asked) == words


def test_a_head_that_wears_late_is_not_averaged_away() -> None:
    """Months of good use, and then a week in which every cartridge has trouble in one drive."""
    whole = [cell(1, tape, 80, sets=100_000) for tape in (10, 11, 12, 13)]
    whole += [cell(2, tape, 5, sets=100_000) for tape in (10, 11, 12, 13)]
    late = [cell(1, tape, 75, sets=3000) for tape in (10, 11, 12)] + [cell(2, 13, 1, sets=3000)]
    assert blame(whole).drives == {}
    found = blame_of(whole, late)
    assert (set(found.drives), found.cartridges, found.either) == ({1}, {}, [])


def test_who_does_well_in_the_long_time_is_a_witness() -> None:
    """One pair with trouble lately: the drive did well with others before, the cartridge was in no other."""
    whole = [cell(1, 10, 40, sets=100_000), cell(1, 11, 2, sets=100_000)]
    found = blame_of(whole, [cell(1, 10, 38, sets=1000)])
    assert (found.drives, set(found.cartridges), found.either) == ({}, {10}, [])


def test_what_is_blamed_for_long_is_not_told_twice() -> None:
    whole = [cell(1, tape, 4000, sets=100_000) for tape in (10, 11, 12)]
    late = [cell(1, 10, 300, sets=3000)]
    found = blame_of(whole, late)
    assert (set(found.drives), found.cartridges, found.either) == ({1}, {}, [])


def test_a_usual_week_blames_nobody() -> None:
    whole = [cell(1, tape, 40, sets=100_000) for tape in (10, 11, 12)]
    found = blame_of(whole, [cell(1, tape, 8, sets=1000) for tape in (10, 11, 12)])
    assert (found.drives, found.cartridges, found.either) == ({}, {}, [])
