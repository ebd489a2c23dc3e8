# SPDX-License-Identifier: WTFPL OR MIT
"""What a session was asked to do, as the catalog keeps it for `pytp resume`."""

from __future__ import annotations

import json
import os
from typing import Any

from pytp_native.errors import CatalogError
from pytp_native.jobs.arguments import Argument
from pytp_native.light import NamedTuple


class Intent(NamedTuple):
    """The part of a BackupRequest that says what is saved; arguments are resolved."""

    arguments: tuple[Argument, ...]
    exclude: tuple[bytes, ...] = ()
    one_file_system: bool = False
    hw_compression: bool | None = None
    append_foreign: bool = False
    pool: str | None = None
    level: str = "full"
    zstd_level: int | None = None
    probe: bool = True

    def text(self) -> str:
        """As JSON; bytes that are not UTF-8 are lone surrogates."""
        return json.dumps({
            "arguments": [[os.fsdecode(one.path), os.fsdecode(one.name)] for one in self.arguments],
            "exclude": [os.fsdecode(one) for one in self.exclude],
            "one_file_system": self.one_file_system, "hw_compression": self.hw_compression,
            "append_foreign": self.append_foreign, "pool": self.pool, "level": self.level,
            "zstd_level": self.zstd_level, "probe": self.probe,
        })  # fmt: skip


def intent_of(text: str, subject: str) -> Intent:
    """Read one. CatalogError for what is none."""
    try:
        found: Any = json.loads(text)
        paths = [(os.fsencode(path), os.fsencode(name)) for path, name in found["arguments"]]
        return Intent(
            tuple(Argument(path, path, name) for path, name in paths),
            tuple(os.fsencode(one) for one in found["exclude"]),
            bool(found["one_file_system"]), found["hw_compression"], bool(found["append_foreign"]), found["pool"],
            found.get("level", "full"), found.get("zstd_level"), bool(found.get("probe", True)),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as exc:
        raise CatalogError(subject, f"what its session was to save cannot be read ({exc})", "back up again") from exc
