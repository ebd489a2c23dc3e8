# SPDX-License-Identifier: WTFPL OR MIT
"""Which sessions are being written at the moment: each holds a lock on a byte of its own of a file beside the catalog.

The kernel drops it with the process, however that ends (fcntl(2), open file description locks). A process number would
say less: after a reboot, or in another container, it is somebody else's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import weakref

from pytp_native.errors import CatalogError

_SUFFIX = "-running"
_FLOCK = "hhqqi0q"
"""struct flock: type, whence, start, length, pid."""


class Held:
    """The lock of one session, by its uuid, until `release` or the end of the process."""

    def __init__(self, catalog: str, uuid: str) -> None:
        """A file system without locks keeps none: then any session looks as if it were over. Raises CatalogError."""
        path = catalog + _SUFFIX
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.release = weakref.finalize(self, os.close, fd)
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _lock_of(uuid))
        except BlockingIOError as error:
            raise CatalogError(path, "another process is writing this session", "let it end") from error
        except OSError as error:
            if error.errno not in {errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}:
                raise CatalogError(
                    path, os.strerror(error.errno or 0), "make room, or give it to who writes tapes"
                ) from error


def is_running(catalog: str, uuid: str) -> bool:
    """Tell whether some process holds it, this one included. Who may not look takes it for running."""
    try:
        fd = os.open(catalog + _SUFFIX, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        kind = struct.unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _lock_of(uuid)))[0]
    except OSError:
        return False
    finally:
        os.close(fd)
    return bool(kind != fcntl.F_UNLCK)


def _lock_of(uuid: str) -> bytes:
    """The last characters are the random ones of a uuid."""
    return struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, int.from_bytes(uuid.encode()[-7:], "big"), 1, 0)
