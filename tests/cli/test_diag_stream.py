# SPDX-License-Identifier: WTFPL OR MIT
"""pytp diag stream on a virtual drive: since last time, and beside somebody who writes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from pytp_cli import cmd_diag_stream
from pytp_native import mtio
from pytp_native.transport import open_tape
from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp

BLOCK = 1 << 20


@pytest.fixture
def big(tmp_path: Path) -> str:
    path = tmp_path / "big"
    Library.create(path, drives=1, slots=2, cartridges=2, capacity_bytes=1 << 30, generation="lto8")
    return f"vtl:{path}/drive0"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Each look is a second after the one before; `during` is done in between."""

    def start(during: Callable[[], object]) -> None:
        ticks = itertools.count()
        watched = cmd_diag_stream._watched
        monkeypatch.setattr(cmd_diag_stream, "_now", lambda: float(next(ticks)))
        monkeypatch.setattr(
            cmd_diag_stream, "_watched",
            lambda run, address, every, count: watched(run, address, every, count, pause=lambda _: during()),
        )  # fmt: skip

    return start


def write(address: str, blocks: int) -> None:
    tape = open_tape(address, write=True)
    mtio.end_of_data(tape)
    mtio.set_block_bytes(tape, 0)
    for _ in range(blocks):
        tape.write_block(bytes(BLOCK))
    tape.close()


def test_since_it_was_asked_last(pytp: Pytp, big: str) -> None:
    assert pytp("diag", "stream", "-d", big).out.startswith("idle")
    write(big, 100)
    told = pytp("diag", "stream", "-d", big, "--json").json
    assert (told["exit"], told["verdict"]) == (0, "good")
    assert told["samples"][0]["written_bytes"] == 100 * BLOCK
    assert told["samples"][0]["needs_mb_s"] == 112
    assert pytp("diag", "stream", "-d", big).out.startswith("idle; written 0 MB"), "nothing since then"


def test_a_worn_head_shows(pytp: Pytp, big: str) -> None:
    pytp("diag", "stream", "-d", big)
    Library(big.removeprefix("vtl:").removesuffix("/drive0")).add_fault(0, "worn head 30")
    write(big, 200)
    told = pytp("diag", "stream", "-d", big)
    assert told.code in (13, 14)
    assert "of 1000 data sets again" in told.out


def test_watching_somebody_who_writes_slowly(
    pytp: Pytp, big: str, clock: Callable[[Callable[[], object]], None]
) -> None:
    tape = open_tape(big, write=True)
    mtio.set_block_bytes(tape, 0)

    def fifty() -> None:
        for _ in range(50):
            tape.write_block(bytes(BLOCK))

    clock(fifty)
    told = pytp("diag", "stream", "--watch", "--count", "2", "-d", big, "--json").json
    tape.close()
    assert [one["written_mb_s"] for one in told["samples"]] == [52.0, 52.0], "whole MB, of the cartridge"
    assert told["verdict"] == "watch"
    assert told["samples"][0]["words"].startswith("starves: the host sends 52.0 MB/s")


def test_watching_a_drive_that_gets_enough(pytp: Pytp, big: str, clock: Callable[[Callable[[], object]], None]) -> None:
    clock(lambda: write(big, 200))
    ended = pytp("diag", "stream", "--watch", "--count", "2", "-d", big)
    assert ended.code == 0
    assert ended.out.count("streams; written 209.7 MB/s, read 0.0 MB/s; it streams from 112 MB/s on") == 2


def test_ctrl_c_ends_the_watch(pytp: Pytp, big: str, clock: Callable[[Callable[[], object]], None]) -> None:
    times = iter([None, KeyboardInterrupt()])

    def twice() -> None:
        if (error := next(times)) is not None:
            raise error

    clock(twice)
    told = pytp("diag", "stream", "--watch", "-d", big, "--json")
    assert told.code == 0
    assert len(told.json["samples"]) == 1


def test_a_library_and_a_count_without_watch_are_refused(pytp: Pytp, big: str) -> None:
    assert pytp("diag", "stream", "-d", big.replace("drive0", "changer")).code == 2
    assert pytp("diag", "stream", "--count", "3", "-d", big).code == 2


def test_a_capture_is_asked_as_a_drive_is(pytp: Pytp, big: str, tmp_path: Path) -> None:
    write(big, 20)
    pytp("diag", "capture", str(tmp_path / "out"), "-d", big)
    (file,) = (tmp_path / "out").iterdir()
    told = pytp("diag", "stream", "--replay", str(file), "--json").json
    assert told["samples"][0]["written_bytes"] == 20 * BLOCK
