# SPDX-License-Identifier: WTFPL OR MIT
"""Sense data as the virtual drive gives it. Laid out here byte by byte: a parser's wrong offset must not agree with
itself."""

from __future__ import annotations

from pytp_native.light import NamedTuple
from pytp_native.spec import sense as codes

FIXED_FORMAT = 0x70
FIXED_BYTES = 18


class Sense(NamedTuple):
    """What went with a CHECK CONDITION (SPC-5 4.4.3)."""

    key: int
    code: int = codes.NO_ADDITIONAL
    """ASC << 8 | ASCQ"""
    filemark: bool = False
    eom: bool = False
    ili: bool = False
    information: int | None = None
    """Residual: blocks, filemarks or bytes not done; None: INFORMATION not valid."""
    progress: int | None = None
    """How far an operation is, in 65536ths; None: not told."""
    deferred: bool = False
    """It is about an earlier command, which had ended well (SPC-5 4.4.5)."""

    def encode(self, *, descriptors: bool = False) -> bytes:
        """Lay out fixed format, current, 18 bytes; or descriptor format (SPC-5 4.4.2) with what there is to tell."""
        if descriptors:
            return _descriptor_format(self)
        raw = bytearray(FIXED_BYTES)
        raw[0] = FIXED_FORMAT | self.deferred | (0x80 if self.information is not None else 0)
        raw[2] = self.filemark << 7 | self.eom << 6 | self.ili << 5 | self.key
        raw[3:7] = ((self.information or 0) & 0xFFFFFFFF).to_bytes(4, "big")
        raw[7] = FIXED_BYTES - 8
        raw[12:14] = self.code.to_bytes(2, "big")
        if self.progress is not None:
            raw[15:18] = b"\x80" + self.progress.to_bytes(2, "big")
        return bytes(raw)


def _descriptor_format(problem: Sense) -> bytes:
    descriptors = b""
    if problem.information is not None:
        value = problem.information & 0xFFFFFFFFFFFFFFFF
        descriptors += bytes([0x00, 0x0A, 0x80, 0]) + value.to_bytes(8, "big")
    if problem.progress is not None:
        descriptors += bytes([0x02, 0x06, 0, 0, 0x80]) + problem.progress.to_bytes(2, "big") + b"\0"
    if problem.filemark or problem.eom or problem.ili:
        flags = problem.filemark << 7 | problem.eom << 6 | problem.ili << 5
        descriptors += bytes([0x04, 0x02, 0, flags])
    head = bytes([0x72 | problem.deferred, problem.key]) + problem.code.to_bytes(2, "big") + bytes(3)
    return head + bytes([len(descriptors)]) + descriptors


