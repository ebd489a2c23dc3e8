# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp backup`: from the command line to a BackupRequest and back to a summary."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import typer

from pytp_cli import backup_options as given
from pytp_cli import options
from pytp_cli.backup_options import Hash, Strategy, Switch
from pytp_cli.catalog_choice import open_catalog, open_if_there
from pytp_cli.run import Run
from pytp_native.errors import CatalogError, MissingSource, NothingHere, PytpError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.joblog import JobLog
    from pytp_native.catalog.store import Catalog


_INDEX_S, _INDEX_SHARE, _INDEX_STEP_S = 2.0, 0.05, 0.1
"""How long the search index may take behind a backup, at most and of its time, and what a step of it takes."""
_WORTH_TELLING_S = 10.0
"""A shorter backup is over before anything can limit it; the log and --json tell always."""


_AS_GIVEN = (
    "one_file_system", "full_paths", "overwrite", "confirm", "append_foreign", "volume", "bare", "job", "auto_clean",
)  # fmt: skip
"""Parameters that are the request's, by their names."""


def backup(
    ctx: typer.Context,
    paths: given.Paths = None,
    files_from: given.FilesFrom = None,
    library: options.Library = None,
    drive: options.Drive = None,
    job: given.Job = None,
    label: given.Label = None,
    strategy: given.How = Strategy.direct,
    incremental: given.Incremental = False,
    differential: given.Differential = False,
    max_concurrent_tars: given.Builders = 2,
    memory_buffer: given.MemoryBuffer = None,
    memory_buffer_percent: given.HighMark = 20,
    double_buffer: given.DoubleBuffer = True,
    low_water_mark: given.LowMark = None,
    flush_every: given.FlushEvery = None,
    exclude: given.Exclude = None,
    exclude_from: given.ExcludeFrom = None,
    one_file_system: given.OneFileSystem = False,
    full_paths: given.FullPaths = False,
    overwrite: given.Overwrite = False,
    confirm: given.Confirm = None,
    append_foreign: given.AppendForeign = False,
    volume: given.Volume = None,
    volumes: given.Volumes = None,
    bare: given.Bare = False,
    compress: given.Compress = None,
    hw_compression: given.Compression = None,
    hash_name: given.Checksum = Hash.xxh3,
    members: given.Members = None,
    no_catalog: given.NoCatalog = False,
    no_probe: given.NoProbe = False,
    auto_clean: given.AutoClean = False,
    dry_run: given.DryRun = False,
    as_json: options.Json = False,
) -> int:
    """Appends at the end of data. A blank cartridge gets a label first, and every run ends with a trailer that says
    what is where; `ls` and `restore` step over both. Member names start with the argument's last component. A file
    that cannot be read or changes meanwhile is listed and the exit code is 1; Ctrl-C leaves a consistent tape (exit
    130)."""
    with Run(ctx, "backup", as_json=as_json) as run:
        request = {
            "paths": (*(os.fsencode(path) for path in paths or ()), *_listed(files_from)),
            "exclude": (*(os.fsencode(glob) for glob in exclude or ()), *_listed(*exclude_from or ())),
            "level": _level(incremental=incremental, differential=differential, no_catalog=no_catalog),
            **{name: ctx.params[name] for name in _AS_GIVEN},
            "hash_name": hash_name.value,
            "memory_bytes": memory_bytes(memory_buffer),
            "flush_bytes": flush_bytes(run, flush_every),
            "members_file": members,
            "probe": not no_probe,
            **_marks(low_water_mark, memory_buffer_percent),
            **_compression(compress, hw_compression),
            **_staging(run, strategy, max_concurrent_tars, compress),
        }
        catalog = None if no_catalog else _catalog(run, there=dry_run)
        with catalog or nullcontext(), _indexed(run, None if dry_run else catalog):
            (_preview if dry_run else _write)(run, drive, library, label, volumes, request, catalog)
    return run.exit_code


@contextmanager
def _indexed(run: Run, catalog: Catalog | None) -> Iterator[None]:
    """Afterwards, make searchable what is quickly done."""
    started = time.monotonic()
    yield
    _index(run, catalog, time.monotonic() - started)


