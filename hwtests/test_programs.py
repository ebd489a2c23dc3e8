# SPDX-License-Identifier: WTFPL OR MIT
"""Programs that know nothing of us, on the kernel's devices with our virtual library behind them: what they write is
what others read, and what they show is so."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hwtests.virtual_unit import CHANGER_NODE, CHANGER_SG_NODE, DRIVE_NODES, DRIVE_SG_NODES, restore
from pytp_native.vtl.inventory import Inventory
from pytp_native.vtl.library import Library

TAPE, OTHER_TAPE = DRIVE_NODES
BLOCK = 65536

pytestmark = pytest.mark.skipif(
    os.environ.get("PYTP_GUEST") != "vtl", reason="needs our library behind the kernel: python -m hwtests.guest"
)


@pytest.fixture
def library() -> Library:
    """Each cartridge in its place, PYT001L6 in drive 0 at the beginning of the tape, drive 1 empty."""
    found = restore()
    run("mt", "-f", TAPE, "setblk", "0")
    run("mt", "-f", TAPE, "rewind")
    run("mt", "-f", TAPE, "erase", "0")
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Some files and what goes with them."""
    top = tmp_path / "tree"
    (top / "deep" / "er").mkdir(parents=True)
    for number in range(12):
        (top / "deep" / f"file {number}").write_bytes(data_of(number * 9973, number))
    (top / "empty").touch()
    (top / "deep" / "er" / "link").symlink_to("../file 3")
    os.chmod(top / "deep" / "file 5", 0o640)
    return top


