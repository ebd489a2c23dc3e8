# SPDX-License-Identifier: WTFPL OR MIT
"""What the drop-ins start with stays light."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytp_native.light import NamedTuple

HEAVY = {"construct", "dataclasses", "typing", "logging", "inspect", "re", "enum", "typer", "rich", "zstandard"}
LIGHT = (
    "field", "command", "policy", "sense", "judge", "executor", "inquiry", "mode", "mode_pages", "log",
    "log_values", "log_records", "log_incidents", "position", "elements", "element_scan", "spc", "ssc", "smc", "mam",
)  # fmt: skip


@pytest.mark.parametrize("modules", [LIGHT, ("judge", "sense")], ids=["all", "sense only"])
def test_the_light_modules_load_nothing_heavy(modules):
    names = ", ".join(f"pytp_native.scsi.{name}" for name in modules)
    extra = "import pytp_native.spec.sense_codes, pytp_native.spec.sense_vendors"
    program = f"import sys; sys.path.insert(0, {sys.path[0]!r}); before = set(sys.modules); import {names}; {extra}; "
    program += "print(*sorted(set(sys.modules) - before))"
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True, cwd="/"
    )
    loaded = set(ran.stdout.split())
    assert {f"pytp_native.scsi.{name}" for name in modules} <= loaded
    assert loaded & HEAVY == set()


class Pair(NamedTuple):
    """Two things."""

    one: int
    other: str = "x"

    @property
    def both(self) -> str:
        return f"{self.one}{self.other}"

    def __str__(self) -> str:
        return self.both


def test_the_light_record_is_what_typings_is():
    pair = Pair(1)
    assert pair == (1, "x") == Pair(one=1, other="x")
    assert (pair.one, pair.both, str(pair)) == (1, "1x", "1x")
    assert pair._replace(one=2)._asdict() == {"one": 2, "other": "x"}
    assert repr(pair) == "Pair(one=1, other='x')"
    assert Pair.__doc__ == "Two things."
    assert Pair.__module__ == __name__
    with pytest.raises(AttributeError):
        pair.one = 3  # type: ignore[misc]
    with pytest.raises(AttributeError):
        pair.third = 3  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Pair()  # type: ignore[call-arg]
