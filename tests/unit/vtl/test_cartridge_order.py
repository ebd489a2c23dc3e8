# SPDX-License-Identifier: WTFPL OR MIT
"""In which order a cartridge's files reach the host's disk: what a power cut finds there depends on nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytp_native.errors import MediumDamaged
from pytp_native.vtl.cartridge import Cartridge

COMPILER = shutil.which("cc") or shutil.which("gcc")

TELL_CALLS = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
static void tell(const char *what, int length) { (void)!syscall(SYS_write, 1, what, length); }
int fdatasync(int fd) { tell("sync ", 5); return (int)syscall(SYS_fdatasync, fd); }
int ftruncate(int fd, off_t to) { tell("cut ", 4); return (int)syscall(SYS_ftruncate, fd, to); }
int ftruncate64(int fd, off_t to) { return ftruncate(fd, to); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at)
{
    if (length == 8 && at == 16) /* header.synced */
        tell("claim ", 6);
    return syscall(SYS_pwrite64, fd, data, length, at);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) { return pwrite(fd, data, length, at); }
"""

WORK = """
import sys
from pytp_native.vtl.cartridge import Cartridge
cartridge = Cartridge(sys.argv[1])
cartridge.append(b"data")
cartridge.mark()
cartridge.sync()
cartridge.cut(1)
"""


@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
def test_the_header_never_claims_more_than_the_disk_holds(cartridge: Cartridge, tmp_path: Path) -> None:
    """Data (two files) and index first, then the claim; a claim is lowered on disk before the index gets shorter."""
    cartridge.close()
    source, shim = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(TELL_CALLS)
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", shim, source], check=True)
    preload = ":".join(filter(None, (os.environ.get("LD_PRELOAD"), str(shim))))
    words = [sys.executable, "-c", WORK, cartridge.directory]
    done = subprocess.run(words, env={**os.environ, "LD_PRELOAD": preload}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["sync", "sync", "sync", "claim", "claim", "sync", "cut", "cut", "cut"]


def test_a_damaged_cartridge_keeps_no_file_open(cartridge: Cartridge) -> None:
    cartridge.close()
    with open(os.path.join(cartridge.directory, "index"), "r+b") as file:
        file.write(b"PYTP?")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(MediumDamaged):
            Cartridge(cartridge.directory)
    assert len(os.listdir("/proc/self/fd")) == before
