# SPDX-License-Identifier: WTFPL OR MIT
"""Cartridges that are not ready at once: slow ones, and those that clean."""

from __future__ import annotations

import pytest

from pytp_native.devices import retry
from pytp_native.errors import NotReady, PytpError, UsageError
from pytp_native.scsi import executor, spc
from pytp_native.scsi.executor import Clock
from pytp_native.transport.records import GMT_DR_OPEN, GMT_ONLINE
from pytp_native.transport.virtual import open_virtual_tape
from pytp_native.transport.virtual_scsi import open_virtual_scsi
from pytp_native.units import MIB
from pytp_native.vtl.fault_lines import parse_fault
from pytp_native.vtl.library import Library
from pytp_native.vtl.loading import CLEANING_USES
from pytp_native.vtl.state import DriveState
from tests.unit.vtl.commands import good, log, mode, parameters, sense_of, settle, write

READY = bytes(6)


@pytest.fixture
def library(tmp_path):
    made = Library.create(tmp_path / "vtl", drives=1, slots=4, cartridges=1, capacity_bytes=4 * MIB)
    made.add("CLN001L9", slot=2)
    return made


@pytest.fixture
def scsi(library):
    return settle(open_virtual_scsi(str(library.path), 0))


def clean(library, scsi) -> None:
    """Let the drive be cleaned once, to the end."""
    library.load(2, 0)
    while sense_of(scsi.execute(READY)) == (2, 0x3003):
        pass
    library.unload(0, 2)


def test_a_slow_load_is_told_with_its_progress(library, scsi):
    library.unload(0)
    library.add_fault(0, "slow load 4")
    library.load(1, 0)
    replies = [scsi.execute(READY) for _ in range(4)]
    assert [sense_of(reply) for reply in replies] == [(2, 0x0401)] * 4
    assert [int.from_bytes(reply.sense[16:18], "big") / 65536 for reply in replies] == [0, 0.25, 0.5, 0.75]
    assert sense_of(scsi.execute(READY)) == (6, 0x2800)
    assert scsi.execute(READY).status == 0
    assert library.faults(0) == ()


def test_progress_comes_in_a_descriptor_too(library, scsi):
    page = good(mode(scsi, 0x0A))
    changed = bytes((0, 0, 0x10, 0)) + page[4:6] + bytes((page[6] | 0x04,)) + page[7:]
    assert scsi.execute(bytes((0x15, 0x10, 0, 0, len(changed), 0)), data_out=changed).status == 0
    library.unload(0)
    library.add_fault(0, "slow load 2")
    library.load(1, 0)
    scsi.execute(READY)
    assert scsi.execute(READY).sense[:16].hex(" ") == "72 02 04 01 00 00 00 08 02 06 00 00 80 80 00 00"


def test_what_needs_the_tape_has_to_wait(library, scsi):
    library.unload(0)
    library.add_fault(0, "slow load 2")
    library.load(1, 0)
    for cdb in (bytes((1, 0, 0, 0, 0, 0)), b"\x34" + bytes(9), bytes((0x8C,)) + bytes(12) + b"\xff\0\0"):
        assert sense_of(scsi.execute(cdb, data_in_bytes=0)) == (2, 0x0401)
    assert log(scsi, 0x11)[8:11].hex(" ") == "11 94 02"  # in transition, present, loading


def test_the_policy_waits_for_a_first_load_and_shows_how_far_it_is(library, scsi):
    library.unload(0)
    library.add_fault(0, "slow load 60")
    library.load(1, 0)
    seen, waited = [], []
    now = Clock(lambda: 0.0, waited.append)
    executor.run(scsi, spc.test_unit_ready(), retry.LOADING, on_wait=seen.append, clock=now)
    loading = [one for one in seen if one.rule == "becoming ready"]
    assert len(loading) == 60
    assert [round(one.sense.progress, 2) for one in loading[::20]] == [0, 0.33, 0.67]
    assert waited[:60] == [2.0] * 60


def test_a_deadline_ends_the_wait(library, scsi):
    library.unload(0)
    library.add_fault(0, "slow load 9999")
    library.load(1, 0)
    times = iter(range(0, 1_000_000, 600))
    with pytest.raises(NotReady, match="becoming ready, 0 % done"):
        executor.run(
            scsi, spc.test_unit_ready(), retry.LOADING, clock=Clock(lambda: float(next(times)), lambda _: None)
        )


def test_st_waits_for_a_slow_cartridge(library):
    library.unload(0)
    library.add_fault(0, "slow load 100")
    library.load(1, 0)
    tape = open_virtual_tape(str(library.path), 0)
    assert tape.position() == 0
    tape.close()


