# SPDX-License-Identifier: WTFPL OR MIT
"""The packer where the system is not as usual: file systems that fail in their own ways, little stack, trees that were
nested to do harm. Each in a process of its own, because it may die of it."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

COMPILER = shutil.which("cc") or shutil.which("gcc")

NO_HOLES_TOLD = """
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
off_t lseek(int fd, off_t at, int whence)
{
    if (whence == SEEK_DATA || whence == SEEK_HOLE) {
        errno = EINVAL;
        return -1;
    }
    return syscall(SYS_lseek, fd, at, whence);
}
off_t lseek64(int fd, off_t at, int whence) { return lseek(fd, at, whence); }
"""

GROUPS_WITH_MANY_MEMBERS = """
#include <errno.h>
#include <grp.h>
int getgrgid_r(gid_t id, struct group *entry, char *buffer, size_t room, struct group **found)
{
    *found = 0;
    if (room < 100000)
        return ERANGE;
    static char *nobody[] = {0};
    *entry = (struct group){.gr_name = "not a hole", .gr_passwd = "", .gr_gid = id, .gr_mem = nobody};
    *found = entry;
    return 0;
}
"""

PACK = """
import sys
from pathlib import Path
from pack_support import pack
packed = pack(Path(sys.argv[1]))
print(len(packed.members), len(packed.problems), packed.data.count(b"not a hole"))
"""


def packed_elsewhere(tree: Path, *, preload: str = "", stack_bytes: int = 0) -> str:
    """Pack `tree` in a new process; return how many members and problems there were, and how often the marker."""
    environ = dict(os.environ)
    environ["PYTHONPATH"] = os.pathsep.join((environ.get("PYTHONPATH", ""), str(Path(__file__).parent)))
    if preload:  # behind what is loaded already: a sanitizer wants to be first
        environ["LD_PRELOAD"] = ":".join(filter(None, (environ.get("LD_PRELOAD"), preload)))
    command = [sys.executable, "-c", PACK, str(tree)]
    if stack_bytes:
        command = ["sh", "-c", f'ulimit -s {stack_bytes // 1024} && exec "$0" "$@"', *command]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
def test_a_file_system_that_does_not_tell_of_holes_has_its_sparse_files_saved_whole(tmp_path: Path) -> None:
    source, shim = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(NO_HOLES_TOLD)
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", shim, source], check=True)
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "sparse").open("wb") as file:
        file.seek(1 << 20)
        file.write(b"not a hole")
        file.truncate(2 << 20)
    assert packed_elsewhere(tree, preload=str(shim)) == "2 0 1"


@pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")
def test_a_group_with_thousands_of_members_keeps_its_name(tmp_path: Path) -> None:
    source, shim = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(GROUPS_WITH_MANY_MEMBERS)
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-o", shim, source], check=True)
    tree = tmp_path / "tree"
    tree.mkdir()
    assert packed_elsewhere(tree, preload=str(shim)) == "1 0 1"


@pytest.fixture
def nested(tmp_path: Path) -> Iterator[Path]:
    """A chain of 800 directories; rm takes it away again, which knows how."""
    top = tmp_path / "nested"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(800):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    yield top
    subprocess.run(["rm", "-rf", top], check=True)


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 1500, reason="needs a descriptor for each level")
def test_nested_directories_need_no_stack_of_the_process(nested: Path) -> None:
    """Threads get a stack as large as the process's limit unless told otherwise; anybody may nest deeper."""
    assert packed_elsewhere(nested, stack_bytes=256 << 10) == "801 0 0"
