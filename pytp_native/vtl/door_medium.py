# SPDX-License-Identifier: WTFPL OR MIT
"""Commands that move the medium or its data (SSC-5 6 and 7). They act on the same medium and position as st does, and
are answered BUSY while somebody has the tape open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytp_native.errors import DeviceBusy, PytpError
from pytp_native.spec import sense as codes
from pytp_native.vtl import buffer, loading, sense, warning_zone
from pytp_native.vtl.cartridge import PARTITION_UNIT, SMALLEST_PARTITION, default_partitions
from pytp_native.vtl.drive import Outcome, VirtualDrive
from pytp_native.vtl.reply import BUSY, GOOD, TargetReply, answer, check, verdict
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.state import drive_lock

Command = Callable[[VirtualDrive, bytes, bytes], TargetReply]


@contextmanager
def alone(drive: VirtualDrive) -> Iterator[None]:
    """Be the drive's one user for a command. Raises DeviceBusy."""
    if drive.cartridge is not None:  # whoever opened it has the lock
        yield
        return
    with drive_lock("", drive.directory):
        drive.attach()
        yield


def moving(command: Command) -> Command:
    """Give the command the drive alone; what the host has against it is a failure of the target."""

    def guarded(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
        try:
            with alone(drive):
                return command(drive, cdb, data)
        except DeviceBusy:
            return BUSY
        except PytpError as exc:
            drive.trouble = exc
            return check(sense.TARGET_FAILURE)

    return guarded


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "big", signed=True)


# -- position ----------------------------------------------------------------------------------------------------------


@moving
def rewind(drive: VirtualDrive, _cdb: bytes, _data: bytes) -> TargetReply:
    return verdict(drive.rewind())


