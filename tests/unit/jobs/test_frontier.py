# SPDX-License-Identifier: WTFPL OR MIT
"""What the catalog may call safe while a tape file is being written, and what becomes of it when the drive fails."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

import pytp_native.jobs.argument_file
from pytp_native.catalog.store import Catalog
from pytp_native.errors import NotSupported
from pytp_native.jobs.events import Part
from pytp_native.jobs.frontier import Frontier
from pytp_native.jobs.ledger import Ledger
from pytp_native.stream.ring import Ring
from pytp_native.transport.records import Stop
from tests.cartridge import Cartridge

BLOCK = 10240


@pytest.fixture
def cartridge(shelf: Path) -> Cartridge:
    return Cartridge(shelf / "library", block_bytes=BLOCK)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Sixty files, each a bit more than a block: 70 blocks."""
    top = tmp_path / "tree"
    top.mkdir()
    for number in range(60):
        (top / f"f{number:02}").write_bytes(os.urandom(BLOCK))
    return top


def ring_of(blocks: int) -> Ring:
    ring = Ring(BLOCK, 64 * BLOCK)
    for _ in range(blocks):
        ring.put(bytes(BLOCK))
    ring.finish()
    return ring


@pytest.mark.parametrize("tells", [True, False])
def test_a_flush_or_the_drive_says_what_is_on_the_medium(
    cartridge: Cartridge, tells: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cartridge.fault(f"buffer {3 * BLOCK}")
    flushes = []
    with cartridge.open(write=True) as drive:
        drive.prepare()
        frontier = Frontier(drive, 5 * BLOCK)
        if not tells:
            monkeypatch.setattr("pytp_native.jobs.frontier.open_scsi", _no_door)
        sync = drive.tape.sync
        monkeypatch.setattr(drive.tape, "sync", lambda: (flushes.append(1), sync()))
        frontier.begin(Part(None, 0, 0, 0))
        moved = frontier.write(ring_of(12))
        frontier.close()
    assert (moved.stop, moved.blocks) == (Stop.END_OF_STREAM, 12)
    assert (frontier.durable, len(flushes)) == ((7, 0) if tells else (10, 2))


def _no_door(address: str) -> object:
    raise NotSupported(address, "no SCSI here")


def _wait_for_the_catalog() -> None:
    """Let the drive go on only when the catalog knows what it has told: in this process, from now on."""
    pytp_native.jobs.argument_file.TICK_S = 0.0005
    look, durable, told = Frontier._look_around, Ledger.durable, threading.Condition()
    known = [0]

    def look_and_wait(self: Frontier) -> None:
        look(self)
        with told:
            told.wait_for(lambda: known[0] >= self.durable, 30)

    def tell(self: Ledger, blocks: int) -> None:
        durable(self, blocks)
        with told:
            known[0] = blocks
            told.notify()

    Frontier._look_around, Ledger.durable = look_and_wait, tell  # type: ignore[method-assign]


def test_rows_are_durable_as_far_as_the_drive_has_told(cartridge: Cartridge, catalog: Catalog, tree: Path) -> None:
    """Power fails at block 65; the drive holds ten blocks back."""
    child = os.fork()
    if child == 0:
        _wait_for_the_catalog()
        cartridge.fault(f"buffer {10 * BLOCK}")
        cartridge.fault("blackout at 65")
        with Catalog(catalog.path) as mine:
            cartridge.backup(tree, catalog=mine, flush_bytes=12 * BLOCK, memory_bytes=4 << 20)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    blocks = len(cartridge.files()[0])
    (session,) = catalog.sessions()
    (file,) = session.tape_files
    assert (session.state, file.state) == ("open", "open")
    assert (file.durable_blocks, blocks) == (50, 55), "the drive was asked last behind 60"
    found = list(catalog.find(b"tree/f*"))
    assert found
    assert all(one.block * BLOCK + one.offset + one.length <= file.durable_blocks * BLOCK for one in found)


def test_a_deferred_error_closes_the_tape_file_where_the_drive_lost_it(
    cartridge: Cartridge, catalog: Catalog, tree: Path
) -> None:
    """The place stays bad, so that no filemark fits there either: what is known is what the drive has on the medium."""
    cartridge.fault("write 40: deferred error after 6")
    done = cartridge.backup(tree, catalog=catalog, flush_bytes=8 * BLOCK)
    assert done.code == 6
    assert done.report.arguments[0].blocks == 40
    (session,) = catalog.sessions()
    assert session.state == "failed"
    assert session.tape_files[0].durable_blocks == 40
    assert len(list(catalog.find(b"tree/f*"))) == done.report.arguments[0].files - 1 == 34


def test_a_drive_that_lost_power_is_not_written_on(cartridge: Cartridge, catalog: Catalog, tree: Path) -> None:
    """It stands at the beginning of the tape: a filemark there, which st would write at close, loses everything."""
    assert cartridge.backup(tree, catalog=catalog).code == 0
    before = cartridge.files()
    cartridge.fault("power cut at 100")
    done = cartridge.backup(tree, catalog=catalog)
    assert done.code == 6
    assert cartridge.files()[: len(before)] == before
    assert [one.session for one in catalog.find(b"f00")] == [catalog.sessions()[1].uuid]


@pytest.mark.parametrize("at", [10, 60])
def test_a_tape_that_somebody_moved_ends_the_job_and_names_what_is_in_doubt(
    cartridge: Cartridge, catalog: Catalog, tree: Path, at: int
) -> None:
    cartridge.fault(f"moved to 5 at {at}")
    done = cartridge.backup(tree, tree / "f00", catalog=catalog, flush_bytes=8 * BLOCK)
    assert done.code == 6
    assert done.statuses == ["failed", "not started"]
    assert "moved by another program" in done.report.message
    assert "blocks from " in done.report.message


def test_a_bus_reset_ends_the_job_and_leaves_the_tape_alone(cartridge: Cartridge, tree: Path) -> None:
    cartridge.fault("reset at 20")
    done = cartridge.backup(tree)
    assert done.code == 6
    assert len(cartridge.objects()) == 20, "no block was lost, and none was written where nobody knows"
