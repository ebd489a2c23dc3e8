# SPDX-License-Identifier: WTFPL OR MIT
"""The programs of pytp."""