@moving
def load_unload(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """LOAD, RETEN and HOLD are honoured, EOT refused. HOLD leaves the cartridge seated (SSC-5 7.3)."""
    if cdb[4] & 0x04:
        return check(sense.INVALID_FIELD)
    if cdb[4] & 0x08:
        return verdict(loading.hold(drive))
    if not cdb[4] & 1 and loading.is_held(drive):
        drive.unthread()
        return GOOD
    return verdict(drive.load() if cdb[4] & 1 else drive.unload())


@moving
def locate_10(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    partition = cdb[8] if cdb[1] & 2 else None
    return verdict(drive.locate(int.from_bytes(cdb[3:7], "big"), partition))


@moving
def locate_16(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """To a logical object, a logical file (its first block, as HPE counts) or the end of data (SSC-5 7.4)."""
    partition, kind, goal = cdb[3] if cdb[1] & 2 else None, cdb[1] >> 3 & 7, int.from_bytes(cdb[4:12], "big")
    if kind == 0:
        return verdict(drive.locate(goal, partition))
    if kind not in {1, 3}:
        return check(sense.INVALID_FIELD)
    problem = drive.locate(0, partition) if kind == 1 or partition is not None else None
    if problem is None:
        problem = drive.space_to_end() if kind == 3 else drive.space_filemarks(goal).sense
    return verdict(problem)


@moving
def space_6(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    return _space(drive, cdb[1] & 0x0F, _signed(cdb[2:5]))


@moving
def space_16(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    return _space(drive, cdb[1] & 0x0F, _signed(cdb[4:12]))


def _space(drive: VirtualDrive, code: int, count: int) -> TargetReply:
    """Over blocks, filemarks or to the end of data; LTO knows no sequences of marks."""
    if code == 0:
        return verdict(drive.space_blocks(count).sense)
    if code == 1:
        return verdict(drive.space_filemarks(count).sense)
    return verdict(drive.space_to_end()) if code == 3 else check(sense.INVALID_FIELD)


def read_position(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """SSC-5 7.7: short (00h, 01h), long (06h) and extended (08h) form."""
    if not drive.ready:
        return check(drive.not_ready())
    position, partition = drive.position, int(drive.raw.partition)
    flags, form = (0x80 if position == 0 else 0) | _is_beyond_warning(drive), cdb[1] & 0x1F
    block, held = position.to_bytes(8, "big"), buffer.look(drive)
    first, objects = held.on_medium.to_bytes(8, "big"), min(held.objects, 0xFFFFFF).to_bytes(3, "big")
    if form in {0x00, 0x01}:
        flags |= 0x02 if position > 0xFFFFFFFF else 0  # PERR: does not fit
        flags |= 0x10 if held.data_bytes > 0xFFFFFFFF else 0  # BYCU: does not fit
        waiting = (held.data_bytes & 0xFFFFFFFF).to_bytes(4, "big")
        return answer(bytes([flags, partition, 0, 0]) + block[4:] + first[4:] + b"\0" + objects + waiting, 20)
    if form == 0x06:
        files = _filemarks_before(drive, position)
        flags |= 0x08 if files is None else 0  # MPU
        head = bytes([flags, 0, 0, 0]) + partition.to_bytes(4, "big") + block
        return answer(head + (files or 0).to_bytes(8, "big") + bytes(8), 32)
    if form == 0x08:
        head = bytes([flags, partition]) + (0x1C).to_bytes(2, "big") + b"\0" + objects
        waiting = held.data_bytes.to_bytes(8, "big")
        return answer(head + block + first + waiting, int.from_bytes(cdb[7:9], "big"))
    return check(sense.INVALID_FIELD)


def _is_beyond_warning(drive: VirtualDrive) -> bool:
    """BPEW; not told while somebody else is using the tape."""
    if not drive.raw.programmed_warning:
        return False
    try:
        with alone(drive):
            return warning_zone.is_beyond(drive)
    except PytpError:
        return False


def _filemarks_before(drive: VirtualDrive, position: int) -> int | None:
    """From the cartridge if nobody else is using it, else what st knows."""
    try:
        with alone(drive):
            return drive.cartridge.place_of(position)[0] if drive.cartridge is not None else None
    except PytpError:
        return int(drive.raw.file) if drive.raw.file >= 0 else None


# -- data --------------------------------------------------------------------------------------------------------------


@moving
def read_6(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """SSC-5 6.6. What was read goes with the sense data; of a block that is too long, its beginning."""
    fixed, silent, length = cdb[1] & 1, cdb[1] & 2, int.from_bytes(cdb[2:5], "big")
    size = int(drive.raw.block_bytes)
    if fixed and (silent or not size):
        return check(sense.INVALID_FIELD)
    if length == 0:
        return GOOD
    if (length * size if fixed else length) > _LARGEST_TRANSFER:
        return check(sense.INVALID_FIELD)
    into = bytearray(length * size if fixed else length)
    if fixed:
        outcome = drive.read_fixed(memoryview(into), size)
        return _read_reply(outcome.sense, bytes(into[: outcome.done * size]))
    return _read_variable(drive, into, silent=bool(silent))


def _read_variable(drive: VirtualDrive, into: bytearray, *, silent: bool) -> TargetReply:
    outcome = drive.read_variable(memoryview(into))
    problem, done = outcome
    if problem is None or not problem.ili:
        return _read_reply(problem, bytes(into[:done]))
    residual = problem.information or 0
    if residual >= 0:
        return _read_reply(None if silent else problem, bytes(into[:done]))
    if drive.cartridge is not None:
        whole = bytearray(len(into) - residual)
        drive.cartridge.read(drive.position - 1, memoryview(whole))
        into[:] = whole[: len(into)]
    # SILI keeps quiet about a long block too, but only in variable mode (SSC-5 6.6).
    return _read_reply(None if silent and not drive.raw.block_bytes else problem, bytes(into))


def _read_reply(problem: Sense | None, data: bytes) -> TargetReply:
    return verdict(problem)._replace(data=data)


@moving
def write_6(drive: VirtualDrive, cdb: bytes, data: bytes) -> TargetReply:
    """SSC-5 6.14. Early warning is CHECK CONDITION with NO SENSE: all was written."""
    fixed, length, size = cdb[1] & 1, int.from_bytes(cdb[2:5], "big"), int(drive.raw.block_bytes)
    if fixed and not size:
        return check(sense.INVALID_FIELD)
    if length == 0:
        return GOOD
    if len(data) != (length * size if fixed else length) or (not fixed and length > drive.personality.most_block):
        return check(sense.INVALID_FIELD)
    return verdict(drive.write(memoryview(data), size if fixed else 0).sense)


@moving
def write_filemarks(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """LTO has no setmarks: WSMK is refused."""
    if cdb[1] & 2:
        return check(sense.INVALID_FIELD)
    outcome: Outcome = drive.write_filemarks(int.from_bytes(cdb[2:5], "big"), immediate=bool(cdb[1] & 1))
    return verdict(outcome.sense)


@moving
def erase(drive: VirtualDrive, _cdb: bytes, _data: bytes) -> TargetReply:
    """Short or long, nothing is left behind this position."""
    return verdict(drive.erase())


@moving
def format_medium(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """SSC-5 7.1: one partition (0), those of the medium partition mode page (1), the default ones (2)."""
    kind = cdb[2] & 0x0F
    label = drive.label
    if label is None:
        return check(sense.NO_MEDIUM)
    if kind == 0:
        return verdict(drive.format(()))
    if kind == 2:
        return verdict(drive.format(default_partitions(label.capacity_bytes)))
    if kind != 1:
        return check(sense.INVALID_FIELD)
    sizes = wanted_partitions(drive, label.capacity_bytes)
    return check(sense.INVALID_PARAMETER) if sizes is None else verdict(drive.format(sizes))


def wanted_partitions(drive: VirtualDrive, capacity_bytes: int) -> tuple[int, ...] | None:
    """What MODE SELECT has asked for, in bytes; FFFFh takes what is left. None: it does not fit."""
    count = int(drive.raw.wanted_partitions)
    if count <= 1:
        return ()
    asked = [int(drive.raw.wanted_sizes[n]) for n in range(count)]
    left = capacity_bytes - sum(size * PARTITION_UNIT for size in asked if size != REST)
    rests = asked.count(REST)
    if rests > 1 or left < (SMALLEST_PARTITION if rests else 0) or 0 in asked:
        return None
    return tuple(left if size == REST else size * PARTITION_UNIT for size in asked)


REST = 0xFFFF
_LARGEST_TRANSFER = 64 << 20


def prevent_allow(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    drive.prevent_removal(bool(cdb[4] & 1))
    return GOOD


def unit_ready(drive: VirtualDrive, _cdb: bytes, _data: bytes) -> TargetReply:
    return verdict(drive.test_unit_ready())


def request_sense(drive: VirtualDrive, cdb: bytes, _data: bytes) -> TargetReply:
    """Pending unit attention, else what TEST UNIT READY would say, else NO SENSE."""
    attention = drive.raw.sg_attention
    drive.raw.sg_attention = 0
    pending = Sense(codes.UNIT_ATTENTION, attention) if attention else drive.test_unit_ready()
    return answer((pending or Sense(codes.NO_SENSE)).encode(descriptors=bool(cdb[1] & 1)), cdb[4])
