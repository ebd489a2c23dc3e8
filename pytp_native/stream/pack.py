# SPDX-License-Identifier: WTFPL OR MIT
"""Directory trees into a ring of tape blocks as pax tar: the Python face of csrc/pack.h."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import IO, Any

from pytp_native.errors import PytpError
from pytp_native.ffi import ffi, lib
from pytp_native.light import NamedTuple
from pytp_native.stream.cut_member import CutMember, Rest
from pytp_native.stream.known import Known
from pytp_native.stream.ring import Ring


class Hash(IntEnum):
    """Checksum of a member's content."""

    NONE = lib.PYTP_HASH_NONE
    XXH3 = lib.PYTP_HASH_XXH3
    """XXH3-128, as `xxhsum -H2` prints it."""
    SHA256 = lib.PYTP_HASH_SHA256


class Problem(IntEnum):
    """What happened to one file. SOCKET is only a note; after all others the exit code is 1."""

    UNREADABLE = lib.PYTP_PROBLEM_UNREADABLE
    VANISHED = lib.PYTP_PROBLEM_VANISHED
    READ_ERROR = lib.PYTP_PROBLEM_READ_ERROR
    SHRANK = lib.PYTP_PROBLEM_SHRANK
    GREW = lib.PYTP_PROBLEM_GREW
    CHANGED = lib.PYTP_PROBLEM_CHANGED
    SOCKET = lib.PYTP_PROBLEM_SOCKET
    UNKNOWN_TYPE = lib.PYTP_PROBLEM_UNKNOWN_TYPE
    ATTRIBUTES = lib.PYTP_PROBLEM_ATTRIBUTES
    REPLACED = lib.PYTP_PROBLEM_REPLACED


_WORDS = {
    Problem.UNREADABLE: "not saved: {error}",
    Problem.VANISHED: "not saved: it vanished before it was read",
    Problem.READ_ERROR: "read error ({error}): the rest of it is zeros on tape",
    Problem.SHRANK: "shrank while it was read: the rest of it is zeros on tape",
    Problem.GREW: "grew while it was read: cut at the size it had at first",
    Problem.CHANGED: "changed while it was read",
    Problem.SOCKET: "socket skipped",
    Problem.UNKNOWN_TYPE: "not saved: of a type that tar does not know",
    Problem.ATTRIBUTES: "extended attributes not saved: {error}",
    Problem.REPLACED: "changed between two cartridges: the rest of it is zeros on tape",
}

OnProblem = Callable[[bytes, Problem, str], None]
"""Path on disk, what happened, and that in words."""


class Member(NamedTuple):
    """Where one member is on tape, and what it was on disk."""

    name: bytes
    link: bytes
    type: str
    block: int
    """Tape block of its header group, counted from the start of the tape file."""
    offset: int
    """Of the header group in that block, in bytes."""
    size: int
    stored_bytes: int
    mode: int
    mtime_ns: int
    ctime_ns: int
    device: int
    inode: int
    uid: int
    gid: int
    digest: bytes
    """Of the content: 16 bytes (XXH3-128), 32 (SHA-256), or none for what has no content."""


_RECORD = struct.Struct("<QQQqqQQQQIIIIIIBB32s")  # pytp_packed_member in csrc/pack.h


def member_record(member: Member) -> bytes:
    """Lay a member out as the packer's log has it."""
    mtime, mtime_ns = divmod(member.mtime_ns, 10**9)
    ctime, ctime_ns = divmod(member.ctime_ns, 10**9)
    return _RECORD.pack(
        member.block, member.size, member.stored_bytes, mtime, ctime, member.device, member.inode, member.uid,
        member.gid, mtime_ns, ctime_ns, member.offset, member.mode, len(member.name), len(member.link),
        ord(member.type), len(member.digest), member.digest,
    ) + member.name + member.link  # fmt: skip


