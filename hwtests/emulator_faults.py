# SPDX-License-Identifier: WTFPL OR MIT
"""Tests that fail because an emulated drive is wrong, each with what it does. Strict: a fixed emulator is noticed."""

TGT: dict[str, str] = {}
