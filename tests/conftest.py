# SPDX-License-Identifier: WTFPL OR MIT
"""Loaded first, as part of the package `tests`: that is what lets every test import its siblings as tests.NAME."""