@contextmanager
def _raw(cut: CutMember) -> Iterator[Any]:
    """Lay one out as C wants it, as long as it is used."""
    (mtime, mtime_ns), (ctime, ctime_ns) = divmod(cut.mtime_ns, 10**9), divmod(cut.ctime_ns, 10**9)
    name, uname, gname = (ffi.new("char[]", text) for text in (cut.name, cut.user, cut.group))
    yield ffi.new(
        "pytp_cut_member *",
        {
            "name": name, "name_length": len(cut.name), "uname": uname, "gname": gname, "mode": cut.mode,
            "mtime_s": mtime, "mtime_ns": mtime_ns, "ctime_s": ctime, "ctime_ns": ctime_ns, "uid": cut.uid,
            "gid": cut.gid, "head": cut.head, "start": cut.start, "end": cut.end, "total": cut.total,
        },
    )  # fmt: skip


def read_members(log: IO[bytes]) -> Iterator[Member]:
    """Yield the records of a member log from where the file stands; a last one that a full disk cut off is left out."""
    while len(head := log.read(_RECORD.size)) == _RECORD.size:
        (block, size, stored, mtime, ctime, device, inode, uid, gid, mtime_ns, ctime_ns,
         offset, mode, name_length, link_length, kind, digest_length, digest) = _RECORD.unpack(head)  # fmt: skip
        name, link = log.read(name_length), log.read(link_length)
        if len(name) + len(link) < name_length + link_length:
            return
        yield Member(
            name, link, chr(kind), block, offset, size, stored, mode,
            mtime * 10**9 + mtime_ns, ctime * 10**9 + ctime_ns, device, inode, uid, gid, digest[:digest_length],
        )  # fmt: skip


@ffi.def_extern()  # type: ignore[untyped-decorator]
def pytp_pack_problem_seen(context: Any, path: Any, length: int, kind: int, error: int) -> None:
    problem = Problem(kind)
    words = _WORDS[problem].format(error=os.strerror(error))
    ffi.from_handle(context)(bytes(ffi.buffer(path, length)), problem, words)


class PackCounts(NamedTuple):
    """So far, over all archives of one packer."""

    members: int
    data_bytes: int
    """Of file content read."""
    problems: int
    log_error: int
    """errno that ended the member log, or 0; archives go on without it."""


class Survey(NamedTuple):
    """What a tree would be on tape."""

    members: int
    data_bytes: int
    """Of file content, holes included."""
    tape_bytes: int
    """About: headers, content, padding."""


class PackCancelled(Exception):
    """The ring was stopped while a tree was packed: by the consumer, or by the user."""


