# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mt beside the mt of mt-st on the kernel's st: same stdout, exit status and device afterwards, and the same
stderr with at most one line of ours behind it.

A scene is a list of command lines. It runs with mt and, from the same beginning, with pytp-mt; after each line the
drive is asked for everything that MTIOCGET and sysfs show.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from pytp_cli import mt
from pytp_native.ffi import lib
from pytp_native.transport.records import GMT_ONLINE, MtStatus
from pytp_native.transport.st_node import StNode
from tests.contract.bench import TapeBench

DEFAULT_OPTIONS = 0x107
"""What st starts with: buffer-writes async-writes read-ahead can-bsr."""
SYSFS = ("options", "default_blksize", "default_density", "default_compression")
INVERTED = "mt: The tape is write-protected.\n"
"""mt-st 1.7 says so of tapes that are not, and not of those that are; 1.8 and pytp-mt have it right."""
NOBODY = 65534

SCENES = {
    "nothing but looking": "status; tell; status; stshowoptions; stsh 1; sta; t",
    "files forward": "fsf; fsf 1; status; fsf 0; fsf 2; fsf; status; fsf 10; rewind; fsf 0x2; fsf 1k",
    "files back": "fsf 3; bsf; status; bsf 1; bsf 0; bsf 2; fsf 2; bsfm; status; bsfm 2; bsfm 0; bsf 9; status",
    "behind the files": "fsf 2; fsfm; status; fsfm 1; bsf; fsfm 2; fsfm 9; status",
    "records": "fsr; fsr 2; status; bsr; bsr 1; status; bsr 0; fsr 0; fsr 1; bsr 2; rewind; bsr; status; bsr 50",
    "records with units": "fsr 01; fsr 0x1; bsr 02; fsr +1; bsr ' 1'; fsr 0k",
    "end of data": "eod; rewind; seod; rewind; stsetoptions fast-eod; eod; status; stclearoptions fast-eod",
    "absolute files": "asf; asf 2; status; asf 0; asf 0x3; asf -1; asf 1; asf 99; rewind",
    "writing marks": "fsf 1; weof; status; eof 2; weof 0; eof 0; bsf 1; fsf; rewind; weof 1k; rewind; fsf 1000",
    "setmarks": "fss; fss 2; bss; bss 1; wset; wset 2; wset 0; status",
    "seeking": "seek; seek 0; status; seek 5; seek 1k; tell; seek 0x2; partseek; partseek 0; partseek 0 3; partseek 1",
    "partitions": "setpartition; setpartition 0; setpartition 5; mkpartition; mkpartition 0; mkpartition -5; "
    "stsetoptions can-part; setpartition 0; setpartition 1; partseek 0 1; partseek 3 0; stclearoptions can-part",
    "erasing": "erase 0; status; erase; erase 2; status",
    "block sizes": "setblk; status; setblk 0; setblk 512; status; setblk 64k; status; setblk 99999999; setblk 1M; "
    "setblk 1G; setblk 0x10000; fsr; bsr; status; setblk 0; status",
    "densities": "setdensity 0x5a; status; setdensity; setdensity 0; setdensity 999; setdensity 0x13; status",
    "compression": "compression; compression 1; compression 0; compression 2; status; c 1",
    "buffering": "drvbuffer; drvbuffer 0; status; drvbuffer 2; drvbuffer 7; drvbuffer -1; status; drvbuffer 1",
    "thresholds": "stwrthreshold; stwrthreshold 20; stwrthreshold 0; stwrthreshold 100000000; stwr 1",
    "options": "stoptions buf asy read; stsh; stoptions 0x107; stsh; stsetoptions debug two-fms; stsh; "
    "stclearoptions debug two; stsh; stsetoptions; stsh; stclearoptions; stsh; stoptions 7 junk; stsh; stoptions; "
    "stsh; stsetoptions can-bsr no-blk scsi2 no-wait sysv sili def-writes auto; stsh; stclearoptions 0xffff; stsh; "
    "stsetoptions 0x4007; stsh",
    "wrong options": "stsetoptions no; stsetoptions can; stoptions ''; stclearoptions no debug; stsh",
    "defaults": "defblksize 1024; status; defblksize -1; defblksize; defblksize 0; status; defblksize -1; "
    "defdensity 0x5a; defdensity 0; defdensity -1; defcompression 1; defcompression 0; defcompression -1; "
    "defdrvbuffer 1; defdrvbuffer 0; defdrvbuffer -1; status",
    "cleaning and timeouts": "stsetcln; stsetcln 0; stsetcln 0x040812; stsetcln 0; sttimeout 900; sttimeout; "
    "sttimeout 900; stlongtimeout 14000; stlongtimeout; stlongtimeout 14000; sttimeout 0; sttimeout 900",
    "the door": "lock; lock; unlock; unlock; lock; rewind; unlock; status",
    "loading": "load; status; load 1; load 10003; fsf 1; load; status; retension; status",
    "unloading": "fsf 2; offline; status; load; rewoffl; status; load; eject; status; load; rewind",
    "wrong counts": "fsf 10q; bsf 08; fsr -1; weof -1; wset -1; erase -1; seek -1; setblk -1; load -1; fsf 3000000k; "
    "eof 2G; fsf 1x; asf 1k; partseek 0 1k; mkpartition 1q; compression -1; setdensity '5 '",
    "wrong words": "xyz; re; l; stset; defd; ''; rewind 1; status 1; fsf 1 2; partseek 1 2 3; stsh 1 2; lock 1",
    "short words": "rewi; we; f; fsf; ret; sta; see 0; setb 0; loa; u; c; setd 0; dr 1; stw 1; sto 0x107; stc 0; "
    "defb -1; defde -1; defdr -1; defc -1; stsetc 0; stt 900; stl 14000; setp 0; a 1; stsh; rewi",
}  # fmt: skip


