# SPDX-License-Identifier: WTFPL OR MIT
"""--strategy tar and dd: archives are built on disk, and written in the order of the arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.block_copy import BlockCopy
from pytp_native.jobs.builders import Builders, How, Wanted
from pytp_native.jobs.events import Emit, Notice
from pytp_native.jobs.history import Histories
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.packing import Flow
from pytp_native.jobs.prebuilt import Prebuilt
from pytp_native.stream.archive_file import ArchiveFile
from pytp_native.stream.pack import OnProblem, Packer
from pytp_native.stream.ring import Ring

if TYPE_CHECKING:
    from pytp_native.jobs.argument_file import ArgumentFile


class Staging:
    """Builders, and the way from their archives to the tape."""

    def __init__(self, how: How, ring: Ring, log: MemberLog, *, buffered: bool) -> None:
        """`buffered`: archives go through the ring. Raises ArchiveNotBuilt."""
        self._how = how
        self._ring = ring
        self._log = log
        self._builders = Builders(how)
        self._copy = None if buffered else BlockCopy(how.block_bytes)

    @property
    def flow(self) -> Flow:
        """What the tape takes blocks from."""
        return self._copy or self._ring

    def packing(self, note: OnProblem) -> Prebuilt:
        """Make what hands the archives on; `note` is told of problems when an archive's turn has come."""
        looker = Packer(self._ring, note, exclude=self._how.exclude, one_file_system=self._how.one_file_system)
        return Prebuilt(self._builders, looker, self._log, self, note)

    def offer(self, archive: ArchiveFile, first: int) -> None:
        """Let it flow, from that block on. Raises PackCancelled, ArchiveNotBuilt."""
        if self._copy is not None:
            self._copy.offer(archive, first)
        else:
            archive.pour(self._ring, first)

    def start(
        self, arguments: Sequence[Argument], histories: Histories | None, writer: ArgumentFile, emit: Emit,
        preface: Callable[[Argument], bytes] | None = None,
    ) -> None:  # fmt: skip
        """Begin to build. Raises Interrupted, CatalogError."""
        how = self._how
        emit(Notice("info", "TAR", f"archives are built in {how.directory}, {how.builders} at once"))
        if histories is None:
            wanted = [Wanted(argument) for argument in arguments]
        else:
            wanted = [Wanted(history.argument, history.known) for history in histories.look_ahead(arguments, writer)]
        self._builders.start(wanted, preface)

    def close(self) -> None:
        """Build no more, and forget what was built."""
        self._builders.close()
