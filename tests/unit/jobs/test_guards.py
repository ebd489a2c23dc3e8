# SPDX-License-Identifier: WTFPL OR MIT
"""What keeps a cartridge from being written: who it is, what the catalog needs of it, and the lock of the door."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from pytp_native.catalog.store import Catalog
from pytp_native.devices.cartridge_memory import Memory
from pytp_native.errors import LibraryError, PytpError, Refused
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.duplicate import Consent, TapeTarget
from pytp_native.jobs.events import ArgumentStarted, Notice
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.labelling import LabelRequest, label_cartridge
from pytp_native.vtl.state import DriveState
from tests.cartridge import Cartridge

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "library", block_bytes=BLOCK)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    top.mkdir()
    (top / "file").write_bytes(os.urandom(3 * BLOCK))
    return top


OURS = {"bare": False, "append_foreign": False, "library_barcode": "PYT001L9"}


# -- who it is -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "library", "serial"),
    [one for one in itertools.product(("PYT001L9", "OTHER"), repeat=3) if "OTHER" in one],
)
def test_every_mismatch_of_names_and_medium_is_refused_before_anything_is_written(
    cartridge: Cartridge, catalog: Catalog, tree: Path, monkeypatch: pytest.MonkeyPatch,
    volume: str, library: str, serial: str,
) -> None:  # fmt: skip
    assert cartridge.backup(tree, catalog=catalog, **OURS).code == 0
    before = cartridge.objects()
    if serial == "OTHER":
        monkeypatch.setattr("pytp_native.jobs.cartridge.read_memory", lambda address: Memory(serial="OTHER"))
    with pytest.raises(Refused) as refused:
        cartridge.backup(tree, catalog=catalog, **{**OURS, "volume": volume, "library_barcode": library})
    assert "OTHER" in str(refused.value)
    assert "PYT001L9" in str(refused.value)
    assert cartridge.objects() == before


def test_a_label_that_the_catalog_knows_by_another_barcode_is_refused(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    cartridge.backup(tree, catalog=catalog, **OURS)
    catalog._database.run("UPDATE cartridge SET barcode = 'ELSE01'")
    with pytest.raises(Refused, match="the catalog knows this cartridge as ELSE01"):
        cartridge.backup(tree, catalog=catalog, **OURS)


def test_a_medium_that_the_catalog_knows_otherwise_is_refused_also_where_the_label_tells_none(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    cartridge.backup(tree, catalog=catalog, **OURS)
    catalog._database.run("UPDATE cartridge SET serial = 'S-1'")
    with pytest.raises(Refused, match="medium S-1 in the catalog"):
        cartridge.backup(tree, catalog=catalog, **OURS)


def test_a_second_cartridge_with_a_barcode_that_is_taken_is_refused_when_it_would_get_its_label(
    cartridge: Cartridge, catalog: Catalog, tree: Path, shelf: Path
) -> None:
    cartridge.backup(tree, catalog=catalog, **OURS)
    catalog._database.run("UPDATE cartridge SET serial = 'S-1', uuid = 'another'")
    blank = Cartridge(shelf / "other", block_bytes=BLOCK)
    with pytest.raises(Refused, match="knows another cartridge PYT001L9, on medium S-1"):
        blank.backup(tree, catalog=catalog, **OURS)
    assert blank.objects() == []


# -- what would be lost ----------------------------------------------------------------------------------------------


def test_overwriting_tells_what_is_lost_and_wants_the_barcode(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    cartridge.backup(tree, catalog=catalog, **OURS)
    before, told = cartridge.objects(), []
    with pytest.raises(Refused, match="add --confirm PYT001L9"):
        cartridge.backup(tree, catalog=catalog, at=0, overwrite=True, on_event=told.append, **OURS)
    notices = [event.text for event in told if isinstance(event, Notice)]
    assert f"would be lost: tape file 1: {tree} of " in notices[0]
    with pytest.raises(Refused, match="--confirm says WRONG1, but this is cartridge PYT001L9"):
        cartridge.backup(tree, catalog=catalog, at=0, overwrite=True, confirm="WRONG1", **OURS)
    assert cartridge.objects() == before
    assert cartridge.backup(tree, catalog=catalog, at=0, overwrite=True, confirm="PYT001L9", **OURS).code == 0
    assert len(list(catalog.find(b"file"))) == 1


def test_what_the_catalog_does_not_need_takes_no_second_consent(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    cartridge.backup(tree, **OURS)
    assert cartridge.backup(tree, catalog=catalog, at=0, overwrite=True, **OURS).code == 0


def test_a_catalog_that_does_not_record_is_asked_none_the_less(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    cartridge.backup(tree, catalog=catalog, **OURS)
    request = BackupRequest((os.fsencode(tree),), overwrite=True)
    with cartridge.open(write=True) as drive:
        drive.rewind()
        with pytest.raises(Refused, match="--confirm"):
            backup(drive, request, lambda event: None, Interrupt(), guard=catalog)


def test_a_new_label_and_a_copy_want_the_same_consent(cartridge: Cartridge, catalog: Catalog, tree: Path) -> None:
    cartridge.backup(tree, catalog=catalog, **OURS)
    with cartridge.open(write=True) as drive:
        with pytest.raises(Refused, match="--confirm PYT001L9"):
            label_cartridge(drive, LabelRequest("NEW001", overwrite=True), lambda event: None, catalog)
        with pytest.raises(Refused, match="--confirm PYT001L9"):
            TapeTarget(drive, Consent(True, None, catalog), emit=lambda event: None)
        request = LabelRequest("NEW001", overwrite=True, confirm="PYT001L9")
        assert label_cartridge(drive, request, lambda event: None, catalog).exit_code == 0
    assert list(catalog.find(b"file")) == []


# -- the door --------------------------------------------------------------------------------------------------------


def prevented(cartridge: Cartridge) -> bool:
    state = DriveState(str(cartridge.library.path / "drive0"))
    try:
        return bool(state.raw.prevented)
    finally:
        state.close()


def test_the_door_is_locked_while_a_backup_writes_and_open_afterwards(cartridge: Cartridge, tree: Path) -> None:
    seen = []

    def look(event: object) -> None:
        if isinstance(event, ArgumentStarted):
            seen.append(prevented(cartridge))

    assert cartridge.backup(tree, on_event=look).code == 0
    assert seen == [True]
    assert not prevented(cartridge)


@pytest.mark.parametrize("fault", ["write 2: medium error", "power cut at 2", "eject at 2", "reset at 2"])
def test_the_door_is_open_again_whatever_ended_the_job(cartridge: Cartridge, tree: Path, fault: str) -> None:
    cartridge.fault(fault)
    assert cartridge.backup(tree).code in {5, 6}
    assert not prevented(cartridge) or fault.startswith("reset"), "st hears nothing more until it is rewound"


def test_the_door_is_open_again_after_an_interrupt_and_after_what_nobody_expected(
    cartridge: Cartridge, tree: Path
) -> None:
    interrupt = Interrupt()

    def stop(event: object) -> None:
        if isinstance(event, ArgumentStarted):
            interrupt.trigger()

    assert cartridge.backup(tree, interrupt=interrupt, on_event=stop).code == 130
    assert not prevented(cartridge)

    def fail(event: object) -> None:
        if isinstance(event, ArgumentStarted):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cartridge.backup(tree, on_event=fail)
    assert not prevented(cartridge)
    cartridge.library.unload(0)


def test_nobody_takes_the_cartridge_out_of_a_drive_that_writes(cartridge: Cartridge, tree: Path) -> None:
    refused = []

    def pull(event: object) -> None:
        if isinstance(event, ArgumentStarted):
            try:
                cartridge.library.unload(0)
            except (LibraryError, PytpError) as error:
                refused.append(error)

    assert cartridge.backup(tree, on_event=pull).code == 0
    assert len(refused) == 1
