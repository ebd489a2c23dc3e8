# SPDX-License-Identifier: WTFPL OR MIT
"""Ask a device everything that `pytp diag` can show, once: what a capture holds, decoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pytp_native.devices import asking, time_limits
from pytp_native.devices.identity import identify
from pytp_native.devices.memory_image import memory_image
from pytp_native.devices.retry import CALM
from pytp_native.diag.plain import plain
from pytp_native.errors import PytpError
from pytp_native.scsi import density, encryption, executor, log_values, ssc
from pytp_native.scsi.log import TAPE_ALERT, tape_alerts
from pytp_native.scsi.page_values import mode_value, vpd_value
from pytp_native.spec.log_pages import page_of
from pytp_native.spec.page_names import mode_page_name, vpd_page_name

if TYPE_CHECKING:
    from pytp_native.devices.quiet import Quiet

_CONTROLS = ("current", "changeable", "default", "saved")


def everything(device: Quiet, keep: Callable[[frozenset[int]], None]) -> dict[str, object]:
    """Return all answers decoded; what the device does not have is null with its reason. Nothing moves.

    Page 2Eh is read too, and thereby cleared for this host: `keep` gets its flags at once.
    """
    told: dict[str, object] = {
        "inquiry": _or_reason(lambda: identify(device.scsi)),
        "vpd": [_or_reason(lambda page=page: _vpd(device, page)) for page in asking.vpd_page_list(device.scsi)],  # type: ignore[misc]
    }
    if device.busy:
        return {**told, "busy": device.busy}
    told["log"] = [_or_reason(lambda key=key: _log(device, key, keep)) for key in asking.log_page_list(device.scsi)]  # type: ignore[misc]
    told["modes"] = {
        name: _or_reason(lambda control=control: _modes(device, control))  # type: ignore[misc]
        for control, name in enumerate(_CONTROLS)
    }
    told["time_limits"] = _or_reason(lambda: _limits(device))
    if not device.is_changer:
        told.update(_of_a_drive(device))
    return told


def _of_a_drive(device: Quiet) -> dict[str, object]:
    scsi = device.scsi
    commands = {
        "density": density.report_density_support(), "density_loaded": density.report_density_support(loaded=True),
        "position": ssc.read_position(), "position_long": ssc.read_position_long(),
        "position_extended": ssc.read_position_extended(), "block_limits": ssc.read_block_limits(),
        "encryption_capabilities": encryption.capabilities(),
    }  # fmt: skip
    told: dict[str, object] = {
        name: _or_reason(lambda command=command: executor.run(scsi, command, CALM))  # type: ignore[misc]
        for name, command in commands.items()
    }
    told["encryption_status"] = _or_reason(lambda: executor.run(scsi, encryption.status(), CALM)._replace(key_data=()))
    told["encryption_next_block"] = _or_reason(
        lambda: executor.run(scsi, encryption.next_block(), CALM)._replace(key_data=())
    )
    told["memory"] = _or_reason(lambda: asking.memory(scsi))
    told["memory_image"] = _or_reason(lambda: memory_image(device))
    return told


def _or_reason(ask: Callable[[], object]) -> object:
    try:
        return plain(ask())
    except PytpError as exc:
        return {"missing": exc.fact}


def _vpd(device: Quiet, page: int) -> object:
    data = asking.vpd_page(device.scsi, page)
    value = vpd_value(data, family=device.family, changer=device.is_changer)
    return {"page": page, "name": vpd_page_name(page, device.family), "value": value}


def _log(device: Quiet, key: tuple[int, int], keep: Callable[[frozenset[int]], None]) -> object:
    page = asking.log_page(device.scsi, *key)
    if page.page == TAPE_ALERT:
        keep(tape_alerts(page))
    name = page_of(*key, family=device.family, changer=device.is_changer).name
    values = log_values.readings(page, family=device.family, changer=device.is_changer)
    return {"page": key[0], "subpage": key[1], "name": name, "parameters": values}


def _modes(device: Quiet, control: int) -> object:
    told = asking.mode_pages(device.scsi, control=control)
    pages = []
    for one in told.pages:
        name = mode_page_name(one.page, one.subpage, changer=device.is_changer, family=device.family)
        value = mode_value(one, changer=device.is_changer)
        pages.append({"page": one.page, "subpage": one.subpage, "name": name, "value": value})
    return pages


def _limits(device: Quiet) -> object:
    limits = time_limits.time_limits_of(device.scsi, device.inquiry)
    return [{"opcode": code, "service_action": action, "seconds": limit} for (code, action), limit in limits.items()]
