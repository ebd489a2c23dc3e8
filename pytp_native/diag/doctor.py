# SPDX-License-Identifier: WTFPL OR MIT
"""Is this host ready for tape: what is missing or wrong, each with its remedy. Reads files; opens devices only to ask
for limits, and only those that nobody uses."""

from __future__ import annotations

import grp
import os
import shutil
from collections.abc import Iterator

from pytp_native.config import Config, DriveConfig
from pytp_native.devices.firmware import bad_firmware
from pytp_native.devices.nodes import Nodes, find_nodes, real_address
from pytp_native.devices.quiet import opened
from pytp_native.errors import PytpError
from pytp_native.light import NamedTuple
from pytp_native.scsi import executor, ssc
from pytp_native.scsi.inquiry import CHANGER, TAPE, Inquiry
from pytp_native.transport import resolve
from pytp_native.units import GIB, MIB, format_size

FINE, NOTE, WARNING, FAILURE = "fine", "note", "warning", "failure"
LEVELS = (FINE, NOTE, WARNING, FAILURE)
_PAGE = 4096
_LEAST_FREE = GIB
_LEAST_MEMORY = 256 * MIB


class Check(NamedTuple):
    level: str
    subject: str
    fact: str
    remedy: str = ""


class Places(NamedTuple):
    """Where the kernel shows itself; tests bring their own."""

    sysfs: str = "/sys"
    dev: str = "/dev"


def examine(config: Config, state: str, memory_bytes: int, places: Places = Places()) -> list[Check]:  # noqa: B008 - a value
    """Look at everything; `state` is the directory of catalog and history, `memory_bytes` what is available."""
    nodes = find_nodes(places.sysfs, places.dev)
    found = [
        *_modules(nodes, places),
        *_nodes(nodes),
        *_firmware(nodes),
        *_parameters(config, places),
        *_configuration(config, nodes),
    ]
    for drive in config.drives:
        found += _limits(drive)
    return [*found, *_room(config, state), _memory(memory_bytes)]


def _modules(nodes: list[Nodes], places: Places) -> Iterator[Check]:
    kinds = {one.device_type for one in nodes}
    for module, needed in (("st", TAPE in kinds), ("sg", bool(nodes)), ("ch", False)):
        loaded = os.path.isdir(f"{places.sysfs}/module/{module}") or os.path.isdir(
            f"{places.sysfs}/bus/scsi/drivers/{module}"
        )
        if loaded:
            yield Check(FINE, f"module {module}", "is there")
        elif module != "ch":
            level = FAILURE if needed else NOTE
            always = f"echo {module} > /etc/modules-load.d/{module}.conf"
            yield Check(level, f"module {module}", "is not loaded", f"modprobe {module}; for every start: {always}")


def _nodes(nodes: list[Nodes]) -> Iterator[Check]:
    if not nodes:
        remedy = "check power, cables and host adapter (lsscsi -g); virtual ones need none: pytp vtl create"
        yield Check(NOTE, "devices", "the kernel shows no tape drive and no changer", remedy)
    for one in nodes:
        name = f"{one.vendor} {one.product} ({one.node})".strip()
        if one.device_type == TAPE and one.tape is None:
            yield Check(FAILURE, name, "has no st node", "modprobe st")
        if one.generic is None:
            yield Check(WARNING, name, "has no sg node: diagnostics and libraries need it", "modprobe sg")
        yield from _permissions(one, name)
        if one.stable is None:
            kind = "tape" if one.device_type == TAPE else "changer"
            yield Check(WARNING, name, "has no stable name: its number may change at the next start",
                        f"see udev's rules for /dev/tape/by-id ({kind})")  # fmt: skip
        else:
            yield Check(FINE, name, f"is {one.stable}")


def _firmware(nodes: list[Nodes]) -> Iterator[Check]:
    for one in nodes:
        who = Inquiry(one.device_type, one.vendor, one.product, one.revision)
        name = f"{one.vendor} {one.product} ({one.node})".strip()
        yield from _of_firmware(name, who)


def _of_firmware(name: str, who: Inquiry) -> Iterator[Check]:
    for bad in bad_firmware(who):
        yield Check(WARNING, name, f"firmware {who.revision} {bad.fact}", bad.remedy)


def _permissions(one: Nodes, name: str) -> Iterator[Check]:
    for path in filter(None, (one.tape if one.device_type == TAPE else None, one.generic)):
        if os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            continue
        group = _group(path)
        remedy = f"sudo usermod -aG {group} $USER, and log in again" if group else "run as root"
        yield Check(FAILURE, name, f"{path} may not be opened by you", remedy)


def _group(path: str) -> str:
    """Return the group that may use a node, "" if none but root may."""
    try:
        told = os.stat(path)
        return grp.getgrgid(told.st_gid).gr_name if told.st_mode & 0o060 == 0o060 and told.st_gid else ""
    except (OSError, KeyError):
        return ""


