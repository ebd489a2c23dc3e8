# SPDX-License-Identifier: WTFPL OR MIT
"""How much memory a ring may take: what the machine has to give, and what the control group allows."""

from __future__ import annotations

from pathlib import Path

from pytp_native.errors import Refused
from pytp_native.units import GIB, format_size

DEFAULT_RING_BYTES = GIB
SHARE_OF_AVAILABLE = 0.6
"""The rest stays for the page cache, which feeds the ring, and for everybody else."""


def available_bytes(root: Path = Path("/")) -> int:
    """Return MemAvailable, or what the control group still allows where that is less (proc(5), cgroups(7))."""
    limits = [_meminfo(root), *_cgroup_limits(root)]
    return max(0, min(limits))


def _meminfo(root: Path) -> int:
    for line in (root / "proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise Refused("memory", "the kernel does not tell how much is available", "give --memory_buffer a size")


def _cgroup_limits(root: Path) -> list[int]:
    """Room left in this process's control group and all above it (version 2, then version 1)."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    rooms: list[int] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            rooms += _rooms(root / "sys/fs/cgroup", path, "memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            base = root / "sys/fs/cgroup/memory"
            rooms += _rooms(base, path, "memory.limit_in_bytes", "memory.usage_in_bytes")
    return rooms


def _rooms(base: Path, path: str, limit_name: str, usage_name: str) -> list[int]:
    rooms = []
    group = base / path.lstrip("/")
    while group == base or base in group.parents:
        limit, usage = _number(group / limit_name), _number(group / usage_name)
        if limit is not None and usage is not None:
            rooms.append(limit - usage + (_reclaimable(group / "memory.stat") or 0))
        group = group.parent
    return rooms


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None  # "max", or a group without the controller


def _reclaimable(path: Path) -> int | None:
    """Page cache that counts against the group but gives way."""
    try:
        rows = dict(line.split() for line in path.read_text().splitlines())
        return int(rows.get("inactive_file", rows.get("total_inactive_file", 0)))
    except (OSError, ValueError):
        return None


def ring_bytes(wanted: int | None, available: int) -> int:
    """Return the size of the ring: `wanted`, or the smaller of 1 GiB and 60 % of what is available.

    Raises Refused, with the numbers, when more is wanted than is available.
    """
    if wanted is None:
        return min(DEFAULT_RING_BYTES, int(available * SHARE_OF_AVAILABLE))
    if wanted > available:
        raise Refused(
            "memory buffer",
            f"{format_size(wanted)} wanted, {format_size(available)} available",
            f"ask for at most {format_size(int(available * SHARE_OF_AVAILABLE))} (60 % of that)",
        )
    return wanted
