# SPDX-License-Identifier: WTFPL OR MIT
"""The contract of tests/contract on the kernel's drivers: in a guest by default, on real hardware by name."""
