# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-scsitape: the bytes of its commands, its exit statuses, and data both ways on a virtual drive."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_cli import scsitape
from pytp_native.transport.records import ScsiReply
from pytp_native.vtl.library import Library
from tests.cli.scsi_bench import Ended, FakeUnit, check, put_in_place, run

Ask = Callable[..., Ended]


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> FakeUnit:
    unit = FakeUnit()
    put_in_place(monkeypatch, unit)
    return unit


@pytest.fixture
def ask(drive: FakeUnit, capfd: pytest.CaptureFixture[str]) -> Ask:
    return lambda line: run(capfd, scsitape.main, "-f", "/dev/sg0", *line.split())


COMMANDS = {
    "rewind": ["010000000000"],
    "fsf 3": ["110100000300"],
    "bsf 1": ["1101ffffff00"],
    "fsf": ["110100000000"],
    "eod": ["110300000000"],
    "mark 258": ["100000010200"],
    "seek 4026531841": ["2b0000f0000001000000"],
    "reten": ["1b0000000300"],
    "erase": ["010000000000", "190000000000"],
    "eject": ["1b0000000200"],
    "setblk 65536": ["151000000c00"],
}


@pytest.mark.parametrize("line", COMMANDS)
def test_the_bytes_of_a_command(drive: FakeUnit, ask: Ask, line: str) -> None:
    ended = ask(line)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert [cdb.hex() for cdb in drive.cdbs] == COMMANDS[line]


def test_only_the_first_command_counts(drive: FakeUnit, ask: Ask) -> None:
    assert ask("rewind eject").code == 0
    assert [cdb[0] for cdb in drive.cdbs] == [0x01]


def test_a_block_size_goes_with_buffered_mode(drive: FakeUnit, ask: Ask) -> None:
    ask("setblk 65536")
    assert drive.data_out[-1].hex() == "000010080000000000010000"


@pytest.mark.parametrize("line", COMMANDS)
def test_a_check_condition_is_shown_and_explained(drive: FakeUnit, ask: Ask, line: str) -> None:
    drive.plan(bytes.fromhex(COMMANDS[line][-1])[0], check(3, 0x0C, 0, valid=False))
    ended = ask(line)
    assert ended.code == (255 if line == "eject" else 1)
    assert ended.lines[0] == "mtx: Request Sense: Long Report=yes"
    assert ended.lines[-1].startswith("scsitape: /dev/sg0: ")
    assert "(sense 3/0c/00)" in ended.lines[-1]
    assert ("Eject (0x1B) failed\nscsitape:eject failed\n" in ended.err) == (line == "eject")


def test_a_rewind_that_fails_keeps_the_tape_from_being_erased(drive: FakeUnit, ask: Ask) -> None:
    drive.plan(0x01, check(4, 0x15, 0))
    assert ask("erase").code == 1
    assert drive.sent(0x19) == []


ATTENTION = check(6, 0x29, 0, valid=False)


@pytest.mark.parametrize("line", ["rewind", "eod", "seek 5", "reten", "eject", "setblk 512"])
def test_a_unit_attention_does_not_stop_what_means_the_same_anywhere(drive: FakeUnit, ask: Ask, line: str) -> None:
    opcode = {"rewind": 0x01, "eod": 0x11, "seek": 0x2B, "setblk": 0x15}.get(line.split()[0], 0x1B)
    drive.plan(opcode, ATTENTION)
    assert ask(line).code == 0
    assert len(drive.sent(opcode)) == 2


@pytest.mark.parametrize("line", ["fsf 2", "bsf 1", "mark 1", "erase", "read", "read 512", "write", "write 5"])
def test_after_a_reset_nothing_is_read_or_written_where_the_tape_happens_to_stand(
    drive: FakeUnit, capfd: pytest.CaptureFixture[str], tmp_path: Path, line: str
) -> None:
    """A drive that was reset stands at the beginning of its tape: to write again would overwrite that."""
    opcode = {"fsf": 0x11, "bsf": 0x11, "mark": 0x10, "erase": 0x19, "read": 0x08, "write": 0x0A}[line.split()[0]]
    drive.plan(opcode, ATTENTION)
    (tmp_path / "input").write_bytes(b"x" * 5)
    ended = with_input(tmp_path / "input", lambda: run(capfd, scsitape.main, "-f", "/dev/sg0", *line.split()))
    assert (ended.code, ended.out) == (1, "")
    assert "mtx: Request Sense: Sense Key=Unit Attention" in ended.lines
    assert len(drive.sent(opcode)) == 1


def test_a_reset_before_the_rewind_keeps_the_tape_from_being_erased(drive: FakeUnit, ask: Ask) -> None:
    drive.plan(0x01, ATTENTION)
    assert ask("erase").code == 1
    assert drive.sent(0x19) == []


@pytest.mark.parametrize("line", ["foo", "fsf x", "fsf -1", "--help", "read 512 x"])
def test_what_cannot_be_meant(drive: FakeUnit, ask: Ask, line: str) -> None:
    ended = ask(line)
    assert (ended.code, ended.out, drive.cdbs) == (1, "", [])
    assert ended.err.startswith("Usage: scsitape -f <generic-device> <command> where <command> is:\n setblk <n> | fsf")
    assert len(ended.lines) == 4


@pytest.mark.parametrize(
    "line", ["fsf 8388608", "fsf " + "9" * 5000, "mark 16777216", "setblk 16777216", "seek 4294967296", "read 16777216"]
)
def test_numbers_that_do_not_fit_are_not_cut(drive: FakeUnit, ask: Ask, line: str) -> None:
    ended = ask(line)
    assert (ended.code, drive.cdbs, len(ended.lines)) == (1, [], 1)


