# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mt on virtual drives: what a script sees must be what it will see on a kernel tape."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytp_native.vtl.library import Library
from pytp_native.vtl.st import StDriver
from tests.cli.mt_bench import run


@pytest.fixture
def tape(tmp_path: Path) -> str:
    """An LTO-6 drive with four tape files of three 64 KiB blocks, rewound."""
    path = tmp_path / "library"
    Library.create(path, generation="lto6", drives=2, slots=4, cartridges=2, capacity_bytes=64 << 20)
    st = StDriver(str(path), 0, write=True, nonblock=False)
    for _ in range(4):
        for _ in range(3):
            st.write(memoryview(bytes(65536)))
        st.operate(5, 1)
    st.operate(6, 1)
    st.close()
    return f"vtl:{path}/drive0"


def place(capfd, tape: str) -> tuple[str, str]:
    """The numbers and the flags that status shows."""
    lines = run(capfd, "-f", tape, "status").out.splitlines()
    return lines[1].removeprefix("File number=").removesuffix(", partition=0."), lines[-1]


def test_spacing_over_files_as_a_real_tape_does_it(capfd, tape: str) -> None:
    def step(*words: str) -> tuple[int, str, str]:
        return (run(capfd, "-f", tape, *words).code, *place(capfd, tape))

    assert step("rewind") == (0, "0, block number=0", " BOT ONLINE IM_REP_EN")
    assert step("fsf") == (0, "1, block number=0", " EOF ONLINE IM_REP_EN")
    assert step("fsf", "1") == (0, "2, block number=0", " EOF ONLINE IM_REP_EN")
    assert step("fsf", "5") == (2, "4, block number=-1", " EOD ONLINE IM_REP_EN")
    assert step("bsf", "1") == (0, "3, block number=-1", " ONLINE IM_REP_EN")
    assert step("bsfm", "1") == (0, "3, block number=0", " EOF ONLINE IM_REP_EN")
    assert step("asf", "2") == (0, "2, block number=0", " EOF ONLINE IM_REP_EN")
    assert step("fsr", "2") == (0, "2, block number=2", " ONLINE IM_REP_EN")
    assert step("fsr", "2") == (2, "3, block number=0", " EOF ONLINE IM_REP_EN")
    assert step("bsf", "9") == (2, "0, block number=0", " BOT ONLINE IM_REP_EN")
    assert step("eod") == (0, "4, block number=-1", " EOD ONLINE IM_REP_EN")
    assert step("weof", "2") == (0, "6, block number=0", " EOF ONLINE IM_REP_EN")
    assert step("seek", "5") == (0, "-1, block number=-1", " ONLINE IM_REP_EN")
    assert run(capfd, "-f", tape, "tell").out == "At block 5.\n"
    assert step("erase", "0")[0] == 0
    assert step("eod")[0] == 0
    assert run(capfd, "-f", tape, "tell").out == "At block 5.\n"


def test_a_failure_has_mts_line_and_the_drives_story(capfd, tape: str) -> None:
    ended = run(capfd, "-f", tape, "fsf", "9")
    assert (ended.code, ended.lines) == (
        2,
        [f"{tape}: Input/output error", f"mt: {tape}: fsf 9: end of data at file 4"],
    )


def test_settings_stay_until_the_next_command(capfd, tape: str) -> None:
    assert run(capfd, "-f", tape, "setblk", "64k").code == 0
    assert "Tape block size 65536 bytes. Density code 0x5a (LTO-6)." in run(capfd, "-f", tape, "status").out
    assert run(capfd, "-f", tape, "setblk", "99999999").lines[0] == f"{tape}: Invalid argument"
    assert run(capfd, "-f", tape, "stshowoptions").out.startswith("The options set: buffer-writes ")
    assert run(capfd, "-f", tape, "stoptions", "scsi2", "can-bsr").code == 0
    assert run(capfd, "-f", tape, "stsh").out == "The options set: can-bsr scsi2logical\n"
    assert run(capfd, "-f", tape, "stclearoptions", "0xffff").code == 0
    assert run(capfd, "-f", tape, "stsh").out == "The options set:\n"


def test_an_unloaded_drive(capfd, tape: str) -> None:
    assert run(capfd, "-f", tape, "offline").code == 0
    ended = run(capfd, "-f", tape, "rewind")
    assert ended == (1, "", f"{tape}: No medium found\nmt: {tape}: no cartridge is loaded; load a cartridge\n")
    assert place(capfd, tape) == ("-1, block number=-1", " DR_OPEN IM_REP_EN")
    assert run(capfd, "-f", tape, "load").code == 0
    assert place(capfd, tape) == ("0, block number=0", " BOT ONLINE IM_REP_EN")


def test_a_write_protected_cartridge_is_not_marked(capfd, tape: str) -> None:
    library = tape[4:].rpartition("/")[0]
    Library.open(library).protect("PYT001L6", True)
    ended = run(capfd, "-f", tape, "weof")
    assert (ended.code, ended.lines[0]) == (1, f"{tape}: Read-only file system")
    assert "write-protected" in ended.lines[1]
    assert "WR_PROT" in place(capfd, tape)[1]


def test_a_drive_in_use_is_busy_and_its_user_is_named(capfd, tape: str) -> None:
    library = tape[4:].rpartition("/")[0]
    st = StDriver(library, 0, write=False, nonblock=True)
    try:
        ended = run(capfd, "-f", tape, "status")
    finally:
        st.close()
    assert (ended.code, ended.lines[0]) == (1, f"{tape}: Device or resource busy")
    assert f"process {os.getpid()} " in ended.lines[1]


@pytest.mark.parametrize("unit", ["drive9", "changer", "nothing"])
def test_what_is_no_drive_does_not_exist(capfd, tape: str, unit: str) -> None:
    name = f"{tape.rpartition('/')[0]}/{unit}"
    ended = run(capfd, "-f", name, "status")
    assert (ended.code, ended.out, ended.lines[0]) == (1, "", f"{name}: No such file or directory")
    assert len(ended.lines) == 2


def test_a_session_can_be_traced_and_replayed(capfd, tape: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    for name in (f"trace:{trace}:{tape}", f"replay:{trace}"):
        ended = run(capfd, "-f", name, "bsf", "3")
        assert (ended.code, ended.lines[0]) == (2, f"{name}: Input/output error")
        assert ended.lines[1].endswith("bsf 3: beginning of tape")


def test_json_has_the_place(capfd, tape: str) -> None:
    run(capfd, "-f", tape, "asf", "1")
    told = json.loads(run(capfd, "-f", tape, "tell", "--json").out)
    assert told["position"] == {"file": 1, "block": 0, "logical_block": 4, "partition": 0}
    assert told["device"] == tape