class Packer:
    """Packs trees, one tape file after the other, into one ring. Used by one thread; `counts` by any.

    `on_problem` is called from that thread, in the middle of a tree.
    """

    def __init__(
        self,
        ring: Ring,
        on_problem: OnProblem,
        *,
        hash_kind: Hash = Hash.XXH3,
        exclude: tuple[bytes, ...] = (),
        one_file_system: bool = False,
        members_fd: int = -1,
        frame_blocks: int = 0,
    ) -> None:
        """`frame_blocks`: most blocks of a frame, for a consumer that takes frames; 0: for one that takes blocks."""
        self._ring = ring
        self._keep = [ffi.new("char[]", pattern) for pattern in exclude]
        patterns = ffi.new("char *[]", self._keep) if exclude else ffi.NULL
        self._context = ffi.new_handle(on_problem)
        options = ffi.new(
            "pytp_pack_options *",
            {
                "hash": int(hash_kind),
                "one_file_system": one_file_system,
                "exclude": patterns,
                "excludes": len(exclude),
                "members_fd": members_fd,
                "frame_blocks": frame_blocks,
                "problem": lib.pytp_pack_problem_seen,
                "context": self._context,
            },
        )
        handle = lib.pytp_pack_new(ring.handle, options)
        if handle == ffi.NULL:
            raise MemoryError("packer")
        self._handle = ffi.gc(handle, lib.pytp_pack_free)
        self._known: Known | None = None

    def add(self, path: bytes, name: bytes, after: bytes | None = None) -> None:
        """Pack what `path` names, with all below it, as `name`; with `after` what comes behind the member of that name.
        Raises PackCancelled when the ring was stopped."""
        self._check(lib.pytp_pack_tree(self._handle, path, name, ffi.NULL if after is None else after))

    def preface(self, data: bytes) -> None:
        """Put these headers in front of the first member of this archive, if it gets one."""
        self._check(lib.pytp_pack_preface(self._handle, data, len(data)))

    def compare(self, known: Known | None) -> None:
        """From now on leave out what is known and has not changed; None: nothing. It is told what is met then."""
        self._known = known  # the packer has only its address
        lib.pytp_pack_compare(self._handle, known.handle if known else ffi.NULL)
        if known is not None:
            known.restart()

    def survey(self, path: bytes, name: bytes, *, first_only: bool = False) -> Survey:
        """Count what `add` would pack, opening no file; with `first_only` it ends with the first member. Raises
        PackCancelled when the packer was stopped."""
        raw = ffi.new("pytp_survey *")
        self._check(lib.pytp_pack_survey(self._handle, path, name, first_only, raw))
        return Survey(raw.members, raw.data_bytes, raw.tape_bytes)

    def end(self) -> None:
        """Close the archive: two zero blocks, the last tape block padded with zeros, the ring finished."""
        self._check(lib.pytp_pack_end(self._handle))

    def continuation(self, block: int) -> bytes | None:
        """Return the block with which another cartridge goes on when this one ended in front of `block` of the archive;
        None where no member is cut there. The ring must still hold that block; with frames it is the first one of a
        frame that was not forgotten."""
        into = ffi.new("uint8_t[]", self._ring.block_bytes)
        return bytes(ffi.buffer(into)) if lib.pytp_pack_continuation(self._handle, block, into) else None

    def cut(self, block: int) -> CutMember | None:
        """Return the member that is cut in front of `block`, where `continuation` would return something."""
        raw = ffi.new("pytp_cut_member *")
        if not lib.pytp_pack_cut(self._handle, block, raw):
            return None
        return CutMember(
            bytes(ffi.buffer(raw.name, raw.name_length)), raw.head, raw.start, raw.end, raw.total, raw.mode, raw.uid,
            raw.gid, ffi.string(raw.uname), ffi.string(raw.gname), raw.mtime_s * 10**9 + raw.mtime_ns,
            raw.ctime_s * 10**9 + raw.ctime_ns,
        )  # fmt: skip

    def rest(self, block: int) -> Rest | None:
        """Return what it takes to go on with `block` of this archive, by `add_rest`; None where no member is cut."""
        cut = self.cut(block)
        return None if cut is None else Rest(block, cut)

    def ahead_of(self, rest: Rest) -> bytes | None:
        """Return the block with which another cartridge goes on there; what was packed before is forgotten. Raises
        MemoryError."""
        if rest.cut is None:
            return None
        with _raw(rest.cut) as raw:
            status = lib.pytp_pack_recall(self._handle, raw)
        if status:
            raise MemoryError("packer")
        return self.continuation(rest.block)

    def add_rest(self, path: bytes, name: bytes, rest: Rest) -> None:
        """As `add`, for an archive that goes on inside a member: the rest of that, and what comes behind it. It is read
        from its beginning, for its checksum; one that was changed is told (Problem.REPLACED)."""
        if rest.cut is None:
            raise ValueError("no member is cut")
        with _raw(rest.cut) as raw:
            status = lib.pytp_pack_rest(self._handle, path, name, rest.block, raw)
        self._check(status)

    def forget(self, block: int) -> None:
        """With frames: nothing in front of that block of the archive will be cut any more."""
        lib.pytp_pack_forget(self._handle, block)

    def flush_log(self) -> None:
        """Let the member log have all members that are complete so far."""
        lib.pytp_pack_flush_log(self._handle)

    def restart(self) -> None:
        """Begin the next archive, in a ring that has been reset."""
        lib.pytp_pack_restart(self._handle)

    def stop(self) -> None:
        """Stop the ring, and this packer also where it waits for a slow source; from any thread."""
        lib.pytp_pack_stop(self._handle)

    def counts(self) -> PackCounts:
        raw = ffi.new("pytp_pack_counts *")
        lib.pytp_pack_read_counts(self._handle, raw)
        return PackCounts(raw.members, raw.data_bytes, raw.problems, raw.log_error)

    @staticmethod
    def _check(status: int) -> None:
        if status == lib.PYTP_CANCELLED:
            raise PackCancelled
        if status:
            raise PytpError("archive", "cannot be built: out of memory", "free memory or back up fewer files at a time")
