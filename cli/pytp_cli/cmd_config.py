# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp config` and `pytp doc`: what applies, and the manual."""

from __future__ import annotations

import os
from typing import Annotated, Optional

import typer

from pytp_cli import options
from pytp_cli.run import Run
from pytp_native.config import Config
from pytp_native.errors import UsageError


def config(
    ctx: typer.Context,
    file: Annotated[
        Optional[str],  # noqa: UP045  # typer reads the annotation at run time
        typer.Argument(
            metavar="FILE",
            help="With --write: the file. Default: --config FILE, $PYTP_CONFIG, else ~/.config/pytp/config.json.",
        ),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write a configuration with all devices found.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --write: replace the file if there is one.")
    ] = False,
    virtual: Annotated[
        bool,
        typer.Option("--virtual", help="With --write: write the default virtual library if there is nothing else."),
    ] = False,
    as_json: options.Json = False,
) -> int:
    """Names the file it came from, directories, drives and libraries, and whether each device node is there.

    --write asks every drive and library that `pytp devices` lists and writes them down under their stable names.
    Settings, names and block sizes of a file that is replaced stay, also its devices that are not there at the moment;
    the file itself is kept as FILE.old. Without any device nothing is written, unless --virtual asks for the default
    virtual library.
    """
    with Run(ctx, "config", as_json=as_json) as run:
        if write:
            from pytp_cli.config_writer import write_config

            write_config(run, file or ctx.obj, overwrite=overwrite, virtual=virtual)
        elif file or overwrite or virtual:
            raise UsageError("config", "that goes with --write", "pytp --config FILE config shows another file")
        else:
            run.fields.update(_object(run.config))
            run.say(_text(run.config))
    return run.exit_code


def doc(
    ctx: typer.Context,
    title: Annotated[str, typer.Option("--title", help="First heading.")] = "pytp",
    toc: Annotated[bool, typer.Option("--toc/--no-toc", help="Add a table of contents.")] = False,
    as_json: options.Json = False,
) -> int:
    """Made from the same table and options as --help."""
    with Run(ctx, "doc", as_json=as_json) as run:
        from pytp_cli.manual import markdown

        text = markdown(title, toc=toc)
        run.fields["markdown"] = text
        run.say(text.rstrip("\n"))
    return run.exit_code


def _object(found: Config) -> dict[str, object]:
    return {
        "file": found.path,
        "tar_dir": found.tar_dir,
        "snapshot_dir": found.snapshot_dir,
        "drives": [{**drive._asdict(), "present": _present(drive.address)} for drive in found.drives],
        "libraries": [
            {**library._asdict(), "present": library.address and _present(library.address)}
            for library in found.libraries
        ],
    }


def _text(found: Config) -> str:
    from pytp_cli.selection import default_address
    from pytp_cli.tables import aligned

    if found.path is None:
        return f"No configuration file; the default drive is {default_address()}"
    blocks = [f"Configuration {found.path}"]
    blocks.append(aligned([("tar_dir", found.tar_dir or "-"), ("snapshot_dir", found.snapshot_dir or "-")]))
    drives = [("DRIVE", "DEVICE", "BLOCK SIZE", "PRESENT")]
    drives += [(d.name, d.address, str(d.block_bytes), _yes(_present(d.address))) for d in found.drives]
    blocks.append(aligned(drives, right=(2,)))
    if found.libraries:
        libraries = [("LIBRARY", "DEVICE", "SLOTS", "DRIVES", "PRESENT")]
        for item in found.libraries:
            present = _yes(item.address is not None and _present(item.address))
            libraries.append((item.name, item.address or "-", str(item.slots), " ".join(item.drives), present))
        blocks.append(aligned(libraries, right=(2,)))
    return "\n\n".join(blocks)


def _present(address: str) -> bool:
    """Tell whether the node, or the virtual library's directory, is there; nothing is opened."""
    scheme, colon, rest = address.partition(":")
    path = rest if colon and scheme in ("vtl", "replay") else address
    return os.path.exists(os.path.dirname(path) if scheme == "vtl" else path)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
