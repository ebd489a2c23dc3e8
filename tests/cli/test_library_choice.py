# SPDX-License-Identifier: WTFPL OR MIT
"""Which drive of a library is meant, and what is said while a library works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytp_cli import library_choice
from pytp_cli.library_choice import LibraryChoice, drive_number, named_library, serving
from pytp_cli.steps import EVERY_S, Steps
from pytp_native.config import Config, DriveConfig, LibraryConfig
from pytp_native.devices.changer import Step
from pytp_native.devices.discovery import Found, FoundDrive, FoundElement, FoundLibrary, Place
from pytp_native.devices.inventory import Inventory
from pytp_native.devices.nodes import Nodes
from pytp_native.errors import ConfigError
from pytp_native.scsi.elements import Element

LEFT, RIGHT, OTHER = DriveConfig("left", "/dev/nst0"), DriveConfig("right", "/dev/nst1"), DriveConfig("o", "/dev/nst2")
SHELF = LibraryChoice("shelf", "/dev/sch0", (LEFT, RIGHT))


def drives(*serials: str) -> Inventory:
    elements = [
        Element(4, 256 + number, 8, 0, 0, 0, 0, 0, 0, identifier=serial.encode())
        for number, serial in enumerate(serials)
    ]
    return Inventory(drives=tuple(elements))


@pytest.mark.parametrize(
    ("drive", "serials", "serial", "number"),
    [
        (RIGHT, ("", ""), "", 1),
        (RIGHT, ("A1", "B2"), "B2", 1),
        (RIGHT, ("A1", "B2"), "C3", 1),
        (DriveConfig("/dev/nst1", "/dev/nst1"), ("A1", "B2"), "B2", 1),
        (OTHER, ("A1", "B2"), "B2", 1),
    ],
)
def test_configuration_tells_which_drive_it_is_and_else_the_serial_number(
    drive: DriveConfig, serials: tuple[str, ...], serial: str, number: int
) -> None:
    assert drive_number(SHELF, drive, drives(*serials), lambda: serial) == number


def test_configuration_and_serial_number_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"right.*is drive 1 of shelf by configuration, but drive 0 by its serial"):
        drive_number(SHELF, RIGHT, drives("A1", "B2"), lambda: "A1")


def test_a_drive_that_nobody_can_place_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"not among the drives of library shelf \(configured: left, right\)"):
        drive_number(SHELF, OTHER, drives("A1", "B2"), lambda: "C3")


def test_a_drive_that_the_configuration_does_not_define_is_no_device() -> None:
    config = Config("f", libraries=(LibraryConfig("shelf", "/dev/sch0", 0, ("gone",)),))
    assert named_library("shelf", config).drive(0) is None


def test_a_virtual_drive_in_a_configured_library_belongs_to_that() -> None:
    config = Config(
        "f", drives=(DriveConfig("v", "vtl:/a/drive1"),), libraries=(LibraryConfig("shelf", "vtl:/a/changer", 0, ()),)
    )
    found = serving(config.drives[0], config)
    assert found is not None
    assert (found.name, found.number_of(config.drives[0])) == ("shelf", 1)
    own = serving(DriveConfig("x", "vtl:/b/drive3"), config)
    assert own is not None
    assert (own.address, own.number_of(DriveConfig("x", "vtl:/b/drive3"))) == ("vtl:/b/changer", 3)
    assert serving(LEFT, config) is None


@pytest.fixture
def attached_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A library on /dev/sch0 with two drives, of which this host reaches the first."""
    nodes = Nodes(8, "2:0:0:1", changer="/dev/sch0", generic="/dev/sg3", by_id=("/dev/tape/by-id/x-changer",))
    elements = (FoundElement(0, 256, "A1", "/dev/tape/by-id/a-nst"), FoundElement(1, 257, "B2"))
    library = FoundLibrary("/dev/tape/by-id/x-changer", nodes=nodes, elements=elements)
    tape = Nodes(1, "2:0:0:0", tape="/dev/nst0", generic="/dev/sg2", by_id=("/dev/tape/by-id/a-nst",))
    drive = FoundDrive("/dev/tape/by-id/a-nst", nodes=tape, place=Place(library.address, 0, 256))
    alone = FoundDrive("/dev/nst5", nodes=Nodes(1, "3:0:0:0", tape="/dev/nst5"))
    monkeypatch.setattr("pytp_native.devices.discovery.discover", lambda: Found((drive, alone), (library,)))
    for cached in (library_choice.attached, library_choice._found):
        cached.cache_clear()
    yield
    for cached in (library_choice.attached, library_choice._found):
        cached.cache_clear()


@pytest.mark.usefixtures("attached_library")
def test_drives_that_are_not_configured_are_found_by_serial_number() -> None:
    found = named_library("/dev/sg3", Config())
    assert found.drive(0) == DriveConfig("/dev/tape/by-id/a-nst", "/dev/tape/by-id/a-nst")
    assert found.drive(1) is None
    assert found.number_of(LEFT) == 0
    assert found.number_of(RIGHT) is None
    assert named_library("/dev/sg4", Config()).drive(0) is None


@pytest.mark.usefixtures("attached_library")
def test_a_drive_that_is_not_configured_leads_to_the_library_around_it() -> None:
    for name in ("/dev/nst0", "/dev/tape/by-id/a-nst"):
        found = serving(DriveConfig(name, name), Config())
        assert found is not None
        assert found.address == "/dev/tape/by-id/x-changer"
    assert serving(DriveConfig("/dev/nst5", "/dev/nst5"), Config()) is None
    assert serving(DriveConfig("/dev/nst6", "/dev/nst6"), Config()) is None


def test_each_new_step_is_told_at_once_and_one_that_lasts_now_and_then() -> None:
    said: list[str] = []
    steps = Steps(said.append)
    steps(Step("moving"))
    for seconds in range(0, 100, 2):
        steps(Step("becoming ready", seconds / 200, float(seconds)))
    steps(Step("moving"))
    assert said == [
        "moving", "becoming ready (0%)", "becoming ready (15%, 30.0 s)",
        "becoming ready (30%, 0:01:00)", "becoming ready (45%, 0:01:30)", "moving",
    ]  # fmt: skip
    assert EVERY_S == 30
