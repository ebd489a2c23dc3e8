# SPDX-License-Identifier: WTFPL OR MIT
"""Small files are finished by other threads: nothing about them may show, not even when they fail."""

import ast
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from untar_archives import archive, entry, picture, restore

from pytp_native.stream.untar import Ended

MANY = 700


def many(size: int = 300) -> bytes:
    """An archive of many small files in some directories, with hard links and replacements between them."""
    items: list[tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]]
    items = [entry(f"d{number}", type=tarfile.DIRTYPE, mtime=number, mode=0o755) for number in range(7)]
    for number in range(MANY):
        data = bytes([number % 256]) * (number * size % 60_000)
        items.append((entry(f"d{number % 7}/file{number}", mtime=number, mode=0o400 | number % 8), data))
        if number % 50 == 0:
            items.append(entry(f"link{number}", type=tarfile.LNKTYPE, linkname=f"d{number % 7}/file{number}"))
            items.append((entry(f"d{number % 7}/file{number}", mtime=5), b"replaced"))
    return archive(*items)


def in_child(script: str, *arguments: object) -> list[str]:
    """Run a script that may import this directory's modules; return its lines."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, timeout=60)
    return done.stdout.decode().splitlines()


def test_many_small_files_with_links_and_replacements(tmp_path: Path) -> None:
    restored = restore(many(), tmp_path / "out")
    assert restored.problems == []
    assert restored.untar.counts().restored == 7 + MANY + 2 * MANY // 50
    for number in range(MANY):
        path = tmp_path / "out" / f"d{number % 7}" / f"file{number}"
        if number % 50 == 0:
            assert path.read_bytes() == b"replaced"
            path = tmp_path / "out" / f"link{number}"
        assert path.read_bytes() == bytes([number % 256]) * (number * 300 % 60_000)
        assert path.stat().st_mtime == number
        assert path.stat().st_mode & 0o7777 == 0o400 | number % 8


def test_one_processor_gives_the_same_tree(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(many())
    restore(many(), tmp_path / "with")
    script = (
        "import os,sys\nfrom pathlib import Path\nfrom untar_archives import restore\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "print(restore(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2])).problems, len(os.listdir('/proc/self/task')))"
    )
    assert in_child(script, tmp_path / "a.tar", tmp_path / "without") == ["[] 1"]
    assert picture(tmp_path / "with") == picture(tmp_path / "without")


def test_a_file_that_cannot_be_written_is_told_and_removed(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(many())
    script = (
        "import resource,sys\nfrom pathlib import Path\nfrom untar_archives import restore\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "r=restore(Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]))\n"
        "print(len(r.problems), {p.reason for p in r.problems}, r.untar.counts().restored, r.untar.ended)"
    )
    (line,) = in_child(script, tmp_path / "a.tar", tmp_path / "out")
    too_large = [number for number in range(MANY) if number * 300 % 60_000 > 20_000]
    lost = {f"d{number % 7}/file{number}" for number in too_large if number % 50}
    links = [number for number in too_large if number % 50 == 0]
    restored = 7 + MANY + 2 * MANY // 50 - len(too_large) - len(links)
    problems, reasons, count, ended = re.fullmatch(r"(\d+) (\{.*\}) (\d+) (\S+)", line).groups()  # type: ignore[union-attr]
    assert (int(problems), int(count), ended) == (len(too_large) + len(links), restored, "Ended.COMPLETE")
    told = {"cannot write it: File too large", "cannot link it to its first name: No such file or directory"}
    assert ast.literal_eval(reasons) == told
    assert not any((tmp_path / "out" / f"link{number}").exists() for number in links)
    present = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("file*")}
    assert present == {f"d{number % 7}/file{number}" for number in range(MANY)} - lost


@pytest.mark.parametrize("size", [300, 3_000_000])
def test_a_full_target_ends_the_restore(tmp_path: Path, size: int) -> None:
    target = tmp_path / "small"
    target.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", target], check=False, stderr=subprocess.DEVNULL
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small file system here")
    try:
        data = (
            many()
            if size == 300
            else archive((entry("small"), b"s"), (entry("large"), b"l" * size), (entry("z"), b"z"))
        )
        restored = restore(data, target)
        sizes = {path.name: path.stat().st_size for path in target.rglob("*") if path.is_file()}
    finally:
        subprocess.run(["umount", "--lazy", target], check=True)
    assert restored.untar.ended is Ended.TARGET_FULL
    assert "No space left on device" in restored.problems[-1].reason
    if size != 300:
        lost = {os.fsdecode(problem.path) for problem in restored.problems}
        assert lost & {"small", "large"}  # the large one may have been faster; it is then cut short, as all behind it
        assert sizes == ({"small": 1} if "small" not in lost else {})
