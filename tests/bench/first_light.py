# SPDX-License-Identifier: WTFPL OR MIT
"""Throughput of backup and restore against `tar | mbuffer` and plain `tar`, in one run on one machine.

    python -m tests.bench.first_light [--runs 5] [--large-gib 4] [--small /usr/share] [--work /dev/shm] [--json FILE]

Whole processes are timed, start-up included, in turns (pytp, pipeline, tar, pytp, ...), the source in the page cache,
checksums on, the virtual cartridge and the archives of tar on tmpfs. Prints a table of medians and ratios, the machine,
and JSON. Not a test: nothing fails.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

INSTALLED = Path(sys.executable).with_name("pytp")
PYTP = [str(INSTALLED)] if INSTALLED.exists() else [sys.executable, "-m", "pytp_cli"]
NO_CATALOG = "- catalog, probe"
"""The data path with label, trailer and checksums: what both of them cost is the difference."""
Task = Callable[[], "Run"]


class Run:
    """One finished process tree: wall and processor seconds, and the largest resident set of a process in bytes."""

    def __init__(self, command: list[str] | str, **options: object) -> None:
        started, before = time.monotonic(), os.times()
        shell = isinstance(command, str)
        full = ["bash", "-o", "pipefail", "-c", command] if isinstance(command, str) else command
        process = subprocess.Popen(full, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload]
        stderr = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        self.wall_s = time.monotonic() - started
        after = os.times()
        self.cpu_s = after.children_user - before.children_user + after.children_system - before.children_system
        self.peak_bytes = 0 if shell else usage.ru_maxrss * 1024
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            raise SystemExit(f"{command}: exit {os.waitstatus_to_exitcode(status)}: {stderr.decode(errors='replace')}")


def make_large(folder: Path, gib: int) -> None:
    """Incompressible files of 512 MiB, so that nothing on the way can cheat."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(gib * 2):
        path = folder / f"large{i:02}.bin"
        if not path.exists() or path.stat().st_size != 512 << 20:
            with open(path, "wb") as file:
                for _ in range(64):
                    file.write(os.urandom(8 << 20))


def make_members(folder: Path, count: int) -> None:
    for i in range(count):
        if i % 1000 == 0:
            (folder / f"{i // 1000:04}").mkdir(parents=True, exist_ok=True)
        (folder / f"{i // 1000:04}" / f"member{i:07}.txt").write_bytes(b"%d\n" % i)


def warm(folder: Path) -> tuple[int, int]:
    """Read everything once; return files and bytes."""
    files = total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    while chunk := file.read(1 << 20):
                        total += len(chunk)
                files += 1
    return files, total


