# SPDX-License-Identifier: WTFPL OR MIT
"""What the loss of capacity on a cartridge's wraps says: where it is, and so what it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean, median

from pytp_native.light import NamedTuple
from pytp_native.scsi.memory_image import Wrap

WATCH_PERCENT = 3.0
"""Lost to rewriting; 10 % is bad."""
_TIMES_THE_MEDIAN = 5
_LEAST_WRAPS = 4
"""Fewer full wraps say nothing about where."""


class Loss(NamedTuple):
    full_wraps: int
    percent: float
    """Mean over the full wraps."""
    worst_wrap: int
    worst_percent: float
    cause: str
    """In words; "" where there is nothing to explain."""


def loss(wraps: Iterable[Wrap]) -> Loss | None:
    """None without a full wrap."""
    full = [(one.number, one.lost_percent) for one in wraps if one.lost_percent is not None]
    if not full:
        return None
    worst, most = max(full, key=lambda one: one[1])
    lost = [percent for _, percent in full]
    return Loss(len(full), round(fmean(lost), 2), worst, most, _cause(full) if len(full) >= _LEAST_WRAPS else "")


def _cause(full: list[tuple[int, float]]) -> str:
    """A wrap alone, one direction, or all of them."""
    usual = median(percent for _, percent in full)
    if _alone(full, usual):
        return "single wraps: a scratch or a damaged edge"
    forward = fmean(percent for wrap, percent in full if not wrap & 1)
    backward = fmean(percent for wrap, percent in full if wrap & 1)
    if max(forward, backward) >= WATCH_PERCENT > min(forward, backward):
        return f"the {'forward' if forward > backward else 'backward'} wraps: head or servo of a drive"
    return "all wraps: a dirty head or a worn tape" if usual >= WATCH_PERCENT else ""


def _alone(full: list[tuple[int, float]], usual: float) -> bool:
    """Some wraps, a quarter of them at most, lose much more than the others."""
    limit = max(WATCH_PERCENT, _TIMES_THE_MEDIAN * usual)
    high = sum(percent >= limit for _, percent in full)
    return 0 < high <= len(full) // 4
