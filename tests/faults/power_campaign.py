# SPDX-License-Identifier: WTFPL OR MIT
"""The computer's power cut at every block of a backup, and the session resumed: what the catalog calls safe is on the
tape, all of it is on the tape in the end, and comes back as it was.

    python -m tests.faults.power_campaign [--step 1] [--buffer BLOCKS] [--kind zstd] [--work /dev/shm/pytp-power]

Kinds: plain, zstd (compressed), incremental, and both.

Each backup is a process of its own, killed by the virtual drive at its block; what was in the drive's buffer is gone.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytp_native.jobs.argument_file
from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.search import EVERYTHING, Wanted
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import NothingHere
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.events import JobReport
from pytp_native.jobs.frontier import Frontier
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.ledger import Ledger
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.stream.frame_walk import FrameWalk
from pytp_native.stream.frames import FramePlace
from pytp_native.stream.own_archive import find_mark
from pytp_native.stream.scan import Scan
from pytp_native.stream.untar import Existing
from pytp_native.units import MIB
from pytp_native.vtl.library import Library

BLOCK = 10240
KINDS = ("plain", "zstd", "incremental", "incremental-zstd")
MEMORY = 32 * MIB


class Lost(Exception):
    """Something that was called safe is not on the tape, or the session did not come to a good end."""


class Place(NamedTuple):
    """A member and where it is."""

    tape_file: int
    block: int
    offset: int
    name: bytes
    digest: bytes


def make_trees(work: Path) -> list[Path]:
    """Files of all lengths around a block, nested directories, a link, one file of many blocks, and a single file."""
    chance = random.Random(5)
    mixed, large, single = work / "mixed", work / "large", work / "single"
    for name in ("a", "b/c", "b.d", "e"):
        directory = mixed / name
        directory.mkdir(parents=True)
        for number in range(5):
            (directory / f"f{number}").write_bytes(chance.randbytes(chance.randrange(2 * BLOCK)))
        os.utime(directory, ns=(10**18, 10**18 + number))
    (mixed / "link").symlink_to("a/f0")
    large.mkdir()
    (large / "data").write_bytes(chance.randbytes(12 * BLOCK))
    single.mkdir()
    (single / "note").write_bytes(b"one block\n")
    return [mixed, large, single]


def contents(tree: Path) -> dict[str, tuple[object, ...]]:
    """What a restore has to bring back, times included."""
    found = {}
    for path in [tree, *tree.rglob("*")]:
        what = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(tree.parent))] = (what, path.lstat().st_mode, path.lstat().st_mtime_ns)
    return found


class Desk:
    """A library with one cartridge, and a catalog of its own."""

    def __init__(self, work: Path, trees: Iterable[Path], kind: str = "plain") -> None:
        shutil.rmtree(work, ignore_errors=True)
        self.level = "incremental" if "incremental" in kind else "full"
        self.zstd_level = 1 if "zstd" in kind else None
        self.start = 0
        """Block at which the job begins that is cut."""
        self.work = work
        self.trees = list(trees)
        self.library = Library.create(work / "library", drives=1, slots=1, cartridges=1, capacity_bytes=16 * MIB)
        self.address = f"vtl:{work / 'library'}/drive0"
        self.catalog = str(work / "catalog.db")

    def open(self, *, write: bool = False) -> Drive:
        return Drive.open(self.address, block_bytes=BLOCK, write=write)

    def save(self, paths: Iterable[Path], *, looks: int = 0) -> JobReport:
        """Back up; with `looks` the drive is asked that often, in blocks."""
        request = BackupRequest(
            tuple(os.fsencode(path) for path in paths), memory_bytes=MEMORY, flush_bytes=(looks or 1000) * BLOCK,
            level=self.level, zstd_level=self.zstd_level,
        )  # fmt: skip
        with Catalog(self.catalog) as catalog, self.open(write=True) as drive:
            return backup(drive, request, lambda event: None, Interrupt(), catalog=catalog)

    def prepare(self) -> None:
        """What an incremental session is based on."""
        if self.level == "full":
            return
        if self.save(self.trees).exit_code:
            raise Lost("the session that comes before failed")
        change(self.trees)
        with self.open() as drive:
            drive.to_end_of_data()
            self.start = drive.where().logical_block or 0

    def save_until(self, block: int, buffer: int) -> int:
        """Back up in a process that is killed with the power cut; return its wait status."""
        self.library.add_fault(0, f"buffer {buffer * BLOCK}")
        self.library.add_fault(0, f"blackout at {self.start + block}")
        gc.collect()  # a restore's garbage has threads, which no child inherits and every child would wait for
        child = os.fork()
        if child == 0:
            try:
                if self.zstd_level is None:  # there the drive counts other blocks than the catalog
                    wait_for_the_catalog()
                self.save(self.trees, looks=3)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        self.library.clear_faults(0)
        return status

    def resume(self) -> JobReport:
        with Catalog(self.catalog) as catalog, self.open(write=True) as drive:
            return resume(drive, ResumeRequest(memory_bytes=MEMORY), catalog, lambda event: None, Interrupt())

    # -- what is there -----------------------------------------------------------------------------------------------

    def on_tape(self) -> tuple[set[Place], list[int]]:
        """All members, read from the blocks themselves, and the numbers of the tape files that hold any."""
        found, files = set(), []
        with self.open() as drive:
            drive.rewind()
            for number in range(1000):
                try:
                    blocks = list(drive.blocks())
                except NothingHere:
                    return found, files
                if find_mark(blocks[0]) is None:
                    files.append(number)
                    archive = FrameWalk(iter(blocks), BLOCK, FramePlace(0, 0)).archive() if self.zstd_level else blocks
                    for one in Scan(archive, BLOCK).members():
                        found.add(Place(number, one.block, one.offset, one.name, one.digest))
        return found, files

    def claimed(self, wanted: Wanted = EVERYTHING) -> set[Place]:
        """All members that the catalog calls safe."""
        with Catalog(self.catalog) as catalog:
            if catalog.check():
                raise Lost(f"the catalog does not fit together: {catalog.check()[0]}")
            return {
                Place(one.tape_file or 0, one.block or 0, one.offset or 0, one.path, one.digest or b"")
                for one in catalog.find(b"*", wanted)
            }

    def restored(self, files: Iterable[int]) -> dict[str, tuple[object, ...]]:
        """What the tape files give, one over the other; where they are changes, what the catalog makes of them."""
        target = self.work / "restored"
        shutil.rmtree(target, ignore_errors=True)
        if self.level != "full" or self.zstd_level:
            return self._by_catalog(target)
        with self.open() as drive:
            for number in files:
                drive.go_to_file(number)
                restore(
                    drive,
                    RestoreRequest(os.fsencode(target), existing=Existing.OVERWRITE),
                    lambda event: None,
                    Interrupt(),
                )
        found = {}
        for tree in self.trees:
            found.update(contents(target / tree.name))
        return found

    def _by_catalog(self, target: Path) -> dict[str, tuple[object, ...]]:
        request = CatalogRequest(Selector(), os.fsencode(target))
        with Catalog(self.catalog) as catalog, self.open() as drive:
            report = restore_from_catalog(drive, catalog, request, lambda event: None, Interrupt())
        if report.exit_code:
            raise Lost(f"restored by the catalog: {report.message}")
        return {name: what for tree in self.trees for name, what in contents(target / tree.name).items()}


def change(trees: Iterable[Path]) -> None:
    """New contents, names that are gone, names that are new."""
    chance = random.Random(7)
    for tree in trees:
        files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
        for number, path in enumerate(files):
            if number % 4 == 3:
                path.unlink()
            elif number % 2 == 0:
                path.write_bytes(chance.randbytes(chance.randrange(2 * BLOCK)))
        (tree / "new").write_bytes(chance.randbytes(BLOCK))


def wait_for_the_catalog() -> None:
    """Let the drive go on only when the catalog knows what it has told: in this process, from now on."""
    pytp_native.jobs.argument_file.TICK_S = 0.0005
    look, durable, told = Frontier._look_around, Ledger.durable, threading.Condition()
    known = [0]

    def look_and_wait(self: Frontier) -> None:
        look(self)
        with told:
            told.wait_for(lambda: known[0] >= self.durable, 30)
            known[0] = self.durable

    def tell(self: Ledger, blocks: int) -> None:
        durable(self, blocks)
        with told:
            known[0] = blocks
            told.notify()

    Frontier._look_around, Ledger.durable = look_and_wait, tell  # type: ignore[method-assign]


def cut_and_resume(desk: Desk, block: int, buffer: int) -> str:
    """One power cut; say what came of it. Raises Lost."""
    status = desk.save_until(block, buffer)
    if status == 0:
        return "finished before"
    if status != signal.SIGKILL:
        raise Lost(f"block {block}: wait status {status}")
    claimed, (there, _files) = desk.claimed(), desk.on_tape()
    if not claimed <= there:
        raise Lost(f"block {block}: called safe, and not there: {sorted(claimed - there)[:3]}")
    try:
        report, done = desk.resume(), "resumed"
    except NothingHere:
        report, done = desk.save(desk.trees), "begun anew"
    except Exception as exc:
        if "no session on it can be resumed" not in str(exc):
            raise
        report, done = desk.save(desk.trees), "begun anew"
    if report.exit_code:
        raise Lost(f"block {block}: {done}: {report.message}")
    there, files = desk.on_tape()
    if (claimed := desk.claimed()) != there:
        raise Lost(f"block {block}: {done}: {sorted(claimed ^ there)[:3]} only in catalog or on tape")
    wanted = {name: what for tree in desk.trees for name, what in contents(tree).items()}
    if (found := desk.restored(files)) != wanted:
        wrong = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        raise Lost(f"block {block}: {done}, but restored otherwise: {wrong[:5]}")
    return done


def campaign(work: Path, step: int, buffer: int, first: int = 0, kind: str = "plain") -> dict[str, int]:
    """Cut the power at every `step`-th block until a backup finishes before; return what became of them."""
    trees = make_trees(work / "source")
    told: dict[str, int] = {}
    block = first
    while "finished before" not in told:
        desk = Desk(work / "desk", trees, kind)
        if desk.level != "full":
            shutil.rmtree(work / "source")
            make_trees(work / "source")
            desk.prepare()
        done = cut_and_resume(desk, block, buffer)
        told[done] = told.get(done, 0) + 1
        block += step
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--buffer", type=int, default=2, help="blocks that the drive holds back")
    parser.add_argument("--kind", choices=KINDS, default="plain")
    parser.add_argument("--work", type=Path, default=Path("/dev/shm/pytp-power"))
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    try:
        told = campaign(options.work, options.step, options.buffer, kind=options.kind)
    except Lost as exc:
        print(f"LOST: {exc} (library kept in {options.work})")
        return 1
    shutil.rmtree(options.work)
    print(f"{options.kind}: power cut at {sum(told.values())} blocks: {told}; nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
