# SPDX-License-Identifier: WTFPL OR MIT
"""The probe at the end of a backup: its first, a middle and its last member are read back from each cartridge.

A drive that says "written" has been known to be wrong; finding that out at the restore is too late.
"""

from __future__ import annotations

import os

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.errors import PytpError, VerifyFailed
from pytp_native.ffi import lib
from pytp_native.jobs.events import ArgumentReport, Part
from pytp_native.jobs.framed_stretch import FramedStretch, cover
from pytp_native.jobs.members import MemberLog
from pytp_native.light import NamedTuple
from pytp_native.stream.expected import pack_entry
from pytp_native.stream.member_index import Picked, pick
from pytp_native.stream.pack import Hash, Member
from pytp_native.stream.ring import Ring
from pytp_native.stream.untar import Ended, Problem, Untar
from pytp_native.transport.records import Moved
from pytp_native.units import MIB

_MOST_BYTES = 256 * MIB
"""Longest member that is read back: a second of a drive's time."""
_MOST_BYTES_AT_REST = 4 * MIB
"""The same for a device without a speed of its own, which a probe cannot delay without being noticed."""


class _Sample(NamedTuple):
    part: Part
    member: Member


class Probe:
    """Remembers what was written on the cartridge in the drive, and reads some of it back."""

    def __init__(self, drive: Drive, hash_kind: Hash) -> None:
        self._drive = drive
        self._kind = hash_kind
        self._most = _MOST_BYTES if drive.has_lowest_speed else _MOST_BYTES_AT_REST
        self._picked: list[tuple[Part, Picked]] = []
        self._doubtful: int | None = None

    def note(self, log: MemberLog, start: int, part: Part) -> None:
        """A tape file has its filemark; its members are in the log from `start` on."""
        if part.tape_file is None or not part.blocks:
            return
        size = self._drive.block_bytes
        within = (part.skipped * size, (part.skipped + part.blocks) * size)
        with log.raw(start) as records:
            self._picked += [(part, one) for one in pick(records, size, within, self._most)]

    def run(self) -> VerifyFailed | None:
        """Read back, and return to where the tape stands now; return what was not as it should be."""
        samples, self._picked = self._samples(), []
        if not samples:
            return None
        try:
            end = self._drive.where().file
            if end is None:
                return None
            found = next((trouble for one in samples if (trouble := self._read(one))), None)
            self._drive.go_to_file(end)
        except PytpError as error:
            return VerifyFailed(error.subject, f"the probe failed: {error.fact}", _ADVICE)
        return found

    def doubts(self, report: ArgumentReport) -> bool:
        """Tell whether it is the argument of the member that was not right."""
        return any(part.tape_file == self._doubtful for part in report.parts)

    def _samples(self) -> list[_Sample]:
        """First, middle and last of all that was noted."""
        if not self._picked:
            return []
        left = sum(picked.members for _part, picked in self._picked) // 2
        middle = self._picked[0]
        for middle in self._picked:
            left -= middle[1].members
            if left < 0:
                break
        first, last = self._picked[0], self._picked[-1]
        chosen = [
            _Sample(first[0], first[1].first),
            _Sample(middle[0], middle[1].middle),
            _Sample(last[0], last[1].last),
        ]
        return list(dict.fromkeys(chosen))

    def _read(self, sample: _Sample) -> VerifyFailed | None:
        part, member = sample
        self._doubtful = part.tape_file
        size = self._drive.block_bytes
        at = member.block * size + member.offset
        blocks = (at + member.stored_bytes - 1) // size - member.block + 1
        number, block = part.tape_file or 0, member.block - part.skipped + part.ahead
        place = f"tape file {number}, block {block}"
        ring = Ring(size, blocks * size)
        try:
            self._drive.go_to_file(number)
            moved = self._read_blocks(part, member.block, blocks, ring)
        except PytpError as error:
            return self._failed(member, place, error.fact)
        if moved.error is not None:
            return self._failed(member, place, moved.error.fact)
        ring.finish(lib.PYTP_END_OF_STREAM)
        problems: list[Problem] = []
        untar = Untar(ring, on_problem=problems.append)
        untar.to_output(-1)
        entry = pack_entry(at, member.name, member.digest)
        untar.expect(int(self._kind), lambda: (entry, b"", True), only=True, runs=[(member.block * size, blocks)])
        untar.run()
        if problems or untar.ended is not Ended.COMPLETE or untar.counts().checked != 1:
            return self._failed(member, place, problems[0].reason if problems else "it is not there")
        return None

    def _read_blocks(self, part: Part, first: int, blocks: int, ring: Ring) -> Moved:
        """Read blocks of the archive from the tape file at whose start the tape stands."""
        if part.stored is None:
            self._pass(first - part.skipped + part.ahead)
            return self._drive.tape.read_into(ring, limit=blocks)
        where = cover(part, self._drive.block_bytes, first, blocks)
        framed = FramedStretch(ring, where, first, blocks, lambda _text: None)
        try:
            self._pass(where.first)
            return self._drive.tape.read_into(framed.ring, limit=where.blocks or part.stored - where.first)
        finally:
            framed.finish()

    def _pass(self, blocks: int) -> None:
        if blocks:
            mtio.forward_records(self._drive.tape, blocks)

    def _failed(self, member: Member, place: str, fact: str) -> VerifyFailed:
        name = os.fsdecode(member.name)
        return VerifyFailed(self._drive.address, f"the probe of {place} failed: {name}: {fact}", _ADVICE)


_ADVICE = "do not rely on this backup: look at the drive and repeat it on another cartridge"
