# SPDX-License-Identifier: WTFPL OR MIT
"""How large a ring may be: MemAvailable and control groups, from recorded /proc and /sys texts."""

from pathlib import Path

import pytest

from pytp_native.errors import Refused
from pytp_native.stream.memory import available_bytes, ring_bytes
from pytp_native.units import GIB, MIB


def system(root: Path, available_kib: int, **files: str) -> Path:
    files = {"proc/meminfo": f"MemTotal: 99999999 kB\nMemAvailable: {available_kib} kB\n", **files}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_without_a_group_it_is_what_the_kernel_says(tmp_path: Path) -> None:
    assert available_bytes(system(tmp_path, 2048)) == 2 * MIB


def test_the_tightest_group_above_counts(tmp_path: Path) -> None:
    root = system(
        tmp_path, 8 << 20,
        **{
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/memory.max": str(GIB), "sys/fs/cgroup/a/memory.current": str(600 * MIB),
            "sys/fs/cgroup/a/memory.stat": f"anon 1\ninactive_file {100 * MIB}\n",
            "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "1",
        },
    )  # fmt: skip
    assert available_bytes(root) == 524 * MIB


def test_version_1_groups_count(tmp_path: Path) -> None:
    root = system(
        tmp_path, 8 << 20,
        **{
            "proc/self/cgroup": "5:cpu:/x\n4:memory:/x\n",
            "sys/fs/cgroup/memory/x/memory.limit_in_bytes": str(100 * MIB),
            "sys/fs/cgroup/memory/x/memory.usage_in_bytes": str(40 * MIB),
        },
    )  # fmt: skip
    assert available_bytes(root) == 60 * MIB


@pytest.mark.parametrize(("available", "size"), [(10 * GIB, GIB), (GIB, int(0.6 * GIB))])
def test_default_is_the_smaller_of_1_gib_and_60_percent(available: int, size: int) -> None:
    assert ring_bytes(None, available) == size


def test_more_than_is_available_is_refused_with_the_numbers() -> None:
    with pytest.raises(Refused, match=r"16 GiB wanted, 2 GiB available"):
        ring_bytes(16 * GIB, 2 * GIB)
    assert ring_bytes(2 * GIB, 2 * GIB) == 2 * GIB
