# SPDX-License-Identifier: WTFPL OR MIT
"""The virtual drive as an SSC-5 target: commands on a cartridge, outcomes with sense data. What the Linux st driver
makes of them is st.py; how they look as bytes is target.py."""

from __future__ import annotations

import os

from pytp_native.errors import HostDiskFull, MediumDamaged, PytpError
from pytp_native.ffi import lib
from pytp_native.light import NamedTuple
from pytp_native.vtl import accidents, counters, loading, sense, warning_zone
from pytp_native.vtl.bulk_limits import BulkLimits
from pytp_native.vtl.cartridge import (
    FILEMARK_BYTES,
    SPARE_FILEMARKS,
    Cartridge,
    Label,
    format_cartridge,
    read_label,
)
from pytp_native.vtl.faults import FaultScript
from pytp_native.vtl.host_state import changed_state
from pytp_native.vtl.inventory import Inventory, cartridge_directory, drive_directory
from pytp_native.vtl.memory import CartridgeMemory
from pytp_native.vtl.personality import GENERATIONS, Personality, density_of, face_of
from pytp_native.vtl.sense import Sense
from pytp_native.vtl.state import DriveState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LARGEST_COUNT = 0xFFFFFF


class Outcome(NamedTuple):
    """How a command ended: `sense` is None for GOOD; `done` counts blocks, filemarks or (variable read) bytes."""

    sense: Sense | None
    done: int = 0


