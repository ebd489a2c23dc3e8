# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp config --write`: the devices that are attached as a config.json. Never replaces a file unasked, and never
leaves half a file."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import Any

from pytp_cli.cmd_devices import look
from pytp_cli.run import Run
from pytp_native.config import Config, candidates, read
from pytp_native.errors import ConfigError, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.discovery import Found

_NO_DEVICES = (
    "attach one and load its driver (modprobe st, ch, sg), or make a virtual one (pytp vtl create DIR) and name it:"
    " PYTP_DEV=vtl:DIR/drive0; --virtual takes the default one"
)


def write_config(run: Run, named: str | None, *, overwrite: bool, virtual: bool = False) -> None:
    """Find the devices and write the file. Raises Refused for a file that is there, ConfigError if nothing was found or
    the file cannot be written."""
    from pytp_native.devices.configuration import propose

    path = named or os.environ.get("PYTP_CONFIG") or candidates(os.environ)[0]
    there = os.path.lexists(path)
    known = read(path) if there else Config()
    found = look(known, default=False)
    if virtual and not found.drives and not found.libraries:
        found = _virtual(run, known)
    proposal = propose(found, _raw(path) if there else {})
    for note in proposal.notes:
        run.note(note)
    if proposal.is_empty:
        raise ConfigError(path, "no tape drive and no library was found; nothing was written", _NO_DEVICES)
    text = json.dumps(proposal.data, indent=4) + "\n"
    run.fields.update({"file": path, "written": False, "config": proposal.data})
    if there and proposal.data == _raw(path):
        run.say(f"{path} says so already")
        return
    if there and not overwrite:
        raise Refused(path, "it exists; nothing was written", "say --overwrite to replace it, or name another file")
    old = _write(path, text, keep_old=there)
    run.fields["written"] = True
    kept = f"; the old one is {old}" if old else ""
    counts = f"drives: {len(proposal.data['tape_drives'])}, libraries: {len(proposal.data['tape_libraries'])}"
    run.say(f"{path} written ({counts}{kept})")


def _virtual(run: Run, known: Config) -> Found:
    """Find the default virtual library; it is created at its first use, and this is one."""
    from pytp_native.vtl.library import open_or_create_default

    library, new = open_or_create_default()
    if new:
        run.note(f"virtual library {library.path} created now")
    return look(known)


def _raw(path: str) -> dict[str, Any]:
    """The file as it is, for the keys that Config does not have; `read` has checked it."""
    with open(path, encoding="utf-8") as file:
        found: dict[str, Any] = json.load(file)
    return found


def _write(path: str, text: str, *, keep_old: bool) -> str | None:
    """Put the whole file into its place at once, with the permissions of the one that was there.

    Returns the name under which that one is kept.
    """
    real = os.path.realpath(path)
    folder = os.path.dirname(real)
    temporary = None
    try:
        os.makedirs(folder, exist_ok=True)
        mode = os.stat(real).st_mode & 0o777 if keep_old else 0o666 & ~_umask()
        with NamedTemporaryFile("w", encoding="utf-8", dir=folder, prefix=".config.json.", delete=False) as file:
            temporary = file.name
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        old = _keep(real) if keep_old else None
        os.replace(temporary, real)
    except OSError as exc:
        if temporary is not None:
            with suppress(OSError):
                os.unlink(temporary)
        raise ConfigError(path, f"cannot be written ({exc.strerror})", "name another file") from exc
    return old


def _keep(path: str) -> str:
    """Keep the old file under another name; at no moment is there none."""
    old = f"{path}.old"
    with suppress(FileNotFoundError):
        os.unlink(old)
    os.link(path, old)
    return old


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
