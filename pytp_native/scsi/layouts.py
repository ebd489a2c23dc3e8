# SPDX-License-Identifier: WTFPL OR MIT
"""Layouts declared with construct: mode pages to read, edit and write back, and what the light modules parse by hand.

tests/unit/scsi/test_layouts.py holds the light parsers to these declarations. Layouts of what only one module reads
are in that module.
"""

from __future__ import annotations

from typing import Any

from construct import (
    BitsInteger,
    BitStruct,
    Bytes,
    ConstructError,
    Flag,
    GreedyBytes,
    GreedyRange,
    Int8ub,
    Int16ub,
    Int24ub,
    Int32sb,
    Int32ub,
    Int64sb,
    Int64ub,
    Padding,
    Prefixed,
    Struct,
)

from pytp_native.errors import BadReply, UsageError
from pytp_native.scsi.mode import ModePage

Layout = Any
"""A construct; the library has no types of its own."""


def parsed(layout: Layout, data: bytes, what: str) -> Any:
    """Parse `data`. Raises BadReply where construct raises its own errors."""
    try:
        return layout.parse(data)
    except ConstructError as exc:
        raise BadReply("", f"{what}: {len(data)} bytes do not have its layout") from exc


def built(layout: Layout, fields: dict[str, Any], what: str) -> bytes:
    """Lay `fields` out. Raises UsageError for a value that does not fit or a field that is missing."""
    try:
        return bytes(layout.build(fields))
    except (ConstructError, KeyError) as exc:
        raise UsageError(what, f"cannot be laid out: {' '.join(str(exc).split())}") from exc


def edited(page: ModePage, **changes: Any) -> bytes:
    """Return a mode page for MODE SELECT with some fields changed; the rest, and PS, are as MODE SELECT wants them."""
    what = f"mode page {page.page:02x}h/{page.subpage:02x}h"
    layout = MODE_PAGES.get((page.page, page.subpage))
    if layout is None:
        raise UsageError(what, "has no layout here")
    container = parsed(layout, page.data, what)
    for name, value in changes.items():
        if name not in container.fields:
            raise UsageError(what, f"has no field {name}")
        container.fields[name] = value
    container.fields.saveable = False
    return built(layout, container, what)


def _page(*fields: Any) -> Layout:
    """A mode page without subpage: the header, fields, what a later standard adds."""
    head = ("saveable" / Flag, "spf" / Flag, "page" / BitsInteger(6), "length" / BitsInteger(8))
    return Struct("fields" / BitStruct(*head, *fields), "rest" / GreedyBytes)


def _subpage(*fields: Any) -> Layout:
    head = ("saveable" / Flag, "spf" / Flag, "page" / BitsInteger(6))
    return Struct("fields" / BitStruct(*head, "subpage" / BitsInteger(8), "length" / BitsInteger(16), *fields),
                  "rest" / GreedyBytes)  # fmt: skip


def _flags(names: str) -> list[Any]:
    """Single bits by name, "-" for a reserved one."""
    return [Padding(1) if name == "-" else name / Flag for name in names.split()]


def _integers(**widths: int) -> list[Any]:
    return [name / BitsInteger(width) for name, width in widths.items()]


