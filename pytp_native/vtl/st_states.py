# SPDX-License-Identifier: WTFPL OR MIT
"""The names st has for what it remembers (drivers/scsi/st.h), and how its calls fail."""

from __future__ import annotations

import os

from pytp_native.ffi import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

IDLE: int = lib.PYTP_ST_IDLE
READING: int = lib.PYTP_ST_READING
WRITING: int = lib.PYTP_ST_WRITING

NOEOF: int = lib.PYTP_ST_NOEOF
FM_HIT: int = lib.PYTP_ST_FM_HIT
FM: int = lib.PYTP_ST_FM
EOM_OK: int = lib.PYTP_ST_EOM_OK
EOM_ERROR: int = lib.PYTP_ST_EOM_ERROR
EOD_1: int = lib.PYTP_ST_EOD_1
EOD_2: int = lib.PYTP_ST_EOD_2
EOD: int = lib.PYTP_ST_EOD

UNLOCKED, LOCKED_EXPLICIT, LOCKED_AUTO = 0, 1, 2


def fail(number: int) -> NoReturn:
    """Fail a call as the kernel would."""
    raise OSError(number, os.strerror(number))
