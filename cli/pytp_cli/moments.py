# SPDX-License-Identifier: WTFPL OR MIT
"""Points in time as people type them."""

from __future__ import annotations

from pytp_native.errors import UsageError


def moment(text: str, option: str, *, end_of_day: bool = False) -> int:
    """Return seconds since 1970 for an ISO date or time (here, not in UTC), or for "30d" (days ago).

    A date alone is its first second, or its last one (`end_of_day`). Raises UsageError, naming the option.
    """
    from datetime import datetime, timedelta

    try:
        if text.endswith("d") and text[:-1].isdigit():
            return int((datetime.now().astimezone() - timedelta(days=int(text[:-1]))).timestamp())
        when = datetime.fromisoformat(text)
        if end_of_day and len(text) <= len("2026-11-23"):
            when += timedelta(days=1, seconds=-1)
        return int(when.astimezone().timestamp())
    except (ValueError, OverflowError) as exc:
        raise UsageError(option, f"{text!r} is no date", "write 2026-11-23, 2026-11-23T18:00 or 30d") from exc
