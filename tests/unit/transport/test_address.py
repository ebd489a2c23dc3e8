# SPDX-License-Identifier: WTFPL OR MIT
"""What the text of a device address stands for."""

from __future__ import annotations

import os
import stat

import pytest

from pytp_native.errors import BadAddress
from pytp_native.transport import address as address_module
from pytp_native.transport import open_scsi, open_tape
from pytp_native.transport.address import generic_node, resolve


@pytest.fixture
def node(monkeypatch):
    """Make os.stat believe that a path is a character device."""

    def pretend(path, major, minor):
        real = os.stat
        fake = os.stat_result([stat.S_IFCHR | 0o660, 0, 0, 1, 0, 0, 0, 0, 0, 0], {"st_rdev": os.makedev(major, minor)})
        monkeypatch.setattr(
            address_module.os, "stat", lambda asked, **rest: fake if asked == path else real(asked, **rest)
        )

    return pretend


@pytest.mark.parametrize(
    ("minor", "rewinds", "no_rewind"),
    [
        (0x00, True, "/dev/nst0"), (0x80, False, "/dev/nst0"), (0x05, True, "/dev/nst5"), (0x85, False, "/dev/nst5"),
        (0x60, True, "/dev/nst0a"), (0xA3, False, "/dev/nst3l"), (0x100, True, "/dev/nst32"),
        (0x181, False, "/dev/nst33"),
    ],
)  # fmt: skip
def test_tape_nodes_tell_rewind_and_number_by_their_device_number(node, minor, rewinds, no_rewind):
    node("/dev/tape/by-id/x", 9, minor)
    found = resolve("/dev/tape/by-id/x")
    assert (found.kind, found.rewinds, found.no_rewind_node) == ("st", rewinds, no_rewind)


@pytest.mark.parametrize(("major", "kind"), [(21, "sg"), (86, "sch")])
def test_scsi_nodes(node, major, kind):
    node("/dev/x", major, 3)
    assert resolve("/dev/x")[:3] == ("/dev/x", kind, "/dev/x")


@pytest.mark.parametrize(
    ("text", "kind", "path", "drive"),
    [
        ("vtl:/srv/vtl/drive0", "vtl drive", "/srv/vtl", 0),
        ("vtl:lib/drive12", "vtl drive", "lib", 12),
        ("vtl:a:b/drive1/changer", "vtl changer", "a:b/drive1", 0),
        ("vtl:my lib/changer", "vtl changer", "my lib", 0),
        ("replay:t.jsonl", "replay", "t.jsonl", 0),
    ],
)
def test_virtual_addresses(text, kind, path, drive):
    found = resolve(text)
    assert (found.kind, found.path, found.drive, found.text) == (kind, path, drive, text)
    assert found.is_virtual == text.startswith("vtl")


def test_trace_names_a_file_and_an_address():
    found = resolve("trace:t.jsonl:vtl:x/drive0")
    assert (found.kind, found.path, found.inner) == ("trace", "t.jsonl", "vtl:x/drive0")


@pytest.mark.parametrize(
    "text",
    ["", "/dev/null", "/dev/nst99", "vtl:", "vtl:drive0", "vtl:x/drive", "vtl:x/driveA", "replay:", "trace:x", "a\0b",
     "ftp:x", "/"],
)  # fmt: skip
def test_what_is_no_device_is_refused_with_examples(text):
    with pytest.raises(BadAddress) as caught:
        resolve(text)
    assert "vtl:DIR/drive0" in str(caught.value) or "trace:FILE:ADDRESS" in str(caught.value)
    assert caught.value.exit_code == 3


def test_plain_files_are_no_devices(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadAddress, match="not a tape, changer or SCSI device"):
        open_tape(str(tmp_path / "file"), write=True)
    assert (tmp_path / "file").read_bytes() == b""


def test_a_changer_is_no_tape(node):
    node("/dev/sch0", 86, 0)
    with pytest.raises(BadAddress, match="not a tape drive"):
        open_tape("/dev/sch0")


def test_a_changer_needs_its_sg_node(node):
    node("/dev/sch0", 86, 0)
    with pytest.raises(BadAddress, match="no sg node"):
        open_scsi("/dev/sch0")


def test_sg_node_comes_from_sysfs(node, tmp_path):
    node("/dev/sch0", 86, 0)
    (tmp_path / "dev/char/86:0/device/scsi_generic/sg3").mkdir(parents=True)
    assert generic_node("/dev/sch0", sysfs=str(tmp_path)) == "/dev/sg3"
    assert generic_node("/dev/sch0", sysfs=str(tmp_path / "none")) is None