def test_each_look_at_a_slow_cartridge_is_one_question_and_it_is_no_empty_drive(library):
    library.unload(0)
    library.add_fault(0, "slow load 3")
    library.load(1, 0)
    seen = []
    for _look in range(4):
        tape = open_virtual_tape(str(library.path), 0, status_only=True)
        seen.append((tape.status().has(GMT_ONLINE), tape.status().has(GMT_DR_OPEN)))
        tape.close()
    assert seen == [(False, False), (False, False), (True, False), (True, False)]


def test_st_gives_up_after_two_minutes(library):
    library.unload(0)
    library.add_fault(0, "slow load 1000")
    library.load(1, 0)
    with pytest.raises(PytpError, match="vtl:"):
        open_virtual_tape(str(library.path), 0)


def test_cleaning_takes_a_while_and_lets_go(library, scsi):
    library.unload(0)
    library.load(2, 0)
    assert [sense_of(scsi.execute(READY)) for _ in range(4)] == [(2, 0x3003)] * 3 + [(2, 0x3A00)]
    assert scsi.execute(bytes((0x1B, 0, 0, 0, 1, 0))).status == 2
    library.unload(0, 2)
    library.load(1, 0)
    settle(scsi)
    assert scsi.execute(READY).status == 0


def test_a_drive_is_cleaned_of_what_it_asked_for(library, scsi):
    library.add_fault(0, "cleaning at 2")
    for _ in range(4):
        good(write(scsi, b"x" * 1000))
    assert library.faults(0) == ()
    assert parameters(log(scsi, 0x0C))[0x0100][-1] == 1
    assert log(scsi, 0x11)[8] & 0x04
    assert parameters(log(scsi, 0x12))[0] == bytes.fromhex("0000080000000000")
    library.unload(0)
    clean(library, scsi)
    library.load(1, 0)
    settle(scsi)
    assert parameters(log(scsi, 0x0C))[0x0100][-1] == 0
    assert not log(scsi, 0x11)[8] & 0x04
    assert parameters(log(scsi, 0x12))[0] == bytes(8)
    assert parameters(log(scsi, 0x14))[1][-1] == 1


def test_hours_since_the_last_cleaning_begin_anew(library, scsi):
    state = DriveState(str(library.path / "drive0"))
    state.raw.life_written = 3 * 3600 * 300 * 10**6
    state.close()
    assert [parameters(log(scsi, 0x14))[code][-1] for code in (3, 8)] == [3, 3]
    library.unload(0)
    clean(library, scsi)
    assert [parameters(log(scsi, 0x14))[code][-1] for code in (3, 8)] == [3, 0]


def test_hours_since_the_cleanings_before_are_told_once_there_were_any(library, scsi):
    def moved(hours: int) -> None:
        state = DriveState(str(library.path / "drive0"))
        state.raw.life_written += hours * 3600 * 300 * 10**6
        state.close()

    told = []
    library.unload(0)
    for hours in (5, 4, 3):
        moved(hours)
        clean(library, scsi)
        found = parameters(log(scsi, 0x14))
        told.append([found[code][-1] for code in (8, 9, 10) if code in found])
    moved(1)
    found = parameters(log(scsi, 0x14))
    assert told == [[0], [0, 4], [0, 3, 7]]
    assert [found[code][-1] for code in (8, 9, 10)] == [1, 4, 8]


def test_the_request_for_cleaning_outlives_a_change_of_cartridges(library, scsi):
    library.add_fault(0, "cleaning at 0")
    good(write(scsi, b"x"))
    library.unload(0)
    library.load(1, 0)
    settle(scsi)
    assert parameters(log(scsi, 0x12))[0] == bytes.fromhex("0000080000000000")


def test_a_cleaning_cartridge_is_used_up_one_day(library, scsi):
    library.unload(0)
    for _ in range(CLEANING_USES):
        clean(library, scsi)
    assert parameters(log(scsi, 0x14))[1][-1] == CLEANING_USES
    library.load(2, 0)
    assert sense_of(scsi.execute(READY)) == (2, 0x3013)
    assert parameters(log(scsi, 0x12))[0] == bytes.fromhex("0000040000000000")
    assert parameters(log(scsi, 0x14))[1][-1] == CLEANING_USES
    library.unload(0, 2)


@pytest.mark.parametrize("text", ["cleaning at", "slow load x", "slow load"])
def test_odd_faults_are_refused(text):
    with pytest.raises(UsageError):
        parse_fault(text)