def _parameters(config: Config, places: Places) -> Iterator[Check]:
    """st puts a block into max_sg_segs pieces; of memory that is not contiguous each is a page."""
    segments = _number(f"{places.sysfs}/bus/scsi/drivers/st/max_sg_segs")
    largest = max((one.block_bytes for one in config.drives if _kind(one.address) == "st"), default=0)
    if segments is None or not largest:
        return
    if largest > segments * _PAGE:
        needed = -(-largest // _PAGE)
        yield Check(WARNING, "module st", f"max_sg_segs {segments} may not be enough for blocks of {largest} bytes",
                    f"echo 'options st max_sg_segs={needed}' > /etc/modprobe.d/st.conf, and load st anew")  # fmt: skip
    else:
        yield Check(FINE, "module st", f"max_sg_segs {segments} is enough for blocks of {largest} bytes")


def _configuration(config: Config, nodes: list[Nodes]) -> Iterator[Check]:
    if config.path is None:
        yield Check(NOTE, "configuration", "there is none", "pytp config --write")
    for warning in config.warnings:
        yield Check(WARNING, "configuration", warning, "correct it")
    known = {real_address(path) for one in nodes for path in one.paths}
    listed: set[str] = set()
    for name, address in _configured(config):
        try:
            target = resolve(address)
        except PytpError as exc:
            yield Check(FAILURE, name, f"{exc.fact}", "see pytp devices; pytp config --write")
            continue
        listed.add(real_address(address))
        if target.rewinds:
            yield Check(FAILURE, name, f"{address} rewinds at every close", f"use {target.no_rewind_node}")
        elif address.startswith("/dev/") and not address.startswith("/dev/tape/by-id/"):
            yield Check(
                NOTE, name, f"{address} may be another device after the next start", "use its name in /dev/tape/by-id"
            )
    if config.path is not None:
        for one in nodes:
            if not listed & {real_address(path) for path in one.paths} and known:
                what = "library" if one.device_type == CHANGER else "drive"
                yield Check(NOTE, f"{one.vendor} {one.product} ({one.node})", f"this {what} is not configured",
                            "pytp config --write")  # fmt: skip


def _configured(config: Config) -> Iterator[tuple[str, str]]:
    for drive in config.drives:
        yield f"drive {drive.name}", drive.address
    for library in config.libraries:
        if library.address:
            yield f"library {library.name}", library.address


def _limits(drive: DriveConfig) -> list[Check]:
    """The firmware of a drive that the kernel does not show; block size against what drive and host adapter can."""
    name = f"drive {drive.name}"
    try:
        with opened(drive.address) as device:
            firmware = [] if drive.address.startswith("/dev/") else list(_of_firmware(name, device.inquiry))
            if device.busy:
                return [*firmware, Check(NOTE, name, device.busy, "ask again when the tape is closed")]
            limits = executor.run(device.scsi, ssc.read_block_limits())
            adapter = getattr(device.scsi, "most_transfer_bytes", None)
    except PytpError as exc:
        return [Check(FAILURE, name, exc.fact, exc.next_step or "see pytp devices")]
    return [*firmware, *_block_size(name, drive.block_bytes, limits.most, adapter)]


def _block_size(name: str, size: int, most: int, adapter: int | None) -> list[Check]:
    found = []
    if most and size > most:
        fact = f"block_size {size} is more than the drive takes ({most})"
        found.append(Check(FAILURE, name, fact, "lower block_size in the configuration"))
    if adapter is not None and size > adapter:
        fact = f"block_size {size} is more than one command of the host adapter moves ({adapter})"
        found.append(Check(WARNING, name, fact, "lower block_size, or raise the adapter's limit"))
    return found or [Check(FINE, name, f"takes blocks of {size} bytes")]


def _room(config: Config, state: str) -> Iterator[Check]:
    for what, path in (("catalog and history", state), ("logs", config.tar_dir or state)):
        place = os.path.abspath(path)
        while not os.path.isdir(place):
            place = os.path.dirname(place)
        if not os.access(place, os.W_OK, effective_ids=True):
            yield Check(
                FAILURE, what, f"{place} may not be written by you", "name another directory in the configuration"
            )
            continue
        free = shutil.disk_usage(place).free
        level = WARNING if free < _LEAST_FREE else FINE
        yield Check(level, what, f"{format_size(free)} free at {place}", "free space there" if level == WARNING else "")


def _memory(available: int) -> Check:
    if available < _LEAST_MEMORY:
        return Check(WARNING, "memory", f"{format_size(available)} available: a fast drive will have to wait",
                     "end other programs, or raise the limit of the cgroup")  # fmt: skip
    return Check(FINE, "memory", f"{format_size(available)} available")


def _kind(address: str) -> str:
    """Return the kind of device of an address, "" if it is none now."""
    try:
        return resolve(address).kind
    except PytpError:
        return ""


def _number(path: str) -> int | None:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None
