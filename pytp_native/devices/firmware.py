# SPDX-License-Identifier: WTFPL OR MIT
"""Firmware that is known to be bad, as rows of data: whose, which, what it does wrong, and who has said so.

Only what has been published gets a row. IBM names its firmware by year, month, day and version, a character each
(0 to 9, then letters), so that an older one sorts first (IBM LTO SCSI reference GA32-0928).
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from pytp_native.light import NamedTuple
from pytp_native.scsi.inquiry import Inquiry

_REVISION_CHARACTERS = 4


class BadFirmware(NamedTuple):
    """Vendor and product of INQUIRY are matched with shell patterns, without regard to case."""

    vendor: str
    product: str
    before: str
    """The first good revision; those that sort before it are bad."""
    fact: str
    source: str

    @property
    def remedy(self) -> str:
        return f"update its firmware to {self.before} or later ({self.source})"

    def matches(self, device: Inquiry) -> bool:
        told = ((self.vendor, device.vendor), (self.product, device.product))
        revision = device.revision.strip().upper()
        return (
            all(fnmatchcase(text.strip().upper(), pattern.upper()) for pattern, text in told)
            and len(revision) == _REVISION_CHARACTERS
            and revision < self.before
        )


_M8 = "formats an LTO-7 cartridge of type M (M8) as LTO-7 again, so that a third of its capacity is gone"
_LTFS_M8 = "https://github.com/LinearTapeFileSystem/ltfs/issues/19"
_NO_PARTITIONS = "is older than LTFS takes of an LTO-5 drive"
_LTFS_LEVELS = "https://github.com/markh794/mhvtl/pull/204"
ROWS = (
    BadFirmware("IBM", "ULTRIUM-TD2", "8571", "clears the TapeAlert flags whenever any log page is asked for: alerts"
                " are lost", "https://www.ibm.com/support/pages/node/826220"),
    BadFirmware("IBM", "*-TD5", "B170", _NO_PARTITIONS, _LTFS_LEVELS),
    BadFirmware("IBM", "*-HH5", "B170", _NO_PARTITIONS, _LTFS_LEVELS),
    BadFirmware("IBM", "*-TD8", "HB81", _M8, _LTFS_M8),
    BadFirmware("IBM", "*-HH8", "HB81", _M8, _LTFS_M8),
)  # fmt: skip


def bad_firmware(device: Inquiry, rows: Iterable[BadFirmware] = ROWS) -> tuple[BadFirmware, ...]:
    """Return what is known against the firmware of a device."""
    return tuple(row for row in rows if row.matches(device))
