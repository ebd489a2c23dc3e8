# SPDX-License-Identifier: WTFPL OR MIT
"""Archives that builders have made, in the packer's place: what ArgumentFile writes comes from disk."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from pytp_native.jobs.builders import Archive, Builders
from pytp_native.jobs.members import MemberLog
from pytp_native.stream.cut_member import Rest
from pytp_native.stream.known import Known
from pytp_native.stream.pack import OnProblem, PackCounts, Packer, Survey, member_record, read_members

if TYPE_CHECKING:
    from pytp_native.jobs.staging import Staging


class Prebuilt:
    """One archive after the other, as a Packer; each is forgotten when the next one begins: it has its filemark."""

    def __init__(self, builders: Builders, packer: Packer, log: MemberLog, staging: Staging, note: OnProblem) -> None:
        """`packer` looks at trees and makes continuations, and packs nothing."""
        self._builders = builders
        self._packer = packer
        self._log = log
        self._staging = staging
        self._note = note
        self._now: Archive | None = None
        self._before = PackCounts(0, 0, 0, 0)

    def add(self, path: bytes, name: bytes, after: bytes | None = None) -> None:
        """Let an argument's archive pass when it is built. Raises PackCancelled, ArchiveNotBuilt."""
        self._leave()
        self._now = archive = self._builders.find(path)
        self._builders.take(archive)
        for problem in archive.problems:
            self._note(*problem)
        self._pass(archive, Rest(0, None))

    def preface(self, data: bytes) -> None:
        """The builders have it."""

    def add_rest(self, path: bytes, name: bytes, rest: Rest) -> None:
        """As Packer.add_rest, of the archive that was added last."""
        if self._now is not None:
            self._pass(self._now, rest)

    def _pass(self, archive: Archive, rest: Rest) -> None:
        if archive.file is None or archive.log is None:
            return
        head = rest.block * archive.file.block_bytes if rest.cut is None else rest.cut.head
        with archive.log.raw() as records, open(os.dup(self._log.fileno()), "wb") as log:
            if not head:
                shutil.copyfileobj(records, log)
            else:
                for member in read_members(records):
                    if member.block * archive.file.block_bytes + member.offset >= head:
                        log.write(member_record(member))
        self._staging.offer(archive.file, rest.block)

    def end(self) -> None:
        """Nothing comes behind it."""
        self._staging.flow.finish()

    def continuation(self, block: int) -> bytes | None:
        """As Packer.continuation."""
        return self.ahead_of(self.rest(block))

    def rest(self, block: int) -> Rest:
        """As Packer.rest; where no member is cut, too: the archive is there."""
        archive = self._now
        if archive is None or archive.file is None or archive.log is None:
            return Rest(block, None)
        with archive.log.raw() as records:
            return Rest(block, archive.file.cut_member(read_members(records), block))

    def ahead_of(self, rest: Rest) -> bytes | None:
        """As Packer.ahead_of."""
        return self._packer.ahead_of(rest)

    def restart(self) -> None:
        """Another tape file begins, with another archive or the rest of this one."""

    def _leave(self) -> None:
        """What was written last is on tape."""
        if self._now is not None:
            self._before = self.counts()
            self._builders.release(self._now)
            self._now = None

    def stop(self) -> None:
        """As Packer.stop."""
        self._packer.stop()
        self._builders.stop()
        self._staging.flow.stop()

    def counts(self) -> PackCounts:
        """As Packer.counts, with what a builder is busy with on which the tape waits."""
        if self._now is None:
            return self._before
        now = self._now.counts()
        return PackCounts(
            self._before.members + now.members,
            self._before.data_bytes + now.data_bytes,
            self._before.problems + now.problems,
            self._before.log_error or now.log_error,
        )

    def survey(self, path: bytes, name: bytes, *, first_only: bool = False) -> Survey:
        """As Packer.survey, before anything is built."""
        return self._packer.survey(path, name, first_only=first_only)

    def compare(self, known: Known | None) -> None:
        """For `survey`; later a builder is using what is known."""
        if not self._builders.has_begun:
            self._packer.compare(known)

    def forget(self, block: int) -> None:
        """Archives on disk need not be remembered."""

    def flush_log(self) -> None:
        """Their log is complete."""
