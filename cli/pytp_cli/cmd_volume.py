# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp label` and `pytp duplicate`: whole cartridges."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated, Optional

import typer

from pytp_cli import backup_options as given
from pytp_cli import options
from pytp_cli.catalog_choice import open_if_there
from pytp_cli.run import Run
from pytp_native.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.devices.drive import Drive
    from pytp_native.jobs.duplicate import Consent
    from pytp_native.jobs.events import Emit, JobReport
    from pytp_native.jobs.interrupt import Interrupt


def label(
    ctx: typer.Context,
    barcode: Annotated[str, typer.Argument(metavar="BARCODE", help="As on its sticker; up to 32 characters.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also one that is not blank: everything on it is lost.")
    ] = False,
    confirm: given.Confirm = None,
    pool: Annotated[Optional[str], typer.Option("--pool", help="Name of the pool it belongs to.")] = None,  # noqa: UP045
    drive: options.Drive = None,
    as_json: options.Json = False,
) -> int:
    """Writes tape file 0: whose cartridge it is, and how to restore everything with mt and tar alone. `backup` does the
    same for a blank cartridge. A barcode that differs from the library's is refused (exit 7)."""
    with Run(ctx, "label", as_json=as_json) as run:
        from pytp_cli.selection import barcode as barcode_of
        from pytp_native.jobs.labelling import LabelRequest, label_cartridge

        unit = run.open_drive(drive, write=True)
        request = LabelRequest(barcode, overwrite, barcode_of(unit.address), pool, confirm)
        catalog = open_if_there(run)
        with catalog or nullcontext():
            run.job(lambda emit, _interrupt: label_cartridge(unit, request, emit, catalog), verb="label", bar=False)
    return run.exit_code


def duplicate(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="Drive, or image file.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Another drive, or a file to make.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also onto a tape that is not blank: everything on it is lost.")
    ] = False,
    confirm: given.Confirm = None,
    as_json: options.Json = False,
) -> int:
    """Copies every block with its size and every filemark, from the beginning to the end of data. A file is an image
    in the .tap format of SIMH. A copy can be read like the original; appending to it is refused (exit 7), since its
    label is another cartridge's."""
    with Run(ctx, "duplicate", as_json=as_json) as run:
        from pytp_native.jobs.duplicate import Consent

        catalog = open_if_there(run) if overwrite else None
        with catalog or nullcontext():
            _duplicate(run, source, target, Consent(overwrite, confirm, catalog))
    return run.exit_code


def _duplicate(run: Run, source: str, target: str, consent: Consent) -> None:
    from contextlib import ExitStack

    from pytp_cli.tables import rate
    from pytp_native.jobs.duplicate import TapeSource, TapeTarget
    from pytp_native.jobs.duplicate import duplicate as copy
    from pytp_native.jobs.tape_image import ImageReader, ImageWriter
    from pytp_native.units import format_size

    from_tape, to_tape = _is_drive(run, source), _is_drive(run, target)
    if not from_tape and not to_tape:
        raise UsageError(source, "neither this nor the target is a drive", "name a drive, like /dev/nst0")
    if from_tape and to_tape and run.config.drive(source).address == run.config.drive(target).address:
        raise UsageError(target, "is the drive that is copied from", "name another drive, or a file to make")
    with ExitStack() as stack:
        unit = run.open_drive(source) if from_tape else run.open_drive(target, write=True)
        other = unit
        if from_tape and to_tape:
            other = stack.enter_context(_second_drive(run, target))

        def work(emit: Emit, interrupt: Interrupt) -> JobReport:
            giver: TapeSource | ImageReader = TapeSource(unit)
            if not from_tape:
                giver = image_in = stack.enter_context(ImageReader(source))
                if not image_in.check():
                    run.note(f"warning: {source}: does not say that it ends here; it may be cut off")
            if to_tape:
                return copy(giver, TapeTarget(other, consent, emit=emit), unit, emit, interrupt)
            with ImageWriter(target) as image:
                report = copy(giver, image, unit, emit, interrupt)
                image.keep = report.exit_code == 0
                return report

        report = run.job(work, verb="duplicate")
        (copied,) = report.arguments
        speed = rate(copied.data_bytes, copied.duration_s)
        run.say(
            f"{copied.blocks} blocks, {copied.files} filemarks, {format_size(copied.data_bytes)} copied: {speed} MB/s"
        )


def _second_drive(run: Run, name: str) -> Drive:
    from pytp_native.devices.drive import Drive

    chosen = run.config.drive(name)
    return Drive.open(chosen.address, block_bytes=chosen.block_bytes, write=True, name=chosen.name)


def _is_drive(run: Run, text: str) -> bool:
    """A configured drive, a virtual one, or a device node; everything else is a file."""
    import os
    import stat

    known = {name for one in run.config.drives for name in (one.name, one.address)}
    if text in known or text.startswith(("vtl:", "trace:", "replay:")):
        return True
    try:
        return stat.S_ISCHR(os.stat(text).st_mode)
    except OSError:
        return False
