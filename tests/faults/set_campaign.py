# SPDX-License-Identifier: WTFPL OR MIT
"""Sessions over several cartridges killed with SIGKILL at random moments, and again while they are resumed, until they
come to their end: what the catalog calls safe reads back at every step, and all of it restores in the end, from the
catalog and from one that was made of the cartridges.

    python -m tests.faults.set_campaign [--runs 500] [--seed 1] [--kind zstd] [--work /dev/shm/pytp-sets]

Kinds: plain, zstd (compressed), tar (archives built on disk first), incremental, incremental-zstd.
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
import traceback
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.catalog.verifying import Scope
from pytp_native.errors import NothingHere
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.events import JobReport
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.rebuild import rebuild
from pytp_native.jobs.resume import ResumeRequest, resume
from pytp_native.jobs.supply import LibrarySupply
from pytp_native.jobs.verify import VerifyRequest, verify
from pytp_native.units import MIB
from tests.faults.power_campaign import change
from tests.faults.spanned import Shelf
from tests.trees import describe, differences

KINDS = ("plain", "zstd", "tar", "incremental", "incremental-zstd")
MEMORY = 32 * MIB
KILLS = 3
"""Of one session, at most."""


class Lost(Exception):
    """Something that was called safe does not read back, or a session did not come to a good end."""


def make_tree(top: Path, chance: random.Random) -> None:
    """Files around a block, some that reach over a cartridge's end, a link, a directory without anything."""
    shutil.rmtree(top, ignore_errors=True)
    for name in ("a", "b/c", "empty"):
        (top / name).mkdir(parents=True)
    for number in range(60):
        (top / "a" / f"f{number:02}").write_bytes(chance.randbytes(chance.randrange(40_000)))
    for number in range(4):
        (top / "b" / f"large{number}").write_bytes(chance.randbytes(1_000_000 + chance.randrange(500_000)))
    (top / "link").symlink_to("a/f01")


