# SPDX-License-Identifier: WTFPL OR MIT
"""The table of commands: names, aliases, where each lives, and the words of its help. Light: `pytp --help` reads
nothing else."""

from __future__ import annotations

from pytp_native.light import NamedTuple


class Command(NamedTuple):
    """One command; `name` has two words when it belongs to a group."""

    name: str
    module: str
    function: str
    summary: str
    examples: tuple[str, ...]
    aliases: tuple[str, ...] = ()


_TABLE = (
    Command(
        "backup",
        "cmd_backup",
        "backup",
        "Write files and directories to tape as plain tar, one tape file per argument.",
        (
            "pytp backup /srv/photos /etc",
            "pytp backup --drive lto9 --exclude '*.tmp' --volume A00012L9 /srv",
            "pytp backup --incremental --job daily /srv/photos /etc",
            "pytp backup --strategy tar --max-concurrent-tars 4 /net/slow /net/slower",
            "pytp backup --dry-run --differential --job daily /srv/photos",
            "find /srv -maxdepth 1 -type d -newer stamp -print0 | pytp backup --files-from - --exclude-from globs",
            "pytp backup --drive vtl:/var/tmp/library/drive0 --json /etc",
        ),
        ("b",),
    ),
    Command(
        "resume",
        "cmd_resume",
        "resume",
        "Go on with the session that a crash, a power cut or Ctrl-C has ended, on the same cartridge.",
        ("pytp resume", "pytp resume --drive lto9 --json"),
    ),
    Command(
        "restore",
        "cmd_restore",
        "restore",
        "Restore beneath TARGET: the tape file at the head, or files and whole states from the catalog.",
        (
            "pytp rewind && pytp restore /tmp/out",
            "pytp restore /tmp/out 'photos/2024/*' --job daily",
            "pytp restore /tmp/out --as-of 2026-11-01 --dry-run",
            "pytp restore . photos/notes.txt --session latest --to-stdout",
        ),
        ("r",),
    ),
    Command(
        "verify",
        "cmd_verify",
        "verify",
        "Read back what was saved, compare checksums and record what that proves.",
        (
            "pytp verify",
            "pytp verify --session latest --against-source /srv",
            "pytp verify --label A00012L9 --sample 5 --json",
        ),
        ("v",),
    ),
    Command(
        "ls",
        "cmd_restore",
        "ls",
        "List the tape file at the head as `tar -tv` does and move to the next one.",
        ("pytp ls", "pytp ls --sample 20", "pytp ls --all --json"),
    ),
    Command(
        "cat",
        "cmd_restore",
        "cat",
        "Write the raw bytes of a tape file to standard output.",
        ("pytp cat --file 0 | tar -tvf -", "pytp cat --file 3 --output photos.tar"),
    ),
    Command(
        "label",
        "cmd_volume",
        "label",
        "Label a blank cartridge: whose it is, and how to restore from it without pytp.",
        ("pytp label A00012L9", "pytp label A00012L9 --pool nightly --drive lto9"),
    ),
    Command(
        "duplicate",
        "cmd_volume",
        "duplicate",
        "Copy a whole tape block for block to another drive, or to an image file and back.",
        ("pytp duplicate lto9 /dev/nst1", "pytp duplicate /dev/nst0 A00012L9.tap", "pytp duplicate A00012L9.tap lto9"),
    ),
    Command(
        "status",
        "cmd_status",
        "status",
        "Show drive, cartridge, slot, position, density, error counters and compression.",
        ("pytp status", "pytp status --verbose --drive lto9"),
        ("stat",),
    ),
    Command(
        "position",
        "cmd_tape",
        "position",
        "Print the number of the tape file at the head, from 0.",
        ("pytp position", "pytp position --json"),
        ("pos",),
    ),
    Command(
        "goto",
        "cmd_tape",
        "goto",
        "Seek to a logical block, or print the current one.",
        ("pytp goto 4711", "pytp goto"),
        ("g",),
    ),
    Command("rewind", "cmd_tape", "rewind", "Rewind to the beginning of the tape.", ("pytp rewind",), ("rew",)),
    Command("ff", "cmd_tape", "ff", "Move forward to the start of a following tape file.", ("pytp ff", "pytp ff 3")),
    Command(
        "bb",
        "cmd_tape",
        "bb",
        "Move back to the start of the tape file COUNT before this one.",
        ("pytp bb", "pytp bb 2 --drive lto9", "pytp bb 0"),
    ),
    Command(
        "init",
        "cmd_tape",
        "init",
        "Set and check the drive's block size; the tape does not move.",
        ("pytp init --drive lto9",),
    ),
    Command(
        "retension",
        "cmd_retension",
        "retension",
        "Wind the tape to its end and back, so that it lies evenly again.",
        ("pytp retension", "pytp retension --slot 3 --verbose", "pytp retension --library msl2024 --slot 3"),
        ("ret",),
    ),
    Command(
        "list",
        "cmd_library",
        "list_",
        "List the drives and slots of a tape library and the cartridges in them.",
        ("pytp list", "pytp list --library msl2024", "pytp list -l /dev/sg3 --json"),
    ),
    Command(
        "load",
        "cmd_library",
        "load",
        "Load a slot's cartridge into a drive and wait until it is ready.",
        ("pytp load 3", "pytp load --library msl2024 --drive lto9 2", "pytp load A00012L9"),
    ),
    Command(
        "unload",
        "cmd_library",
        "unload",
        "Rewind and unload the cartridge: put it back into its slot, or eject it where there is no library.",
        ("pytp unload", "pytp unload --drive lto9 2", "pytp unload --drive /dev/nst0"),
    ),
    Command(
        "move",
        "cmd_library",
        "move",
        "Move a cartridge between any two places of a library.",
        (
            "pytp move 2 3",
            "pytp move A00012L9 24",
            "pytp move --library msl2024 drive0 drive1",
            "pytp move --exchange 2 drive0",
        ),
    ),
    Command(
        "devices",
        "cmd_devices",
        "devices",
        "List tape drives and libraries, and which drive is where in which library.",
        ("pytp devices", "pytp devices --json"),
    ),
    Command(
        "find",
        "cmd_catalog",
        "find",
        "Find saved files by name in the catalog.",
        (
            "pytp find holiday",
            "pytp find '*.jpg' --since 30d --label A00012L9",
            "pytp find 'photos/2024/*' --deleted --json",
        ),
    ),
    Command(
        "sessions",
        "cmd_catalog",
        "sessions",
        "List the sessions in the catalog.",
        ("pytp sessions", "pytp sessions --job daily --verbose"),
    ),
    Command(
        "tapes", "cmd_catalog", "tapes", "List the cartridges in the catalog.", ("pytp tapes", "pytp tapes --json")
    ),
    Command("catalog check", "cmd_catalog", "check", "Check that the catalog fits together.", ("pytp catalog check",)),
    Command(
        "catalog rebuild",
        "cmd_catalog",
        "rebuild",
        "Take over the sessions of the cartridge in the drive from their trailers.",
        ("pytp catalog rebuild", "pytp catalog rebuild --drive lto9 --json"),
    ),
    Command(
        "catalog forget",
        "cmd_catalog",
        "forget",
        "Give up a cartridge that does not exist any more.",
        ("pytp catalog forget A00012L9", "pytp catalog forget A00012L9 --confirm A00012L9"),
    ),
    Command(
        "catalog export",
        "cmd_catalog",
        "export",
        "Write the whole catalog as JSON lines.",
        ("pytp catalog export catalog.jsonl", "pytp catalog export | gzip > catalog.jsonl.gz"),
    ),
    Command(
        "catalog import-json",
        "cmd_catalog",
        "import_json",
        "Take over *_backup.json files of the original pytp.",
        (
            "pytp catalog import-json snapshots/*_backup.json",
            "pytp catalog import-json --job daily daily_etc_backup.json",
        ),
    ),
    Command(
        "config",
        "cmd_config",
        "config",
        "Show the configuration that applies, or write one with the devices that are attached.",
        ("pytp config", "pytp config --write", "pytp config --write /etc/pytp/config.json --overwrite"),
    ),
    Command("doc", "cmd_config", "doc", "Print the manual of all commands as Markdown.", ("pytp doc --toc > pytp.md",)),
    Command(
        "demo",
        "cmd_demo",
        "demo",
        "Back up, list, restore and compare a real directory on a throw-away virtual tape.",
        ("pytp demo", "pytp demo /usr/include"),
    ),
    Command(
        "diag health",
        "cmd_diag_health",
        "health",
        "Give a verdict for each drive, cartridge and library: good, watch, act now.",
        ("pytp diag health", "pytp diag health --all", "pytp diag health --library msl2024 --json"),
    ),
    Command(
        "diag wear",
        "cmd_diag_health",
        "wear",
        "Show what drive and cartridge have behind them, and forecast the next cleaning.",
        ("pytp diag wear", "pytp diag wear --drive lto9 --json"),
    ),
    Command(
        "diag stream",
        "cmd_diag_stream",
        "stream",
        "Show whether the drive streams, or is starved by the host, or writes too much twice.",
        ("pytp diag stream", "pytp diag stream --watch --every 30 --drive lto9"),
    ),
    Command(
        "diag test",
        "cmd_diag_test",
        "try_drive",
        "Test the drive: its self-test, reading a tape through, writing one that may be erased.",
        ("pytp diag test", "pytp diag test --read-only", "pytp diag test --scratch PYT009L9 --json"),
    ),
    Command(
        "diag trend",
        "cmd_diag_trend",
        "trend",
        "Show what grew between looks, by drive and cartridge and by slot, and whose fault it is.",
        ("pytp diag trend", "pytp diag trend --json"),
    ),
    Command(
        "diag report",
        "cmd_diag_report",
        "report",
        "Put all that the history tells together, as text or one HTML page.",
        ("pytp diag report", "pytp diag report --html /tmp/tapes.html"),
    ),
    Command(
        "diag clean",
        "cmd_clean",
        "clean",
        "Have a drive cleaned by a cleaning cartridge of its library.",
        ("pytp diag clean --drive lto9", "pytp diag clean --if-asked"),
    ),
    Command(
        "diag doctor",
        "cmd_doctor",
        "doctor",
        "Say whether this host is ready for tape, and what to do about it.",
        ("pytp diag doctor", "pytp diag doctor --verbose"),
    ),
    Command(
        "diag inquiry",
        "cmd_diag",
        "inquiry",
        "Show vendor, product, firmware and serial numbers.",
        (
            "pytp diag inquiry --drive lto9",
            "pytp diag inquiry -d /dev/sg3 --json",
        ),
    ),
    Command(
        "diag vpd",
        "cmd_diag",
        "vpd",
        "Show the vital product data pages.",
        (
            "pytp diag vpd",
            "pytp diag vpd 83 --library msl2024",
        ),
    ),
    Command(
        "diag log",
        "cmd_diag_log",
        "log",
        "Show log pages by name, every parameter with its unit.",
        (
            "pytp diag log",
            "pytp diag log 17 0d/01",
            "pytp diag log 'volume statistics' --json",
        ),
    ),
    Command(
        "diag alerts",
        "cmd_diag_log",
        "alerts",
        "Show TapeAlert flags, what they mean and what to do.",
        (
            "pytp diag alerts",
            "pytp diag alerts --library msl2024",
            "pytp diag alerts --past",
        ),
    ),
    Command(
        "diag modes",
        "cmd_diag",
        "modes",
        "Show the mode pages, field by field.",
        (
            "pytp diag modes",
            "pytp diag modes 10 --values default",
        ),
    ),
    Command(
        "diag mam",
        "cmd_diag_log",
        "mam",
        "Show the cartridge's memory, or set what hosts may write there.",
        (
            "pytp diag mam",
            "pytp diag mam --set 'user label=nightly'",
        ),
    ),
    Command(
        "diag density",
        "cmd_diag",
        "density",
        "Show the formats that the drive reads and writes.",
        ("pytp diag density",),
    ),
    Command(
        "diag position",
        "cmd_diag_state",
        "position",
        "Show where the drive says that it stands, and what is in its buffer.",
        ("pytp diag position",),
    ),
    Command(
        "diag sense",
        "cmd_diag_state",
        "sense",
        "Say what sense data mean.",
        (
            "pytp diag sense 70 00 03 00 00 00 00 0a 00 00 00 00 11 00",
            "pytp diag sense 3/11/00",
            "dmesg | pytp diag sense",
        ),
    ),
    Command(
        "diag encryption",
        "cmd_diag_state",
        "encryption",
        "Show what the drive can encrypt and whether it does.",
        ("pytp diag encryption",),
    ),
    Command("diag timeouts", "cmd_diag", "timeouts", "Show how long each command may take.", ("pytp diag timeouts",)),
    Command(
        "diag opcodes", "cmd_diag", "opcodes", "Show the commands that the device says it has.", ("pytp diag opcodes",)
    ),
    Command(
        "diag capture",
        "cmd_diag_capture",
        "capture",
        "Write every reply of a device, or of all, into one archive.",
        (
            "pytp diag capture /tmp --drive lto9",
            "pytp diag capture /tmp --all --scrub",
            "pytp diag log 17 --replay pytp-capture-20261123-041500.tar.gz --drive 1",
        ),
    ),
    Command(
        "metrics",
        "cmd_metrics",
        "metrics",
        "Tell Prometheus what drives, cartridges and libraries say.",
        (
            "pytp metrics",
            "pytp metrics --textfile /var/lib/node_exporter/pytp.prom",
            "pytp metrics --listen 127.0.0.1:9841",
        ),
    ),
    Command(
        "vtl create",
        "cmd_vtl",
        "create",
        "Create a virtual tape library.",
        ("pytp vtl create /var/tmp/library --capacity 64M",),
    ),
    Command(
        "vtl show",
        "cmd_vtl",
        "show",
        "Show drives, slots and cartridges of a virtual library.",
        ("pytp vtl show /var/tmp/library",),
    ),
    Command("vtl add", "cmd_vtl", "add", "Add a cartridge.", ("pytp vtl add /var/tmp/library NEW001L9 --slot 7",)),
    Command(
        "vtl remove",
        "cmd_vtl",
        "remove",
        "Take a cartridge out of the library.",
        ("pytp vtl remove /var/tmp/library NEW001L9",),
    ),
    Command(
        "vtl protect",
        "cmd_vtl",
        "protect",
        "Slide the write-protect tab of a cartridge.",
        ("pytp vtl protect /var/tmp/library PYT001L9", "pytp vtl protect /var/tmp/library PYT001L9 --off"),
    ),
    Command(
        "vtl load",
        "cmd_vtl",
        "load",
        "Load a slot's cartridge into a drive.",
        ("pytp vtl load /var/tmp/library 3 --drive 0", "pytp vtl load /var/tmp/library PYT003L9"),
    ),
    Command(
        "vtl unload",
        "cmd_vtl",
        "unload",
        "Put a drive's cartridge back into a slot.",
        ("pytp vtl unload /var/tmp/library --drive 0",),
    ),
    Command(
        "vtl fault",
        "cmd_vtl",
        "fault",
        "Plan faults of a virtual drive or of the robot, list or clear them.",
        (
            'pytp vtl fault /var/tmp/library "write 120: medium error"',
            'pytp vtl fault /var/tmp/library "move 2: gripper error" "slot 5: barcode unreadable"',
            "pytp vtl fault /var/tmp/library --clear",
        ),
    ),
)

COMMANDS = {command.name: command for command in _TABLE}
ALIASES = {alias: command.name for command in _TABLE for alias in command.aliases}
GROUPS = {
    "catalog": "Check, rebuild and export the catalog of what is on which tape.",
    "diag": "Ask drives, cartridges and libraries about themselves and their health.",
    "vtl": "Make and handle virtual tape libraries.",
}
