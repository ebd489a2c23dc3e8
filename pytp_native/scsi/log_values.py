# SPDX-License-Identifier: WTFPL OR MIT
"""From a log page to what it says: every parameter with name, unit and value. Nothing is invented: what the device does
not tell is None."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.scsi import log_incidents, log_records, log_vendor_records
from pytp_native.scsi.log import flags_of_bitmap
from pytp_native.spec import log_parameters as kinds
from pytp_native.spec.log_pages import page_of, parameter_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.scsi.log import LogPage, LogParameter
    from pytp_native.spec.log_parameters import Parameter


class Reading(NamedTuple):
    """One parameter, read."""

    code: int
    name: str
    unit: str
    use: str
    """"health", "trend" or "" (spec/log_parameters.py)."""
    value: object
    """int, str, bool, bytes (nobody knows what they mean), a record or a tuple of records; None: not told."""


def readings(page: LogPage, *, family: str = "", changer: bool = False) -> tuple[Reading, ...]:
    """Read all parameters of a page; `family` from spec.log_vendors.family_of."""
    known = page_of(page.page, page.subpage, family=family, changer=changer)
    return tuple(_reading(parameter, parameter_of(known, parameter.code), changer) for parameter in page.parameters)


def reading(page: LogPage, code: int, *, family: str = "", changer: bool = False) -> Reading | None:
    """Read one parameter; None if the page has it not."""
    told = page.get(code)
    if told is None:
        return None
    known = page_of(page.page, page.subpage, family=family, changer=changer)
    return _reading(told, parameter_of(known, code), changer)


def _reading(told: LogParameter, known: Parameter, changer: bool) -> Reading:
    if known.kind == kinds.INCIDENT:
        value: object = (log_incidents.changer_incident if changer else log_incidents.drive_incident)(told.value)
    elif known.kind == kinds.ENVIRONMENT:
        value = log_records.environment(told.value, humidity=told.code == 0x0100)
    elif known.kind == kinds.LIMITS:
        value = log_records.limits(told.value, humidity=told.code == 0x0100)
    else:
        value = _READERS[known.kind](told)
    return Reading(told.code, known.name, known.unit, known.use, value)


def _number(told: LogParameter) -> int | None:
    return told.number if told.known else None


def _flag(told: LogParameter) -> bool | None:
    return bool(told.number) if told.known else None


def _temperature(told: LogParameter) -> int | None:
    """Byte 5 of the parameter (SPC-6, Temperature log page)."""
    return told.value[1] if len(told.value) > 1 and told.value[1] != 0xFF else None


def _percent_16_16(told: LogParameter) -> float | None:
    return round(told.number / 65536, 4) if told.known and len(told.value) == 4 else None


_READERS: dict[str, Callable[[LogParameter], object]] = {
    kinds.NUMBER: _number,
    kinds.TEXT: lambda told: told.text if told.known else None,
    kinds.FLAG: _flag,
    kinds.RAW: lambda told: told.value,
    kinds.TEMPERATURE: _temperature,
    kinds.SELF_TEST: lambda told: log_records.self_test(told.value),
    kinds.STATUS: lambda told: log_records.device_status(told.value),
    kinds.BITMAP: lambda told: tuple(sorted(flags_of_bitmap(told.value))),
    kinds.RECOVERY: lambda told: log_records.recoveries(told.value),
    kinds.EXCEPTION: lambda told: log_records.exception_status(told.value),
    kinds.PORT: lambda told: log_records.phys(told.value) or told.value,
    kinds.PORT_STATUS: lambda told: log_records.port_status(told.value) or told.value,
    kinds.PARTITIONS: lambda told: log_records.partition_values(told.value),
    kinds.MOUNTS: lambda told: log_records.mounts(told.value),
    kinds.DENSITY_HOURS: lambda told: log_records.density_hours(told.value),
    kinds.ELEMENT: lambda told: log_incidents.element_counts(told.value),
    kinds.PERCENT_16_16: _percent_16_16,
    kinds.EFFICIENCY: lambda told: told.number or None,
    kinds.WELLNESS: lambda told: log_vendor_records.wellness(told.value),
    kinds.DEVICE_ERROR: lambda told: log_vendor_records.device_error(told.value),
    kinds.DEVICE_STATE: lambda told: log_vendor_records.device_state(told.value),
    kinds.ERROR_EVENT: lambda told: log_vendor_records.error_event(told.value),
}
