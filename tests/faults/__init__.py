# SPDX-License-Identifier: WTFPL OR MIT
"""Stories of things that go wrong: killed users, full cartridges, damaged media."""
