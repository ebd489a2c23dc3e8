# SPDX-License-Identifier: WTFPL OR MIT
"""st's driver options (MTSETDRVBUFFER with an option code; st(4)). They outlive the opener, as the module's do."""

from __future__ import annotations

import errno
import os

from pytp_native.ffi import lib
from pytp_native.vtl import st_modes
from pytp_native.vtl.state import NO_DEFAULT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.st import StDriver


_VALUE = 0x0FFFFFFF


def set_options(st: StDriver, options: int) -> None:
    """Store one option word. Raises EIO for a code that st does not know."""
    raw, code, value = st.raw, options & lib.MT_ST_OPTIONS & 0xFFFFFFFF, options & _VALUE
    if code == lib.MT_ST_BOOLEANS:
        raw.options = value
    elif code == lib.MT_ST_SETBOOLEANS:
        raw.options |= value
    elif code == lib.MT_ST_CLEARBOOLEANS:
        raw.options &= ~value & _VALUE
    elif code == lib.MT_ST_DEF_BLKSIZE:
        raw.default_block_bytes = NO_DEFAULT if value == _VALUE else value
        if st.has_tape and value != _VALUE:
            raw.block_bytes_changed = 0
            st_modes.set_defaults(st)
    elif code == lib.MT_ST_DEF_OPTIONS & 0xFFFFFFFF:
        _set_default(st, options & 0xFFFFFFFF)
    elif code not in {lib.MT_ST_WRITE_THRESHOLD, lib.MT_ST_TIMEOUTS, lib.MT_ST_SET_CLN & lib.MT_ST_OPTIONS}:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def _set_default(st: StDriver, options: int) -> None:
    raw, kind, value = st.raw, options & ~lib.MT_ST_CLEAR_DEFAULT & 0xFFFFFFFF, options & lib.MT_ST_CLEAR_DEFAULT
    clear = value == lib.MT_ST_CLEAR_DEFAULT
    if kind == lib.MT_ST_DEF_DENSITY & 0xFFFFFFFF:
        raw.default_density = NO_DEFAULT if clear else value & 0xFF
        if st.has_tape and not clear:
            raw.density_changed = 0
            st_modes.set_defaults(st)
    elif kind == lib.MT_ST_DEF_DRVBUFFER & 0xFFFFFFFF:
        raw.default_buffering = NO_DEFAULT if clear else value & 7
        if st.has_tape and not clear:
            st.drive.set_mode(buffered=value & 7)
    elif kind == lib.MT_ST_DEF_COMPRESSION & 0xFFFFFFFF:
        raw.default_compression = NO_DEFAULT if clear else value & 1
        if st.has_tape and not clear:
            st.drive.set_compression(bool(value & 1))
