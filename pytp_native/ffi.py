# SPDX-License-Identifier: WTFPL OR MIT
"""The one door to C: every other module takes `ffi` and `lib` from here, and no cdata leaves the layer that made it."""

from pytp_native._ffi import ffi, lib

__all__ = ["ffi", "lib"]
