# SPDX-License-Identifier: WTFPL OR MIT
"""How long the installed drop-ins take over a bare interpreter: medians of alternating runs.

    pip install dist/pytp-*.whl      # into a virtual environment of its own
    python tests/bench/start_up.py VENV [RUNS]

Run it on a machine that does nothing else. The last case reads a virtual library of 50,000 slots and tells its memory.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = ("-I", "-c", "pass")
WHOLE = """
from pytp_cli import mtx, mtx_moves, mtx_scan, mtx_status
from pytp_native.scsi import judge
from pytp_native.transport import linux_sg
mtx.main(["mtx", "-f", "/dev/null", "status"])
"""
"""All modules that a status or a move on a kernel changer loads."""
LIMITS_MS = {
    "mt": 12.0, "mt, virtual": 12.0, "mtx": 25.0, "mtx, whole": 25.0, "mtx, virtual": 25.0, "tapeinfo": 25.0,
    "loaderinfo": 25.0, "scsitape": 25.0,
}  # fmt: skip
MAKE = """
import sys
from pytp_native.vtl.library import Library
Library.create(sys.argv[1], drives=4, slots=int(sys.argv[2]), cartridges=2)
"""


def cases(venv: Path, library: str) -> dict[str, list[str]]:
    """Command lines that go through everything but a kernel device."""
    bin_ = venv / "bin"
    return {
        "bare": [str(bin_ / "python"), *BARE],
        "mt": [str(bin_ / "pytp-mt"), "-f", "/dev/null", "status"],
        "mt, virtual": [str(bin_ / "pytp-mt"), "-f", f"vtl:{library}/drive0", "status"],
        "mtx, virtual": [str(bin_ / "pytp-mtx"), "-f", f"vtl:{library}/changer", "status"],
        "mtx": [str(bin_ / "pytp-mtx"), "-f", "/dev/null", "status"],
        "mtx, whole": [str(bin_ / "python"), "-I", "-c", WHOLE],
        "tapeinfo": [str(bin_ / "pytp-tapeinfo"), "-f", "/dev/null"],
        "loaderinfo": [str(bin_ / "pytp-loaderinfo"), "-f", "/dev/null"],
        "scsitape": [str(bin_ / "pytp-scsitape"), "-f", "/dev/null", "rewind"],
    }


def run_ms(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return 1000 * (time.perf_counter() - began)


def make_library(venv: Path, path: str, slots: int) -> None:
    subprocess.run([venv / "bin" / "python", "-c", MAKE, path, str(slots)], check=True)


def measure(venv: Path, runs: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        library = os.path.join(directory, "library")
        make_library(venv, library, 8)
        commands = cases(venv, library)
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                taken[name].append(run_ms(command))
    bare = statistics.median(taken["bare"])
    print(f"bare python: {bare:.1f} ms")
    for name, limit in LIMITS_MS.items():
        over = statistics.median(taken[name]) - bare
        print(f"pytp-{name}: {over:.1f} ms over it (at most {limit:.0f}){'' if over <= limit else '  TOO SLOW'}")


def measure_large(venv: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "library")
        make_library(venv, path, 50000)
        command = [str(venv / "bin" / "pytp-mtx"), "-f", f"vtl:{path}/changer", "status"]
        seconds = min(run_ms(command) for _ in range(3)) / 1000
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"pytp-mtx status, 50,000 slots: {seconds:.2f} s (at most 2), {memory:.0f} MiB (at most 200, of all children)"
    )


def main() -> None:
    venv = Path(sys.argv[1])
    measure(venv, int(sys.argv[2]) if len(sys.argv) > 2 else 41)
    measure_large(venv)


if __name__ == "__main__":
    main()
