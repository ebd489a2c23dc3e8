# SPDX-License-Identifier: WTFPL OR MIT
"""pytp_native: drives tapes and libraries through ioctls; see README.md for the layers."""

__version__ = "0.1.0"
