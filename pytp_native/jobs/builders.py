# SPDX-License-Identifier: WTFPL OR MIT
"""Archives that are built on disk, several at once, before they go to tape in the order of the arguments."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence

from pytp_native.errors import ArchiveNotBuilt, PytpError
from pytp_native.jobs.archive_room import ArchiveRoom
from pytp_native.jobs.arguments import Argument
from pytp_native.jobs.members import MemberLog
from pytp_native.jobs.pipeline import Pipeline
from pytp_native.light import NamedTuple
from pytp_native.stream.archive_file import ArchiveFile
from pytp_native.stream.known import Known
from pytp_native.stream.pack import Hash, OnProblem, PackCancelled, PackCounts, Packer, Problem
from pytp_native.stream.ring import HOT_BYTES, Ring
from pytp_native.transport.records import Moved, Stop
from pytp_native.units import MIB

_AHEAD = 64
"""Archives that may wait on disk for their turn; each has two files open."""
_LOOK_BYTES = 64 * MIB
"""How often a builder looks whether the disk has room for the rest."""


class Wanted(NamedTuple):
    """An archive to be built."""

    argument: Argument
    known: Known | None = None
    """What is left out as long as it has not changed."""


class How(NamedTuple):
    """How all of them are built."""

    directory: str
    block_bytes: int
    builders: int
    hash_kind: Hash
    exclude: tuple[bytes, ...] = ()
    one_file_system: bool = False


class Archive:
    """One of them: `done` when its builder is through with it; then either complete, or `error` says why not."""

    def __init__(self, number: int, wanted: Wanted) -> None:
        self.number = number
        self.wanted = wanted
        self.file: ArchiveFile | None = None
        self.log: MemberLog | None = None
        self.problems: list[tuple[bytes, Problem, str]] = []
        self.error: PytpError | None = None
        self.done = threading.Event()
        self.packer: Packer | None = None

    def counts(self) -> PackCounts:
        """What its builder has packed so far."""
        return self.packer.counts() if self.packer else PackCounts(0, 0, 0, 0)

    def close(self) -> None:
        """Forget what is on disk of it."""
        for held in (self.file, self.log):
            if held is not None:
                held.close()
        self.file = self.log = None


class Builders:
    """Begin in order and end as they like; `take` hands out what was ordered."""

    def __init__(self, how: How) -> None:
        """Raises ArchiveNotBuilt where nothing can be built in that directory."""
        self._how = how
        try:
            os.makedirs(how.directory, exist_ok=True)
            ArchiveFile(how.directory, how.block_bytes).close()
        except OSError as exc:
            fact = f"no archive can be built there: {exc.strerror}; nothing was written"
            raise ArchiveNotBuilt(how.directory, fact, "name another tar_dir in the configuration") from exc
        self._room = ArchiveRoom(how.directory)
        self._changed = threading.Condition()
        self._archives: list[Archive] = []
        self._begun = self._taken = 0
        self._stopped = False
        self._threads: list[threading.Thread] = []
        self._preface: Callable[[Argument], bytes] | None = None

    def start(self, wanted: Sequence[Wanted], preface: Callable[[Argument], bytes] | None = None) -> None:
        """Build these; `preface` makes what stands in front of an archive."""
        self._preface = preface
        self._archives = [Archive(number, one) for number, one in enumerate(wanted)]
        for number in range(min(self._how.builders, len(wanted))):
            thread = threading.Thread(target=self._work, name=f"pytp-builder-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def has_begun(self) -> bool:
        return bool(self._archives)

    def find(self, path: bytes) -> Archive:
        """Return the archive of an argument, built or not."""
        return next(one for one in self._archives if one.wanted.argument.path == path)

    def take(self, archive: Archive) -> None:
        """Wait until it is built. Raises what kept it from that: PackCancelled, ArchiveNotBuilt."""
        with self._changed:
            self._taken = archive.number
            self._changed.notify_all()
        archive.done.wait()
        if archive.error is not None:
            raise archive.error
        if archive.file is None or self._stopped:
            raise PackCancelled

    def release(self, archive: Archive) -> None:
        """It is on tape, or will never be."""
        archive.close()
        self._room.give_back(archive.number)

    def stop(self) -> None:
        """Build nothing more; from any thread."""
        with self._changed:
            self._stopped = True
            for archive in self._archives[self._begun :]:
                archive.done.set()
            self._changed.notify_all()
        self._room.stop()
        for archive in self._archives:
            if archive.packer is not None:
                archive.packer.stop()

    def close(self) -> None:
        """Stop, and forget what was built."""
        self.stop()
        for thread in self._threads:
            thread.join()
        for archive in self._archives:
            archive.close()

    # -- the builders' threads ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        while (archive := self._next()) is not None:
            self._try(archive)

    def _try(self, archive: Archive) -> None:
        try:
            self._build(archive)
        except PackCancelled:
            archive.close()
        except Exception as error:
            archive.close()
            archive.error = _named(archive, error, self._how.directory)
            self._end_with(archive)
        finally:
            self._room.pass_by(archive.number)
            archive.done.set()

    def _next(self) -> Archive | None:
        """Begin another one, unless too many wait for the tape."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._begun < self._taken + _AHEAD)
            if self._stopped or self._begun == len(self._archives):
                return None
            self._begun += 1
            return self._archives[self._begun - 1]

    def _end_with(self, archive: Archive) -> None:
        """The job will end there: what comes behind it need not be built."""
        with self._changed:
            for other in self._archives[max(self._begun, archive.number + 1) :]:
                other.done.set()
            self._begun = len(self._archives)

    def _build(self, archive: Archive) -> None:
        how, argument = self._how, archive.wanted.argument
        archive.file = ArchiveFile(how.directory, how.block_bytes)
        archive.log = MemberLog(how.directory)
        ring = Ring(how.block_bytes, HOT_BYTES)
        packer = Packer(
            ring, _noting(archive), hash_kind=how.hash_kind, exclude=how.exclude, one_file_system=how.one_file_system,
            members_fd=archive.log.fileno(),
        )  # fmt: skip
        packer.compare(archive.wanted.known)
        archive.packer = packer
        if self._stopped:
            raise PackCancelled
        size = packer.survey(argument.path, argument.name).tape_bytes
        self._room.claim(archive.number, size, argument.path)
        packer.compare(archive.wanted.known)
        self._fill(archive, archive.file, packer, ring)

    def _fill(self, archive: Archive, file: ArchiveFile, packer: Packer, ring: Ring) -> None:
        argument = archive.wanted.argument

        def produce() -> None:
            packer.preface(b"" if self._preface is None else self._preface(argument))
            packer.add(argument.path, argument.name, argument.after)
            if archive.wanted.known is not None and not packer.counts().members:
                ring.finish()  # an archive of nothing is not worth a tape file
            else:
                packer.end()

        trouble: list[Exception] = []
        pipeline = Pipeline(ring, produce, lambda: self._keep(archive, file, ring, trouble))
        pipeline.start()
        outcome = pipeline.outcome()
        if trouble:
            raise trouble[0]
        if outcome.producer_error is not None:
            raise outcome.producer_error
        if outcome.moved.stop is not Stop.END_OF_STREAM:
            raise PackCancelled

    def _keep(self, archive: Archive, file: ArchiveFile, ring: Ring, trouble: list[Exception]) -> Moved:
        """Bring the archive to disk, looking at the room there now and then."""
        step = max(1, _LOOK_BYTES // ring.block_bytes)
        try:
            while file.fill(ring, step):
                self._room.took(archive.number, step * ring.block_bytes, archive.wanted.argument.path)
        except PackCancelled:
            return Moved(file.blocks, 0, Stop.CANCELLED)
        except (OSError, PytpError) as error:
            trouble.append(error)
            return Moved(file.blocks, 0, Stop.CANCELLED)
        return Moved(file.blocks, file.blocks * ring.block_bytes, Stop.END_OF_STREAM)


def _noting(archive: Archive) -> OnProblem:
    """Keep what happens to files until the archive's turn has come."""
    return lambda path, problem, words: archive.problems.append((path, problem, words))


def _named(archive: Archive, error: Exception, directory: str) -> PytpError:
    """Say which archive it is that cannot be built."""
    if isinstance(error, ArchiveNotBuilt):
        return error
    path = os.fsdecode(archive.wanted.argument.path)
    words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    next_step = "make room, or name another tar_dir" if isinstance(error, OSError) else "back it up again"
    named = ArchiveNotBuilt(path, f"its archive cannot be built in {directory}: {words}", next_step)
    named.__cause__ = error
    return named
