# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mtx, pytp-tapeinfo, pytp-loaderinfo and pytp-scsitape as processes: what they load, and how they end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_mt_start import HEAVY, SCRIPT, environ, process

LINES = {
    "mtx": ["--version", "-f X inquiry", "-f X status", "-f X position 2 status", "-f X load 6", "-f X altres status"],
    "tapeinfo": ["-f X", ""],
    "loaderinfo": ["-f X", ""],
    "scsitape": ["-f X rewind", "-f X setblk 512", "foo"],
}
CASES = [(program, line) for program, lines in LINES.items() for line in lines]
RUN = """
import sys
before = set(sys.modules)
from pytp_cli import generic_device
from pytp_native.transport import linux_sg, address, holders, records
class Unit:
    address = "X"
    def execute(self, cdb, *, data_out=b"", data_in_bytes=0, timeout_s=0):
        return records.ScsiReply(0, b"", ANSWERS.get(cdb[:2] if cdb[0] == 0xB8 else cdb[:1], b"")[:data_in_bytes])
    def close(self):
        pass
def elements(kind, *addresses):
    body = b"".join(bytes((0, at, 9)) + bytes(9) + b"LABEL".ljust(36) + bytes(4) for at in addresses)
    page = bytes((kind, 0x80, 0, 52)) + len(body).to_bytes(4, "big") + body
    return bytes((0, 0, 0, len(addresses))) + len(page).to_bytes(4, "big") + page
ANSWERS = {{
    b"\\x12": b"\\x08\\x80\\x05\\x02\\x33".ljust(56, b" "),
    b"\\x1a": bytes((23, 0, 0, 0, 0x1D, 18, 0, 1, 0, 1, 0, 10, 0, 2, 0, 0, 0, 0, 0, 20, 0, 1, 0, 0)),
    b"\\xb8\\x11": elements(1, 1), b"\\xb8\\x12": elements(2, 10, 11), b"\\xb8\\x14": elements(4, 20),
}}
from pytp_cli.{program} import main
for name in ("mtx_run", "info_program", "scsitape"):
    if "pytp_cli." + name in sys.modules:
        sys.modules["pytp_cli." + name].open_device = lambda name: generic_device.GenericDevice(name, Unit())
main([{program!r}, *{words!r}])
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""


@pytest.mark.parametrize(("program", "line"), CASES)
def test_it_loads_nothing_heavy(program: str, line: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", RUN.format(program=program, words=line.split())],
        env=environ(), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    loaded = set(ended.stderr.splitlines()[-1].split())
    assert f"pytp_cli.{program}" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("program", LINES)
def test_it_is_called_what_the_link_is_called(program: str, tmp_path: Path) -> None:
    link = tmp_path / program
    link.symlink_to(SCRIPT.with_name(f"pytp-{program}"))
    ended = process(link, "foo")
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr.startswith(b"Usage:")
    assert f" {program} ".encode() in ended.stderr or f"\t{program} ".encode() in ended.stderr
    assert ended.stderr.splitlines()[-1].startswith(f"{program}: ".encode())
    assert b"pytp-" not in ended.stderr


def test_a_full_disk_under_its_output_is_no_success(tmp_path: Path) -> None:
    from pytp_native.vtl.library import Library

    Library.create(tmp_path / "library", drives=1, slots=2, cartridges=1, capacity_bytes=1 << 20)
    address = f"vtl:{tmp_path}/library/changer"
    with open("/dev/full", "wb") as full:
        ended = process(SCRIPT.with_name("pytp-mtx"), "-f", address, "status", stdout=full.fileno())
    assert (ended.returncode, ended.stderr) == (1, b"standard output: No space left on device\n")


def test_an_interrupt_ends_it_as_it_ends_mtx() -> None:
    code = "import os; from pytp_cli import mtx; mtx.main = lambda: os.kill(os.getpid(), 2); mtx.program()"
    ended = process("-c", code)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")
