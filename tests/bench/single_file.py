# SPDX-License-Identifier: WTFPL OR MIT
"""One file out of many by catalog: locates, blocks read and time, beside the time of the whole backup.

    python -m tests.bench.single_file --files 1000000 --place /dev/shm

Run by hand; prints a table. The source is made in PLACE, and so is the virtual tape.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
from pathlib import Path

from pytp_native.catalog.restoring import Selector
from pytp_native.catalog.store import Catalog
from pytp_native.devices.drive import Drive
from pytp_native.jobs.backup import BackupRequest, backup
from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
from pytp_native.jobs.interrupt import Interrupt
from pytp_native.jobs.verify import VerifyRequest, verify
from pytp_native.vtl.library import Library

PER_DIRECTORY = 1000


def make(top: Path, files: int) -> None:
    """Files of 0 to 1 KiB, a thousand in a directory."""
    data = os.urandom(1024)
    for number in range(files):
        directory = top / f"{number // PER_DIRECTORY:05}"
        if number % PER_DIRECTORY == 0:
            directory.mkdir(parents=True)
        (directory / f"file-{number:07}").write_bytes(data[: number % 1024])


def quiet(event: object) -> None:
    """Nobody looks."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--place", default="/dev/shm")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="pytp-bench-", dir=options.place))
    try:
        run(place, options.files)
    finally:
        shutil.rmtree(place)


def run(place: Path, files: int) -> None:
    source = place / "source"
    make(source, files)
    Library.create(place / "vtl", drives=1, slots=1, cartridges=1, capacity_bytes=files * 4096 + (64 << 20))
    address = f"vtl:{place}/vtl/drive0"
    with Catalog(str(place / "catalog.db")) as catalog:
        since = time.monotonic()
        with Drive.open(address, write=True) as drive:
            request = BackupRequest(paths=(os.fsencode(source),))
            report = backup(drive, request, quiet, Interrupt(), catalog=catalog)
        print(f"backup of {files} files: {time.monotonic() - since:.2f} s, exit {report.exit_code}")
        for _turn in range(3):
            number = random.randrange(files)
            name = f"source/{number // PER_DIRECTORY:05}/file-{number:07}"
            since = time.monotonic()
            with Drive.open(address) as drive:
                wanted = CatalogRequest(Selector(), os.fsencode(place / f"out{_turn}"), (os.fsencode(name),))
                report = restore_from_catalog(drive, catalog, wanted, quiet, Interrupt())
            took = time.monotonic() - since
            figures = {key: report.details[key] for key in ("locates", "blocks_read", "checked")}
            print(f"{name}: {took * 1000:.0f} ms, exit {report.exit_code}, {figures}")
        since = time.monotonic()
        with Drive.open(address) as drive:
            report = verify(drive, catalog, VerifyRequest(), quiet, Interrupt())
        figures = {key: report.details[key] for key in ("locates", "blocks_read", "checked")}
        print(f"verify: {time.monotonic() - since:.2f} s, exit {report.exit_code}, {figures}")


if __name__ == "__main__":
    main()
