# SPDX-License-Identifier: WTFPL OR MIT
"""How fast compressed backups are, against `tar | zstd -T0` on the same machine, in turns.

    PYTHONPATH=.:cli python tests/bench/compressed.py [MIB] [LEVEL...]

The source is in the page cache, the tape a virtual one on /dev/shm: text and binaries as /usr has them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pytp_native.units import MIB
from tests.cartridge import Cartridge

ROUNDS = 3


def fill(top: Path, size: int) -> None:
    """Copy what /usr/lib and /usr/share have, up to that size."""
    top.mkdir()
    left, number = size, 0
    for root in ("/usr/lib", "/usr/share"):
        for place, _, files in os.walk(root):
            for name in files:
                path = Path(place, name)
                if path.is_symlink() or not path.is_file() or left <= 0:
                    continue
                data = path.read_bytes()
                (top / f"{number:06}").write_bytes(data)
                left -= len(data)
                number += 1


def timed(work: object) -> float:
    started = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - started


def main() -> None:
    size = int(sys.argv[1]) * MIB if len(sys.argv) > 1 else 512 * MIB
    levels = [int(text) for text in sys.argv[2:]] or [1, 3, 9]
    base = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        fill(base / "source", size)
        cartridge = Cartridge(base / "vtl", capacity=1 << 40)
        subprocess.run(["tar", "-cf", "/dev/zero", base / "source"], check=True, stderr=subprocess.DEVNULL)
        for level in levels:
            line = f"tar -b 1024 -cf - -C {base} source | zstd -q -T0 -{level} -c > {base / 'file'}"
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(
                    timed(lambda level=level: cartridge.backup(base / "source", at=0, overwrite=True, zstd_level=level))
                )
                theirs.append(timed(lambda line=line: subprocess.run(line, shell=True, check=True)))
            restored = timed(lambda: cartridge.list(0))
            stored = sum(len(block) for block in cartridge.files()[0])
            print(
                f"zstd:{level}  pytp {size / MIB / min(ours):6.0f} MiB/s ({stored / size:.3f})"
                f"  tar | zstd -T0 {size / MIB / min(theirs):6.0f} MiB/s ({(base / 'file').stat().st_size / size:.3f})"
                f"  ratio {min(theirs) / min(ours):.2f}  ls {size / MIB / restored:6.0f} MiB/s"
            )
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
