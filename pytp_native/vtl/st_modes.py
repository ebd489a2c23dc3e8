# SPDX-License-Identifier: WTFPL OR MIT
"""Block size and density as st sets them (set_mode_densblk), the limits that it holds requests to, and its option
sili."""

from __future__ import annotations

import errno

from pytp_native.ffi import lib
from pytp_native.light import NamedTuple, suppress
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.st_states import fail

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.vtl.st import StDriver


class BlockLimits(NamedTuple):
    """READ BLOCK LIMITS, in bytes; st asks at every open."""

    least: int
    most: int


def block_limits(st: StDriver) -> BlockLimits | None:
    """None with the option no-blklimits: then nothing is checked before the drive is asked."""
    if st.raw.options & lib.MT_ST_NO_BLKLIMS:
        return None
    return BlockLimits(st.drive.personality.least_block, st.drive.personality.most_block)


def check_size(st: StDriver, size: int) -> None:
    """Raise EINVAL for a block of a size that the drive does not take."""
    if st.limits is not None and size and not st.limits.least <= size <= st.limits.most:
        fail(errno.EINVAL)


def set_block_size(st: StDriver, size: int) -> None:
    """MTSETBLK. Raises EINVAL, EIO. Also in vain it keeps the default block size away until the next cartridge."""
    check_size(st, size)
    st.raw.block_bytes_changed = 1
    st.set_modes(block_bytes=size)


def set_density(st: StDriver, density: int) -> None:
    """MTSETDENSITY. Raises EIO. Also in vain it keeps the default density away until the next cartridge."""
    st.raw.density_changed = 1
    st.set_modes(density=density)


def set_defaults(st: StDriver) -> None:
    """Ask the drive for both defaults at once, as far as nobody wished otherwise. st does not mind a refusal."""
    raw, block, density = st.raw, None, None
    if not raw.block_bytes_changed and raw.default_block_bytes not in {-1, st.block_bytes}:
        block = int(raw.default_block_bytes)
    if not raw.density_changed and raw.default_density not in {-1, st.density}:
        density = int(raw.default_density)
    if block is not None or density is not None:
        with suppress(OSError):
            st.set_modes(block_bytes=block, density=density)


def new_session(st: StDriver) -> None:
    """Another cartridge: the wishes for the old one are forgotten."""
    raw = st.raw
    raw.block_bytes_changed = raw.density_changed = 0
    if not raw.options & lib.MT_ST_DEF_WRITES:
        set_defaults(st)
    if raw.default_buffering >= 0:
        st.drive.set_mode(buffered=int(raw.default_buffering))


def read_silently(st: StDriver, sense: Sense, into: memoryview) -> int | None:
    """The bytes that a variable block of another length leaves in `into` when sili has the drive say nothing of it;
    None: that is not the case."""
    if not sense.ili or st.block_bytes or not st.raw.options & lib.MT_ST_SILI:
        return None
    residual = sense.information or 0
    if residual < 0:
        whole = memoryview(bytearray(len(into) - residual))
        st.drive.tape.read(st.drive.position - 1, whole)
        into[:] = whole[: len(into)]
    return len(into) - max(residual, 0)
