# SPDX-License-Identifier: WTFPL OR MIT
"""pytp-mtx and pytp-loaderinfo against what mtx 1.3.12 printed on a library: every line, in one sequence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytp_cli import loaderinfo, mtx
from tests.cli.scsi_bench import FakeLibrary, put_in_place, run_merged
from tests.golden import HERE, golden

MAINS = {"mtx": mtx.main, "loaderinfo": loaderinfo.main}
OURS = re.compile(r"^(mtx|loaderinfo): (?!Request Sense).*\n", re.MULTILINE)
"""The line more that follows theirs."""


class Library(FakeLibrary):
    """With the drive of inquiry's second line behind /dev/sg1, and all mode pages."""

    def own(self, cdb):
        if cdb[0] == 0x1A and cdb[2] != 0x1D:
            data = golden("mhvtl-mode-all-changer")
            at = 8 + int.from_bytes(data[6:8], "big")
            while data[at] & 0x3F != cdb[2]:
                at += 2 + data[at + 1]
            page = data[at : at + 2 + data[at + 1]]
            return super().own(bytes((0, 0)))._replace(data=bytes((3 + len(page), 0, 0, 0)) + page)
        return super().own(cdb)


def recorded() -> list[tuple[str, str]]:
    """Command lines and what they printed, "[exit N]" included."""
    text = (HERE / "mtx-mhvtl.txt").read_text()
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_the_whole_record(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put_in_place(monkeypatch, Library())
    for line, expected in recorded():
        printed, code = "", 0
        for command in line.split("; "):
            name, *words = command.split()
            code, text = run_merged(MAINS[name], words, str(tmp_path / "output"))
            printed += text
        assert OURS.sub("", printed) + f"[exit {code}]\n" == expected, line


def test_the_record_has_every_word() -> None:
    words = {word for line, _ in recorded() for word in line.split()}
    assert words >= {
        "status", "inventory", "altres", "nobarcode", "load", "unload", "transfer", "exchange", "position", "eepos",
        "first", "next", "previous", "last", "eject",
    }  # fmt: skip
