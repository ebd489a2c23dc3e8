# SPDX-License-Identifier: WTFPL OR MIT
"""Archives that builders have made, in the packer's place: what ArgumentFile writes comes from disk."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from pytp_native.jobs.builders import Archive, Builders
from pytp_native.jobs.members import MemberLog
from pytp_native.stream.known import Known
from pytp_native.stream.pack import OnProblem, PackCounts, Packer, Survey, read_members

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
        self._now = archive = self._builders.find(path)
        self._builders.take(archive)
        for problem in archive.problems:
            self._note(*problem)
        if archive.file is None or archive.log is None:
            return
        with archive.log.raw() as records, open(os.dup(self._log.fileno()), "wb") as log:
            shutil.copyfileobj(records, log)
        self._staging.offer(archive.file)

    def end(self) -> None:
        """Nothing comes behind it."""
        self._staging.flow.finish()

    def continuation(self, block: int) -> bytes | None:
        """As Packer.continuation."""
        archive = self._now
        if archive is None or archive.file is None or archive.log is None:
            return None
        with archive.log.raw() as records:
            cut = archive.file.cut_member(read_members(records), block)
        if cut is None:
            return None
        self._packer.recall(cut.member, cut.owner, cut.start, cut.end)
        return self._packer.continuation(block)

    def restart(self) -> None:
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