class Sets:
    """One session after the other, each on cartridges of its own."""

    def __init__(self, work: Path, kind: str, seed: int) -> None:
        self.work = work
        self.kind = kind
        self.chance = random.Random(seed)
        self.tree = work / "source"
        self.catalog = work / "catalog.db"
        self.sessions = self.killed = self.resumed = self.anew = self.members = self.cartridges = 0
        self._durations: list[float] = []
        while len(self._durations) < 3:
            self.one(kills=0)

    def one(self, kills: int | None = None) -> None:
        """Make a set, kill its session up to that often, bring it to its end, and read it back."""
        self.sessions += 1
        self._prepare()
        work, left = self._save, self.chance.randint(1, KILLS) if kills is None else kills
        while (done := self._in_child(work, kill=left > 0)) != "done":
            left -= 1
            if done == "nothing waits":
                if self._is_complete():
                    break
                self._shelf.load(self._shelf.barcodes[0])
                self.anew += 1
                work = self._save
                continue
            self.killed += 1
            self._read_claims()
            work = self._resume
        self._read_all(self.catalog)
        self._rebuilt()

    # -- the jobs, each in a process of its own ------------------------------------------------------------------------

    def _prepare(self) -> None:
        """Blank cartridges; for a session of changes, the full one that comes before, and changes."""
        shutil.rmtree(self.work / "library", ignore_errors=True)
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.catalog}{suffix}").unlink(missing_ok=True)
        self._shelf = Shelf(self.work / "library", cartridges=12, capacity=2 * MIB)
        self._shelf.load(self._shelf.barcodes[0])
        make_tree(self.tree, self.chance)
        if "incremental" in self.kind:
            with Catalog(str(self.catalog)) as catalog:
                if code := self._shelf.backup(self.tree, catalog=catalog, memory_bytes=MEMORY).code:
                    raise Lost(f"the session that comes before ended with {code}")
                catalog._database.run("UPDATE session SET started = started - 10")  # before the changes, on any machine
            change([self.tree / "a", self.tree / "b"])

    def _save(self) -> JobReport:
        with Catalog(str(self.catalog)) as catalog:
            return self._shelf.backup(
                self.tree, catalog=catalog, memory_bytes=MEMORY, flush_bytes=MIB // 2,
                level="incremental" if "incremental" in self.kind else "full",
                zstd_level=1 if "zstd" in self.kind else None,
                strategy="tar" if self.kind == "tar" else "direct", tar_dir=str(self.work / "tars"),
            ).report  # fmt: skip

    def _resume(self) -> JobReport:
        shelf = self._shelf
        with Catalog(str(self.catalog)) as catalog, shelf.served() as served:
            now = served.drive_status(0)
            request = ResumeRequest(None, now.at(now.drive(0)).volume_tag or None, MEMORY, MIB // 2)
            with shelf.open(write=True, may_be_empty=True) as drive:
                source = LibrarySupply(served, 0)
                return resume(drive, request, catalog, lambda event: None, Interrupt(), supply=source)

    def _in_child(self, work: Callable[[], JobReport], *, kill: bool) -> str:
        """Run it, and kill it at some moment of its usual time; return how it ended: "done", "killed", "nothing
        waits"."""
        gc.collect()  # a restore's garbage has threads, which no child inherits and every child would wait for
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            self._child(work, writing)
        os.close(writing)
        started = time.monotonic()
        poll = select.poll()
        poll.register(reading, 0)  # POLLHUP only
        patience = self.chance.uniform(0, 1.5 * median(self._durations[-20:])) if kill else 60.0
        if not poll.poll(patience * 1000):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        with os.fdopen(reading) as lines:
            told = lines.read()
        if status == signal.SIGKILL:
            return "killed"
        if told not in {"done", "nothing waits"}:
            raise Lost(f"session {self.sessions}: {work.__name__}: {told or status}")
        if work == self._save and told == "done":
            self._durations.append(time.monotonic() - started)
        self.resumed += work == self._resume and told == "done"
        return told

    def _child(self, work: Callable[[], JobReport], writing: int) -> None:
        told = "done"
        try:
            report = work()
            if report.exit_code:
                told = f"exit {report.exit_code}: {report.message}"
        except NothingHere:
            told = "nothing waits"
        except BaseException as error:
            waits = "no session on it can be resumed" in str(error)
            told = "nothing waits" if waits else "".join(traceback.format_exception(error)[-3:])
        finally:
            os.write(writing, told.encode())
            os._exit(0)

    # -- what is there -------------------------------------------------------------------------------------------------

    def _is_complete(self) -> bool:
        with Catalog(str(self.catalog)) as catalog:
            complete = [one.kind for one in catalog.sessions() if one.state == "complete"]
        return ("incremental" if "incremental" in self.kind else "full") in complete

    def _read_claims(self) -> None:
        """Every member that the catalog calls safe comes back with its checksum."""
        with Catalog(str(self.catalog)) as catalog:
            if troubles := catalog.check():
                raise Lost(f"session {self.sessions}: catalog: {troubles[0]}")
            claimed = {(one.tape_file, one.path) for one in catalog.find(b"*")}
            if not claimed:
                return
            for session in catalog.sessions():
                self._read_session(catalog, session.uuid)
        self.members += len(claimed)

    def _read_session(self, catalog: Catalog, uuid: str) -> None:
        request = VerifyRequest(Scope(uuid))
        with self._shelf.served() as served, self._shelf.open(may_be_empty=True) as drive:
            try:
                report = verify(
                    drive, catalog, request, lambda event: None, Interrupt(), supply=LibrarySupply(served, 0)
                )
            except NothingHere:
                return
        wrong = [error for argument in report.arguments for error in argument.errors]
        if report.exit_code not in {0, 1} or wrong or report.details["damaged"]:  # 1: it is not at its end
            raise Lost(f"session {self.sessions}: called safe, but {report.message}")

    def _read_all(self, path: Path) -> None:
        target = self.work / "restored"
        shutil.rmtree(target, ignore_errors=True)
        request = CatalogRequest(Selector(), os.fsencode(target))
        with (
            Catalog(str(path)) as catalog,
            self._shelf.served() as served,
            self._shelf.open(may_be_empty=True) as drive,
        ):
            if troubles := catalog.check():
                raise Lost(f"session {self.sessions}: {path.name}: {troubles[0]}")
            supply = LibrarySupply(served, 0)
            report = restore_from_catalog(drive, catalog, request, lambda event: None, Interrupt(), supply=supply)
        if report.exit_code:
            raise Lost(f"session {self.sessions}: {path.name}: {report.message}")
        if wrong := differences(describe(self.tree), describe(target / self.tree.name)):
            raise Lost(f"session {self.sessions}: {path.name}: restored otherwise: {wrong[:3]}")

    def _rebuilt(self) -> None:
        """Make a catalog of the cartridges alone."""
        again = self.work / "again.db"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{again}{suffix}").unlink(missing_ok=True)
        with Catalog(str(again)) as catalog:
            for barcode in self._shelf.barcodes:
                self._shelf.load(barcode)
                with self._shelf.open() as drive:
                    try:
                        rebuild(drive, catalog, lambda event: None, Interrupt())
                    except NothingHere:
                        continue
                    self.cartridges += 1
        self._read_all(again)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="sessions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, default="plain")
    parser.add_argument("--work", type=Path, default=Path("/dev/shm/pytp-sets"))
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    try:
        sets = Sets(options.work, options.kind, options.seed)
        while sets.sessions < options.runs:
            sets.one()
    except Lost as exc:
        print(f"LOST: {exc} (library kept in {options.work})")
        return 1
    shutil.rmtree(options.work)
    print(
        f"{options.kind}: {sets.sessions} sessions on {sets.cartridges} cartridges killed {sets.killed} times,"
        f" {sets.resumed} resumed, {sets.anew} begun anew; {sets.members} members called safe read back, nothing lost"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
