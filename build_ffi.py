# SPDX-License-Identifier: WTFPL OR MIT
"""Build pytp_native._ffi: one API-mode extension from _decl/*.h (what Python may see) and csrc/*.c (our C).

Request codes, structure layouts and enum values are written as `...` in _decl and filled in by the compiler from
the kernel's headers, so they are right on every architecture.
"""

import os
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).resolve().parent
PACKAGE = ROOT / "pytp_native"
# ring.h first: the others name its types.
DECLARATIONS = sorted((PACKAGE / "_decl").glob("*.h"), key=lambda path: (path.name != "ring.h", path.name))
SOURCES = sorted((PACKAGE / "csrc").glob("*.c"))

PREAMBLE = """
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/mtio.h>
#include <scsi/sg.h>
"""


def declared_headers() -> str:
    """Return the #include lines for our own headers: every csrc header that has a declaration file of its name."""
    names = [path.name for path in DECLARATIONS if (PACKAGE / "csrc" / path.name).exists()]
    return "".join(f'#include "{name}"\n' for name in names)


def sanitizers() -> list[str]:
    """PYTP_SANITIZE=address,undefined (or thread) builds the C core under the compiler's sanitizers (.ci/sanitize)."""
    chosen = os.environ.get("PYTP_SANITIZE")
    if not chosen:
        return []
    return [f"-fsanitize={chosen}", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g"]


def compile_args() -> list[str]:
    """PYTP_WERROR=1 makes warnings errors. -O1 under sanitizers: their reports then name the right lines."""
    args = ["-std=gnu11", "-O3", "-D_GNU_SOURCE", "-pthread", "-fvisibility=hidden", "-Wall", "-Wextra"]
    if os.environ.get("PYTP_WERROR"):
        args.append("-Werror")
    if sanitizers():
        args += ["-O1", *sanitizers()]
    return args


ffibuilder = FFI()
for declaration in DECLARATIONS:
    ffibuilder.cdef(declaration.read_text())
ffibuilder.set_source(
    "pytp_native._ffi",
    PREAMBLE + declared_headers(),
    sources=[os.path.relpath(path, ROOT) for path in SOURCES],
    depends=[os.path.relpath(path, ROOT) for path in (PACKAGE / "csrc").glob("*.h")],
    include_dirs=["pytp_native/csrc"],
    extra_compile_args=compile_args(),
    extra_link_args=["-pthread", *sanitizers()],
)

if __name__ == "__main__":
    from build_needs import check

    check()
    ffibuilder.compile(verbose=True)