class Ended(NamedTuple):
    code: int
    out: str
    err: str


class Step(NamedTuple):
    """One line: how it ended, and the drive behind it."""

    line: str
    ended: Ended
    status: MtStatus
    sysfs: tuple[str, ...]


Program = Callable[..., Ended]


def theirs(*words: str, user: int | None = None) -> Ended:
    ended = subprocess.run(["mt", *words], capture_output=True, text=True, check=False, user=user, timeout=60)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def ours(tmp_path: Path) -> Program:
    """pytp-mt in a fork of this process: starting Python takes a second under emulation."""

    def run(*words: str, user: int | None = None) -> Ended:
        paths = tmp_path / "stdout", tmp_path / "stderr"
        child = os.fork()
        if child == 0:
            try:
                for fd, path in enumerate(paths, 1):
                    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), fd)
                if user is not None:
                    os.setuid(user)
                os._exit(mt.main(["mt", *words]))
            finally:
                os._exit(99)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return Ended(code, *(path.read_text() for path in paths))

    return run


@pytest.fixture
def node(bench: TapeBench) -> Iterator[str]:
    """The drive with four files on it; afterwards it is as everybody expects it."""
    if shutil.which("mt") is None or "mt-st" not in theirs("--version").out:
        pytest.skip("no mt-st here")
    fill(bench.address)
    yield bench.address
    fill(bench.address)


def fill(name: str) -> None:
    """Four files of three blocks on a rewound tape, variable blocks, st's settings as they are after it was loaded."""
    tape = StNode(os.open(name, os.O_RDONLY | os.O_NONBLOCK))
    try:
        if not tape.get().has(GMT_ONLINE):
            tape.operate(lib.MTLOAD, 1)
        for word in (
            lib.MT_ST_BOOLEANS | DEFAULT_OPTIONS, lib.MT_ST_DEF_BLKSIZE | 0xFFFFFFF, lib.MT_ST_DEF_DENSITY | 0xFFFFF,
            lib.MT_ST_DEF_COMPRESSION | 0xFFFFF, lib.MT_ST_DEF_DRVBUFFER | 0xFFFFF, 1,
        ):  # fmt: skip
            tape.operate(lib.MTSETDRVBUFFER, word)
        for operation, count in ((lib.MTUNLOCK, 1), (lib.MTREW, 1), (lib.MTSETBLK, 0), (lib.MTSETDENSITY, 0)):
            tape.operate(operation, count)
    finally:
        tape.close()
    tape = StNode(os.open(name, os.O_RDWR))
    try:
        for number in range(4):
            for _ in range(3):
                tape.write(bytes([number]) * 4096)
            tape.operate(lib.MTWEOF, 1)
        tape.operate(lib.MTREW, 1)
    finally:
        tape.close()


def look(name: str) -> MtStatus:
    tape = StNode(os.open(name, os.O_RDONLY | os.O_NONBLOCK))
    try:
        return tape.get()
    finally:
        tape.close()


def step(program: Program, name: str, line: str) -> Step:
    ended = program("-f", name, *shlex.split(line))
    directory = Path("/sys/class/scsi_tape", name.removeprefix("/dev/n"))
    return Step(line, ended, look(name), tuple((directory / file).read_text() for file in SYSFS))


