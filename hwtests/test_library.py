# SPDX-License-Identifier: WTFPL OR MIT
"""devices.library and `pytp list`, `load`, `unload`, `move`, `status` on the kernel's st, sg and ch."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hwtests.benches import TgtBench, VirtualBench
from pytp_native.errors import LibraryError
from tests.contract.library_contract import LibraryContract

GUEST = os.environ.get("PYTP_GUEST")
pytestmark = pytest.mark.skipif(not GUEST, reason="moves cartridges that are not the scratch cartridge: guest only")


class TestKernelLibrary(LibraryContract):
    @pytest.fixture
    def tidied(self):
        bench = TgtBench() if GUEST == "tgt" else VirtualBench()
        bench.tidy()
        return bench

    @pytest.fixture(params=["sg", "sch"])
    def changer_address(self, tidied, request):
        return tidied.changer_address if request.param == "sg" else "/dev/sch0"

    @pytest.fixture
    def drive_addresses(self, tidied):
        return ["/dev/nst0", "/dev/nst1"]

    @pytest.mark.xfail(GUEST == "tgt", reason="tgt: no POSITION TO ELEMENT", raises=LibraryError, strict=True)
    def test_the_robot_goes_where_it_is_sent(self, library):
        super().test_the_robot_goes_where_it_is_sent(library)


@pytest.fixture
def pytp(tmp_path):
    """Run the program with the library configured; every command is a process of its own."""
    (TgtBench() if GUEST == "tgt" else VirtualBench()).tidy()
    config = tmp_path / "config.json"
    config.write_text(
        json.dumps({
            "tape_drives": [
                {"name": "left", "device_path": "/dev/nst0"}, {"name": "right", "device_path": "/dev/nst1"},
            ],
            "tape_libraries": [{"name": "shelf", "device_path": "/dev/sch0", "drives": ["left", "right"]}],
        })
    )  # fmt: skip
    environ = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": f"{os.getcwd()}:{os.getcwd()}/cli"}

    def run(*words):
        command = [sys.executable, "-m", "pytp_cli", "--config", str(config), *words, "--json"]
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in ended.stderr
        return json.loads(ended.stdout)

    return run


def places(pytp):
    return {one["barcode"]: f"{one['kind']} {one['number']}" for one in pytp("list")["elements"] if one["full"]}


def test_a_cartridge_is_loaded_used_and_put_back(pytp):
    assert places(pytp)["PYT002L6"] == "slot 2"
    loaded = pytp("load", "PYT002L6", "-d", "right")
    assert (loaded["exit"], loaded["message"], loaded["drive"]) == (0, None, 1)
    told = pytp("status", "-d", "right")
    assert (told["exit"], told["state"], told["label"], told["library"]) == (0, "ready", "PYT002L6", "shelf")
    assert (told["file"], told["block"]) == (0, 0)
    assert pytp("unload", "2", "-d", "right")["exit"] == 0
    assert places(pytp)["PYT002L6"] == "slot 2"
    assert pytp("status", "-d", "right")["exit"] == 5


def test_a_drive_in_use_keeps_its_cartridge(pytp):
    pytp("load", "PYT002L6", "-d", "right")
    fd = os.open("/dev/nst1", os.O_RDONLY)
    try:
        ended = pytp("unload", "2", "-d", "right")
    finally:
        os.close(fd)
    assert ended["exit"] == 4
    assert str(os.getpid()) in ended["message"]
    assert places(pytp)["PYT002L6"] == "drive 1"
    assert pytp("unload", "2", "-d", "right")["exit"] == 0


def test_without_a_configuration_the_drives_are_known_by_their_serial_numbers(pytp):
    if GUEST == "tgt":
        pytest.skip("tgt ends its answer in the last identifier")
    found = pytp("list", "-l", "/dev/sg2")["elements"]
    assert [one["address"] for one in found if one["kind"] == "drive"] == ["/dev/nst0", "/dev/nst1"]


def test_the_library_of_a_drive_that_is_not_configured_is_found(pytp, tmp_path):
    if GUEST == "tgt":
        pytest.skip("tgt ends its answer in the last identifier")
    (tmp_path / "config.json").write_text("{}")
    told = pytp("status", "-d", "/dev/nst0")
    assert (told["exit"], told["label"], told["slot"]) == (0, "PYT001L6", 1)
    assert pytp("load", "2", "-d", "/dev/nst1")["drive"] == 1
    assert pytp("unload", "-d", "/dev/nst1")["slot"] == 2


def test_a_retension_puts_the_cartridge_back(pytp):
    ended = pytp("retension", "--slot", "2", "-d", "right")
    assert ended["exit"] == 0, ended["message"]
    assert places(pytp)["PYT002L6"] == "slot 2"
