# SPDX-License-Identifier: WTFPL OR MIT
"""What looks at drives, cartridges and libraries amount to: history, trend, verdicts, report. Talks to no device by
itself: devices/look.py does."""
