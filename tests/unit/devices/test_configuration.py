# SPDX-License-Identifier: WTFPL OR MIT
"""What was found, as config.json."""

from __future__ import annotations

import json

import pytest

from pytp_native.config import read
from pytp_native.devices.configuration import propose
from pytp_native.devices.discovery import Found, FoundDrive, FoundElement, FoundLibrary, Place
from pytp_native.devices.nodes import Nodes

NST = [Nodes(1, f"2:0:{n}:0", tape=f"/dev/nst{n}", by_id=(f"/dev/tape/by-id/scsi-{n}-nst",)) for n in range(3)]


def drive(number: int, place: Place | None = None, serial: str = "") -> FoundDrive:
    return FoundDrive(NST[number].address, "IBM", "TD9", "0001", serial or f"S{number}", NST[number], place)


def library(*drives: str | None) -> FoundLibrary:
    elements = tuple(FoundElement(n, 256 + n, f"E{n}", address) for n, address in enumerate(drives))
    return FoundLibrary("/dev/sch0", slots=24, elements=elements, nodes=Nodes(8, "2:0:9:1", changer="/dev/sch0"))


def test_drives_stand_in_the_order_of_their_library():
    first, second = drive(0, Place("/dev/sch0", 1, 257)), drive(1, Place("/dev/sch0", 0, 256))
    alone = drive(2)
    proposal = propose(Found((alone, first, second), (library(second.address, first.address),)), {})
    assert proposal.data == {
        "tape_drives": [
            {"name": "drive0", "device_path": "/dev/tape/by-id/scsi-1-nst", "block_size": 524288},
            {"name": "drive1", "device_path": "/dev/tape/by-id/scsi-0-nst", "block_size": 524288},
            {"name": "drive2", "device_path": "/dev/tape/by-id/scsi-2-nst", "block_size": 524288},
        ],
        "tape_libraries": [
            {"name": "library0", "device_path": "/dev/sch0", "slots": 24, "drives": ["drive0", "drive1"]}
        ],
    }
    assert proposal.notes == []


def test_what_is_proposed_can_be_read(tmp_path):
    one = drive(0, Place("/dev/sch0", 1, 257))
    file = tmp_path / "config.json"
    file.write_text(json.dumps(propose(Found((one,), (library(None, one.address, None),)), {}).data))
    found = read(str(file))
    assert [entry.address for entry in found.drives] == [one.address]
    assert found.libraries[0].drives[1] == "drive0"


def test_a_drive_of_another_host_keeps_its_place_in_the_list():
    one = drive(0, Place("/dev/sch0", 1, 257))
    proposal = propose(Found((one,), (library(None, one.address, None),)), {})
    assert proposal.data["tape_libraries"][0]["drives"] == ["not-here-0", "drive0"]
    assert [note for note in proposal.notes if "was not found here" in note] == [
        "/dev/sch0: its drive 0 (element 256, serial E0) was not found here",
        "/dev/sch0: its drive 2 (element 258, serial E2) was not found here",
    ]


def test_names_block_sizes_and_settings_stay():
    known = {
        "tar_dir": "/t", "note": "mine",
        "tape_drives": [{"name": "lto9", "device_path": "/dev/nst1", "block_size": 1048576, "room": 3}],
        "tape_libraries": [{"name": "msl", "device_path": "/dev/sch0", "slots": 23, "drives": ["lto9"]}],
    }  # fmt: skip
    one, two = drive(0), drive(1, Place("/dev/sch0", 0, 256))
    data = propose(Found((one, two), (library(two.address),)), known).data
    assert (data["tar_dir"], data["note"]) == ("/t", "mine")
    assert data["tape_drives"] == [
        {"name": "lto9", "device_path": "/dev/tape/by-id/scsi-1-nst", "block_size": 1048576, "room": 3},
        {"name": "drive0", "device_path": "/dev/tape/by-id/scsi-0-nst", "block_size": 524288},
    ]  # fmt: skip  # nst1 is the drive that by-id calls 1: known by its node
    assert data["tape_libraries"] == [{"name": "msl", "device_path": "/dev/sch0", "slots": 24, "drives": ["lto9"]}]


def test_devices_that_are_not_there_now_are_kept_with_a_note():
    known = {"tape_drives": [{"name": "drive0", "device_path": "/dev/nst7"}], "tape_libraries": []}
    proposal = propose(Found((drive(0),), ()), known)
    assert [entry["name"] for entry in proposal.data["tape_drives"]] == ["drive1", "drive0"]
    assert proposal.notes == ["drive0: kept, but /dev/nst7 was not found now"]


def test_a_second_path_to_a_drive_is_left_out():
    proposal = propose(Found((drive(0), drive(1, serial="S0")), ()), {})
    assert [entry["name"] for entry in proposal.data["tape_drives"]] == ["drive0"]
    assert "another path to /dev/tape/by-id/scsi-0-nst" in proposal.notes[0]


def test_a_drive_without_a_tape_node_is_left_out():
    only_sg = FoundDrive("/dev/sg1", nodes=Nodes(1, "0:0:0:0", generic="/dev/sg1"))
    proposal = propose(Found((only_sg,), ()), {})
    assert proposal.is_empty
    assert "modprobe st" in proposal.notes[0]


@pytest.mark.parametrize("serials", [("", ""), ("A", "B")])
def test_drives_that_differ_or_tell_no_serial_are_not_taken_for_one(serials):
    drives = tuple(FoundDrive(NST[n].address, nodes=NST[n], serial=serial) for n, serial in enumerate(serials))
    assert len(propose(Found(drives, ()), {}).data["tape_drives"]) == 2
