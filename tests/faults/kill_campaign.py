# SPDX-License-Identifier: WTFPL OR MIT
"""Backups killed with SIGKILL at random moments: whatever was reported as saved restores, whatever the catalog calls
safe is on the tape, and the next run appends.

    python -m tests.faults.kill_campaign [--runs 1000] [--seed 1] [--work /dev/shm/pytp-kill]

Each run is a process of its own that backs up three trees and says over a pipe which are saved, as soon as the job says
so. Every cartridge is read back when it is nearly full, and at the end. Exit 1 when anything is lost.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.events import ArgumentReport
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.restore import RestoreRequest, restore
from pytp_native.stream.scan import Scan
from pytp_native.units import MIB
from pytp_native.vtl.library import Library

BLOCK = 65536
CAPACITY = 96 * MIB


class Saved(NamedTuple):
    """A tape file that a job reported as saved, and the tree it was made of."""

    tape_file: int
    tree: Path


class Lost(Exception):
    """Something that was reported as saved is not on the tape."""


def make_trees(work: Path, chance: random.Random) -> list[Path]:
    """Trees whose backups take from a moment to some blocks: many small files, one large, and a single file."""
    small, large, single = work / "small", work / "large", work / "single"
    for tree in (small, large, single):
        tree.mkdir(parents=True)
    for i in range(60):
        (small / f"f{i:02}").write_bytes(chance.randbytes(chance.randrange(3000)))
    (large / "data").write_bytes(chance.randbytes(1_500_000))
    (single / "note").write_bytes(b"one block\n")
    return [small, large, single]


def contents(tree: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in tree.iterdir()}


def save_and_tell(address: str, trees: list[Path], pipe: int, catalog_path: str) -> None:
    """Run one backup and write a line to the pipe for each tape file that is saved."""

    def tell(event: object) -> None:
        if isinstance(event, ArgumentReport) and event.status == "saved":
            name = os.fsdecode(os.path.basename(event.path))
            os.write(pipe, f"{event.tape_file} {name}\n".encode())

    request = BackupRequest(tuple(os.fsencode(tree) for tree in trees), memory_bytes=MIB)
    with Catalog(catalog_path) as catalog, Drive.open(address, block_bytes=BLOCK, write=True) as drive:
        report = backup(drive, request, tell, Interrupt(), catalog=catalog)
    if report.exit_code:
        os.write(pipe, f"failed {report.message}\n".encode())


class Campaign:
    """Kills run after run on one small library, and keeps the list of what has to be there."""

    def __init__(self, work: Path, seed: int) -> None:
        self.work = work
        self.chance = random.Random(seed)
        self.trees = make_trees(work / "source", self.chance)
        self.saved: list[Saved] = []
        self.runs = self.killed = self.finished = self.restored = self.cartridges = self.claimed = 0
        self._durations: list[float] = []
        self._new_cartridge()
        while len(self._durations) < 5:
            self._one(kill=False)

    def run(self, runs: int) -> None:
        for _ in range(runs):
            self._one(kill=True)
            if self._used() > CAPACITY // 2:
                self.read_back()
                self._new_cartridge()
        self.read_back()

    def read_back(self) -> None:
        """Restore every tape file that was reported as saved, and compare."""
        target = self.work / "restored"
        with Drive.open(self.address, block_bytes=BLOCK) as drive:
            for saved in self.saved:
                shutil.rmtree(target, ignore_errors=True)
                what = f"after run {self.runs}: file {saved.tape_file} ({saved.tree.name})"
                try:
                    drive.go_to_file(saved.tape_file)
                    report = restore(drive, RestoreRequest(os.fsencode(target)), lambda event: None, Interrupt())
                except PytpError as exc:
                    raise Lost(f"{what}: {exc}") from exc
                if report.exit_code or contents(target / saved.tree.name) != contents(saved.tree):
                    raise Lost(f"{what}: {report.message or 'it differs'}")
                self.restored += 1
            self._compare(drive)

    def _compare(self, drive: Drive) -> None:
        """Look for every member that the catalog calls safe."""
        there: dict[int, set[tuple[object, ...]]] = {}
        with Catalog(self.catalog) as catalog:
            if troubles := catalog.check():
                raise Lost(f"after run {self.runs}: catalog: {troubles[0]}")
            claims = list(catalog.find(b"*"))
        for one in claims:
            number = one.tape_file or 0
            if number not in there:
                drive.go_to_file(number)
                members = Scan(list(drive.blocks()), BLOCK).members()
                there[number] = {(member.name, member.block, member.offset, member.digest) for member in members}
            if (one.path, one.block, one.offset, one.digest or b"") not in there[number]:
                raise Lost(f"after run {self.runs}: file {number}: {one.path!r} is called safe and not there")
            self.claimed += 1

    def _new_cartridge(self) -> None:
        library = self.work / "library"
        shutil.rmtree(library, ignore_errors=True)
        self._library = Library.create(library, drives=1, slots=1, cartridges=1, capacity_bytes=CAPACITY)
        self.address = f"vtl:{library}/drive0"
        self.catalog = os.fspath(self.work / f"catalog{self.cartridges}.db")
        self.saved = []
        self.cartridges += 1

    def _used(self) -> int:
        return self._library.describe().cartridges[0].used_bytes

    def _one(self, *, kill: bool) -> None:
        """Start a backup, kill it at a random moment of its usual time, and note what it had said by then."""
        self.runs += 1
        gc.collect()  # a restore's garbage has threads, which no child inherits and every child would wait for
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            self._child(writing)
        os.close(writing)
        started = time.monotonic()
        # The median: one run that the machine held up must not make all the others finish in peace.
        patience = self.chance.uniform(0, 2 * median(self._durations[-20:])) if kill else 60.0
        if not self._wait(reading, patience):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if status == signal.SIGKILL:
            self.killed += 1
        elif status:
            raise Lost(f"run {self.runs}: ended with wait status {status}")
        else:
            self.finished += 1
            self._durations.append(time.monotonic() - started)
        self._note(reading)

    def _child(self, writing: int) -> None:
        try:
            save_and_tell(self.address, self.trees, writing, self.catalog)
        except BaseException as exc:
            os.write(writing, f"failed {exc}\n".encode())
        finally:
            os._exit(0)

    @staticmethod
    def _wait(reading: int, seconds: float) -> bool:
        """Wait that long for the child's end (its pipe closes); lines that come meanwhile stay in the pipe."""
        poll = select.poll()
        poll.register(reading, 0)  # POLLHUP only
        return bool(poll.poll(seconds * 1000))

    def _note(self, reading: int) -> None:
        with os.fdopen(reading) as lines:
            for line in lines:
                number, _, name = line.rstrip("\n").partition(" ")
                if number == "failed":
                    raise Lost(f"run {self.runs}: {name}")
                tree = next(tree for tree in self.trees if tree.name == name)
                if self.saved and int(number) <= self.saved[-1].tape_file:
                    raise Lost(f"run {self.runs}: tape file {number} was written over")
                self.saved.append(Saved(int(number), tree))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, default=Path("/dev/shm/pytp-kill"))
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    campaign = Campaign(options.work, options.seed)
    try:
        campaign.run(options.runs)
    except Lost as exc:
        print(f"LOST: {exc} (library kept in {options.work})")
        return 1
    shutil.rmtree(options.work)
    print(
        f"{campaign.runs} runs: {campaign.killed} killed, {campaign.finished} finished before;"
        f" {campaign.claimed} members called safe, {campaign.restored} tape files reported as saved"
        f" on {campaign.cartridges} cartridges, all there"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
