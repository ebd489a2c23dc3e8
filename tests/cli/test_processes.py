# SPDX-License-Identifier: WTFPL OR MIT
"""What only a process of its own can show: signals, broken pipes, raw stdout, a terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTP = [sys.executable, "-m", "pytp_cli.main"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTP_", "XDG_"))}
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}", "HOME": str(tmp_path / "home")}


def run(environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*PYTP, *words], env=environ, capture_output=True, check=False, timeout=60)


@pytest.fixture
def saved(environ: dict[str, str], drive: str, source: Path) -> str:
    assert run(environ, "backup", "-d", drive, str(source)).returncode == 0
    assert run(environ, "rewind", "-d", drive).returncode == 0
    return drive


def test_cat_pipes_a_clean_archive_to_tar(environ: dict[str, str], saved: str) -> None:
    archive = run(environ, "cat", "--file", "1", "-d", saved)
    assert archive.returncode == 0
    listed = subprocess.run(["tar", "-tf", "-"], input=archive.stdout, capture_output=True, check=True)
    assert listed.stderr == b""
    assert b"source/plain.txt\n" in listed.stdout


@pytest.mark.parametrize("words", [("ls",), ("cat", "--file", "0")])
def test_a_reader_that_leaves_ends_it_quietly(environ: dict[str, str], saved: str, words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as pipe:
        ended = subprocess.run(
            [*PYTP, *words, "-d", saved], env=environ, stdout=pipe, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert ended.returncode == 141
    assert ended.stderr == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_backup_with_exit_130_and_a_consistent_tape(
    environ: dict[str, str], drive: str, tmp_path: Path, number: signal.Signals
) -> None:
    """The signal is sent when the second argument begins; its 512 MiB take far longer than the signal."""
    small, large, library = tmp_path / "small", tmp_path / "large", tmp_path / "roomy"
    small.write_bytes(b"kept")
    with open(large, "wb") as file:
        for _ in range(512):
            file.write(os.urandom(1 << 12) * 256)
    run(environ, "vtl", "create", str(library), "--capacity", "2G", "--cartridges", "1")
    words = ["backup", "--json", "-d", f"vtl:{library}/drive0", str(small), str(large)]
    before = signal.signal(number, signal.SIG_DFL)  # a shell's background job passes an ignored SIGINT on
    process = subprocess.Popen([*PYTP, *words], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    signal.signal(number, before)
    if process.stdout is None or process.stderr is None:
        pytest.fail("no pipes")
    for line in process.stderr:
        if b"/large" in line:
            process.send_signal(number)
            break
    rest = process.stderr.read()
    found = json.loads(process.stdout.read())
    assert process.wait(60) == found["exit"] == 130
    assert rest.count(b"stopping") == 1
    assert b"Traceback" not in rest
    assert [argument["status"] for argument in found["arguments"]] == ["saved", "interrupted"]
    # Label, first file, the second if a block of it was written before the signal, trailer.
    blocks = found["arguments"][1]["blocks"]
    assert found["position"]["file"] == (4 if blocks else 3)
    assert found["trailer_file"] == found["position"]["file"] - 1
    again = json.loads(run(environ, *words[:-1]).stdout)
    assert again["arguments"][0]["tape_file"] == found["position"]["file"]
    assert again["arguments"][0]["first_block"] == 6 + (blocks + 1 if blocks else 0)


def test_a_terminal_gets_a_progress_bar(environ: dict[str, str], drive: str, source: Path) -> None:
    ours, theirs = pty.openpty()
    words = [*PYTP, "backup", "-d", drive, str(source)]
    process = subprocess.Popen(words, env={**environ, "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # Linux: EIO when the other side is closed
        pass
    os.close(ours)
    out = process.stdout.read() if process.stdout else b""
    assert process.wait(60) == 0
    assert b"buffer" in seen
    assert b"files" in seen
    assert b"TOTAL" in out
    assert b"\x1b" not in out


@pytest.mark.parametrize("gone", ["terminal", "pipe"])
def test_a_backup_goes_on_when_nobody_can_see_it(environ: dict[str, str], drive: str, source: Path, gone: str) -> None:
    """/dev/full fails every write, as a terminal that hung up does; a pipe's reader (`2>&1 | grep -m1`) may leave."""
    reader, writer = os.pipe()
    os.close(reader)
    with open("/dev/full", "wb") as full, os.fdopen(writer, "wb") as pipe:
        words = [*PYTP, "backup", "-d", drive, str(source)]
        seen = full if gone == "terminal" else pipe
        ended = subprocess.run(words, env=environ, stdout=subprocess.PIPE, stderr=seen, check=False, timeout=60)
    assert ended.returncode == 0
    assert b"saved" in ended.stdout