NO_MEDIUM = Sense(codes.NOT_READY, codes.MEDIUM_NOT_PRESENT)
MEMORY_ONLY = Sense(codes.NOT_READY, 0x3A04)
CLEANING = Sense(codes.NOT_READY, codes.CLEANING_CARTRIDGE_INSTALLED)
CLEANING_EXPIRED = Sense(codes.NOT_READY, 0x3013)
REMOVAL_PREVENTED = Sense(codes.ILLEGAL_REQUEST, codes.MEDIUM_REMOVAL_PREVENTED)
WRITE_PROTECTED = Sense(codes.DATA_PROTECT, codes.WRITE_PROTECTED)
INVALID_OPERATION = Sense(codes.ILLEGAL_REQUEST, codes.INVALID_OPERATION_CODE)
INVALID_FIELD = Sense(codes.ILLEGAL_REQUEST, codes.INVALID_FIELD_IN_CDB)
INVALID_PARAMETER = Sense(codes.ILLEGAL_REQUEST, codes.INVALID_FIELD_IN_PARAMETER_LIST)
TARGET_FAILURE = Sense(codes.HARDWARE_ERROR, codes.INTERNAL_TARGET_FAILURE)
SAVING_NOT_SUPPORTED = Sense(codes.ILLEGAL_REQUEST, 0x3900)
INVALID_ELEMENT = Sense(codes.ILLEGAL_REQUEST, codes.INVALID_ELEMENT_ADDRESS)
SOURCE_EMPTY = Sense(codes.ILLEGAL_REQUEST, codes.SOURCE_EMPTY)
DESTINATION_FULL = Sense(codes.ILLEGAL_REQUEST, codes.DESTINATION_FULL)
REMOVAL_PREVENTED_BY_DRIVE = Sense(codes.ILLEGAL_REQUEST, 0x5303)
INCOMPATIBLE_MEDIUM = Sense(codes.ILLEGAL_REQUEST, codes.INCOMPATIBLE_MEDIUM)
DOOR_OPEN = Sense(codes.NOT_READY, 0x0418)
OFFLINE = Sense(codes.NOT_READY, 0x0412)
GRIPPER_ERROR = Sense(codes.HARDWARE_ERROR, 0x1501)
LOAD_FAILED = Sense(codes.HARDWARE_ERROR, 0x5300)
DRIVE_SILENT = Sense(codes.HARDWARE_ERROR, 0x0800)
WORM_OVERWRITE = Sense(codes.DATA_PROTECT, 0x300C)
CANNOT_FORMAT = Sense(codes.ILLEGAL_REQUEST, 0x3006)
POSITION_PAST_BOM = Sense(codes.ILLEGAL_REQUEST, 0x3B0C)
PARAMETER_LIST_LENGTH = Sense(codes.ILLEGAL_REQUEST, 0x1A00)
INVALID_RELEASE = Sense(codes.ILLEGAL_REQUEST, 0x2604)
ENCRYPTION_LOCKED = Sense(codes.ILLEGAL_REQUEST, 0x7421)
MEMORY_FULL = Sense(codes.ILLEGAL_REQUEST, 0x5506)
POWER_ON = Sense(codes.UNIT_ATTENTION, 0x2900)
BUS_RESET = Sense(codes.UNIT_ATTENTION, 0x2902)
DEFERRED_WRITE_ERROR = Sense(codes.MEDIUM_ERROR, codes.WRITE_ERROR, deferred=True)
PROGRAMMED_WARNING = Sense(codes.NO_SENSE, codes.PROGRAMMABLE_EARLY_WARNING, eom=True, information=0)
SELF_TEST_FAILED = Sense(codes.HARDWARE_ERROR, 0x3E03)
EARLY_WARNING = Sense(codes.NO_SENSE, codes.END_OF_PARTITION, eom=True, information=0)


def becoming_ready(done: int, whole: int) -> Sense:
    return Sense(codes.NOT_READY, codes.BECOMING_READY, progress=min(done * 65536 // max(whole, 1), 0xFFFF))


def filemark(residual: int) -> Sense:
    return Sense(codes.NO_SENSE, codes.FILEMARK_DETECTED, filemark=True, information=residual)


def end_of_data(residual: int) -> Sense:
    return Sense(codes.BLANK_CHECK, codes.END_OF_DATA_DETECTED, information=residual)


def beginning(residual: int) -> Sense:
    return Sense(codes.NO_SENSE, codes.BEGINNING_OF_PARTITION, eom=True, information=residual)


def wrong_length(residual: int) -> Sense:
    return Sense(codes.NO_SENSE, ili=True, information=residual)


def overflow(residual: int) -> Sense:
    return Sense(codes.VOLUME_OVERFLOW, codes.END_OF_PARTITION, eom=True, information=residual)


def read_error(residual: int) -> Sense:
    return Sense(codes.MEDIUM_ERROR, codes.UNRECOVERED_READ_ERROR, information=residual)


def write_error(residual: int) -> Sense:
    return Sense(codes.MEDIUM_ERROR, codes.WRITE_ERROR, information=residual)
