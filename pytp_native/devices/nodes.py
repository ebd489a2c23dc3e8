# SPDX-License-Identifier: WTFPL OR MIT
"""Tape drives and changers as the kernel shows them: which nodes are one device, read from sysfs and /dev. Nothing is
opened, so it works without permission and disturbs nobody."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pytp_native.scsi.field import text
from pytp_native.scsi.inquiry import CHANGER, TAPE

_NODE = re.compile(r"(?:nst|st|sch|sg)\d+")
"""st0l, nst0a and the like are other modes of the same tape."""
_CLASSES = ("scsi_tape", "scsi_changer", "scsi_generic")


@dataclass(frozen=True, slots=True)
class Nodes:
    """One device and all the ways to it. Paths are None where the driver is not loaded."""

    device_type: int
    """01h tape, 08h medium changer."""
    place: str
    """Host, channel, target and unit, as the kernel writes them: "2:0:0:0"; other numbers after the next start."""
    tape: str | None = None
    """The node that does not rewind."""
    rewinding: str | None = None
    changer: str | None = None
    generic: str | None = None
    by_id: tuple[str, ...] = ()
    """Names that stay, made by udev."""
    vendor: str = ""
    product: str = ""
    revision: str = ""
    serial: str = ""
    """Of VPD page 80h, where the kernel has read it."""

    @property
    def stable(self) -> str | None:
        """Return the name under /dev/tape/by-id that belongs into a configuration."""
        ending = "-nst" if self.device_type == TAPE else "-changer"
        fitting = [name for name in self.by_id if name.endswith(ending)]
        if not fitting and self.device_type == CHANGER:
            fitting = list(self.by_id)
        return min(fitting, key=lambda name: (len(name), name), default=None)

    @property
    def node(self) -> str:
        """Return the node that people call it by."""
        return self.tape or self.changer or self.generic or self.rewinding or self.place

    @property
    def address(self) -> str:
        """Return what to write into a configuration."""
        return self.stable or self.node

    @property
    def paths(self) -> tuple[str, ...]:
        """Return everything that leads to it."""
        return tuple(filter(None, (self.tape, self.rewinding, self.changer, self.generic, *self.by_id)))

    @property
    def commands(self) -> str:
        """Return the node that takes SCSI commands with the least disturbance."""
        return self.generic or self.node


def real_address(address: str) -> str:
    """Return one text for all names of a device: links followed, virtual ones from the root on."""
    scheme, colon, path = address.partition(":")
    return f"vtl:{os.path.realpath(path)}" if colon and scheme == "vtl" else os.path.realpath(address)


def find_nodes(sysfs: str = "/sys", dev: str = "/dev") -> list[Nodes]:
    """Return all tape drives and changers, by their place."""
    links = list(_by_id(dev))
    found = [_nodes(device, names, dev, links) for device, names in _devices(sysfs).items()]
    return sorted(filter(None, found), key=lambda one: [int(part) for part in re.findall(r"\d+", one.place)])


def _devices(sysfs: str) -> dict[str, list[str]]:
    """Return node names by the sysfs directory of their SCSI device."""
    devices: dict[str, list[str]] = {}
    for kind in _CLASSES:
        for name in _names(f"{sysfs}/class/{kind}"):
            if _NODE.fullmatch(name):
                devices.setdefault(os.path.realpath(f"{sysfs}/class/{kind}/{name}/device"), []).append(name)
    return devices


def _nodes(device: str, names: list[str], dev: str, links: list[tuple[str, str]]) -> Nodes | None:
    """Put one device together; None for what is neither tape nor changer (sg has every disk)."""
    kinds = {name.rstrip("0123456789"): f"{dev}/{name}" for name in names}
    try:
        device_type = int(_word(device, "type") or "-1")
    except ValueError:
        device_type = -1
    if device_type not in {TAPE, CHANGER}:
        return None
    own = {os.path.realpath(path) for path in kinds.values()}
    return Nodes(
        device_type,
        os.path.basename(device),
        tape=kinds.get("nst"),
        rewinding=kinds.get("st"),
        changer=kinds.get("sch"),
        generic=kinds.get("sg"),
        by_id=tuple(sorted(link for link, target in links if target in own)),
        vendor=_word(device, "vendor"),
        product=_word(device, "model"),
        revision=_word(device, "rev"),
        serial=text(_bytes(f"{device}/vpd_pg80")[4:]),
    )


def _by_id(dev: str) -> Iterator[tuple[str, str]]:
    folder = f"{dev}/tape/by-id"
    for name in _names(folder):
        yield f"{folder}/{name}", os.path.realpath(f"{folder}/{name}")


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _word(device: str, name: str) -> str:
    return text(_bytes(f"{device}/{name}").rstrip(b"\n"))


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(4096)
    except OSError:
        return b""
