# SPDX-License-Identifier: WTFPL OR MIT
"""What `pytp restore` does: the tape file at the head, or from the catalog."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Optional

from pytp_cli.catalog_choice import open_catalog
from pytp_cli.names import printable
from pytp_cli.run import Run
from pytp_native.errors import CatalogError, NothingHere
from pytp_native.light import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_native.catalog.store import Catalog
    from pytp_native.jobs.events import JobReport
    from pytp_native.jobs.plan import Plan

Wanted = tuple[Optional[str], Optional[str], Optional[str], Optional[int]]  # noqa: UP045
"""Session, job, label, time."""


_NEXT = "the cartridge that follows"


class Order(NamedTuple):
    """What holds for both ways."""

    target: bytes
    patterns: tuple[bytes, ...]
    existing: str
    """keep, overwrite, newer"""
    strip: int
    to_stdout: bool
    library: str | None
    drive: str | None
    volumes: str | None

    @property
    def output(self) -> int | None:
        if not self.to_stdout:
            return None
        sys.stdout.flush()
        return sys.stdout.fileno()


def from_head(run: Run, order: Order) -> None:
    from pytp_native.jobs.restore import RestoreRequest, restore
    from pytp_native.stream.untar import Existing

    request = RestoreRequest(
        target=order.target, patterns=order.patterns, existing=Existing[order.existing.upper()], strip=order.strip,
        output=order.output,
    )  # fmt: skip
    with _catalog(run) as catalog:
        _read(
            run,
            order,
            lambda unit, supply, emit, stop: restore(unit, request, emit, stop, supply, catalog=catalog),
        )


@contextmanager
def _catalog(run: Run) -> Iterator[Catalog | None]:
    """The catalog, if there is one that can be read: it knows checksums."""
    try:
        catalog = open_catalog(run, create=False)
    except NothingHere:
        catalog = None
    except CatalogError as error:
        run.note(f"warning: {error}; checksums are not compared")
        catalog = None
    with catalog or nullcontext():
        yield catalog


def from_catalog(run: Run, order: Order, wanted: Wanted, *, dry_run: bool) -> None:
    from pytp_native.catalog.restoring import Selector
    from pytp_native.jobs.catalog_restore import CatalogRequest, restore_from_catalog
    from pytp_native.stream.untar import Existing

    request = CatalogRequest(
        Selector(*wanted), target=order.target, patterns=order.patterns, existing=Existing[order.existing.upper()],
        strip=order.strip, output=order.output,
    )  # fmt: skip
    with open_catalog(run, create=False) as catalog:
        if dry_run:
            from pytp_native.jobs.catalog_restore import plan_restore

            plan = plan_restore(catalog, request, lambda event: run.note(getattr(event, "text", "")))
            try:
                _show(run, plan)
            finally:
                plan.close()
            return
        _read(
            run,
            order,
            lambda unit, supply, emit, stop: restore_from_catalog(unit, catalog, request, emit, stop, supply=supply),
        )


def _read(run: Run, order: Order, work: Any) -> None:
    from pytp_cli.joblog import JobLog
    from pytp_cli.next_cartridge import NextCartridge, library_of

    unit = run.open_drive(order.drive, may_be_empty=True)
    source = NextCartridge(run, unit, library_of(run, unit, order.library), order.volumes, wanted=_NEXT)
    log = JobLog("restore", run.config.tar_dir)
    run.fields["log"] = log.path
    try:
        report = run.job(
            lambda emit, interrupt: work(unit, source.supply, emit, interrupt), verb="restore", log=log,
            bar=not order.to_stdout,
        )  # fmt: skip
    finally:
        source.close()
        log.close()
    if report.exit_code != NothingHere.exit_code and not order.to_stdout:
        run.say(_summary(report, order))


def _summary(report: JobReport, order: Order) -> str:
    text = f"{sum(argument.files for argument in report.arguments)} files restored into {printable(order.target)}"
    kept = report.details.get("kept")
    checked = report.details.get("checked")
    more = [f"{checked or 'no'} checksums compared"]
    more += [f"{kept} existing files are as new"] if kept else []
    return f"{text} ({', '.join(more)})"


def _show(run: Run, plan: Plan) -> None:
    from pytp_cli.tables import aligned
    from pytp_native.jobs.catalog_restore import describe_plan
    from pytp_native.units import format_size

    entries = describe_plan(plan)
    run.fields["plan"] = entries
    rows = [("CARTRIDGE", "TAPE FILE", "FILES", "SIZE", "READ", "LOCATES", "ARGUMENT")]
    for one, archive in ((entry, printable(entry["path"])) for entry in entries):
        read = format_size(one["blocks"] * plan.archives[0].archive.block_bytes)
        size = format_size(one["bytes"])
        number = "-" if one["tape_file"] is None else str(one["tape_file"])
        rows.append((one["cartridge"] or "-", number, str(one["files"]), size, read, str(one["locates"]), archive))
    run.say(aligned(rows, right=(1, 2, 3, 4, 5)))
    run.say(f"{plan.members} files, {format_size(plan.content_bytes)}; nothing was restored: --dry-run")
