# SPDX-License-Identifier: WTFPL OR MIT
"""Packs a tree, checksums on, and writes the blocks to /dev/null: what the data path costs without a medium."""

import os
import sys
import tempfile
import threading

from pytp_native.ffi import ffi, lib
from pytp_native.stream.memory import available_bytes, ring_bytes
from pytp_native.stream.pack import Packer
from pytp_native.stream.ring import Ring


def main() -> None:
    ring = Ring(512 * 1024, ring_bytes(None, available_bytes()))
    moved = ffi.new("pytp_moved *")
    null = os.open("/dev/null", os.O_WRONLY)
    writer = threading.Thread(target=lib.pytp_write_fd, args=(ring.handle, null, 0, moved))
    with tempfile.TemporaryFile() as log:
        packer = Packer(ring, lambda *seen: print(seen, file=sys.stderr), members_fd=log.fileno())
        writer.start()
        for path in sys.argv[1:]:
            packer.add(os.fsencode(path), os.path.basename(os.fsencode(path)))
        packer.end()
        writer.join()
    print(f"{moved.blocks} blocks, {moved.bytes} bytes")


if __name__ == "__main__":
    main()
