# SPDX-License-Identifier: WTFPL OR MIT
"""What is said when something fails: mt's lines first and unchanged, then one of ours."""

from __future__ import annotations

import errno
import os

import pytest

from pytp_cli import mt_story
from pytp_native.transport.records import GMT_EOD, GMT_ONLINE, GMT_WR_PROT, ScsiReply
from tests.cli.mt_bench import NODE, READY, make_fake, run

OFFLINE = "mt: The device is offline (not powered on, no tape ?)."
PROTECTED = "mt: The tape is write-protected."
NO_PARTITION = "the tape has no such partition, or st was not told that the drive has them"
READ_ONLY = "write-protected or opened for reading only"


def test_a_failed_operation_is_an_errno_and_then_its_story(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.EIO
    node.status = READY._replace(mt_gstat=GMT_ONLINE | GMT_EOD, mt_fileno=4, mt_blkno=-1)
    ended = run(capfd, "-f", NODE, "fsf", "9")
    assert (ended.code, ended.out) == (2, "")
    assert ended.lines == [f"{NODE}: Input/output error", f"mt: {NODE}: fsf 9: end of data at file 4"]


def test_after_a_failure_the_position_is_not_asked_for(capfd, monkeypatch) -> None:
    """MTIOCPOS makes st learn its numbers at the beginning of the tape: the next status would differ from mt's."""
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.EIO
    run(capfd, "-f", NODE, "bsr")
    assert ("pos",) not in node.calls


@pytest.mark.parametrize(
    ("line", "number", "story"),
    [
        ("setblk 99999999", errno.EINVAL, "outside the drive's block limits; 0 is variable blocks"),
        ("stsetoptions debug", errno.EPERM, "the driver's settings are the administrator's; run as root"),
        ("mkpartition 5", errno.EINVAL, f"{NO_PARTITION}; as root: mt stsetoptions can-partitions"),
        ("setpartition 1", errno.EINVAL, f"{NO_PARTITION}; as root: mt stsetoptions can-partitions"),
        ("weof", errno.EACCES, f"{READ_ONLY}; check the cartridge's tab; open for writing"),
        ("weof 2", errno.ENOSPC, "the cartridge is full at file 0 block 0; load another cartridge"),
        ("load", errno.ENXIO, "the device is gone or offline; look at dmesg and the cabling"),
    ],
)
def test_the_story_names_the_command_as_typed_and_the_next_step(capfd, monkeypatch, line, number, story) -> None:
    node = make_fake(monkeypatch)
    node.errors["operate"] = number
    ended = run(capfd, "-f", NODE, *line.split())
    assert ended.code == 2
    assert ended.lines[0] == f"{NODE}: {os.strerror(number)}"
    assert ended.lines[1:] == [f"mt: {NODE}: {line}: {story}"]


def test_an_errno_without_a_story_is_told_with_the_position(capfd, monkeypatch) -> None:
    make_fake(monkeypatch).errors["operate"] = errno.EPROTO
    ended = run(capfd, "-f", NODE, "lock")
    assert ended.lines[1:] == [f"mt: {NODE}: lock failed at file 0 block 0: Protocol error"]


def test_what_is_no_tape_is_called_so(capfd) -> None:
    ended = run(capfd, "-f", NODE, "rewind")
    assert (ended.code, ended.lines[0]) == (2, f"{NODE}: Inappropriate ioctl for device")
    assert ended.lines[1:] == [f"mt: {NODE}: is no tape drive; give a tape device like /dev/nst0"]


def test_an_operation_the_kernel_has_not_gets_mts_line_and_no_tests(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.ENOSYS
    node.status = READY._replace(mt_gstat=GMT_WR_PROT | GMT_ONLINE)
    ended = run(capfd, "-f", NODE, "fss")
    assert ended.lines[:2] == [f"{NODE}: Function not implemented", "mt: Command not supported by this kernel."]
    assert len(ended.lines) == 3


def test_an_offline_device_is_remarked_upon_where_mt_asks(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.EIO
    node.status = READY._replace(mt_gstat=0)
    assert run(capfd, "-f", NODE, "rewind").lines[:2] == [f"{NODE}: Input/output error", OFFLINE]
    assert OFFLINE not in run(capfd, "-f", NODE, "setblk", "0").lines


def test_only_scsi_drives_are_remarked_upon(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.EIO
    node.status = READY._replace(mt_type=0, mt_gstat=0)
    assert OFFLINE not in run(capfd, "-f", NODE, "rewind").lines


def test_write_protection_is_remarked_upon_when_it_is_there(capfd, monkeypatch) -> None:
    """Opened before the tab was seen; mt-st 1.7 has it the wrong way round."""
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.EACCES
    assert PROTECTED not in run(capfd, "-f", NODE, "weof").lines
    node.get = _protected_after(node)  # type: ignore[method-assign]
    assert run(capfd, "-f", NODE, "weof").lines[1] == PROTECTED
    assert PROTECTED not in run(capfd, "-f", NODE, "eof").lines


def _protected_after(node):
    def get(self):
        failed = any(call[0] in {5, 27} for call in node.calls if len(call) == 2)
        node.calls.append(("get",))
        return READY._replace(mt_gstat=GMT_ONLINE | (GMT_WR_PROT if failed else 0))

    node.calls.clear()
    return get


def test_count_errors_are_noticed_with_the_device_open_and_tested(capfd, monkeypatch) -> None:
    node = make_fake(monkeypatch)
    ended = run(capfd, "-f", NODE, "fsf", "10q")
    assert ended == (
        3, "", "mt: illegal count unit.\nmt: fsf 10q: the units are k (1024), M (1024k) and G (1024M)\n",
    )  # fmt: skip
    assert ("get",) in node.calls


@pytest.mark.parametrize("word", ["status", "tell"])
def test_a_failed_question_exits_2(capfd, monkeypatch, word: str) -> None:
    node = make_fake(monkeypatch)
    node.errors.update(get=errno.EIO, pos=errno.EIO)
    ended = run(capfd, "-f", NODE, word)
    assert (ended.code, ended.out, ended.lines[0]) == (2, "", f"{NODE}: Input/output error")
    assert ended.lines[1] == f"mt: {NODE}: {word}: the drive was reset and its position is lost; rewind, then try again"


def test_tell_without_an_answer_points_to_the_option(capfd, monkeypatch) -> None:
    make_fake(monkeypatch).errors["pos"] = errno.EIO
    assert "scsi2logical" in run(capfd, "-f", NODE, "tell").lines[-1]


def test_a_close_that_fails_is_told_and_changes_no_exit_status(capfd, monkeypatch) -> None:
    make_fake(monkeypatch).errors["close"] = errno.EIO
    assert run(capfd, "-f", NODE, "rewind") == (0, "", f"mt: {NODE}: close: Input/output error\n")


@pytest.mark.parametrize(
    ("number", "story"),
    [
        (errno.EACCES, "permission denied; run as root or join the group that owns the node (tape)"),
        (errno.EBUSY, "in use by another process; wait for it to finish or stop it"),
        (errno.ENOENT, "no such device; see `ls /dev/nst*`; is the drive on and the st module loaded?"),
        (errno.EIO, "the drive did not become ready; wait until it has loaded the cartridge"),
    ],
)
def test_an_open_that_fails_exits_1_and_says_what_to_do(capfd, monkeypatch, number: int, story: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pytp_cli.mt_device._open_node", refuse)
    monkeypatch.setattr("pytp_native.transport.holders.describe", lambda _path: "another process")
    ended = run(capfd, "-f", "/dev/nst99", "status")
    assert ended == (1, "", f"/dev/nst99: {os.strerror(number)}\nmt: /dev/nst99: {story}\n")


# -- sense -------------------------------------------------------------------------------------------------------------


class FakeScsi:
    def __init__(self, sense: bytes) -> None:
        self.sense = sense
        self.closed = False

    def execute(self, cdb: bytes, **_: object) -> ScsiReply:
        assert cdb == bytes(6)
        return ScsiReply(2 if self.sense else 0, self.sense, b"")

    def close(self) -> None:
        self.closed = True


FIXED = bytes.fromhex("70 00 02 00 00 00 00 0a 00 00 00 00 04 01 00 00 00 00")
DESCRIPTOR = bytes.fromhex("72 02 04 01 00 00 00 00")


@pytest.mark.parametrize("sense", [FIXED, DESCRIPTOR])
def test_a_drive_that_is_not_ready_is_asked_for_its_reason(capfd, monkeypatch, sense: bytes) -> None:
    scsi = FakeScsi(sense)
    monkeypatch.setattr("pytp_cli.mt_story.address.generic_node", lambda _name: "/dev/sg9")
    monkeypatch.setattr("pytp_cli.mt_story.open_scsi", lambda _node: scsi)
    node = make_fake(monkeypatch)
    node.errors["operate"] = errno.EIO
    node.status = READY._replace(mt_gstat=0)
    assert run(capfd, "-f", NODE, "rewind").lines[-1] == (
        f"mt: {NODE}: rewind: not ready: becoming ready (sense 2/04/01); "
        "wait until it is loaded; a new LTO-9 cartridge can take two hours"
    )
    assert scsi.closed


def test_a_drive_at_work_is_not_asked(capfd, monkeypatch) -> None:
    def never(_name: object) -> None:
        pytest.fail("a TEST UNIT READY here could eat a unit attention")

    monkeypatch.setattr("pytp_cli.mt_story.address.generic_node", never)
    make_fake(monkeypatch).errors["operate"] = errno.EIO
    assert run(capfd, "-f", NODE, "fsf").code == 2


@pytest.mark.parametrize(
    ("key", "code", "told"),
    [
        (2, "3a00", "not ready: no cartridge (sense 2/3a/00)"),
        (2, "04ff", "not ready: the vendor's own code 04h/ffh (sense 2/04/ff)"),
        (4, "4400", "hardware error: internal failure of the device (sense 4/44/00)"),
    ],
)
def test_sense_data_are_put_into_words_and_numbers(key: int, code: str, told: str) -> None:
    sense = bytes((0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0)) + bytes.fromhex(code) + bytes(4)
    error = mt_story.sense_error("/dev/nst0", sense)
    assert error is not None
    assert error.fact == told


@pytest.mark.parametrize("sense", [b"", b"\x70", b"\x72\x02", bytes(8)])
def test_too_little_sense_says_nothing(sense: bytes) -> None:
    assert mt_story.sense_error("/dev/nst0", sense) is None
