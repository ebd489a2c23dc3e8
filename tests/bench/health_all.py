# SPDX-License-Identifier: WTFPL OR MIT
"""How long `pytp diag health --all` takes with 8 drives and the history of 200 cartridges, ten looks at each.

python tests/bench/health_all.py [RUNS]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pytp_native.devices.look import CartridgeLook, DriveLook
from pytp_native.diag.history import FILE_NAME, History
from pytp_native.vtl.library import Library

DRIVES, CARTRIDGES, LOOKS = 8, 200, 10
DAY_S = 86_400


def fill(path: str) -> None:
    """A year of looks; every drive has had every cartridge some time."""
    with History(path) as history:
        for number in range(CARTRIDGES * LOOKS):
            tape, turn = number % CARTRIDGES, number // CARTRIDGES
            drive = (tape + turn) % DRIVES
            counters = {"mounts": turn + 1.0, "data_sets_written": 1e5 * turn, "write_retries": 10.0 * turn,
                        "data_sets_read": 1e4 * turn, "read_retries": 1.0 * turn, "written_mb": 25e4 * turn,
                        "capacity_mb": 18e6, "life_percent": 90.0}  # fmt: skip
            history.store(
                DriveLook(
                    f"d{drive}", 1_700_000_000 + number * DAY_S // 6, "IBM", "ULT3580-TD9", "Q3A0", f"SN{drive:08}", 9,
                    alerts=frozenset(), counters={"motion_hours": 1.0 * number, "loads": 1.0 * number},
                    cartridge=CartridgeLook(serial=f"T{tape:07}", barcode=f"A{tape:05}L9", counters=counters),
                ),
                "bench",
            )  # fmt: skip


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory() as place:
        library = Library.create(f"{place}/library", drives=DRIVES, slots=24, cartridges=12)
        drives = [{"name": f"d{n}", "device_path": f"vtl:{library.path}/drive{n}"} for n in range(DRIVES)]
        config = {
            "snapshot_dir": place,
            "tape_drives": drives,
            "tape_libraries": [
                {"name": "lib", "device_path": f"vtl:{library.path}/changer", "drives": [one["name"] for one in drives]}
            ],
        }
        Path(place, "config.json").write_text(json.dumps(config))
        for number in range(DRIVES):
            library.load(number + 1, number) if library.describe().drives[number].barcode is None else None
        fill(os.path.join(place, FILE_NAME))
        command = [sys.executable, "-m", "pytp_cli", "--config", f"{place}/config.json", "diag", "health", "--all"]
        taken = []
        for _ in range(runs):
            began = time.perf_counter()
            ended = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
            taken.append(time.perf_counter() - began)
        verdicts = json.loads(ended.stdout)["verdicts"]
    print(f"{len(verdicts)} verdicts, exit {ended.returncode}: {statistics.median(taken):.2f} s (at most 2)")


if __name__ == "__main__":
    main()
