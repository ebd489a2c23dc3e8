# SPDX-License-Identifier: WTFPL OR MIT
"""Run the hardware tests in a guest with an emulated tape library behind the real st, sg and ch drivers.

    python -m hwtests.guest [--library vtl|tgt] [PYTEST ARGUMENT...]
    python -m hwtests.guest [--library vtl|tgt] --run COMMAND...

Boots Debian's stock kernel in QEMU without KVM. The guest sees this machine's file system read-only under a RAM
overlay, so the same interpreter and tree are there. The drive is our own virtual one (vtl) or
tgtd's (tgt).
Exit status: the command's own; 124 out of time, 125 no guest.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread

from hwtests.guest_kernel import GuestError, Kernel, cache, find_kernel, initramfs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PASSED_ON = re.compile(r"(PATH|HOME|USER|LANG|TERM|TZ|CI|VIRTUAL_ENV|HYPOTHESIS_\w+)$|(LC_|PYTHON|PYTEST|PYTP)")
MEMORY_MIB = 2048
CARTRIDGE_MIB = {"vtl": 4, "tgt": 8}
START_S, TRIES = 90, 3
"""A guest that is not up by then is replaced: about one boot in some hundreds hangs under emulation."""
RUN_S = 1800
TIMED_OUT, FAILED = 124, 125
SEQUENCES = "500"
TABLES = "from hypothesis import given, strategies; given(strategies.text())(lambda text: None)()"
"""Has hypothesis make its tables of Unicode and keep them: in the guest that would take a minute and a half."""


def prepare(directory: Path) -> None:
    """Do here what would take the guest minutes: hypothesis's tables, and the sequences of test_twins."""
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(cache() / "hypothesis"))
    subprocess.run([sys.executable, "-c", TABLES], check=False, stderr=subprocess.DEVNULL)
    sequences = directory / "sequences"
    numbers = os.environ.get("PYTP_SEQUENCES", SEQUENCES), os.environ.get("PYTP_SEED", "1")
    made = subprocess.run([sys.executable, "-m", "hwtests.sequences", sequences, *numbers], cwd=ROOT, check=False)
    if made.returncode:
        raise GuestError("the sequences of test_twins cannot be made; is hypothesis installed?")
    os.environ["PYTP_GUEST_SEQUENCES"] = str(sequences)


def environment(library: str) -> bytes:
    """What the guest knows of our environment, as shell text; it starts in our directory."""
    passed = {name: value for name, value in os.environ.items() if PASSED_ON.match(name)}
    passed.update(
        PYTP_GUEST=library,
        PYTP_GUEST_CARTRIDGE_MIB=str(CARTRIDGE_MIB[library]),
        PYTP_PYTHON=sys.executable,
        PYTHONDONTWRITEBYTECODE="1",
    )
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(passed.items()))
    return f"{exports}cd {shlex.quote(str(ROOT))}\n".encode()


def guest_files(kernel: Kernel, command: list[str], library: str) -> dict[str, bytes]:
    config = f"modules={shlex.quote(str(kernel.tree / 'lib/modules'))}\nrelease={kernel.release}\n"
    return {
        "init": (HERE / "guest-init").read_bytes(),
        "guest/library": (HERE / "guest-library").read_bytes(),
        "guest/config": config.encode(),
        "guest/environment": environment(library),
        "guest/job": f"#!/bin/sh\nexec {shlex.join(command)}\n".encode(),
    }


def qemu(kernel: Kernel, directory: Path) -> list[str]:
    """The guest's command line: its output on its stdout, its console and status in files."""
    return [
        "setpriv", "--pdeathsig", "KILL",  # no guest outlives its launcher
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "max",
        "-smp", str(min(os.cpu_count() or 1, 4)), "-m", str(MEMORY_MIB),
        "-kernel", str(kernel.tree / "vmlinux"), "-initrd", str(directory / "initramfs"),
        # norandmaps: TCG can reuse its translations, processes start in half the time.
        # no_timer_check: on a loaded host the timer's ticks come too late for that check, and the kernel panics.
        "-append", "console=ttyS0 panic=-1 quiet norandmaps no_timer_check random.trust_cpu=on",
        "-virtfs", "local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on",
        "-chardev", f"file,id=console,path={directory}/console", "-serial", "chardev:console",
        "-device", "virtio-serial",
        "-chardev", "file,id=output,path=/proc/self/fd/1,append=on",
        "-device", "virtserialport,chardev=output,name=output",
        "-chardev", f"file,id=status,path={directory}/status", "-device", "virtserialport,chardev=status,name=status",
    ]  # fmt: skip


def wait_until_up(guest: subprocess.Popen[bytes], status: Path) -> bool:
    """Wait for the library in the guest, as shown by the first word of its status."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if status.exists() and status.read_bytes():
            return True
        try:
            guest.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        return bool(status.exists() and status.read_bytes())
    return False


def pass_on(guest: subprocess.Popen[bytes]) -> None:
    """Copy what the guest's command writes to our stdout, as it comes."""
    try:
        while guest.stdout and (data := os.read(guest.stdout.fileno(), 1 << 16)):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        guest.kill()  # nobody listens any more


def boot(command: list[str], library: str, kernel: Kernel, directory: Path) -> int | None:
    """Run one guest to its end; its command's exit status, or None when it did not come up."""
    status = directory / "status"
    (directory / "initramfs").write_bytes(initramfs(kernel, guest_files(kernel, command, library)))
    with subprocess.Popen(qemu(kernel, directory), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as guest:
        # QEMU opens what it is given anew: a file of ours would be written by both of us, each at its own place.
        passing_on = Thread(target=pass_on, args=(guest,))
        passing_on.start()
        try:
            if not wait_until_up(guest, status):
                return None
            guest.wait(RUN_S)
        except subprocess.TimeoutExpired:
            return TIMED_OUT
        finally:
            guest.kill()
            passing_on.join()
    words = status.read_text().split()
    return int(words[1]) if len(words) == 2 else FAILED


def run_in_guest(command: list[str], library: str) -> int:
    kernel = find_kernel()
    for _ in range(TRIES):
        with tempfile.TemporaryDirectory(prefix="pytp-guest-") as name:
            code = boot(command, library, kernel, Path(name))
            if code is not None and code != FAILED:
                return code
            console = Path(name, "console")
            sys.stderr.write(console.read_text(errors="replace")[-4000:] if console.exists() else "")
        if code == FAILED:
            raise GuestError("the guest ended without a status; its console is above")
    raise GuestError(f"the guest was not up within {START_S} s, {TRIES} times")


def main(arguments: list[str]) -> int:
    library = "vtl"
    if arguments[:1] == ["--library"] and arguments[1:2] and arguments[1] in CARTRIDGE_MIB:
        library, arguments = arguments[1], arguments[2:]
    if arguments[:1] == ["--run"]:
        command = arguments[1:]
    else:
        command = [sys.executable, "-m", "pytest", "hwtests", "-p", "no:cacheprovider", *arguments]
    try:
        with tempfile.TemporaryDirectory(prefix="pytp-guest-") as directory:
            if arguments[:1] != ["--run"]:
                prepare(Path(directory))
            return run_in_guest(command, library)
    except GuestError as error:
        print(f"hwtests.guest: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
