# SPDX-License-Identifier: WTFPL OR MIT
"""pytp diag test on a virtual drive: verdicts, and consent before anything is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytp_native import mtio
from pytp_native.transport import open_tape
from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp

BARCODE = "PYT001L9"
SCHEMA = Path(__file__).parents[2] / "configs" / "diag.schema.json"


def check(told: object) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(told)


def blank(drive: str) -> bool:
    tape = open_tape(drive)
    try:
        mtio.end_of_data(tape)
        return tape.position() == 0
    finally:
        tape.close()


def test_alone_it_writes_nothing_and_needs_no_cartridge(pytp: Pytp, library: Path) -> None:
    told = pytp("diag", "test", "-d", f"vtl:{library}/drive1", "--json").json
    assert (told["exit"], told["mode"], told["verdict"], told["scan"]) == (0, "self-test", "good", None)
    assert told["self_test"]["passed"] is True
    check(told)


def test_alone_it_leaves_a_loaded_tape_where_st_knows_it_to_be(pytp: Pytp, drive: str, source: Path) -> None:
    assert pytp("backup", str(source), "-d", drive).code == 0
    tape = open_tape(drive)
    mtio.end_of_data(tape)
    tape.close()
    assert pytp("diag", "test", "-d", drive).code == 0
    tape = open_tape(drive)
    assert (tape.position(), tape.status().file_number) == (0, 0)
    tape.close()


def test_a_failed_self_test_is_the_drives_fault(pytp: Pytp, library: Path, drive: str) -> None:
    Library(library).add_fault(0, "self-test failure")
    ended = pytp("diag", "test", "-d", drive)
    assert ended.code == 14
    assert "self-test: FAILED" in ended.out
    assert "4/3e/03" in ended.out
    assert "to blame: drive" in ended.out


def test_read_only_reads_everything_and_names_bad_blocks(pytp: Pytp, library: Path, drive: str, source: Path) -> None:
    assert pytp("backup", str(source), "-d", drive).code == 0
    good = pytp("diag", "test", "--read-only", "-d", drive, "--json").json
    assert (good["exit"], good["scan"]["complete"], good["scan"]["unreadable"]) == (0, True, [])
    assert good["scan"]["blocks"] >= 3
    assert good["health"]["drive_serial"]
    check(good)
    Library(library).add_fault(0, "read 2: medium error")
    ended = pytp("diag", "test", "--read-only", "-d", drive)
    assert ended.code == 14
    assert "cannot be read: block 2" in ended.out
    Library(library).clear_faults(0)
    assert pytp("ls", "--all", "-d", drive).code == 0, "nothing was written"


def test_scratch_tries_everything_and_leaves_a_blank_cartridge(pytp: Pytp, drive: str) -> None:
    told = pytp("diag", "test", "--scratch", BARCODE, "-d", drive, "--json").json
    assert (told["exit"], told["verdict"], told["largest_safe"]) == (0, "good", 8 << 20)
    assert [one["data"] for one in told["throughput"]] == ["incompressible", "compressible"]
    assert all(one["write_mb_s"] > 0 and one["read_mb_s"] > 0 for one in told["throughput"])
    assert told["left"] == "is blank"
    check(told)
    assert blank(drive)


def test_the_adapters_limit_is_found(pytp: Pytp, library: Path, drive: str) -> None:
    Library(library).add_fault(0, "adapter 256K")
    ended = pytp("diag", "test", "--scratch", BARCODE, "-d", drive)
    assert ended.code == 14, "backups are configured to use larger blocks"
    assert "largest safe block size: 262144 bytes" in ended.out
    assert "block size of 524288 bytes is not safe" in ended.out
    assert "to blame: host" in ended.out


def test_another_cartridge_is_refused(pytp: Pytp, drive: str, source: Path) -> None:
    assert pytp("backup", str(source), "-d", drive).code == 0
    ended = pytp("diag", "test", "--scratch", "PYT002L9", "-d", drive)
    assert ended.code == 7
    assert "PYT001L9" in ended.err
    assert "PYT002L9" in ended.err
    assert not blank(drive)


def test_what_the_catalog_needs_takes_a_confirmation(pytp: Pytp, drive: str, source: Path) -> None:
    assert pytp("backup", str(source), "-d", drive).code == 0
    assert pytp("diag", "test", "--scratch", BARCODE, "-d", drive).code == 7
    assert not blank(drive)
    assert pytp("diag", "test", "--scratch", BARCODE, "--confirm", "PYT002L9", "-d", drive).code == 7
    assert pytp("diag", "test", "--scratch", BARCODE, "--confirm", BARCODE, "-d", drive).code == 0
    assert blank(drive)
    assert "plain.txt" not in pytp("find", "plain.txt").out, "the catalog claims nothing that is gone"


def test_sessions_that_no_catalog_knows_take_a_confirmation(
    pytp: Pytp, drive: str, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert pytp("backup", str(source), "-d", drive).code == 0
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    ended = pytp("diag", "test", "--scratch", BARCODE, "-d", drive)
    assert ended.code == 7
    assert "2 tape files behind its label" in ended.err
    assert not blank(drive)
    assert pytp("diag", "test", "--scratch", BARCODE, "--confirm", BARCODE, "-d", drive).code == 0


def test_foreign_data_take_a_confirmation(pytp: Pytp, drive: str) -> None:
    tape = open_tape(drive, write=True)
    tape.write_block(b"somebody else's" * 1000)
    tape.close()
    ended = pytp("diag", "test", "--scratch", BARCODE, "-d", drive)
    assert ended.code == 7
    assert f"--confirm {BARCODE}" in ended.err
    assert not blank(drive)


def test_a_protected_cartridge_is_refused(pytp: Pytp, library: Path, drive: str) -> None:
    Library(library).protect(BARCODE, True)
    ended = pytp("diag", "test", "--scratch", BARCODE, "-d", drive)
    assert ended.code == 6
    assert "write-protected" in ended.err


def test_a_worm_cartridge_is_refused(pytp: Pytp, drive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytp_native.jobs.scratch.writes_once", lambda _address: True)
    ended = pytp("diag", "test", "--scratch", BARCODE, "-d", drive)
    assert ended.code == 7
    assert "WORM" in ended.err


def test_a_drive_in_use_is_left_alone(pytp: Pytp, drive: str) -> None:
    tape = open_tape(drive)
    try:
        assert pytp("diag", "test", "-d", drive).code == 4
        assert pytp("diag", "test", "--scratch", BARCODE, "-d", drive).code == 4
    finally:
        tape.close()


@pytest.mark.parametrize("words", [("--read-only", "--scratch", BARCODE), ("--confirm", BARCODE)])
def test_options_that_contradict_are_usage(pytp: Pytp, drive: str, words: tuple[str, ...]) -> None:
    assert pytp("diag", "test", *words, "-d", drive).code == 2
