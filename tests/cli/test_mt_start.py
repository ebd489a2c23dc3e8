# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mt as a process: what it loads, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "cli" / "scripts" / "pytp-mt"
PROGRAMS = ("loaderinfo", "mt", "mtx", "scsitape", "tapeinfo")
HEAVY = {
    "typer", "rich", "construct", "zstandard", "dataclasses", "typing", "logging", "inspect", "re", "enum",
    "collections", "functools", "json", "pathlib", "subprocess", "argparse", "contextlib", "signal",
}  # fmt: skip
"""What would cost more than the rest of the program together."""
STATUS = "from pytp_native.transport.records import MtStatus; from pytp_cli import mt_status; "
CODE = """
import sys
before = set(sys.modules)
from pytp_cli.mt import main
{first}
main({words!r})
print(*sorted(set(sys.modules) - before), file=sys.stderr)
"""


def environ() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "TAPE"}
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}"}


def process(*command: str | Path, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *command], env=environ(), stdout=stdout, stderr=subprocess.PIPE, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("words", "first"),
    [
        (["mt", "-h"], ""),
        (["mt", "densities"], ""),
        (["mt", "-f", "/dev/null", "stsetoptions", "debug"], ""),
        (["mt", "-f", "/dev/null", "stshowoptions"], ""),
        (["mt", "-f", "/dev/null", "rewind"], ""),
        (["mt", "-f", "/dev/null", "status"], STATUS + "mt_status.text(MtStatus(0x72, 0, 0, 0, 0, 0, 0))"),
    ],
    ids=lambda value: "-".join(value[1:]) if isinstance(value, list) else "",
)
def test_it_loads_nothing_heavy(words: list[str], first: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CODE.format(words=words, first=first)],
        env=environ(), capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    loaded = set(ended.stderr.splitlines()[-1].split())
    assert "pytp_cli.mt_table" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize(
    ("program", "device", "part"), [("mt", "drive0", "drive"), ("mtx", "changer", "changer_target")]
)
def test_a_virtual_library_loads_nothing_heavy_either(tmp_path: Path, program: str, device: str, part: str) -> None:
    library = str(tmp_path / "library")
    process("-m", "pytp_cli", "vtl", "create", library)
    words = [program, "-f", f"vtl:{library}/{device}", "status"]
    code = CODE.format(words=words, first="").replace("pytp_cli.mt ", f"pytp_cli.{program} ")
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environ(), capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(ended.stderr.splitlines()[-1].split())
    assert f"pytp_native.vtl.{part}" in loaded
    assert loaded & HEAVY == set()


def test_the_script_is_no_wrapper_of_an_installer() -> None:
    """pip's wrapper for an entry point imports re."""
    text = (ROOT / "pyproject.toml").read_text()
    scripts = sorted(SCRIPT.parent.iterdir())
    assert [script.name for script in scripts] == [f"pytp-{name}" for name in PROGRAMS]
    for script in scripts:
        assert f'"cli/scripts/{script.name}"' in text
        assert f"{script.name} = " not in text
        assert script.read_text().startswith("#!python\n")
        assert os.access(script, os.X_OK)


def test_it_runs_as_a_program() -> None:
    ended = process(SCRIPT, "-f", "/dev/null", "status")
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"/dev/null: Inappropriate ioctl for device\npytp-mt: /dev/null: is no tape drive")


def test_it_is_called_what_the_link_is_called(tmp_path: Path) -> None:
    link = tmp_path / "mt"
    link.symlink_to(SCRIPT)
    assert process(link, "-f", "/dev/null", "xyz").stderr.startswith(b'mt: unknown command "xyz"\nusage: mt [-v]')


def test_a_reader_that_has_enough_ends_it_without_a_word() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = process(SCRIPT, "-f", "/dev/null", "densities", stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (-signal.SIGPIPE, b"")


def test_a_full_disk_under_its_output_is_no_success() -> None:
    with open("/dev/full", "wb") as full:
        ended = process(SCRIPT, "-f", "/dev/null", "densities", stdout=full.fileno())
    assert (ended.returncode, ended.stderr) == (2, b"standard output: No space left on device\n")


def test_an_interrupt_ends_it_as_it_ends_mt() -> None:
    code = "import os; from pytp_cli import mt; mt.main = lambda: os.kill(os.getpid(), 2); mt.program()"
    ended = process("-c", code)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")