class VirtualDrive:
    """Drive `number` of the library at `path`. Commands that move or change the medium need the drive's lock.

    A command that meets a failure of the host (damaged files, full disk) ends with sense data and keeps the story
    in `trouble`.
    """

    def __init__(self, path: str, number: int) -> None:
        self.path = path
        self.number = number
        self.directory = drive_directory(path, number)
        inventory = Inventory(path)
        self.bay = inventory.drive(number)
        self.personality: Personality = face_of(inventory.generation, self.bay.maker)
        self.state = DriveState(self.directory)
        self.faults = FaultScript(os.path.join(self.directory, "faults"))
        self.trouble: PytpError | None = None
        self.cartridge: Cartridge | None = None
        self.bulk = BulkLimits(self)

    @property
    def raw(self) -> Any:
        return self.state.raw

    def attach(self) -> None:
        """Take notice of what the library put in or took out, and open the cartridge. Needs the lock."""
        if not self.state.valid:
            self.state.reset()
        self.bay = Inventory(self.path).drive(self.number)
        raw = self.raw
        if raw.loads != self.bay.loads:
            raw.position = raw.partition = raw.prevented = 0
            raw.rw, raw.eof = lib.PYTP_ST_IDLE, lib.PYTP_ST_NOEOF
            raw.loads = self.bay.loads
            counters.end_load(self, None)
            self.raise_attention(0)
            loading.begin(self)
        if raw.mounted:
            self._open_cartridge()

    def detach(self) -> None:
        if self.cartridge is not None:
            self.cartridge.close()
            self.cartridge = None

    def close(self) -> None:
        self.detach()
        self.state.close()

    # -- what can be asked ---------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """A cartridge is threaded, and the drive done with getting ready."""
        return bool(self.raw.mounted) and not self.raw.loading and self.bay.barcode is not None

    @property
    def label(self) -> Label | None:
        """What is fixed to the cartridge that is threaded. Raises MediumDamaged."""
        if self.cartridge is not None:
            return self.cartridge.label
        return read_label(self.cartridge_path) if self.ready else None

    @property
    def cartridge_path(self) -> str:
        return cartridge_directory(self.path, str(self.bay.barcode))

    def memory(self) -> CartridgeMemory:
        """The memory of the cartridge that is in the drive."""
        return CartridgeMemory(self.cartridge_path, str(self.bay.barcode))

    @property
    def write_protected(self) -> bool:
        label = self.label
        if label is None:
            return False
        return (
            label.write_protected
            or label.generation not in self.personality.writes
            or self.faults.reached("write protect", 0) is not None
        )

    @property
    def density(self) -> int:
        """Density code of the cartridge's format; 0 with none."""
        label = self.label
        return density_of(label.generation) if label is not None else 0

    @property
    def position(self) -> int:
        return int(self.raw.position)

    def test_unit_ready(self) -> Sense | None:
        """Also what makes time pass for a drive that is getting ready."""
        return loading.asked(self)

    def not_ready(self) -> Sense:
        """Why it is not; nothing changes."""
        return loading.reason(self)

    # -- reading -------------------------------------------------------------------------------------------------------

    def read_variable(self, into: memoryview) -> Outcome:
        """READ, FIXED=0. `done` is the block's length when it fits; a longer one is ILI with a negative residual,
        and passed."""
        if (problem := self._before_move("read")) is not None:
            return Outcome(problem)
        try:
            what, length = self.tape.look(self.position)
            if what == lib.PYTP_AT_END:
                return Outcome(sense.end_of_data(len(into)))
            if what == lib.PYTP_AT_FILEMARK:
                self.raw.position += 1
                return Outcome(sense.filemark(len(into)))
            if self.faults.strikes("read", self.position):
                self.raw.position += 1
                counters.count_read_error(self)
                return Outcome(sense.read_error(len(into)))
            if length <= len(into):
                self.tape.read(self.position, into)
        except PytpError as exc:
            return Outcome(self._read_trouble(exc, len(into)))
        self.raw.position += 1
        self.raw.load_read += length
        residual = len(into) - length
        return Outcome(sense.wrong_length(residual) if residual else None, length if residual >= 0 else 0)

    def read_fixed(self, into: memoryview, block_bytes: int) -> Outcome:
        """READ, FIXED=1: as many blocks as `into` holds; `done` counts them. Another length is ILI, and that block
        is passed."""
        wanted = len(into) // block_bytes
        for done in range(wanted):
            place = into[done * block_bytes : (done + 1) * block_bytes]
            outcome = self.read_variable(place)
            if outcome.sense is not None:
                return Outcome(outcome.sense._replace(information=wanted - done), done)
        return Outcome(None, wanted)

    # -- writing -------------------------------------------------------------------------------------------------------

    def start_writing(self) -> Sense | None:
        """What a write does first: what follows on the tape is gone."""
        if (problem := self._before_move("write")) is not None:
            return problem
        if self.write_protected:
            counters.raise_alert(self, counters.WRITE_PROTECT)
            return sense.WRITE_PROTECTED
        try:
            if self.position < self.tape.count:
                if self.tape.label.worm and not self._may_append():
                    counters.raise_alert(self, counters.WORM_OVERWRITE)
                    return sense.WORM_OVERWRITE
                self.tape.cut(self.position)
                self.raw.changes += 1
        except PytpError as exc:
            return self._host_trouble(exc)
        return None

    def write(self, data: memoryview, block_bytes: int) -> Outcome:
        """WRITE: one block (`block_bytes` 0), or len(data) / block_bytes. `done` counts blocks; the residual is in
        bytes for one variable block, else in blocks. All written, but early warning met: NO SENSE with EOM and
        residual 0."""
        size = block_bytes or len(data)
        wanted = len(data) // size
        before = warning_zone.used_bytes(self)
        for done in range(wanted):
            problem = self._write_one(data[done * size : (done + 1) * size])
            if problem is not None:
                left = (wanted - done) if block_bytes else len(data)
                return Outcome(problem._replace(information=left), done)
        return Outcome(warning_zone.met(self, before), wanted)

    def _write_one(self, block: memoryview) -> Sense | None:
        if (problem := self.start_writing()) is not None:
            return problem
        if self.faults.strikes("write", self.position):
            counters.count_write_error(self)
            return sense.write_error(0)
        tape = self.tape
        if tape.used_bytes + len(block) > tape.capacity_bytes:
            return sense.overflow(0)
        try:
            tape.append(block)
        except PytpError as exc:
            return self._host_trouble(exc)
        self.raw.position += 1
        self.raw.load_written += len(block)
        self.raw.changes += 1
        return None

    def write_filemarks(self, count: int, *, immediate: bool = False) -> Outcome:
        """WRITE FILEMARKS; with IMMED=0 everything before them is on the host's disk afterwards, also for count 0."""
        if (
            problem := self._before_move("write") or (sense.WRITE_PROTECTED if self.write_protected else None)
        ) is not None:
            return Outcome(problem._replace(information=count))
        before = warning_zone.used_bytes(self)
        for done in range(count):
            if (problem := self._mark_one()) is not None:
                return Outcome(problem._replace(information=count - done), done)
        if not immediate and (problem := self.settle()) is not None:
            return Outcome(problem, count)
        return Outcome(warning_zone.met(self, before) if count else None, count)

    def settle(self) -> Sense | None:
        """Put what is in the buffer on the medium, that is on the host's disk. A deferred error is told by then."""
        try:
            problem = accidents.told_late(self, flushing=True)
            self.tape.sync()
        except PytpError as exc:
            return self._host_trouble(exc)
        return problem

    def _mark_one(self) -> Sense | None:
        if (problem := self.start_writing()) is not None:
            return problem
        if self.faults.strikes("write", self.position):
            counters.count_write_error(self)
            return sense.write_error(0)
        tape = self.tape
        if tape.used_bytes >= tape.capacity_bytes + SPARE_FILEMARKS * FILEMARK_BYTES:
            return sense.overflow(0)
        try:
            tape.mark()
        except PytpError as exc:
            return self._host_trouble(exc)
        self.raw.position += 1
        self.raw.changes += 1
        return None

    def _may_append(self) -> bool:
        """On a write-once cartridge only filemarks before the end of data may be written over, and not the first."""
        tape = self.tape
        marks, _ = tape.place_of(self.position)
        return marks > 0 and tape.filemarks - marks == tape.count - self.position

    def erase(self) -> Sense | None:
        """ERASE: end of data is here from now on."""
        return self.start_writing()

    # -- moving --------------------------------------------------------------------------------------------------------

    def space_filemarks(self, count: int) -> Outcome:
        """SPACE over filemarks; a count below 0 moves back and ends before the last one crossed."""
        if (problem := self._before_move() or self.settle()) is not None:
            return Outcome(problem)
        try:
            self.raw.position, done = self.tape.space_filemarks(self.position, count)
        except PytpError as exc:
            return Outcome(self._host_trouble(exc))
        return Outcome(_short(count, abs(count) - done), done)

    def space_blocks(self, count: int) -> Outcome:
        """SPACE over blocks; a filemark ends it and is crossed."""
        if (problem := self._before_move() or self.settle()) is not None:
            return Outcome(problem)
        try:
            self.raw.position, done, hit = self.tape.space_blocks(self.position, count)
        except PytpError as exc:
            return Outcome(self._host_trouble(exc))
        left = abs(count) - done
        return Outcome(sense.filemark(left) if hit else _short(count, left), done)

    def space_to_end(self) -> Sense | None:
        if (problem := self._before_move() or self.settle()) is None:
            self.raw.position = self.tape.count
        return problem

    @property
    def partitions(self) -> int:
        label = self.label
        return max(len(label.partitions), 1) if label is not None else 1

    @property
    def most_partitions(self) -> int:
        """How many FORMAT MEDIUM can make: both the drive and the cartridge's format have their limit."""
        label = self.label
        if label is None:
            return self.personality.partitions
        known = GENERATIONS.get(label.generation)
        return min(self.personality.partitions, known.partitions if known is not None else 1)

    def change_partition(self, number: int) -> Sense | None:
        """Go to the beginning of another partition; of the same one: stay."""
        if number == self.raw.partition:
            return None
        if number >= self.partitions:
            return sense.INVALID_FIELD
        try:
            self.tape.sync()
            self.detach()
            self.raw.partition, self.raw.position = number, 0
            self._open_cartridge()
        except PytpError as exc:
            return self._host_trouble(exc)
        return None

    def format(self, sizes: tuple[int, ...]) -> Sense | None:
        """FORMAT MEDIUM: partitions of these many bytes, all blank; one that takes all for no sizes."""
        if (problem := self._before_move("write")) is not None:
            return problem
        if self.write_protected:
            return sense.WRITE_PROTECTED
        if self.tape.label.worm:
            return sense.CANNOT_FORMAT
        if self.position or self.raw.partition:
            return sense.POSITION_PAST_BOM
        try:
            self.detach()
            format_cartridge(self.cartridge_path, sizes)
            self._open_cartridge()
            memory = self.memory()
            memory.formats += 1
            memory.save()
        except PytpError as exc:
            return self._host_trouble(exc)
        self.raw.changes += 1
        return None

    def locate(self, block: int, partition: int | None = None) -> Sense | None:
        """LOCATE, in another partition if one is given; beyond the end of data it stops there with BLANK CHECK."""
        if (problem := self._before_move() or self.settle()) is not None:
            return problem
        if partition is not None and (problem := self.change_partition(partition)) is not None:
            return problem
        end = self.tape.count
        self.raw.position = min(block, end)
        return sense.end_of_data(0)._replace(information=None) if block > end else None

    def rewind(self) -> Sense | None:
        """REWIND (and retension): what was written goes to the medium first."""
        if (problem := self._before_move() or self.settle()) is not None:
            return problem
        self.raw.position = 0
        return None

    def load(self) -> Sense | None:
        """LOAD UNLOAD, LOAD=1: thread the cartridge that is in the drive, to BOP; a unit attention if it was not."""
        if self.bay.barcode is None:
            return sense.NO_MEDIUM
        if not self.raw.mounted and (problem := loading.begin(self)) is not None:
            return problem
        self.raw.position = 0
        if self.raw.partition:
            self.raw.partition = 0
            self.detach()
        if self.cartridge is None:
            self._open_cartridge()
        return None

    def unload(self) -> Sense | None:
        """LOAD UNLOAD, LOAD=0: write what is buffered, rewind, unthread."""
        if not self.ready:
            return self.not_ready()
        if self.raw.prevented:
            counters.raise_alert(self, counters.NO_REMOVAL)
            return sense.REMOVAL_PREVENTED
        if self.cartridge is not None and (problem := self.settle()) is not None:
            return problem
        self.unthread()
        return None

    # -- modes ---------------------------------------------------------------------------------------------------------

    def set_mode(
        self, *, density: int | None = None, block_bytes: int | None = None, buffered: int | None = None
    ) -> Sense | None:
        """MODE SELECT, header and block descriptor."""
        if density is not None and density not in {0, 0x7F, self.density} and not self._writes_density(density):
            return sense.INVALID_PARAMETER
        if block_bytes is not None:
            if block_bytes and not self.personality.least_block <= block_bytes <= self.personality.most_block:
                return sense.INVALID_PARAMETER
            self.raw.block_bytes = block_bytes
        if buffered is not None:
            self.raw.buffered_mode = buffered & 7
        return None

    def set_compression(self, on: bool) -> None:
        """MODE SELECT, data compression page: a flag only; the host's disk takes the data as it is."""
        self.raw.compression = on

    def prevent_removal(self, prevent: bool) -> None:
        self.raw.prevented = prevent

    def _writes_density(self, density: int) -> bool:
        return any(GENERATIONS[name].density == density for name in self.personality.writes if name in GENERATIONS)

    # -- inside --------------------------------------------------------------------------------------------------------

    @property
    def tape(self) -> Cartridge:
        """The open cartridge. Raises MediumDamaged without one."""
        if self.cartridge is None:
            raise MediumDamaged(f"drive {self.number}", "no cartridge is attached")
        return self.cartridge

    def _open_cartridge(self) -> None:
        self.cartridge = Cartridge(self.cartridge_path, partition=int(self.raw.partition))
        self.raw.position = min(self.raw.position, self.cartridge.count)

    def unthread(self) -> None:
        """Let go of the cartridge."""
        self.detach()
        with changed_state(self.directory) as state:
            state.held_load = None
        counters.end_load(self, self.memory())
        self.raw.mounted = 0
        self.raw.position = self.raw.partition = 0

    def raise_attention(self, code: int) -> None:
        """Both doors tell it once."""
        self.raw.st_attention = self.raw.sg_attention = code

    def _before_move(self, kind: str = "") -> Sense | None:
        """Look for new faults and for the operator; then whether there is a cartridge."""
        if self.raw.recheck:
            self.raw.recheck = 0
            self.faults.reload()
        self.trouble = None
        if not self.ready:
            return self.not_ready()
        try:
            return accidents.met(self, writing=kind == "write") if kind else None
        except PytpError as exc:
            return self._host_trouble(exc)

    def _read_trouble(self, exc: PytpError, residual: int) -> Sense:
        if isinstance(exc, MediumDamaged):
            self.trouble = exc
            self.raw.position += 1
            counters.count_read_error(self)
            return sense.read_error(residual)
        return self._host_trouble(exc)

    def _host_trouble(self, exc: PytpError) -> Sense:
        self.trouble = exc
        if isinstance(exc, MediumDamaged):
            return sense.read_error(0)
        return sense.write_error(0) if isinstance(exc, HostDiskFull) else sense.TARGET_FAILURE


def _short(count: int, left: int) -> Sense | None:
    if left == 0:
        return None
    return sense.end_of_data(left) if count > 0 else sense.beginning(left)