@pytest.mark.parametrize(("code", "ended"), [((0, 2), 0), ((0x11, 0), 1), ((0x0C, 0), 1), ((0x09, 0), 1)])
@pytest.mark.parametrize("line", ["read", "read 512"])
def test_a_medium_error_near_the_end_of_the_tape_is_no_end_of_file(
    drive: FakeUnit, ask: Ask, line: str, code: tuple[int, int], ended: int
) -> None:
    """EOM says where it happened; only END-OF-PARTITION DETECTED says that nothing follows."""
    sense = bytearray(check(3, *code).sense)
    sense[2] |= 0x40
    drive.plan(0x08, ScsiReply(2, bytes(sense), b""))
    told = ask(line)
    assert told.code == ended
    assert ("medium error" in told.err) == bool(ended)


def test_without_anything_it_says_nothing(capfd: pytest.CaptureFixture[str], ask: Ask) -> None:
    assert run(capfd, scsitape.main) == Ended(0, "", "")
    assert ask("") == Ended(0, "", "")


def test_the_device_may_be_in_the_environment(
    drive: FakeUnit, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(capfd, scsitape.main, "rewind").code == 1
    monkeypatch.setenv("TAPE", "/dev/sg9")
    monkeypatch.setenv("STAPE", "/dev/sg0")
    assert run(capfd, scsitape.main, "rewind").code == 0
    assert drive.sent(0x01)


@pytest.mark.parametrize(("key", "code"), [(0, 2), (3, 2), (13, 3)])
def test_the_end_of_the_medium_has_statuses_of_its_own(
    drive: FakeUnit, capfd: pytest.CaptureFixture[str], tmp_path: Path, key: int, code: int
) -> None:
    reply = check(key, 0, 2)
    drive.plan(0x0A, reply._replace(sense=reply.sense[:2] + bytes((0x40 | key,)) + reply.sense[3:]))
    (tmp_path / "input").write_bytes(b"x" * 10)
    ended = with_input(tmp_path / "input", lambda: run(capfd, scsitape.main, "-f", "/dev/sg0", "write"))
    assert (ended.code, ended.lines[0]) == (code, "Writing 10 blocks")


def with_input(path: Path, call: Callable[[], Ended]) -> Ended:
    kept, file = os.dup(0), os.open(path, os.O_RDONLY)
    try:
        os.dup2(file, 0)
        return call()
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(file)


def test_a_block_beyond_the_buffer_is_no_silent_cut(drive: FakeUnit, ask: Ask) -> None:
    reply = check(0, 0, 0)
    sense = reply.sense[:2] + bytes((0x20,)) + (-1000).to_bytes(4, "big", signed=True) + reply.sense[7:]
    drive.plan(0x08, ScsiReply(2, sense, b"x" * 131072))
    ended = ask("read")
    assert (ended.code, ended.out) == (1, "")
    assert "a block of 132072 bytes" in ended.lines[-1]


# -- on a virtual drive ------------------------------------------------------------------------------------------------


@pytest.fixture
def tape(tmp_path: Path) -> str:
    Library.create(tmp_path / "library", drives=1, slots=2, cartridges=1, capacity_bytes=16 << 20)
    return f"vtl:{tmp_path}/library/drive0"


def copy_in(tape: str, data: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str], *words: str) -> Ended:
    (tmp_path / "input").write_bytes(data)
    return with_input(tmp_path / "input", lambda: run(capfd, scsitape.main, "-f", tape, "write", *words))


def copy_out(tape: str, capfdbinary: pytest.CaptureFixture[bytes], *words: str) -> bytes:
    capfdbinary.readouterr()
    assert scsitape.main(["scsitape", "-f", tape, "read", *words]) == 0
    return capfdbinary.readouterr().out


def test_data_come_back(tape: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    data = os.urandom(300_000)
    (tmp_path / "input").write_bytes(data)
    assert scsitape.main(["scsitape", "-f", tape, "rewind"]) == 0  # takes the unit attention of the load
    with_input(tmp_path / "input", lambda: Ended(scsitape.main(["scsitape", "-f", tape, "write"]), "", ""))
    for line in ("mark 1", "rewind"):
        assert scsitape.main(["scsitape", "-f", tape, *line.split()]) == 0
    assert copy_out(tape, capfdbinary) == data


def test_a_count_is_that_many_blocks(tape: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """mtx's moves one more."""
    data = bytes(range(256)) * 40
    (tmp_path / "input").write_bytes(data)
    assert scsitape.main(["scsitape", "-f", tape, "setblk", "512"]) == 0
    with_input(tmp_path / "input", lambda: Ended(scsitape.main(["scsitape", "-f", tape, "write", "512", "9"]), "", ""))
    assert capfdbinary.readouterr().err == b"Writing 1 blocks\n" * 9
    assert scsitape.main(["scsitape", "-f", tape, "rewind"]) == 0
    assert copy_out(tape, capfdbinary, "512", "3") == data[: 3 * 512]
    assert copy_out(tape, capfdbinary, "512") == data[3 * 512 : 9 * 512]


def test_input_that_ends_inside_a_block_is_refused(
    tape: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(capfd, scsitape.main, "-f", tape, "setblk", "512").code == 0
    ended = copy_in(tape, bytes(700), tmp_path, capfd, "512")
    assert (ended.code, ended.lines[:2]) == (
        1, ["Writing 1 blocks", "Error: Data (188 bytes) not even multiple of block size (512 bytes)."],
    )  # fmt: skip
