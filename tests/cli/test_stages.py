# SPDX-License-Identifier: WTFPL OR MIT
"""A backup that fails names the stage that failed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pytp_native.errors import DeviceError, LibraryError, PytpError, Refused, UsageError, WriteProtected
from pytp_native.jobs.failure import failure_object, stage_of, staged
from tests.cli.conftest import Pytp
from tests.privilege import bound_by_permissions


def caused(number: int, kind: type[PytpError] = DeviceError) -> PytpError:
    error = kind("/dev/nst0", "cannot open")
    error.__cause__ = OSError(number, os.strerror(number))
    return error


@pytest.mark.parametrize(
    ("error", "stage"),
    [
        (DeviceError("d", "f"), "TAPE"), (LibraryError("l", "f"), "LIBRARY"), (caused(errno.EACCES), "PERMISSION"),
        (caused(errno.EIO), "TAPE"),
        (caused(errno.EACCES, WriteProtected), "TAPE"), (Refused("memory buffer", "f"), "BUFFER"),
        (UsageError("a", "f"), ""),
    ],
)  # fmt: skip
def test_each_error_has_its_stage(error: PytpError, stage: str) -> None:
    assert stage_of(error) == stage
    assert staged(error).startswith(f"[{stage}] " if stage else str(error))


def test_errno_and_sense_are_told() -> None:
    error = caused(errno.EIO)
    error.sense = bytes([0x70, 0, 3])
    assert staged(error) == "[TAPE] /dev/nst0: cannot open (EIO)"
    assert failure_object(error) == {
        "stage": "TAPE", "errno": "EIO", "sense": "700003", "text": "/dev/nst0: cannot open"
    }  # fmt: skip


def test_a_drive_that_fails_is_stage_tape_with_its_counters(pytp: Pytp, drive: str, source: Path) -> None:
    library = os.path.dirname(drive.removeprefix("vtl:"))
    assert pytp("vtl", "fault", library, "write 3: medium error").code == 0
    ended = pytp("backup", "-d", drive, "--json", str(source))
    assert ended.code == 6
    failure = ended.json["failure"]
    assert (failure["stage"], failure["errno"]) == ("TAPE", "EIO")
    assert any("backup" in line for line in failure["before"])
    assert ended.json["message"].startswith("[TAPE] ")
    before, after = ended.json["health"]["counters"]["hard_write_errors"]
    assert after > (before or 0)


def test_what_a_guard_refuses_has_its_stage(pytp: Pytp, drive: str, source: Path) -> None:
    """The tape's, or the source's."""
    assert pytp("backup", "-d", drive, str(source)).code == 0
    refused = pytp("backup", "-d", drive, "--json", "--volume", "OTHER1L9", str(source))
    assert (refused.code, refused.json["failure"]["stage"]) == (7, "TAPE")
    missing = pytp("backup", "-d", drive, "--json", str(source / "nothing"))
    assert (missing.code, missing.json["failure"]["stage"]) == (2, "SOURCE")
    assert "[SOURCE]" in missing.err
    twice = pytp("backup", "-d", drive, "--json", str(source), str(source))
    assert (twice.code, twice.json["failure"]["stage"]) == (2, "SOURCE")


def test_a_buffer_that_cannot_be_had_is_stage_buffer(pytp: Pytp, drive: str, source: Path) -> None:
    ended = pytp("backup", "-d", drive, "--memory-buffer", "900000", str(source))
    assert "[BUFFER] memory buffer: " in ended.err


def test_a_file_that_may_not_be_read_is_stage_permission(pytp: Pytp, drive: str, source: Path) -> None:
    victim = source / "secret"
    victim.write_bytes(b"x")
    victim.chmod(0)
    with bound_by_permissions():
        ended = pytp("backup", "-d", drive, str(source))
    assert ended.code == 1
    assert f"[PERMISSION] {source}/secret: " in ended.err
