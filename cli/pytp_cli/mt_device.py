# SPDX-License-Identifier: WTFPL OR MIT
"""The device that mt works on: a kernel node, a virtual drive or a trace, all failing with an errno and, where more is
known, its story."""

from __future__ import annotations

import errno
import fcntl
import os

from pytp_native.errors import BadAddress, DeviceBusy, NoMedium, PytpError, WriteProtected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeVar

    from pytp_native.transport.base import TapeTransport
    from pytp_native.transport.records import MtStatus
    from pytp_native.transport.st_node import StNode
    from pytp_native.transport.virtual import VirtualNode

    Result = TypeVar("Result")

    class Node(Protocol):
        """The calls of st on an open tape; OSError and PytpError are what can happen."""

        def operate(self, operation: int, count: int) -> None: ...
        def get(self) -> MtStatus: ...
        def pos(self) -> int: ...
        def close(self) -> None: ...


_SCHEMES = ("vtl", "replay", "trace")


class Failed(Exception):
    """A call on the device failed: the errno, and what is known beyond it."""

    def __init__(self, code: int, story: PytpError | None = None) -> None:
        self.code = code
        self.story = story
        super().__init__(code, story)


class Device:
    """An open device under the name that the user gave."""

    def __init__(self, name: str, node: Node, fd: int = -1) -> None:
        self.name = name
        self.fd = fd
        """Descriptor of a kernel node; -1 for others."""
        self._node = node

    def operate(self, operation: int, count: int) -> None:
        """MTIOCTOP. Raises Failed."""
        self._calling(lambda: self._node.operate(operation, count))

    def get(self) -> MtStatus:
        """MTIOCGET. Raises Failed."""
        return self._calling(self._node.get)

    def look(self) -> MtStatus | None:
        """MTIOCGET, None when it fails."""
        try:
            return self.get()
        except Failed:
            return None

    def pos(self) -> int:
        """MTIOCPOS. Raises Failed."""
        return self._calling(self._node.pos)

    def options(self) -> tuple[str, int | None]:
        """Return where the st driver's options are shown, and their bits. Raises mt_options.NotATape."""
        from pytp_cli import mt_options

        if self.fd >= 0:
            return mt_options.read(self.fd)
        st = getattr(self._node, "st", None)
        if st is None:
            raise mt_options.NotATape
        return self.name, int(st.raw.options)

    def close(self) -> None:
        """Give it back. A rewinding node rewinds now. Raises Failed."""
        self._calling(self._node.close)

    def _calling(self, call: Callable[[], Result]) -> Result:
        try:
            return call()
        except OSError as error:
            raise Failed(error.errno or errno.EIO, getattr(self._node, "story", None)) from error
        except PytpError as error:
            raise Failed(_code(error), error) from error


def open_device(name: str, *, write: bool, wait: bool) -> Device:
    """Open `name`. `wait` is an open without O_NONBLOCK: it needs a cartridge. Raises Failed."""
    scheme, colon, _ = name.partition(":")
    try:
        if colon and scheme in _SCHEMES:
            return Device(name, _open_address(name, write=write, wait=wait))
        node = _open_node(os.fsencode(name), write=write, wait=wait)
        return Device(name, node, node.fd)
    except OSError as error:
        raise Failed(error.errno or errno.EIO) from error
    except PytpError as error:
        raise Failed(_code(error, opening=True), error) from error
    except ValueError:
        raise Failed(errno.ENOENT) from None


def _open_node(path: bytes, *, write: bool, wait: bool) -> StNode:
    """As open(2) with or without O_NONBLOCK, but an empty drive is ENOMEDIUM at once: st would wait for two minutes
    first (st_open, ST_BLOCK_SECONDS). A drive that is loading is waited for. Anything may be opened; what is no tape
    fails at its first call."""
    from pytp_native.transport.st_node import StNode

    flags = os.O_CLOEXEC | (os.O_RDWR if write else os.O_RDONLY)
    node = StNode(os.open(path, flags | os.O_NONBLOCK))
    if not wait:
        return node
    try:
        verdict = _look_first(node, write=write)
    except BaseException:
        node.close()
        raise
    if verdict == 0:
        current = fcntl.fcntl(node.fd, fcntl.F_GETFL)
        fcntl.fcntl(node.fd, fcntl.F_SETFL, current & ~os.O_NONBLOCK)
        return node
    node.close()
    if verdict == errno.EAGAIN:
        return StNode(os.open(path, flags))
    raise OSError(verdict, os.strerror(verdict))


def _look_first(node: StNode, *, write: bool) -> int:
    """Return 0 for a tape to work with, EAGAIN for one to wait for, or the errno that a waiting open would give."""
    from pytp_native.transport.records import GMT_DR_OPEN, GMT_ONLINE, GMT_WR_PROT

    try:
        status = node.get()
    except OSError:
        return 0  # no tape, or one whose position a reset has lost: rewind must get at it
    if status.has(GMT_DR_OPEN):
        return errno.ENOMEDIUM
    if not status.has(GMT_ONLINE):
        return errno.EAGAIN
    return errno.EROFS if write and status.has(GMT_WR_PROT) else 0


def _open_address(name: str, *, write: bool, wait: bool) -> Node:
    from pytp_native.transport import open_tape, resolve

    address = resolve(name)
    if address.kind == "vtl drive":
        return _open_virtual(address.path, address.drive, write=write, wait=wait)
    return TransportNode(open_tape(name, write=write, status_only=not wait))


def _open_virtual(path: str, drive: int, *, write: bool, wait: bool) -> VirtualNode:
    from pytp_native.transport.virtual import VirtualNode
    from pytp_native.vtl.st import StDriver

    return VirtualNode(StDriver(path, drive, write=write, nonblock=not wait))


class TransportNode:
    """A TapeTransport with the calls of a node."""

    def __init__(self, tape: TapeTransport) -> None:
        self._tape = tape

    def operate(self, operation: int, count: int) -> None:
        self._tape.operate(operation, count)

    def get(self) -> MtStatus:
        return self._tape.status()

    def pos(self) -> int:
        return self._tape.position()

    def close(self) -> None:
        self._tape.close()


def _code(error: BaseException, *, opening: bool = False) -> int:
    """Return the errno under a typed error, or the one that the kernel would give for it."""
    if isinstance(error, DeviceBusy):
        return errno.EBUSY  # under it is the EAGAIN of a virtual drive's lock
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return cause.errno
        cause = cause.__cause__
    if isinstance(error, NoMedium):
        return errno.ENOMEDIUM
    if isinstance(error, BadAddress):
        return errno.ENOENT
    if isinstance(error, WriteProtected):
        return errno.EROFS if opening else errno.EACCES
    return errno.EIO
