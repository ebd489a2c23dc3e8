# SPDX-License-Identifier: WTFPL OR MIT
"""The progress bar on a terminal's stderr: bytes, rate, buffer fill, files, time left."""

from __future__ import annotations

import time
from collections import deque

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from pytp_cli.tables import duration
from pytp_native.jobs.events import Progress
from pytp_native.units import format_size

_WINDOW_S = 10.0


class Speed:
    """Bytes per second over the last ten seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, now_s: float, data_bytes: int) -> float:
        """Take a reading and return the rate, 0.0 while there is only one."""
        self._seen.append((now_s, data_bytes))
        while len(self._seen) > 2 and now_s - self._seen[0][0] > _WINDOW_S:
            self._seen.popleft()
        first_s, first_bytes = self._seen[0]
        return (data_bytes - first_bytes) / (now_s - first_s) if now_s > first_s else 0.0


def progress_text(progress: Progress, bytes_per_s: float) -> str:
    """Return the figures beside the bar."""
    parts = [
        format_size(progress.data_bytes),
        f"{bytes_per_s / 1e6:.1f} MB/s",
        f"buffer {progress.buffer_fill:.0%}",
        f"{progress.files} files",
    ]
    if progress.total_bytes and bytes_per_s > 0:
        parts.append(f"ETA {duration(max(0, progress.total_bytes - progress.data_bytes) / bytes_per_s)}")
    return "  ".join(parts)


class ProgressBar:
    """One bar; lines printed through it appear above."""

    def __init__(self, verb: str, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[figures]}", markup=False))
        self._rich = RichProgress(*columns, console=self._console, transient=True)
        self._task = self._rich.add_task(verb, total=None, figures="")
        self._speed = Speed()
        self._rich.start()

    def update(self, progress: Progress) -> None:
        figures = progress_text(progress, self._speed.add(time.monotonic(), progress.data_bytes))
        self._rich.update(self._task, completed=progress.data_bytes, total=progress.total_bytes, figures=figures)

    def line(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self._rich.stop()