def alternate(tasks: dict[str, Task], runs: int) -> dict[str, list[Run]]:
    results: dict[str, list[Run]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()  # not counted: page cache, byte code
    for _ in range(runs):
        for name, task in tasks.items():
            results[name].append(task())
    return results


class Bench:
    def __init__(self, work: Path, runs: int) -> None:
        self.work = work
        self.runs = runs
        self.vtl = work / "vtl"
        self.state = work / "state"
        self.archive = work / "archive.tar"
        self.out = work / "out"
        self.rows: list[dict[str, object]] = []

    def clean(self) -> None:
        for path in (self.vtl, self.out, self.state):  # what the catalog has of these cartridges is gone with them
            shutil.rmtree(path, ignore_errors=True)
        self.archive.unlink(missing_ok=True)

    def pytp_backup(self, source: Path, *options: str) -> Run:
        self.clean()
        create = [*PYTP, "vtl", "create", str(self.vtl), "--capacity", "20G"]
        subprocess.run(create, check=True, stdout=subprocess.DEVNULL)
        return Run([*PYTP, "backup", "--drive", f"vtl:{self.vtl}/drive0", *options, str(source)])

    def shell(self, command: str, source: Path) -> Run:
        self.clean()
        self.out.mkdir()
        parent, name = str(source.parent), source.name
        return Run(command.format(parent=parent, name=name, archive=self.archive, out=self.out))

    def backup(self, title: str, source: Path, size: int) -> None:
        results = alternate(
            {
                "pytp": lambda: self.pytp_backup(source),
                NO_CATALOG: lambda: self.pytp_backup(source, "--no-catalog", "--no-probe"),
                "tar|mbuffer": lambda: self.shell(
                    "tar -b 1024 -C {parent} -cf - {name} | mbuffer -m 1G -P 20 -s 512k -o {archive}", source
                ),
                "tar": lambda: self.shell("tar -b 1024 -C {parent} -cf {archive} {name}", source),
            },
            self.runs,
        )
        self.row(f"backup, {title}", size, results)

    def restore(self, title: str, source: Path, size: int) -> None:
        """Each side restores what it wrote itself; the target is emptied before each run, outside the time."""
        self.pytp_backup(source)
        archive = self.work / "restore.tar"
        subprocess.run(["tar", "-b", "1024", "-C", str(source.parent), "-cf", str(archive), source.name], check=False)

        def pytp() -> Run:
            shutil.rmtree(self.out, ignore_errors=True)
            self.out.mkdir()
            drive = f"vtl:{self.vtl}/drive0"
            subprocess.run([*PYTP, "rewind", "--drive", drive], check=True, capture_output=True)
            return Run([*PYTP, "restore", str(self.out), "--drive", drive])

        def shell(command: str) -> Run:
            shutil.rmtree(self.out, ignore_errors=True)
            self.out.mkdir()
            return Run(command.format(archive=archive, out=self.out))

        results = alternate(
            {
                "pytp": pytp,
                "mbuffer|tar": lambda: shell("mbuffer -m 1G -s 512k -i {archive} | tar -b 1024 -C {out} -xpf -"),
                "tar": lambda: shell("tar -b 1024 -C {out} -xpf {archive}"),
            },
            self.runs,
        )
        archive.unlink()
        self.row(f"restore, {title}", size, results)

    def null_device(self, source: Path, size: int) -> None:
        file = sorted(source.iterdir())[0]
        results = alternate(
            {
                "pytp": lambda: Run([sys.executable, "-m", "tests.bench.to_null", str(source)]),
                "dd": lambda: Run(f"for f in {source}/*; do dd if=$f bs=512k of=/dev/null; done"),
            },
            self.runs,
        )
        assert file.exists()
        self.row("large files to a null device", size, results)

    def memory(self, source: Path) -> None:
        run = self.pytp_backup(source)
        self.rows.append({"work": "memory, 200,000 members", "peak_mib": round(run.peak_bytes / 2**20)})

    def row(self, work: str, size: int, results: dict[str, list[Run]]) -> None:
        row: dict[str, object] = {"work": work, "mib": size >> 20}
        for name, runs in results.items():
            walls = [run.wall_s for run in runs]
            row[name] = {
                "wall_s": round(statistics.median(walls), 3),
                "min_s": round(min(walls), 3),
                "max_s": round(max(walls), 3),
                "cpu_s": round(statistics.median(run.cpu_s for run in runs), 3),
                "mb_per_s": round(size / 1e6 / statistics.median(walls)),
            }
            for mine in {"pytp", NO_CATALOG} & set(results) if name not in {"pytp", NO_CATALOG} else ():
                pairs = [other.wall_s / ours.wall_s for ours, other in zip(results[mine], runs, strict=True)]
                row[f"ratio of {mine} to {name}"] = round(statistics.median(pairs), 2)
        self.rows.append(row)
        show(row)


def show(row: dict[str, object]) -> None:
    print(row["work"], f"({row['mib']} MiB)" if "mib" in row else "")
    for name, value in row.items():
        if isinstance(value, dict):
            print(f"  {name:16} {value['wall_s']:7.3f} s  [{value['min_s']:.3f} .. {value['max_s']:.3f}]"
                  f"  cpu {value['cpu_s']:6.2f} s  {value['mb_per_s']:6} MB/s")  # fmt: skip
    for name, value in row.items():
        if name.startswith("ratio"):
            print(f"  {name}: {value}x")
    sys.stdout.flush()


def machine() -> dict[str, object]:
    with open("/proc/cpuinfo") as info:
        model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large-gib", type=int, default=4)
    parser.add_argument("--small", type=Path, default=Path("/usr/share"))
    parser.add_argument("--source", type=Path, default=Path("/var/tmp/pytp-bench"))
    parser.add_argument("--work", type=Path, default=Path("/dev/shm/pytp-bench"))
    parser.add_argument("--only", default="", help="part of a work's name")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as users have it
    os.environ["XDG_STATE_HOME"] = str(options.work / "state")
    bench = Bench(options.work, options.runs)
    print(json.dumps(machine()))
    large = options.source / "large"
    if not options.only or "large" in options.only or "null" in options.only:
        make_large(large, options.large_gib)
        _, size = warm(large)
        if not options.only or "null" in options.only:
            bench.null_device(large, size)
        if "null" not in options.only:
            bench.backup("large files", large, size)
            bench.restore("large files", large, size)
    if not options.only or "small" in options.only:
        files, size = warm(options.small)
        bench.backup(f"{files} small files", options.small, size)
        bench.restore(f"{files} small files", options.small, size)
    if not options.only or "memory" in options.only:
        many = options.source / "members"
        make_members(many, 200_000)
        bench.memory(many)
        print(bench.rows[-1])
    bench.clean()
    shutil.rmtree(options.work, ignore_errors=True)
    report = {"machine": machine(), "rows": bench.rows}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
