# SPDX-License-Identifier: WTFPL OR MIT
"""A /sys and a /dev with tape devices, as the kernel and udev lay them out."""

from __future__ import annotations

import os
from pathlib import Path

_CLASSES = {"st": "scsi_tape", "nst": "scsi_tape", "sch": "scsi_changer", "sg": "scsi_generic"}


class Tree:
    def __init__(self, root: Path) -> None:
        self.sysfs, self.dev = root / "sys", root / "dev"
        (self.dev / "tape/by-id").mkdir(parents=True)
        for kind in ("scsi_tape", "scsi_changer", "scsi_generic"):
            (self.sysfs / "class" / kind).mkdir(parents=True)

    def device(self, place: str, device_type: int, *names: str, vendor: str = "ACME", product: str = "TAPE 9",
               revision: str = "0001", serial: str = "") -> None:  # fmt: skip
        """Add a SCSI device with its nodes ("nst0", "st0", "nst0a", "sg1", "sch0")."""
        folder = self.sysfs / f"devices/host/{place}"
        folder.mkdir(parents=True)
        texts = {"type": str(device_type), "vendor": vendor.ljust(8), "model": product.ljust(16), "rev": revision}
        for name, told in texts.items():
            (folder / name).write_text(f"{told}\n")
        if serial:
            (folder / "vpd_pg80").write_bytes(bytes((device_type, 0x80, 0, len(serial))) + serial.encode())
        for name in names:
            kind = _CLASSES[name.rstrip("0123456789alm")]
            (self.sysfs / "class" / kind / name).mkdir()
            os.symlink(folder, self.sysfs / "class" / kind / name / "device")
            (self.dev / name).touch()

    def by_id(self, name: str, node: str) -> None:
        os.symlink(f"../../{node}", self.dev / "tape/by-id" / name)

    def path(self, name: str) -> str:
        return str(self.dev / name)
