# SPDX-License-Identifier: WTFPL OR MIT
"""What may happen to a backup, and the test that acts it out; each of them has to be there.

Not acted out, and why:
- Encryption keys missing, changed or dropped by a reload: pytp writes unencrypted, and sets no key that could be lost.
- Silent corruption between host and drive: logical block protection is not used; what it does to a file is told at
  restore, by its checksum (below: "corruption on the medium").
- Two hosts at one library: reservations are reported as busy; there are no leases that a jumping clock could break.
- The same tape put back in after an operator took it: the job has ended; `pytp resume` goes on.
"""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]
EVENTS = {
    "power loss while writing": "faults/test_power_cut.py::test_what_was_safe_is_there_and_the_rest_follows",
    "power loss of the drive alone": "unit/jobs/test_frontier.py::test_a_drive_that_lost_power_is_not_written_on",
    "kill -9": "faults/test_kill.py::test_what_was_reported_as_saved_survives_kill_9",
    "host reboot with a tape loaded": "unit/vtl/test_accidents.py::test_a_blackout_kills_who_writes",
    "write error": "faults/test_bad_place.py::test_the_job_goes_on_on_another_cartridge",
    "write error, and the drive gets over it": (
        "faults/test_bad_place.py::test_behind_a_filemark_the_member_goes_on_at_the_byte"
    ),
    "write error on two cartridges": "faults/test_bad_place.py::test_two_cartridges_in_a_row_blame_the_drive",
    "write error, no other cartridge": (
        "unit/jobs/test_backup_trouble.py::test_a_medium_error_ends_the_job_at_an_exactly_known_block"
    ),
    "drive asks for cleaning": "faults/test_cleaning_break.py::test_it_is_cleaned_between_two_arguments",
    "no further cartridge": "faults/test_resume_inside.py::test_a_file_longer_than_a_cartridge_comes_to_its_end",
    "session after a write error": "unit/jobs/test_resume.py::test_a_bad_place_on_the_tape_is_told",
    "deferred error": "unit/jobs/test_frontier.py::test_a_deferred_error_closes_the_tape_file",
    "deferred error at a flush": "unit/vtl/test_accidents.py::test_flushing_finds_a_deferred_error_at_once",
    "tape full, at every block": "faults/test_spanning.py::test_early_warning_at_any_block_filemark_or_in_the_trailer",
    "end of the medium in the trailer": "faults/test_spanning.py::test_a_trailer_that_does_not_fit_is_in_the_next_one",
    "operator takes the tape": "unit/jobs/test_backup_trouble.py::test_a_cartridge_taken_out_is_no_end_of_tape",
    "operator at a locked door": "unit/jobs/test_guards.py::test_nobody_takes_the_cartridge_out_of_a_drive_that_writes",
    "wrong tape": "unit/jobs/test_guards.py::test_every_mismatch_of_names_and_medium_is_refused",
    "duplicate barcode": "unit/jobs/test_guards.py::test_a_second_cartridge_with_a_barcode_that_is_taken_is_refused",
    "foreign data": "faults/test_spanning.py::test_a_named_foreign_tape_is_refused",
    "tape moved by somebody else": "unit/jobs/test_frontier.py::test_a_tape_that_somebody_moved_ends_the_job",
    "bus reset": "unit/jobs/test_frontier.py::test_a_bus_reset_ends_the_job_and_leaves_the_tape_alone",
    "source vanishes": "unit/jobs/test_backup_trouble.py::test_a_file_that_vanishes_is_listed_and_the_rest_saved",
    "source shrinks": "unit/jobs/test_backup_trouble.py::test_a_file_that_shrinks_is_filled_with_zeros_and_listed",
    "source grows": "unit/jobs/test_backup_trouble.py::test_a_file_that_grows_is_cut_and_listed",
    "corruption on the medium": "faults/test_kill.py::test_the_campaign_notices_a_loss",
    "catalog lost": "cli/test_catalog_commands.py::test_a_lost_catalog_comes_back_from_the_trailers",
    "catalog rolled back": "cli/test_catalog_commands.py::test_a_catalog_older_than_the_tape_refuses_to_append",
    "disk under the catalog full": "unit/jobs/test_ledger.py::test_a_disk_that_fills_under_the_catalog_does_not_stop",
    "changer fails in a move": "unit/devices/test_changer.py::test_a_failed_move_is_never_repeated",
    "changer loses a cartridge": "unit/devices/test_changer.py::test_a_cartridge_that_is_nowhere_is_said_to_be",
}


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_its_test(event: str) -> None:
    file, _, name = EVENTS[event].partition("::")
    assert f"\ndef {name}" in (_TESTS / file).read_text(encoding="utf-8")
