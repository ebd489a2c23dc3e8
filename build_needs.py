# SPDX-License-Identifier: WTFPL OR MIT
"""What the C part needs to be built, checked before a compiler can fail on it: says what to install, in one line."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence

XXHASH_MINIMUM = 800
"""XXH3-128 is final since xxHash 0.8.0; before it the same name gave other sums."""

PACKAGES = {
    "stdio.h": "libc6-dev",
    "linux/mtio.h": "linux-libc-dev",
    "linux/posix_acl_xattr.h": "linux-libc-dev",
    "scsi/sg.h": "libc6-dev",
    "xxhash.h": "libxxhash-dev",
    "Python.h": f"python{sys.version_info[0]}.{sys.version_info[1]}-dev",
}
"""Header: the package of Debian and Ubuntu that has it."""


class NeedsMissing(SystemExit):
    """Ends the build with its message instead of a traceback."""


def compiler_command() -> list[str]:
    """The C compiler that setuptools will run: $CC, else the one that built this Python."""
    return shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


def include_paths() -> list[str]:
    paths = sysconfig.get_paths()
    return list(dict.fromkeys((paths["include"], paths["platinclude"])))


def check() -> None:
    """Raise NeedsMissing if something is not there; return quietly otherwise."""
    if not sys.platform.startswith("linux"):
        raise NeedsMissing(
            f"pytp: this is {sys.platform}; pytp drives tapes through Linux's st driver, build it on Linux"
        )
    compiler = compiler_command()
    if shutil.which(compiler[0]) is None:
        packages = ["gcc", *dict.fromkeys(PACKAGES.values())]
        raise NeedsMissing(advice(f"the C compiler {compiler[0]} is not installed", packages))
    missing = missing_headers(compiler)
    if missing:
        packages = list(dict.fromkeys(PACKAGES[name] for name in missing))
        raise NeedsMissing(advice(f"{', '.join(missing)} not found (or too old)", packages))


def advice(fact: str, packages: Sequence[str]) -> str:
    return f"pytp: cannot build the C part: {fact}; install it with: sudo apt-get install {' '.join(packages)}"


def probe() -> str:
    """A C text whose preprocessed form has a line `missing: NAME` for each header that is not there."""
    lines = [f'#if !__has_include(<{name}>)\nmissing: "{name}"\n#endif' for name in PACKAGES]
    old = f'#include <xxhash.h>\n#if XXH_VERSION_NUMBER < {XXHASH_MINIMUM}\nmissing: "xxhash.h"\n#endif'
    return "\n".join([*lines, f"#if __has_include(<xxhash.h>) && __has_include(<stdio.h>)\n{old}\n#endif\n"])


def missing_headers(compiler: Sequence[str]) -> list[str]:
    """Ask the compiler's preprocessor, which knows its own search path. A compiler that cannot be asked (it fails
    for another reason) is left to speak for itself in the build."""
    command = [*compiler, "-E", "-P", *(f"-I{path}" for path in include_paths()), "-x", "c", "-"]
    answer = subprocess.run(command, input=probe(), capture_output=True, text=True, check=False)  # noqa: S603
    found = [line.split('"')[1] for line in answer.stdout.splitlines() if line.startswith("missing: ")]
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    check()
