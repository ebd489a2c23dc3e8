# SPDX-License-Identifier: WTFPL OR MIT
"""What ended a job: the stage in which it failed, with errno and sense, for a person and for a program."""

from __future__ import annotations

import errno

from pytp_native.errors import (
    ArchiveNotBuilt,
    BadAddress,
    CartridgeNeeded,
    CatalogError,
    DeviceBusy,
    DeviceError,
    LibraryError,
    MissingSource,
    NothingHere,
    NotReady,
    PytpError,
    Refused,
    VerifyFailed,
    WriteProtected,
)

_STAGES: tuple[tuple[type[PytpError], str], ...] = (
    (ArchiveNotBuilt, "TAR"),
    (LibraryError, "LIBRARY"),
    (CatalogError, "CATALOG"),
    (DeviceError, "TAPE"),
    (NotReady, "TAPE"),
    (DeviceBusy, "TAPE"),
    (BadAddress, "TAPE"),
    (CartridgeNeeded, "TAPE"),
    (VerifyFailed, "TAPE"),
    (Refused, "TAPE"),
    (NothingHere, "TAPE"),
    (MissingSource, "SOURCE"),
)
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})


def stage_of(error: PytpError) -> str:
    """Return TAPE, TAR, LIBRARY, PERMISSION, BUFFER, CATALOG, or "" for what is no stage's fault (a wrong option). A
    write-protected cartridge is the tape's, although st answers EACCES."""
    if errno_of(error) in _FORBIDDEN and not isinstance(error, WriteProtected):
        return "PERMISSION"
    if error.subject in {"memory", "memory buffer"}:
        return "BUFFER"
    return next((stage for kind, stage in _STAGES if isinstance(error, kind)), "")


def stage_of_reason(reason: str) -> str:
    """Return the stage for a file that was not saved as it should be."""
    lowered = reason.lower()
    return "PERMISSION" if "permission" in lowered or "not permitted" in lowered else "SOURCE"


def errno_of(error: BaseException) -> int | None:
    """Return what the kernel, or the virtual drive in its place, answered; None if it was not asked."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause.errno
        cause = cause.__cause__
    return None


def staged(error: PytpError) -> str:
    """Return the line that a person reads: "[TAPE] /dev/nst0: fact; next step (EIO)"."""
    stage, number = stage_of(error), errno_of(error)
    name = f" ({errno.errorcode.get(number, number)})" if number else ""
    return f"[{stage}] {error}{name}" if stage else f"{error}{name}"


def failure_object(error: PytpError) -> dict[str, object]:
    """Return the failure for --json: stage, errno, sense (hex) and text; None for what does not apply."""
    number = errno_of(error)
    return {
        "stage": stage_of(error) or None,
        "errno": errno.errorcode.get(number, str(number)) if number else None,
        "sense": error.sense.hex() or None,
        "text": str(error),
    }
