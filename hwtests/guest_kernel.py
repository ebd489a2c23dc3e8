# SPDX-License-Identifier: WTFPL OR MIT
"""Debian's stock kernel, unpacked into a cache, and an initramfs for it. Needs only apt, dpkg-deb and busybox."""

from __future__ import annotations

import lzma
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

METAPACKAGE = "linux-image-amd64"
BOOT_MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay")
UNUSED_TREES = ("gpu", "media", "net", "iio", "infiniband", "usb")


class GuestError(Exception):
    """The guest could not be made or did not come up."""


class Kernel(NamedTuple):
    """An unpacked kernel package: `tree`/vmlinux and `tree`/lib/modules/`release`."""

    tree: Path
    release: str

    @property
    def modules(self) -> Path:
        return self.tree / "lib/modules" / self.release


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pytp" / "guest"


def run(*command: str | Path, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
        )
    except FileNotFoundError:
        raise GuestError(f"{command[0]} is not installed; hwtests/README.md lists the packages") from None
    except subprocess.CalledProcessError as error:
        raise GuestError(f"{' '.join(map(str, command))}: exit {error.returncode}: {error.stderr.strip()}") from None
    return done.stdout


def find_kernel() -> Kernel:
    """The newest kernel in the cache, else Debian's current one, downloaded with apt (70 MB, once)."""
    cached = sorted(cache().glob("linux-image-*/vmlinux"), key=lambda path: path.stat().st_mtime)
    tree = cached[-1].parent if cached else download()
    return Kernel(tree, next((tree / "lib/modules").iterdir()).name)


def download() -> Path:
    found = re.search(r"Depends: (linux-image-\d\S+)", run("apt-cache", "depends", METAPACKAGE))
    if not found:
        raise GuestError(f"apt knows no {METAPACKAGE}; run apt-get update")
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache(), prefix=".new-") as directory:
        run("apt-get", "download", found[1], cwd=Path(directory))
        return unpack(next(Path(directory).glob("*.deb")), cache() / found[1])


def unpack(package: Path, target: Path) -> Path:
    """Unpack without what a tape guest never loads, and the kernel as an ELF file: QEMU starts that at once."""
    tree = package.parent / "tree"
    tree.mkdir()
    excludes = [f"--exclude=*/drivers/{name}" for name in UNUSED_TREES]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as archive:
        subprocess.run(["tar", "-x", "-C", tree, *excludes, "--exclude=*/sound"], stdin=archive.stdout, check=True)
    if not (tree / "lib/modules").exists():
        (tree / "lib").symlink_to("usr/lib")
    release = next((tree / "lib/modules").iterdir()).name
    run("busybox", "depmod", "-b", tree, release)
    (tree / "vmlinux").write_bytes(elf_kernel((tree / f"boot/vmlinuz-{release}").read_bytes()))
    shutil.rmtree(tree / "boot")
    tree.rename(target)
    return target


def elf_kernel(bzimage: bytes) -> bytes:
    """The kernel inside a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset, payload_length)."""
    offset, length = struct.unpack_from("<II", bzimage, 0x248)
    start = ((bzimage[0x1F1] or 4) + 1) * 512 + offset
    payload = bzimage[start : start + length]
    if payload.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor().decompress(payload)
    return bzimage  # another compression: it boots as it is, more slowly


def load_order(kernel: Kernel, names: Iterable[str]) -> list[Path]:
    """Files of the named modules, each behind the ones it needs; names that are built in are left out."""
    needs: dict[str, list[str]] = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines():
        path, _, others = line.partition(":")
        needs[path] = others.split()
    by_name = {Path(path).name.partition(".")[0].replace("-", "_"): path for path in needs}

    def with_needs(path: str) -> Iterator[str]:
        for other in needs[path]:
            yield from with_needs(other)
        yield path

    ordered = dict.fromkeys(path for name in names if name in by_name for path in with_needs(by_name[name]))
    return [kernel.modules / path for path in ordered]


def initramfs(kernel: Kernel, files: dict[str, bytes]) -> bytes:
    """busybox, the boot modules, and `files` (executable), as a newc cpio archive."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise GuestError("busybox is not installed; hwtests/README.md lists the packages")
    entries = dict.fromkeys(("bin", "dev", "proc", "sys", "modules", "guest"))
    contents = {"bin/busybox": Path(busybox).read_bytes(), **files}
    for number, module in enumerate(load_order(kernel, BOOT_MODULES)):
        contents[f"modules/{number:02}-{module.name}"] = module.read_bytes()
    return b"".join(map(cpio_entry, [*entries.items(), *contents.items(), ("TRAILER!!!", b"")]))


def cpio_entry(item: tuple[str, bytes | None]) -> bytes:
    """One member; None makes a directory."""
    name, data = item[0].encode() + b"\0", item[1] or b""
    mode = 0o755 | (stat.S_IFDIR if item[1] is None else stat.S_IFREG)
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + name
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
