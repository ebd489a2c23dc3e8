# SPDX-License-Identifier: WTFPL OR MIT
"""The command line is a promise: names, aliases and spellings of the original, and ours since 0.1."""

from __future__ import annotations

import pytest

from pytp_cli.build import build
from pytp_cli.commands import ALIASES, COMMANDS

ORIGINAL_ALIASES = {
    "stat": "status",
    "pos": "position",
    "g": "goto",
    "rew": "rewind",
    "b": "backup",
    "r": "restore",
    "ret": "retension",
    "v": "verify",
}

ORIGINAL_OPTIONS = {
    "init": {"--drive -d"},
    "status": {"--drive -d", "--library -l", "--verbose -v"},
    "position": {"--drive -d"},
    "goto": {"--drive -d"},
    "rewind": {"--drive -d"},
    "ff": {"--drive -d"},
    "bb": {"--drive -d"},
    "ls": {"--drive -d", "--sample"},
    "restore": {"--drive -d"},
    "retension": {"--drive -d", "--library -l", "--slot -s", "--verbose -v"},
    "list": {"--library -l"},
    "load": {"--library -l", "--drive -d"},
    "unload": {"--library -l", "--drive -d"},
    "move": {"--library -l"},
    "config": set(),
    "doc": {"--title", "--toc"},
    "backup": {
        "--library",
        "--drive -d",
        "--job -j",
        "--label -l",
        "--strategy -s",
        "--incremental -i",
        "--max-concurrent-tars -m",
        "--memory_buffer -mem",
        "--memory_buffer_percent -memp",
        "--double-buffer",
        "--low-water-mark -lwm",
    },
}

EVERY_OPTION = {
    "backup": "--append-foreign --auto-clean --bare --compress --confirm --differential --double-buffer --drive "
    "--dry-run --exclude --exclude-from --files-from --flush-every --full-paths --hash "
    "--hw-compression --incremental --job --json --label --library --low-water-mark --max-concurrent-tars --members "
    "--memory-buffer --memory-buffer-percent --memory_buffer --memory_buffer_percent --no-catalog --no-probe "
    "--one-file-system --overwrite --strategy --volume --volumes -d -i -j -l -lwm -m -mem -memp -s",
    "resume": "--drive --flush-every --json --library --memory-buffer --memory_buffer --volume --volumes -d -mem",
    "restore": (
        "--as-of --drive --dry-run --job --json --keep --label --library --newer --overwrite --session --strip"
        " --to-stdout --volumes -d -j -l"
    ),
    "ls": "--all --drive --json --sample -d",
    "find": "--deleted --ignore-case --job --json --label --limit --since -i -j -n",
    "sessions": "--job --json --label --verbose -j -v",
    "tapes": "--json",
    "catalog check": "--json",
    "catalog rebuild": "--drive --json -d",
    "catalog forget": "--confirm --json",
    "catalog export": "--json",
    "catalog import-json": "--job --json -j",
    "cat": "--decompress --drive --file --json --output -d -f -o",
    "duplicate": "--confirm --json --overwrite",
    "label": "--confirm --drive --json --overwrite --pool -d",
    "status": "--drive --json --library --verbose -d -l -v",
    "position": "--drive --json -d",
    "goto": "--drive --json -d",
    "rewind": "--drive --json -d",
    "ff": "--drive --json -d",
    "bb": "--drive --json -d",
    "init": "--drive --json -d",
    "retension": "--drive --json --library --slot --verbose -d -l -s -v",
    "list": "--json --library --scan -l",
    "load": "--drive --json --library --unseen-drive -d -l",
    "unload": "--drive --json --library --unseen-drive -d -l",
    "metrics": "--drive --json --library --listen --replay --textfile -d -l",
    "move": "--exchange --json --library --unseen-drive -l",
    "config": "--json --overwrite --virtual --write",
    "devices": "--json",
    "doc": "--json --title --toc",
    "demo": "--json",
    "vtl create": "--capacity --cartridges --changer --drives --generation --json --mail-slots --personality --slots",
    "vtl show": "--json",
    "verify": "--against-source --drive --json --label --library --restart --sample --session -d -l",
    "vtl add": "--capacity --generation --json --slot",
    "vtl remove": "--erase --json",
    "vtl protect": "--json --on",
    "vtl load": "--drive --json -d",
    "vtl unload": "--drive --json -d",
    "vtl fault": "--clear --drive --json -d",
    "diag health": "--all --drive --json --library --replay -d -l",
    "diag wear": "--drive --json --replay -d",
    "diag stream": "--count --drive --every --json --replay --watch -d",
    "diag test": "--confirm --drive --json --read-only --scratch -d",
    "diag trend": "--json",
    "diag report": "--html --json --replay",
    "diag clean": "--drive --if-asked --json --library --slot -d -l -s",
    "diag doctor": "--json --verbose -v",
    "diag inquiry": "--drive --json --library --replay -d -l",
    "diag vpd": "--drive --json --library --replay -d -l",
    "diag log": "--drive --json --library --replay -d -l",
    "diag alerts": "--clear --drive --json --library --past --replay -d -l",
    "diag modes": "--drive --json --library --replay --values -d -l",
    "diag mam": "--drive --json --partition --replay --set -d",
    "diag density": "--drive --json --library --replay -d -l",
    "diag position": "--drive --json --replay -d",
    "diag sense": "--json --vendor",
    "diag encryption": "--drive --json --replay -d",
    "diag timeouts": "--drive --json --library --replay -d -l",
    "diag opcodes": "--drive --json --library --replay -d -l",
    "diag capture": "--all --drive --json --library --scrub -d -l",
}


def spellings(name: str) -> list[set[str]]:
    return [set(param.opts) for param in build(COMMANDS[name]).params if param.param_type_name == "option"]


@pytest.mark.parametrize("name", sorted(ORIGINAL_OPTIONS))
def test_every_option_of_the_original_is_taken_with_all_its_spellings(name: str) -> None:
    ours = spellings(name)
    for wanted in ORIGINAL_OPTIONS[name]:
        assert any(set(wanted.split()) <= option for option in ours), wanted


def test_the_aliases_of_the_original_are_taken() -> None:
    assert ALIASES == ORIGINAL_ALIASES


def test_every_underscore_option_has_a_twin_with_dashes() -> None:
    for name in COMMANDS:
        for option in spellings(name):
            for word in option:
                assert word.replace("_", "-") in option


def test_snapshot_of_all_commands_and_options() -> None:
    found = {name: " ".join(sorted(set().union(*spellings(name)) - {"--help"})) for name in COMMANDS}
    assert found == EVERY_OPTION


def test_options_and_positionals_mix_in_any_order(pytp: object) -> None:
    command = build(COMMANDS["backup"])
    words = ["/a", "--drive", "x", "/b", "-mem", "4", "-memp", "30", "-lwm", "5", "-l", "L", "/c", "-m", "3", "-i"]
    context = command.make_context("backup", words)
    assert list(context.params["paths"]) == ["/a", "/b", "/c"]
    assert context.params["memory_buffer"] == "4"
    assert context.params["memory_buffer_percent"] == 30
    assert context.params["low_water_mark"] == 5
    assert context.params["label"] == "L"
    assert context.params["max_concurrent_tars"] == 3
    assert context.params["incremental"] is True