def _index(run: Run, catalog: Catalog | None, took_s: float) -> None:
    """Make what was saved quickly searchable; what that moment is too short for, the next search or backup adds."""
    if catalog is None:
        return
    seconds = min(_INDEX_S, _INDEX_SHARE * took_s)
    try:
        catalog.forget_overwritten()
        if seconds >= _INDEX_STEP_S:
            catalog.extend_index(seconds)
    except PytpError as exc:
        run.note(f"warning: {exc}")


def _catalog(run: Run, *, there: bool) -> Catalog | None:
    """Open the catalog; `there`: only if there is one."""
    try:
        return open_catalog(run, create=not there)
    except NothingHere:
        return None


def _preview(
    run: Run,
    drive: str | None,
    library: str | None,
    label: str | None,
    volumes: str | None,
    request: dict[str, object],
    catalog: Catalog | None,
) -> None:
    from pytp_cli.backup_preview import show_preview
    from pytp_cli.next_cartridge import NextCartridge, library_of
    from pytp_cli.selection import choose_library
    from pytp_native.jobs.backup import BackupRequest

    _refuse_missing(request["paths"])
    choose_library(library, run.config)
    unit = run.open_drive(drive)
    source = NextCartridge(run, unit, library_of(run, unit, library), volumes)
    try:
        request |= {"library_barcode": source.loaded_barcode(), "library_is_silent": source.is_silent}
        run.fields["label"] = label or request["library_barcode"]
        request.pop("auto_clean")
        show_preview(run, unit, BackupRequest(**request), source, catalog)  # type: ignore[arg-type]
    finally:
        source.close()


def _write(
    run: Run,
    drive: str | None,
    library: str | None,
    label: str | None,
    volumes: str | None,
    request: dict[str, object],
    catalog: Catalog | None,
) -> None:
    from pytp_cli.joblog import JobLog, limits_text
    from pytp_cli.next_cartridge import NextCartridge, library_of
    from pytp_cli.selection import choose_library
    from pytp_cli.tables import summary
    from pytp_native.jobs.backup import BackupRequest
    from pytp_native.jobs.backup import backup as write_backup

    _refuse_missing(request["paths"])
    choose_library(library, run.config)
    unit = run.open_drive(drive, write=True)
    source = NextCartridge(run, unit, library_of(run, unit, library), volumes)
    request |= {"library_barcode": source.loaded_barcode(), "library_is_silent": source.is_silent}
    request["label"] = run.fields["label"] = label or request["library_barcode"]
    cleaner = source.cleaner(unit.address) if request.pop("auto_clean") or run.config.auto_clean else None
    log = JobLog(f"{request.get('strategy', 'direct')}_backup", run.config.tar_dir)
    run.fields["log"] = log.path
    _begin(run, log, request)
    try:
        order = BackupRequest(**request)  # type: ignore[arg-type]  # the keys are spelled in one place, above
        with _guard(run, request, catalog) as guard:
            report = run.job(
                lambda emit, interrupt: write_backup(
                    unit, order, emit, interrupt, source.supply, catalog=catalog, guard=guard, cleaner=cleaner
                ),
                verb="backup",
                log=log,
            )
    except Exception as exc:
        log.write(kind="TAPE", level="error", text=str(exc))
        raise
    finally:
        source.close()
        log.close()
    run.say(summary(report.arguments))
    if sum(argument.duration_s for argument in report.arguments) >= _WORTH_TELLING_S:
        run.say(f"Buffer: {limits_text(report.limits)}")
    run.say(f"Log: {log.path}" if log.path else "Log: none")


@contextmanager
def _guard(run: Run, request: dict[str, object], catalog: Catalog | None) -> Iterator[Catalog | None]:
    """The catalog, where it does not record, to be asked what would be lost, and told that it is. One that cannot be
    opened is in the way only where nothing is confirmed."""
    guard = None
    try:
        guard = open_if_there(run) if catalog is None and request["overwrite"] else None
    except CatalogError as error:
        if request["confirm"] is None:
            raise
        run.note(f"warning: {error}; nobody knows what is lost")
    with guard or nullcontext():
        yield guard


