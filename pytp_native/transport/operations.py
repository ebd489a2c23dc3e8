# SPDX-License-Identifier: WTFPL OR MIT
"""The names of the MTIOCTOP operations: what messages and traces call them (mt(1)'s words)."""

from __future__ import annotations

from pytp_native.ffi import lib

NAMES: dict[int, str] = {
    lib.MTRESET: "reset", lib.MTFSF: "fsf", lib.MTBSF: "bsf", lib.MTFSR: "fsr", lib.MTBSR: "bsr",
    lib.MTWEOF: "weof", lib.MTWEOFI: "weofi", lib.MTREW: "rewind", lib.MTOFFL: "offline", lib.MTNOP: "nop",
    lib.MTRETEN: "retension", lib.MTBSFM: "bsfm", lib.MTFSFM: "fsfm", lib.MTEOM: "eod", lib.MTERASE: "erase",
    lib.MTSETBLK: "setblk", lib.MTSETDENSITY: "setdensity", lib.MTSEEK: "seek", lib.MTTELL: "tell",
    lib.MTSETDRVBUFFER: "drvbuffer", lib.MTFSS: "fss", lib.MTBSS: "bss", lib.MTWSM: "wset", lib.MTLOCK: "lock",
    lib.MTUNLOCK: "unlock", lib.MTLOAD: "load", lib.MTUNLOAD: "unload", lib.MTCOMPRESSION: "compression",
    lib.MTSETPART: "setpartition", lib.MTMKPART: "mkpartition",
}  # fmt: skip

FORWARD = frozenset({lib.MTFSF, lib.MTFSFM, lib.MTFSR, lib.MTEOM})
"""Spacing towards the end of data: EIO usually means that it was met."""

BACKWARD = frozenset({lib.MTBSF, lib.MTBSFM, lib.MTBSR})
"""Spacing towards the beginning of the partition."""

MEDIUM = FORWARD | BACKWARD | {lib.MTWEOF, lib.MTWEOFI, lib.MTERASE}
"""What fails when the medium cannot be read or written."""

SETTINGS = frozenset({lib.MTSETBLK, lib.MTSETDENSITY, lib.MTSETDRVBUFFER, lib.MTCOMPRESSION})
"""Mode pages: a drive that has not got them fails the MODE SELECT, which st reports as EIO."""

SETMARKS = frozenset({lib.MTFSS, lib.MTBSS, lib.MTWSM})
"""No LTO drive has setmarks; st reports the ILLEGAL REQUEST as EIO."""

COUNTLESS = frozenset({
    lib.MTREW, lib.MTOFFL, lib.MTNOP, lib.MTRETEN, lib.MTEOM, lib.MTLOCK, lib.MTUNLOCK, lib.MTUNLOAD, lib.MTRESET,
    lib.MTTELL,
})  # fmt: skip


def describe(operation: int, count: int) -> str:
    """Return "fsf 3", "rewind", "operation 99"."""
    name = NAMES.get(operation, f"operation {operation}")
    return name if operation in COUNTLESS else f"{name} {count}"
