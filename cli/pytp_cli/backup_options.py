# SPDX-License-Identifier: WTFPL OR MIT
"""The options of `pytp backup`: the original's, with its spellings, and ours."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Optional

import typer


class Strategy(str, Enum):
    """The original's ways to write."""

    direct = "direct"
    tar = "tar"
    dd = "dd"


class Hash(str, Enum):
    """Checksum of each member."""

    xxh3 = "xxh3"
    sha256 = "sha256"
    none = "none"


class Switch(str, Enum):
    """On or off."""

    on = "on"
    off = "off"


Paths = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Argument(metavar="PATH", help="Directories or files.", show_default=False),
]
FilesFrom = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--files-from", metavar="FILE", help="More PATHs, a line each or with a NUL behind each; - is stdin."),
]
Job = Annotated[Optional[str], typer.Option("--job", "-j", help="Name of the job, for log and catalog.")]  # noqa: UP045
Label = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--label", "-l", help="Label to record. Default: the cartridge's barcode, where known."),
]
How = Annotated[
    Strategy,
    typer.Option("--strategy", "-s", help="tar: build archives in tar_dir first. dd: and write them without a buffer."),
]
Incremental = Annotated[
    bool, typer.Option("--incremental", "-i", help="Save what has changed since the last session of this job.")
]
Differential = Annotated[bool, typer.Option("--differential", help="Save what has changed since its last full one.")]
Builders = Annotated[
    int, typer.Option("--max-concurrent-tars", "-m", min=1, help="Archives that tar and dd build at once.")
]

# -- the buffer --------------------------------------------------------------------------------------------------------

MemoryBuffer = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--memory_buffer",
        "--memory-buffer",
        "-mem",
        metavar="SIZE",
        help="Buffer in GiB, or with a unit (512M). Default: the smaller of 1 GiB and 60 % of free memory.",
    ),
]
HighMark = Annotated[
    int,
    typer.Option(
        "--memory_buffer_percent",
        "--memory-buffer-percent",
        "-memp",
        min=1,
        max=100,
        help="Fill at which a real drive starts to write.",
    ),
]
LowMark = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--low-water-mark",
        "-lwm",
        min=0,
        max=99,
        help="Fill at which a real drive rests and the buffer refills. Default: 10, or half of the other mark.",
    ),
]
DoubleBuffer = Annotated[
    bool,
    typer.Option(
        "--double-buffer/--no-double-buffer",
        help="Accepted for old scripts, no effect: there is one buffer with two marks.",
    ),
]

FlushEvery = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--flush-every",
        metavar="SIZE",
        help="Have the drive write its buffer out that often, if it does not tell what is on the medium. Default: 64G.",
    ),
]

# -- what is saved -----------------------------------------------------------------------------------------------------

Exclude = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--exclude", metavar="GLOB", help="Leave out what matches; repeatable."),
]
ExcludeFrom = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--exclude-from", metavar="FILE", help="Leave out what matches one of the globs in FILE, a line each."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be written, to which cartridges, how long; write nothing.")
]
OneFileSystem = Annotated[bool, typer.Option("--one-file-system", help="Stay on each argument's file system.")]
FullPaths = Annotated[bool, typer.Option("--full-paths", help="Name members by their absolute path without the /.")]
Checksum = Annotated[Hash, typer.Option("--hash", help="Checksum recorded for each member.")]
Members = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--members", metavar="FILE", help="Leave a JSON line per member: tape file, block, checksum."),
]
NoCatalog = Annotated[
    bool, typer.Option("--no-catalog", help="Do not record this session; find and restore will not know of it.")
]

# -- where to ----------------------------------------------------------------------------------------------------------

Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Write here instead of at the end of data; everything behind is lost.")
]
Confirm = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--confirm", metavar="BARCODE", help="With --overwrite: lose also what the catalog has on it."),
]
AppendForeign = Annotated[
    bool, typer.Option("--append-foreign", help="Append also to a tape that has no label of pytp.")
]
Volume = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--volume", metavar="BARCODE", help="The cartridge: refuse others; name a blank one."),
]
Volumes = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--volumes",
        metavar="BARCODE,...",
        help="Cartridges to go on on when one is full, in this order. Default: the library's blank ones.",
    ),
]
Bare = Annotated[
    bool, typer.Option("--bare", help="Write only the arguments: no label, no trailer; not on labelled tapes.")
]
AutoClean = Annotated[
    bool, typer.Option("--auto-clean", help="Have the drive cleaned between two tape files if it asks for that.")
]
NoProbe = Annotated[
    bool, typer.Option("--no-probe", help="Do not read the first, a middle and the last member back at the end.")
]
Compress = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--compress",
        metavar="zstd[:LEVEL]",
        help="Compress before it goes to tape, levels 1 to 22; 3 unless given. Turn the drive's off: --hw-compression.",
    ),
]
Compression = Annotated[
    Optional[Switch],  # noqa: UP045
    typer.Option("--hw-compression", help="Drive's compression. Default: as the drive is set."),
]
