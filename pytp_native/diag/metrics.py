# SPDX-License-Identifier: WTFPL OR MIT
"""Looks as Prometheus metrics: names and base units by its conventions, text format 0.0.4. What a device does not tell
has no sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from pytp_native.devices.look import DriveLook, LibraryLook
from pytp_native.diag.verdict import LEVELS, Verdict
from pytp_native.light import NamedTuple
from pytp_native.spec.measures import (
    CARTRIDGE_MEASURES,
    COUNTER,
    DRIVE_MEASURES,
    ELEMENT_COUNTS,
    LIBRARY_MEASURES,
    Measure,
)
from pytp_native.spec.tape_alerts import alert_of

_UNITS = {
    "h": ("seconds", 3600.0),
    "MB": ("bytes", 1e6),
    "%": ("ratio", 0.01),
    "bytes": ("bytes", 1.0),
    "m": ("meters", 1.0),
}
_WORN_OFF = ("_hours", "_mb", "_percent", "_bytes")
"""Units in the names of measures, that the metric's own unit replaces."""
_RENAMED = {"metres": "tape_moved", "life_percent": "life_left_percent"}


class Family(NamedTuple):
    name: str
    kind: str
    """counter or gauge"""
    help: str
    factor: float = 1.0


class _Add(Protocol):
    def __call__(self, name: str, value: float, /, **labels: str) -> None: ...


Labels = tuple[tuple[str, str], ...]
Samples = dict[str, list[tuple[Labels, float]]]


def _family(measure: Measure) -> Family:
    unit, factor = _UNITS.get(measure.unit, ("", 1.0))
    name = _RENAMED.get(measure.name, measure.name)
    for ending in _WORN_OFF:
        name = name.removesuffix(ending) if unit else name
    name = name.replace("_hours_", "_") if unit == "seconds" else name
    told = "_".join(filter(None, ("pytp", measure.subject, name, unit, "total" if measure.kind == COUNTER else "")))
    return Family(told, measure.kind, measure.words, factor)


_OF_MEASURES = {
    (one.subject, one.name): _family(one) for one in (*DRIVE_MEASURES, *CARTRIDGE_MEASURES, *LIBRARY_MEASURES)
}
_OWN = (
    Family("pytp_up", "gauge", "1 if the device answered"),
    Family("pytp_drive_info", "gauge", "who the drive is"),
    Family("pytp_library_info", "gauge", "who the library is"),
    Family("pytp_cartridge_info", "gauge", "which cartridge is in which drive"),
    Family("pytp_drive_busy", "gauge", "1 if somebody has the tape open: nothing else is asked then"),
    Family("pytp_drive_activity", "gauge", "1 for what the drive does now (page 11h)"),
    Family("pytp_drive_cleaning_requested", "gauge", "1 if the drive asks to be cleaned (page 11h)"),
    Family("pytp_alert", "gauge", "1 for each TapeAlert flag that is raised, or was read in the last day"),
    Family("pytp_verdict", "gauge", "0 good, 1 watch, 2 act now"),
    *(Family(f"pytp_library_element_{name}_total", "counter", f"{name.replace('_', ' ')} at an element")
      for name in ELEMENT_COUNTS),
)  # fmt: skip
FAMILIES = {one.name: one for one in (*_OWN, *_OF_MEASURES.values())}


def text(samples: Samples) -> str:
    """Return the samples in Prometheus' text format."""
    return "".join(_lines(samples))


def _lines(samples: Samples) -> Iterator[str]:
    for name, family in FAMILIES.items():
        if name in samples:
            yield f"# HELP {name} {family.help}\n# TYPE {name} {family.kind}\n"
            for labels, value in samples[name]:
                told = ",".join(f'{key}="{_escaped(one)}"' for key, one in labels)
                yield f"{name}{{{told}}} {value:.15g}\n" if told else f"{name} {value:.15g}\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def samples_of(
    looks: Iterable[DriveLook | LibraryLook], down: Iterable[str] = (), verdicts: Iterable[Verdict] = ()
) -> Samples:
    """Turn looks into samples; `down` are the devices that did not answer."""
    found: Samples = {}

    def add(name: str, value: float, /, **labels: str) -> None:
        found.setdefault(name, []).append((tuple(labels.items()), value))

    for address in down:
        add("pytp_up", 0, device=address)
    for seen in looks:
        add("pytp_up", 1, device=seen.address)
        if isinstance(seen, LibraryLook):
            _library(seen, add)
        else:
            _drive(seen, add)
    for one in verdicts:
        add("pytp_verdict", LEVELS.index(one.level), kind=one.kind, serial=one.serial, name=one.name)
    return found


def _drive(seen: DriveLook, add: _Add) -> None:
    add("pytp_drive_info", 1, device=seen.address, serial=seen.serial, vendor=seen.vendor, product=seen.product,
        firmware=seen.firmware)  # fmt: skip
    add("pytp_drive_busy", int(bool(seen.busy)), serial=seen.serial)
    if seen.status is not None:
        add("pytp_drive_activity", 1, serial=seen.serial, activity=seen.status.activity_name)
        wanted = seen.status.cleaning_requested or seen.status.cleaning_required
        add("pytp_drive_cleaning_requested", int(wanted), serial=seen.serial)
    _alerts(seen.alerts, "drive", seen.serial, add)
    _counters("drive", seen.counters, add, serial=seen.serial)
    tape = seen.cartridge
    if tape is not None:
        add("pytp_cartridge_info", 1, serial=tape.serial, barcode=tape.barcode, drive_serial=seen.serial)
        _counters("cartridge", tape.counters, add, serial=tape.serial, barcode=tape.barcode)


def _library(seen: LibraryLook, add: _Add) -> None:
    add("pytp_library_info", 1, device=seen.address, serial=seen.serial, vendor=seen.vendor, product=seen.product,
        firmware=seen.firmware)  # fmt: skip
    _alerts(seen.alerts, "library", seen.serial, add)
    _counters("library", seen.counters, add, serial=seen.serial)
    for address, counts in seen.elements.items():
        for name, value in counts._asdict().items():
            add(f"pytp_library_element_{name}_total", value, serial=seen.serial, element=str(address))


def _alerts(flags: frozenset[int] | None, kind: str, serial: str, add: _Add) -> None:
    for flag in sorted(flags or ()):
        told = alert_of(flag, changer=kind == "library")
        add("pytp_alert", 1, kind=kind, serial=serial, flag=str(flag), name=told.name, severity=told.severity)


def _counters(subject: str, counters: Mapping[str, float], add: _Add, **labels: str) -> None:
    for name, value in counters.items():
        family = _OF_MEASURES.get((subject, name))
        if family is not None:
            add(family.name, value * family.factor, **labels)