CONTROL = _page(  # SPC-6, Control mode page
    *_integers(tst=3), *_flags("tmf_only dpicz d_sense gltsd rlec"), *_integers(queue_algorithm=4),
    *_flags("nuar"), *_integers(qerr=2), *_flags("-"), *_flags("vs"), *_integers(rac_ua=3), *_flags("swp"),
    *_integers(reserved_4=3), *_integers(byte_5=8, reserved_6=16, busy_timeout=16, self_test_s=16),
)  # fmt: skip
CONTROL_EXTENSION = _subpage(  # SPC-6, Control Extension mode page
    *_integers(reserved_4=4), *_flags("dlc tcmos scsip ialuae"), *_integers(initial_priority=8, sense_bytes=8),
)  # fmt: skip
DATA_PROTECTION = _subpage(  # SSC-5, Control Data Protection mode page
    *_integers(lbp_method=8, reserved_5=2, lbp_bytes=6), *_flags("lbp_w lbp_r rbdp"), *_integers(reserved_6=5),
)  # fmt: skip
DATA_COMPRESSION = _page(  # SSC-5, Data Compression mode page
    *_flags("dce dcc"), *_integers(reserved_2=6), *_flags("dde"), *_integers(red=2, reserved_3=5, algorithm=32,
    decompression_algorithm=32),
)  # fmt: skip
DEVICE_CONFIGURATION = _page(  # SSC-5, Device Configuration mode page
    *_flags("- - caf"), *_integers(active_format=5, active_partition=8, write_full=8, read_empty=8, write_delay=16),
    *_flags("obr lois rsmk avc"), *_integers(socf=2), *_flags("robo rew"), *_integers(gap=8, eod_defined=3),
    *_flags("eeg sew swp baml bam"), *_integers(early_warning_bytes=24, select_compression=8, wtre=2), *_flags("oir"),
    *_integers(rewind_on_reset=2), *_flags("asocwp perswp prmwp"),
)  # fmt: skip
DEVICE_CONFIGURATION_EXTENSION = _subpage(  # SSC-5, Device Configuration Extension mode page
    *_integers(reserved_4=4), *_flags("tarpf taser tarpc taplsd"), *_integers(write_mode=4, short_erase_mode=4,
    pews_mb=16, reserved_8=7), *_flags("vcelbre"),
)  # fmt: skip
MEDIUM_PARTITION = _page(  # SSC-5, Medium Partition mode page; the sizes are in `rest`
    *_integers(most_additional=8, additional=8), *_flags("fdp sdp idp"), *_integers(psum=2), *_flags("pofm clear addp"),
    *_integers(format_recognition=8, partitioning_type=4, units=4, reserved_7=8),
)  # fmt: skip
EXCEPTIONS = _page(  # SPC-6, Informational Exceptions Control mode page; SSC-5 uses the count as a test flag number
    *_flags("perf - ebf ewasc dexcpt test ebackerr logerr"), *_integers(reserved_3=4, mrie=4, interval=32,
    report_count=32),
)  # fmt: skip
MEDIUM_CONFIGURATION = _page(  # SSC-5, Medium Configuration mode page
    *_integers(reserved_2=7), *_flags("wormm"), *_integers(reserved_3=8, worm_labels=8, worm_filemarks=8),
)  # fmt: skip
ELEMENT_ADDRESSES = _page(*_integers(  # SMC-3, Element Address Assignment mode page
    first_transport=16, transports=16, first_storage=16, storage=16, first_import_export=16, import_export=16,
    first_drive=16, drives=16, reserved_18=16,
))  # fmt: skip
TRANSPORT_GEOMETRY = _page(*_integers(reserved_2=7), *_flags("rotate"), *_integers(member=8))  # SMC-3
DEVICE_CAPABILITIES = _page(*_integers(  # SMC-3, Device Capabilities mode page
    reserved_2=4, stores=4, flags=8, reserved_4=4, from_transport=4, reserved_5=4, from_storage=4, reserved_6=4,
    from_import_export=4, reserved_7=4, from_drive=4, reserved_8=32, reserved_12=4, exchange_transport=4, reserved_13=4,
    exchange_storage=4, reserved_14=4, exchange_import_export=4, reserved_15=4, exchange_drive=4,
))  # fmt: skip

MODE_PAGES: dict[tuple[int, int], Layout] = {
    (0x0A, 0x00): CONTROL, (0x0A, 0x01): CONTROL_EXTENSION, (0x0A, 0xF0): DATA_PROTECTION, (0x0F, 0): DATA_COMPRESSION,
    (0x10, 0x00): DEVICE_CONFIGURATION, (0x10, 0x01): DEVICE_CONFIGURATION_EXTENSION, (0x11, 0): MEDIUM_PARTITION,
    (0x1C, 0): EXCEPTIONS, (0x1D, 0): MEDIUM_CONFIGURATION,
}  # fmt: skip
"""A tape drive's pages that pytp edits; a changer's 1Dh, 1Eh, 1Fh are only read."""

INQUIRY = Struct(  # SPC-6, Standard INQUIRY data
    "head" / BitStruct(*_integers(qualifier=3, device_type=5), *_flags("removable"), *_integers(reserved_1=7, version=8,
    reserved_3=4, response_format=4, additional_length=8, reserved_5=7), *_flags("protect"), *_integers(reserved_6=4),
    *_flags("mchngr"), *_integers(reserved_7=11)),
    "vendor" / Bytes(8), "product" / Bytes(16), "revision" / Bytes(4), "rest" / GreedyBytes,
)  # fmt: skip
MODE_HEADER_6 = Struct("length" / Int8ub, "medium_type" / Int8ub, "device_specific" / Int8ub, "descriptors" / Int8ub)
MODE_HEADER_10 = Struct(
    "length" / Int16ub, "medium_type" / Int8ub, "device_specific" / Int8ub, Padding(2), "descriptors" / Int16ub
)
BLOCK_DESCRIPTOR = Struct("density" / Int8ub, "blocks" / Int24ub, Padding(1), "block_bytes" / Int24ub)