def _begin(run: Run, log: JobLog, request: dict[str, object]) -> None:
    """Head the log with what is going to be done."""
    if warning := log.take_warning():
        run.note(f"warning: {warning}")
    device, label = run.fields["device"], request["label"]
    log.write(kind="TAPE", text=f"backup to {device} begins", device=device, label=label, job=request["job"])


def _listed(*files: str | None) -> tuple[bytes, ...]:
    """Take what files list, bytes as they are: with a NUL behind each if there is one, else a line each."""
    found: list[bytes] = []
    for name in files:
        if name is None:
            continue
        try:
            with nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb") as file:
                text = file.read()
        except OSError as exc:
            raise UsageError(name, f"cannot be read ({exc.strerror}); nothing was written", "check the name") from exc
        found += [entry for entry in text.split(b"\0" if b"\0" in text else b"\n") if entry]
    return tuple(found)


def _level(*, incremental: bool, differential: bool, no_catalog: bool) -> str:
    level = "incremental" if incremental else "differential" if differential else "full"
    if incremental and differential:
        raise UsageError("--differential", "is something else than --incremental", "leave one of them out")
    if no_catalog and level != "full":
        raise UsageError(f"--{level}", "needs the catalog to know what was saved", "leave --no-catalog out")
    return level


def _staging(run: Run, strategy: Strategy, builders: int, compress: str | None) -> dict[str, object]:
    """Where archives are built first, if they are."""
    if strategy is Strategy.direct:
        return {}
    if compress is not None:
        fact = f"goes with --strategy direct and not with {strategy.value}: archives on disk are plain tar"
        raise UsageError("--compress", fact, "leave one of them out")
    from pytp_cli.joblog import state_directory

    return {"strategy": strategy.value, "builders": builders, "tar_dir": run.config.tar_dir or state_directory()}


def _refuse_missing(paths: object) -> None:
    for path in paths if isinstance(paths, tuple) else ():
        if not os.path.lexists(path):
            raise MissingSource(
                os.fsdecode(path) or "PATH ''", "no such file or directory; nothing was written", "check the name"
            )


def _marks(low: int | None, high: int) -> dict[str, object]:
    if low is not None and low >= high:
        fact = f"{low} % is not below --memory_buffer_percent, {high} %"
        raise UsageError("--low-water-mark", fact, "lower it or raise the other")
    return {"low_percent": min(10, high // 2) if low is None else low, "high_percent": high}


def flush_bytes(run: Run, text: str | None) -> int:
    from pytp_native.jobs.frontier import FLUSH_BYTES
    from pytp_native.units import parse_size

    if text is None:
        return run.config.flush_bytes or FLUSH_BYTES
    try:
        size = parse_size(text)
    except ValueError as exc:
        raise UsageError("--flush-every", str(exc), "write 64G") from exc
    if size <= 0:
        raise UsageError("--flush-every", f"{text!r} is nothing", "write 64G")
    return size


def _compression(text: str | None, hardware: Switch | None) -> dict[str, object]:
    drive = {"hw_compression": None if hardware is None else hardware is Switch.on}
    if text is None:
        return {**drive}
    name, _colon, level = text.partition(":")
    number = int(level) if level.isascii() and level.isdigit() else 3 if text == "zstd" else 0
    if name != "zstd" or not 1 <= number <= 22:
        raise UsageError("--compress", f"{text!r} is not zstd with a level from 1 to 22", "write zstd or zstd:9")
    return {**drive, "zstd_level": number}


def memory_bytes(text: str | None) -> int | None:
    if text is None:
        return None
    from pytp_native.units import parse_size

    try:
        size = parse_size(text, default_unit="G")
    except ValueError as exc:
        raise UsageError("--memory_buffer", str(exc), "write 16 for 16 GiB, or 512M") from exc
    if size <= 0:
        raise UsageError("--memory_buffer", f"{text!r} holds nothing", "write 16 for 16 GiB, or 512M")
    return size