def test_cat_gives_all_bytes_to_an_output_that_takes_parts(environ: dict[str, str], saved: str) -> None:
    """Unbuffered, standard output is a raw file; a non-blocking pipe takes what it has room for, a full disk too."""
    whole = run(environ, "cat", "--file", "1", "-d", saved).stdout
    with tempfile.TemporaryFile() as sink:
        words = [*PYTP, "cat", "--file", "0", "-d", saved]
        limit = len(whole) - 1000
        ended = subprocess.run(
            ["prlimit", f"--fsize={limit}", *words],
            env={**environ, "PYTHONUNBUFFERED": "1"}, stdout=sink, stderr=subprocess.PIPE, check=False, timeout=60,
        )  # fmt: skip
    assert ended.returncode == 6
    assert b"File too large" in ended.stderr


def test_in_a_pipe_there_are_no_escapes_and_no_bar(environ: dict[str, str], drive: str, source: Path) -> None:
    ended = run(environ, "backup", "-d", drive, str(source))
    assert b"\x1b" not in ended.stdout + ended.stderr
    assert b"\r" not in ended.stderr


def test_json_is_one_line_on_stdout_whatever_goes_to_stderr(environ: dict[str, str], saved: str) -> None:
    ended = run(environ, "ls", "-d", saved, "--json")
    assert ended.stdout.count(b"\n") == 1
    assert json.loads(ended.stdout)["command"] == "ls"


def test_a_terminated_demonstration_leaves_nothing_behind(
    environ: dict[str, str], tmp_path: Path, source: Path
) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    with open(source / "large", "wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 12) * 256)
    words = [*PYTP, "demo", str(source)]
    process = subprocess.Popen(words, env={**environ, "TMPDIR": str(place)}, stdout=subprocess.DEVNULL, stderr=-1)
    if process.stderr is None:
        pytest.fail("no pipe")
    process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(60) == 130
    assert b"Traceback" not in rest
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("words", [("ls",), ("cat",), ("status",), ("ls", "--json")])
def test_a_full_disk_behind_stdout_is_said_in_one_line(
    environ: dict[str, str], saved: str, words: tuple[str, ...]
) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*PYTP, *words, "--drive", saved], env=environ, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert done.returncode == 6
    assert b"standard output: cannot be written: No space left on device" in done.stderr.splitlines()[-1]


def test_listing_on_a_terminal_has_no_bar_between_its_lines(environ: dict[str, str], saved: str) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        [*PYTP, "ls", "--drive", saved],
        env={**environ, "TERM": "xterm"}, stdout=subprocess.PIPE, stderr=follower, check=False, timeout=60,
    )  # fmt: skip
    os.write(follower, b"end")
    assert (done.returncode, os.read(leader, 10_000)) == (0, b"end")
    os.close(leader)
    os.close(follower)


@pytest.mark.parametrize(("closed", "code"), [(">&-", 6), ("2>&-", 0), ("<&-", 0), ("<&- 2>&-", 0)])
def test_a_stream_that_is_closed_is_no_crash_and_nothing_lands_on_the_device(
    environ: dict[str, str], saved: str, closed: str, code: int
) -> None:
    line = f'"$@" {closed}'
    words = ["sh", "-c", line, "sh", *PYTP, "status", "-d", saved]
    ended = subprocess.run(words, env=environ, capture_output=True, check=False, timeout=60)
    assert ended.returncode == code, ended
    assert b"Error" not in ended.stderr
    if code:
        assert b"standard output: cannot be written: Bad file descriptor" in ended.stderr