FIXED_SENSE = Struct(  # SPC-6, Fixed format sense data
    "head" / BitStruct(*_flags("valid"), *_integers(response=7, obsolete=8), *_flags("filemark eom ili sdat_ovfl"),
    *_integers(key=4)),
    "information" / Int32sb, "additional_length" / Int8ub, "command_specific" / Int32ub, "asc" / Int8ub,
    "ascq" / Int8ub, "fru" / Int8ub, "key_specific" / Bytes(3), "rest" / GreedyBytes,
)  # fmt: skip

DESCRIPTOR_SENSE = Struct(  # SPC-6, Descriptor format sense data
    "head" / BitStruct(*_integers(obsolete=1, response=7, reserved_1=4, key=4, asc=8, ascq=8), *_flags("sdat_ovfl"),
    *_integers(reserved_4=7, reserved_5=16)),
    "descriptors" / Prefixed(Int8ub, GreedyRange(Struct("kind" / Int8ub, "value" / Prefixed(Int8ub, GreedyBytes)))),
)  # fmt: skip
SENSE_INFORMATION = Struct("head" / BitStruct(*_flags("valid"), *_integers(reserved=15)), "information" / Int64sb)
SENSE_STREAM = Struct(Padding(1), "head" / BitStruct(*_flags("filemark eom ili"), *_integers(reserved=5)))

ELEMENT_HEADER = Struct("first" / Int16ub, "available" / Int16ub, Padding(1), "byte_count" / Int24ub)
ELEMENT_PAGE = Struct("element_type" / Int8ub, "flags" / Int8ub, "width" / Int16ub, Padding(1), "byte_count" / Int24ub)
ELEMENT_DESCRIPTOR = Struct(  # SMC-3, element descriptors; every type has these twelve bytes
    "address" / Int16ub, "flags" / Int8ub, Padding(1), "asc" / Int8ub, "ascq" / Int8ub, "bus_flags" / Int8ub,
    "bus_address" / Int8ub, Padding(1), "source_flags" / Int8ub, "source_address" / Int16ub, "rest" / GreedyBytes,
)  # fmt: skip

_SHORT_FLAGS = "bop eop locu bycu - lolu perr bpew"
POSITION_SHORT = Struct(
    "flags" / BitStruct(*_flags(_SHORT_FLAGS)), "partition" / Int8ub, Padding(2), "first" / Int32ub, "last" / Int32ub,
    Padding(1), "buffered_objects" / Int24ub, "buffered_bytes" / Int32ub,
)  # fmt: skip
POSITION_LONG = Struct(
    "flags" / BitStruct(*_flags("bop eop - - mpu lonu - bpew")), Padding(3), "partition" / Int32ub, "object" / Int64ub,
    "filemarks" / Int64ub, Padding(8),
)  # fmt: skip
POSITION_EXTENDED = Struct(
    "flags" / BitStruct(*_flags(_SHORT_FLAGS)), "partition" / Int8ub, "length" / Int16ub, Padding(1),
    "buffered_objects" / Int24ub, "first" / Int64ub, "last" / Int64ub, "buffered_bytes" / Int64ub,
)  # fmt: skip
BLOCK_LIMITS = Struct("head" / BitStruct(*_integers(reserved=3, granularity=5)), "most" / Int24ub, "least" / Int16ub)
ATTRIBUTES = GreedyRange(  # SPC-6, MAM attributes: READ ONLY and the format share a byte
    Struct("identifier" / Int16ub, "head" / BitStruct(*_flags("read_only"), *_integers(reserved=5, format=2)),
    "value" / Prefixed(Int16ub, GreedyBytes)),
)  # fmt: skip
LOG_HEADER = Struct("head" / BitStruct(*_flags("ds spf"), *_integers(page=6)), "subpage" / Int8ub, "length" / Int16ub)
LOG_PARAMETER = Struct("code" / Int16ub, "control" / Int8ub, "length" / Int8ub)
