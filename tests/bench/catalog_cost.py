# SPDX-License-Identifier: WTFPL OR MIT
"""What the catalog costs a backup: with it and without, in turns, on one machine.

    python -m tests.bench.catalog_cost [--runs 5] [--large-gib 1] [--small /usr/share] [--work /dev/shm]

Whole processes are timed, start-up included, the source in the page cache, checksums on, the virtual cartridge and the
catalog on tmpfs. Run by hand, alone on the machine; no test.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.first_light import PYTP, make_large


class Bench:
    """One work directory."""

    def __init__(self, work: Path) -> None:
        self.library = work / "library"
        self.environ = {**os.environ, "XDG_STATE_HOME": str(work / "state"), "HOME": str(work)}
        self._pytp("vtl", "create", str(self.library), "--cartridges", "1", "--capacity", "12G")

    def _pytp(self, *words: str) -> str:
        done = subprocess.run([*PYTP, *words], env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{words}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def run(self, source: Path, *options: str) -> tuple[float, float, int]:
        """Return seconds of the process, seconds of the tape file, and members."""
        drive = f"vtl:{self.library}/drive0"
        self._pytp("rewind", "-d", drive)
        began = time.monotonic()
        out = self._pytp("backup", "-d", drive, "--overwrite", "--confirm", "PYT001L9", "--json", *options, str(source))
        spent = time.monotonic() - began
        (argument,) = json.loads(out)["arguments"]
        return spent, argument["duration_s"], argument["files"]


def compare(bench: Bench, title: str, source: Path, runs: int) -> None:
    """Print the medians of both ways."""
    ways: dict[str, tuple[str, ...]] = {"catalog": (), "none": ("--no-catalog",)}
    spent: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    for _ in range(runs + 1):
        for name, options in ways.items():
            spent[name].append(bench.run(source, *options))
    whole, inner = (
        {name: statistics.median(one[which] for one in found[1:]) for name, found in spent.items()} for which in (0, 1)
    )
    members = spent["none"][0][2]
    print(
        f"{title:6} {members:8} members: process {whole['none']:.3f} s, with catalog {whole['catalog']:.3f} s"
        f" ({100 * (whole['catalog'] / whole['none'] - 1):+.1f} %); tape file {inner['none']:.3f} s,"
        f" with catalog {inner['catalog']:.3f} s ({100 * (inner['catalog'] / inner['none'] - 1):+.1f} %)",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large-gib", type=int, default=1)
    parser.add_argument("--small", type=Path, default=Path("/usr/share"))
    parser.add_argument("--work", type=Path, default=Path("/dev/shm"))
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="pytp-cost-", dir=args.work))
    try:
        bench = Bench(work)
        if args.large_gib:
            make_large(work / "large", args.large_gib)
            compare(bench, "large", work / "large", args.runs)
        compare(bench, "small", args.small, args.runs)
    finally:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