def assert_alike(line: str, expected: Ended, got: Ended) -> None:
    """`expected` is mt's."""
    err = expected.err.replace(INVERTED, "")
    assert (got.code, got.out) == (expected.code, expected.out), f"{line}: {expected} {got}"
    assert got.err.replace(INVERTED, "").startswith(err), f"{line}: {expected} {got}"
    further = got.err.replace(INVERTED, "")[len(err) :]
    assert further.count("\n") <= 1, f"{line}: {expected} {got}"
    assert further or got.code < 2, f"{line}: nothing said beyond mt's words"


@pytest.mark.parametrize("scene", SCENES)
def test_scene(node: str, ours: Program, scene: str) -> None:
    if scene == "partitions" and os.environ.get("PYTP_GUEST") == "tgt":
        pytest.skip("tgtd's drive fails everything after it was asked for a partition")
    lines = SCENES[scene].split(";")
    before = step(theirs, node, "status")
    expected = [step(theirs, node, line) for line in lines]
    fill(node)
    assert step(theirs, node, "status") == before
    for theirs_did in expected:
        got = step(ours, node, theirs_did.line)
        assert_alike(got.line, theirs_did.ended, got.ended)
        assert got[2:] == theirs_did[2:], got.line


def test_a_rewinding_node_rewinds(node: str, ours: Program) -> None:
    rewinding = node.replace("/dev/n", "/dev/")
    for line in ("fsf 2", "status", "fsf 99", "tell"):
        expected = theirs("-f", rewinding, *line.split())
        assert_alike(line, expected, ours("-f", rewinding, *line.split()))
        assert look(node).file_number == 0, line


def test_a_drive_in_use(node: str, ours: Program) -> None:
    holder = os.open(node, os.O_RDONLY | os.O_NONBLOCK)
    try:
        for word in ("status", "rewind", "weof"):
            got = ours("-f", node, word)
            assert_alike(word, theirs("-f", node, word), got)
            assert f"pid {os.getpid()} " in got.err
    finally:
        os.close(holder)


def test_what_only_root_may(node: str, ours: Program) -> None:
    mode = os.stat(node).st_mode & 0o777
    try:
        for bits in (0o600, 0o666):
            os.chmod(node, bits)
            for line in ("status", "stsetoptions debug", "defblksize 0", "setblk 0", "rewind"):
                expected = theirs("-f", node, *line.split(), user=NOBODY)
                assert_alike(line, expected, ours("-f", node, *line.split(), user=NOBODY))
    finally:
        os.chmod(node, mode)


def test_what_is_no_tape(bench: TapeBench, ours: Program) -> None:
    for name in (bench.scsi_address, "/dev/nst7", "/dev/null", "/etc/passwd"):
        for line in ("status", "rewind", "stshowoptions", "weof 1"):
            expected = theirs("-f", name, *line.split())
            assert_alike(f"{name} {line}", expected, ours("-f", name, *line.split()))


def test_a_write_protected_cartridge(node: str, bench: TapeBench, ours: Program) -> None:
    bench.protect(True)
    for line in ("status", "weof", "eof 2", "wset", "erase 0", "mkpartition 1", "fsf 1", "status", "rewind"):
        expected = theirs("-f", node, *line.split())
        assert_alike(line, expected, ours("-f", node, *line.split()))
    bench.protect(False)


def test_an_empty_drive(node: str, bench: TapeBench, ours: Program) -> None:
    """Only what mt opens without waiting; for the rest it waits for two minutes, and pytp-mt does not."""
    bench.take_out()
    for line in ("status", "setblk 0", "setblk 512", "setdensity 0", "compression", "load", "drvbuffer 1", "stsh",
                 "stsetoptions can-bsr", "defblksize -1", "sttimeout 900", "status"):  # fmt: skip
        expected = step(theirs, node, line)
        got = step(ours, node, line)
        assert_alike(line, expected.ended, got.ended)
        assert got[2:] == expected[2:], line
    for word in ("rewind", "tell", "weof"):
        got = ours("-f", node, word)
        assert (got.code, got.err.splitlines()[0]) == (1, f"{node}: No medium found")
    bench.reload()


def test_the_script_is_the_same_program_and_as_light_on_a_kernel_tape(node: str) -> None:
    script = Path(__file__).parents[1] / "cli" / "scripts" / "pytp-mt"
    expected = theirs("-f", node, "status")
    ended = subprocess.run([sys.executable, script, "-f", node, "status"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (expected.code, expected.out, "")
    heavy = "print(*{'re', 'enum', 'typing', 'collections', 'dataclasses', 'logging'} & set(sys.modules))"
    code = f"import sys; sys.path[:0] = {sys.path!r}; from pytp_cli import mt; mt.main(['mt', '-f', '{node}', 'fsf']); "
    ended = subprocess.run([sys.executable, "-S", "-c", code + heavy], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == ""
