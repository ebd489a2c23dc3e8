# SPDX-License-Identifier: WTFPL OR MIT
"""Every `pytp diag` command on the kernel's devices with our virtual library behind them: st, sg, the changer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hwtests.test_programs import TAPE, library, pytestmark
from hwtests.virtual_unit import CHANGER_SG_NODE, DRIVE_SG_NODES
from pytp_cli.main import main
from pytp_native.devices.drive import Drive
from pytp_native.jobs.labelling import LabelRequest, label_cartridge

__all__ = ["library", "pytestmark"]

DRIVE_COMMANDS = ("inquiry", "vpd", "modes", "log", "alerts", "mam", "density", "position", "timeouts", "opcodes",
                  "encryption", "health", "wear", "stream", "test")  # fmt: skip
LIBRARY_COMMANDS = ("inquiry", "vpd", "modes", "log", "alerts", "health")

Told = dict[str, dict[str, Any]]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[str], Sequence[str]], Told]:
    """Command lines, one after the other in one fork: Python takes seconds to start under emulation."""
    for name in ("DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))

    def run(commands: Sequence[str], device: Sequence[str]) -> Told:
        child = os.fork()
        if child == 0:
            try:
                for command in commands:
                    with (
                        (tmp_path / command).open("w") as sys.stdout,
                        (tmp_path / f"{command}.err").open("w") as sys.stderr,
                    ):
                        main(["diag", command, *device, "--json"])
                os._exit(0)
            finally:
                os._exit(99)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        told = {command: json.loads((tmp_path / command).read_text()) for command in commands}
        assert {name: one.get("message") for name, one in told.items() if one["exit"]} == {}
        return told

    return run


@pytest.mark.parametrize("node", [TAPE, DRIVE_SG_NODES[0]])
def test_every_command_on_a_drive(library, asked, node: str) -> None:
    told = asked(DRIVE_COMMANDS, ("-d", node))
    assert told["inquiry"]["inquiry"]["generation"] == 6
    pages = {(one["page"], one.get("subpage", 0)) for one in told["log"]["pages"]}
    assert {page for page, _ in pages} >= {0x02, 0x03, 0x0C, 0x11, 0x12, 0x14, 0x16, 0x17, 0x1B, 0x30, 0x31, 0x32}
    assert len(told["vpd"]["pages"]) >= 6
    assert len(told["opcodes"]["commands"]) >= 30
    assert len(told["mam"]["attributes"]) >= 10
    assert [one["verdict"] for one in told["health"]["verdicts"]] == ["good"] * len(told["health"]["verdicts"])
    assert told["stream"]["verdict"] == "good"


def test_every_command_on_a_library(library, asked) -> None:
    told = asked(LIBRARY_COMMANDS, ("-l", CHANGER_SG_NODE))
    assert {one["page"] for one in told["log"]["pages"]} >= {0x14, 0x15, 0x16}
    assert told["health"]["verdicts"][0]["kind"] == "library"


def test_a_cartridge_is_read_through_and_tried(library, asked, tmp_path: Path) -> None:
    barcode = "A00001L6"
    with Drive.open(TAPE, write=True) as drive:
        assert label_cartridge(drive, LabelRequest(barcode), lambda event: None).exit_code == 0
    told = asked(("test",), ("-d", DRIVE_SG_NODES[0], "--read-only"))["test"]
    assert (told["self_test"]["passed"], told["scan"]["complete"], told["verdict"]) == (True, True, "good")
    told = asked(("test",), ("-d", TAPE, "--scratch", barcode, "--confirm", barcode))["test"]
    assert told["left"] == "is blank"
    assert told["largest_safe"] >= 512 << 10
    assert [one["wrong_blocks"] for one in told["throughput"]] == [0, 0]
