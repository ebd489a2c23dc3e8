# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp list`, `load` and `status` on a virtual library of 50,000 full slots: seconds and peak memory of the whole
process. `python tests/bench/library_50000.py [DIR]`; DIR is made and removed, by default in memory."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

SLOTS = 50_000
RUNS = 5


def measure(words: list[str]) -> tuple[float, int]:
    """Return the seconds and the peak KiB of a command line."""
    code = f"import sys, os; from pytp_cli.main import main; sys.exit(main({words!r}))"
    start = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    child.returncode = status
    if status:
        raise SystemExit(f"pytp {' '.join(words)}: failed ({status})")
    return seconds, usage.ru_maxrss


def main() -> None:
    top = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="pytp-bench-", dir="/dev/shm")
    path = os.path.join(top, "library")
    try:
        measure(["vtl", "create", path, "--slots", str(SLOTS), "--cartridges", str(SLOTS), "--drives", "4"])
        for words in (["list", "-l", f"vtl:{path}/changer"], ["list", "-l", f"vtl:{path}/changer", "--json"],
                      ["status", "-d", f"vtl:{path}/drive0"]):  # fmt: skip
            runs = [measure(words) for _ in range(RUNS)]
            median = sorted(seconds for seconds, _ in runs)[RUNS // 2]
            print(f"pytp {' '.join(words):<60} {median:.2f} s  {max(peak for _, peak in runs) / 1024:.0f} MiB")
        print(f"({SLOTS} slots; limits 2 s and 200 MiB; this process: {resource.getrusage(0).ru_maxrss // 1024} MiB)")
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if len(sys.argv) == 1:
            os.rmdir(top)


if __name__ == "__main__":
    main()