def data_of(length: int, fill: int = 1) -> bytes:
    block = hashlib.shake_128(bytes((fill,))).digest(4096)
    return (block * (length // 4096 + 1))[:length]


def run(*command: str, code: int = 0, cwd: Path | None = None, **kwargs: object) -> str:
    """Its output, both streams; it has to end with `code`."""
    ended = subprocess.run(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=120,
        check=False, **kwargs,
    )  # fmt: skip
    assert ended.returncode == code, f"{command}: {ended.returncode}: {ended.stdout}"
    return ended.stdout


def same_trees(one: Path, other: Path) -> bool:
    return run("diff", "--no-dereference", "-r", str(one), str(other)) == ""


def places(library: Library) -> dict[str, str]:
    """Where each cartridge is."""
    seen = library.describe()
    drives = {one.barcode: f"drive {one.number}" for one in seen.drives if one.barcode}
    return drives | {one.barcode: f"slot {one.number}" for one in seen.slots if one.barcode}


# -- tape


def test_gnu_tar_writes_compares_lists_and_extracts(library, tree, tmp_path):
    run("tar", "-b128", "-cf", TAPE, "-C", str(tree.parent), "tree")
    run("tar", "-b128", "-cf", TAPE, "-C", str(tree), "deep")
    run("mt", "-f", TAPE, "rewind")
    run("tar", "-b128", "-df", TAPE, "-C", str(tree.parent))
    run("mt", "-f", TAPE, "asf", "1")
    assert "deep/file 11\n" in run("tar", "-b128", "-tf", TAPE)
    run("mt", "-f", TAPE, "asf", "0")
    out = tmp_path / "out"
    out.mkdir()
    run("tar", "-b128", "-xpf", TAPE, "-C", str(out))
    assert same_trees(tree, out / "tree")
    assert (out / "tree/deep/file 5").stat().st_mode & 0o777 == 0o640


def test_gnu_tar_appends_and_updates_in_place(library, tree):
    """tar -r spaces back over what it has read (MTBSR, MTBSF) and writes there."""
    run("tar", "-b20", "-cf", TAPE, "-C", str(tree), "empty")
    run("mt", "-f", TAPE, "rewind")
    run("tar", "-b20", "-rf", TAPE, "-C", str(tree), "deep/file 2")
    run("mt", "-f", TAPE, "rewind")
    assert run("tar", "-b20", "-tf", TAPE) == "empty\ndeep/file 2\n"


def test_gnu_tar_goes_on_to_the_next_cartridge_through_mtx(library, tmp_path):
    source, out = tmp_path / "source", tmp_path / "out"
    source.mkdir()
    out.mkdir()
    for number in range(3):
        (source / f"large {number}").write_bytes(data_of(2_000_000, number))
    change = tmp_path / "change"
    change.write_text(
        "#!/bin/sh\n"
        f"mt -f {TAPE} offline && mtx -f {CHANGER_SG_NODE} unload $((TAR_VOLUME - 1)) 0 &&\n"
        f"mtx -f {CHANGER_SG_NODE} load $TAR_VOLUME 0 && mt -f {TAPE} rewind\n"
    )
    change.chmod(0o755)
    run("tar", "-b128", "-cM", "-F", str(change), "-f", TAPE, "-C", str(source), ".")
    assert places(library)["PYT002L6"] == "drive 0"
    run("mt", "-f", TAPE, "offline")
    run("mtx", "-f", CHANGER_SG_NODE, "unload", "2", "0")
    run("mtx", "-f", CHANGER_SG_NODE, "load", "1", "0")
    run("tar", "-b128", "-xM", "-F", str(change), "-f", TAPE, "-C", str(out))
    assert same_trees(source, out)


def test_bsdtar_reads_what_gnu_tar_wrote(library, tree, tmp_path):
    run("tar", "-b20", "-cf", TAPE, "-C", str(tree.parent), "tree")
    run("mt", "-f", TAPE, "rewind")
    run("bsdtar", "-b", "20", "-xf", TAPE, "-C", str(tmp_path / "tree" / "deep" / "er"))
    copy = tmp_path / "tree" / "deep" / "er" / "tree"
    moved = tmp_path / "moved"
    shutil.move(copy, moved)
    assert same_trees(tree, moved)


def test_dd_writes_blocks_and_reads_them_back(library, tmp_path):
    source, out = tmp_path / "source", tmp_path / "out"
    source.write_bytes(data_of(5 * BLOCK + 777))
    run("dd", f"if={source}", f"of={TAPE}", f"bs={BLOCK}")
    run("mt", "-f", TAPE, "rewind")
    assert "5+1 records in" in run("dd", f"if={TAPE}", f"of={out}", f"bs={BLOCK}")
    assert out.read_bytes() == source.read_bytes()
    run("mt", "-f", TAPE, "rewind")
    assert "Cannot allocate memory" in run("dd", f"if={TAPE}", "of=/dev/null", f"bs={BLOCK // 2}", code=1)


def test_dd_fills_a_cartridge_and_everything_is_there(library, tmp_path):
    out = run("dd", "if=/dev/zero", f"of={TAPE}", f"bs={BLOCK}", code=1)
    assert "No space left on device" in out
    written = int(out.split("+0 records out")[0].split("\n")[-1])
    run("mt", "-f", TAPE, "rewind")
    assert f"{written}+0 records in" in run("dd", f"if={TAPE}", "of=/dev/null", f"bs={BLOCK}")
    assert written * BLOCK > library.describe().capacity_bytes * 3 // 4


def test_dd_copies_from_drive_to_drive_in_fixed_blocks(library, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(data_of(8 * 4096))
    run("mtx", "-f", CHANGER_NODE, "load", "2", "1")
    for node in (TAPE, OTHER_TAPE):
        run("mt", "-f", node, "setblk", "512")
        run("mt", "-f", node, "rewind")
    run("dd", f"if={source}", f"of={TAPE}", "bs=4096")
    run("mt", "-f", TAPE, "rewind")
    run("dd", f"if={TAPE}", f"of={OTHER_TAPE}", "bs=2048")
    run("mt", "-f", OTHER_TAPE, "rewind")
    run("dd", f"if={OTHER_TAPE}", f"of={tmp_path / 'out'}", "bs=64k")
    assert (tmp_path / "out").read_bytes() == source.read_bytes()
    for node in (TAPE, OTHER_TAPE):
        run("mt", "-f", node, "setblk", "0")


def test_mbuffer_writes_and_reads(library, tmp_path):
    source, out = tmp_path / "source", tmp_path / "out"
    source.write_bytes(data_of(20 * BLOCK))
    run("mbuffer", "-q", "-m", "2M", "-s", str(BLOCK), "-P", "50", "-i", str(source), "-o", TAPE)
    run("mt", "-f", TAPE, "rewind")
    run("mbuffer", "-q", "-m", "2M", "-s", str(BLOCK), "-i", TAPE, "-o", str(out))
    assert out.read_bytes() == source.read_bytes()


def test_mt_counts_what_tar_wrote(library, tree):
    for _ in range(3):
        run("tar", "-b20", "-cf", TAPE, "-C", str(tree), "empty")
    assert "File number=3, block number=0" in run("mt", "-f", TAPE, "status")
    assert run("mt", "-f", TAPE, "tell") == "At block 6.\n"
    run("mt", "-f", TAPE, "asf", "1")
    assert run("mt", "-f", TAPE, "tell") == "At block 2.\n"


# -- library


def test_mtx_shows_and_moves(library):
    shown = run("mtx", "-f", CHANGER_NODE, "status")
    assert "2 Drives, 10 Slots ( 2 Import/Export )" in shown
    assert "Data Transfer Element 0:Full (Storage Element 1 Loaded):VolumeTag = PYT001L6" in shown
    run("mtx", "-f", CHANGER_SG_NODE, "unload", "1", "0")
    run("mtx", "-f", CHANGER_SG_NODE, "load", "3", "1")
    run("mtx", "-f", CHANGER_SG_NODE, "transfer", "2", "9")
    run("mtx", "-f", CHANGER_SG_NODE, "next", "1")
    where = {"PYT001L6": "slot 1", "PYT002L6": "slot 9", "PYT003L6": "slot 3", "PYT004L6": "drive 1"}
    assert places(library) == {**where, "PYT005L6": "slot 5"}
    assert "Empty" in run("mtx", "-f", CHANGER_SG_NODE, "load", "8", "0", code=1)


def test_a_load_through_mtx_makes_the_drive_ready_at_the_beginning(library):
    assert "DR_OPEN" in run("mt", "-f", OTHER_TAPE, "status")
    run("mtx", "-f", CHANGER_NODE, "load", "4", "1")
    assert "BOT ONLINE" in run("mt", "-f", OTHER_TAPE, "status")
    run("mtx", "-f", CHANGER_NODE, "unload", "4", "1")
    assert "DR_OPEN" in run("mt", "-f", OTHER_TAPE, "status")


def test_a_locked_drive_keeps_its_cartridge(library):
    run("mt", "-f", TAPE, "lock")
    assert "Illegal Request" in run("mtx", "-f", CHANGER_NODE, "unload", "1", "0", code=1)
    assert places(library)["PYT001L6"] == "drive 0"
    run("mt", "-f", TAPE, "unlock")
    run("mtx", "-f", CHANGER_NODE, "unload", "1", "0")


def test_an_exchange_through_mtx(library):
    run("mtx", "-f", CHANGER_NODE, "exchange", "2", "3")
    assert {places(library)[name] for name in ("PYT002L6", "PYT003L6")} == {"slot 2", "slot 3"}


def test_loaderinfo_and_tapeinfo_show_what_is_there(library):
    shown = run("loaderinfo", "-f", CHANGER_SG_NODE).splitlines()
    for line in (
        "Product Type: Medium Changer", "Vendor ID: 'PYTP    '", "Bar Code Reader: Yes",
        "Number of Storage Elements: 8", "Number of Import/Export Elements: 2", "Number of Data Transfer Elements: 2",
    ):  # fmt: skip
        assert line in shown
    run("dd", "if=/dev/zero", f"of={TAPE}", "bs=1000", "count=3")
    shown = run("tapeinfo", "-f", DRIVE_SG_NODES[0]).splitlines()
    serial = library.describe().drives[0].serial
    for line in (
        "Product Type: Tape Drive", f"SerialNumber: '{serial}'", "MinBlock: 1", "MaxBlock: 8388608", "Ready: yes",
        "Density Code: 0x5a", "Block Position: 4", "DataCompEnabled: yes",
    ):  # fmt: skip
        assert line in shown
    assert "Ready: no" in run("tapeinfo", "-f", DRIVE_SG_NODES[1])


# -- sg3_utils, lsscsi


def test_lsscsi_pairs_the_nodes(library):
    lines = [line.split() for line in run("lsscsi", "-g").splitlines()]
    assert [(line[1], line[-2], line[-1]) for line in lines] == [
        ("tape", "/dev/st0", DRIVE_SG_NODES[0]),
        ("tape", "/dev/st1", DRIVE_SG_NODES[1]),
        ("mediumx", CHANGER_NODE, CHANGER_SG_NODE),
    ]


def test_sg_inq_and_sg_vpd_name_the_devices(library):
    inventory = Inventory(str(library.path))
    serials = [bay.serial for bay in inventory.drives]
    for node, serial in zip((*DRIVE_SG_NODES, CHANGER_SG_NODE), (*serials, inventory.serial), strict=True):
        shown = run("sg_inq", node)
        assert "Vendor identification: PYTP" in shown
        assert f"Unit serial number: {serial}" in shown
        assert serial in run("sg_vpd", "-p", "di", node)
    assert "WORM=1" in run("sg_vpd", "-p", "0xb0", DRIVE_SG_NODES[0])


def test_sg_logs_decodes_every_page(library):
    run("dd", "if=/dev/zero", f"of={TAPE}", f"bs={BLOCK}", "count=4")
    shown = run("sg_logs", "-a", DRIVE_SG_NODES[0])
    for page in ("Write error counter", "Read error counter", "Tape Alert", "Tape usage", "Data compression"):
        assert page.lower() in shown.lower()
    assert "[0x0]" in run("sg_logs", "-a", CHANGER_SG_NODE)


def test_sg_modes_decodes_the_pages(library):
    shown = run("sg_modes", "-a", DRIVE_SG_NODES[0])
    assert "Data Compression" in shown
    assert "Density code=0x5a" in shown
    shown = run("sg_modes", "-a", CHANGER_SG_NODE)
    for page in ("Element address assignment", "Transport geometry", "Device capabilities"):
        assert page.lower() in shown.lower()


def test_sg_read_attr_shows_the_cartridge(library):
    shown = run("sg_read_attr", DRIVE_SG_NODES[0])
    serial = library.describe().drives[0].serial
    for line in (
        "Maximum capacity in partition [MiB]: 4", f"Density vendor/serial number at last load: PYTP    {serial}",
        "Medium density code: 0x5a", "MAM capacity [B]: 16384",
    ):  # fmt: skip
        assert line in shown


def test_other_sg_tools_agree(library):
    run("sg_turs", DRIVE_SG_NODES[0])
    assert "1 lun entry" in run("sg_luns", DRIVE_SG_NODES[0])
    for name in ("Locate(16)", "Read attribute", "Report density support"):
        assert name in run("sg_opcodes", DRIVE_SG_NODES[0])
    run("sg_turs", CHANGER_SG_NODE)
