# SPDX-License-Identifier: WTFPL OR MIT
"""vtl:DIR/drive0 as a tape: the virtual st layer under the kernel's error stories."""

from __future__ import annotations

import errno
import os
from io import UnsupportedOperation

from pytp_native.errors import DeviceBusy, PytpError
from pytp_native.ffi import lib
from pytp_native.transport import errno_story, holders
from pytp_native.transport.linux_st import LinuxSt
from pytp_native.transport.records import MtStatus
from pytp_native.transport.st_node import STOP_NAMES, StNode, slot_bytes, to_int32
from pytp_native.vtl import bulk
from pytp_native.vtl.inventory import drive_directory
from pytp_native.vtl.st import StDriver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from pytp_native.transport.base import BlockRing
    from pytp_native.transport.records import Moved

    T = TypeVar("T")


def open_virtual_tape(path: str, drive: int, *, write: bool = False, status_only: bool = False) -> VirtualTape:
    """Open drive `drive` of the library at `path`. Raises DeviceBusy, NoMedium, WriteProtected, BadAddress."""
    address = f"vtl:{path}/drive{drive}"
    try:
        st = StDriver(path, drive, write=write, nonblock=status_only)
    except OSError as error:
        raise errno_story.open_error(address, error.errno or 0, write=write) from error
    except DeviceBusy as busy:
        who = holders.describe(os.path.join(drive_directory(path, drive), "lock"))
        raise errno_story.open_error(address, errno.EBUSY, write=write, holders=who) from busy
    return VirtualTape(address, VirtualNode(st))


class VirtualNode(StNode):
    """The calls of st_node.StNode on a virtual st; OSError is all that can happen. `story` is what the drive knows
    of it."""

    def __init__(self, st: StDriver) -> None:
        super().__init__(-1)
        self.st = st
        self.story: PytpError | None = None

    def read(self, into: memoryview) -> int:
        return self._noting(lambda: self.st.read(into.cast("B")))

    def write(self, data: bytes | memoryview) -> int:
        return self._noting(lambda: self.st.write(memoryview(data).cast("B")))

    def operate(self, operation: int, count: int) -> None:
        self._noting(lambda: self.st.operate(operation, to_int32(count)))

    def get(self) -> MtStatus:
        return MtStatus(*self.st.status())

    def pos(self) -> int:
        return self.st.position()

    def write_from(self, ring: BlockRing, limit: int) -> tuple[int, int, str, int]:
        return self._told(self.st.write_from(ring.handle, limit))

    def read_into(self, ring: BlockRing, limit: int) -> tuple[int, int, str, int]:
        return self._told(self.st.read_into(ring.handle, slot_bytes(ring), limit))

    def close(self) -> None:
        self._noting(self.st.close)

    def _noting(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except OSError:
            self.story = self.st.story()
            raise

    def _told(self, moved: bulk.Moved) -> tuple[int, int, str, int]:
        self.story = self.st.story()
        return moved.blocks, moved.data_bytes, STOP_NAMES[moved.stop], moved.error


class VirtualTape(LinuxSt):
    """One open virtual drive. Where the virtual drive knows more than an errno says, that is the story."""

    def __init__(self, address: str, node: VirtualNode) -> None:
        super().__init__(address, node)
        self._virtual = node

    def fileno(self) -> int:
        raise UnsupportedOperation("a virtual drive has no file descriptor")

    def wait_from_now_on(self) -> None:
        """Nothing to wait for: virtual cartridges thread at once."""

    def read_block(self, into: memoryview) -> int:
        return self._retold(lambda: LinuxSt.read_block(self, into))

    def write_block(self, data: bytes | memoryview) -> int:
        return self._retold(lambda: LinuxSt.write_block(self, data))

    def operate(self, operation: int, count: int = 1) -> None:
        self._retold(lambda: LinuxSt.operate(self, operation, count))

    def sync(self) -> None:
        if self._virtual.st.writable:
            self.operate(lib.MTWEOF, 0)

    def close(self) -> None:
        self._retold(lambda: LinuxSt.close(self))

    def write_from(self, ring: BlockRing, *, limit: int = 0) -> Moved:
        return self._retold_end(super().write_from(ring, limit=limit))

    def read_into(self, ring: BlockRing, *, limit: int = 0) -> Moved:
        return self._retold_end(super().read_into(ring, limit=limit))

    def _retold(self, call: Callable[[], T]) -> T:
        self._virtual.story = None
        try:
            return call()
        except PytpError as error:
            if self._virtual.story is None:
                raise
            raise self._better(self._virtual.story) from error

    def _retold_end(self, moved: Moved) -> Moved:
        if moved.error is None or self._virtual.story is None:
            return moved
        return moved._replace(error=self._better(self._virtual.story))

    def _better(self, story: PytpError) -> PytpError:
        """Put this drive's address in front of what is known."""
        fact = f"{story.subject}: {story.fact}" if story.subject else story.fact
        return type(story)(self.address, fact, story.next_step)

    def _at_end_of_data(self) -> bool:
        return self._virtual.st.met_end
