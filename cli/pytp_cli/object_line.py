# SPDX-License-Identifier: WTFPL OR MIT
"""The one object that the drop-ins print for --json."""

from __future__ import annotations

import json

from pytp_cli.raw_output import out
from pytp_cli.report import empty_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def show_object(command: str, device: str | None, code: int, found: dict[str, Any]) -> None:
    """Print the fields that every object has, and those that this command found."""
    fields = {**empty_object(command), "device": device, **found, "exit": code}
    out(json.dumps(fields) + "\n")
