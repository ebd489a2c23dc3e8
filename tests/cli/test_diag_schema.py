# SPDX-License-Identifier: WTFPL OR MIT
"""Every diag object keeps to the one schema, whatever the generation of the drive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytp_cli.commands import COMMANDS
from pytp_native.vtl.library import Library
from pytp_native.vtl.personality import GENERATIONS
from tests.cli.conftest import Pytp

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json.loads((Path(__file__).parents[2] / "configs" / "diag.schema.json").read_text())
ONCE = (("sense", "3/11/00"), ("doctor",), ("trend",), ("report",))


def check(told: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(told)


def described() -> set[str]:
    return {one["if"]["properties"]["command"]["const"] for one in SCHEMA["allOf"][1:]}


def test_every_diag_command_is_in_the_schema() -> None:
    assert described() == {name for name in COMMANDS if name.startswith("diag ")} | {"metrics"}
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("generation", "maker"),
    [*((one, "pytp") for one in sorted(GENERATIONS)), ("lto6", "hpe"), ("lto8", "ibm"), ("lto10", "quantum")],
)
def test_the_objects_of_a_drive_fit(pytp: Pytp, tmp_path: Path, generation: str, maker: str) -> None:
    library = Library.create(tmp_path / "lib", drives=1, slots=2, cartridges=1, generation=generation,
                             makers=(maker,))  # fmt: skip
    address = f"vtl:{library.path}/drive0"
    library.add_fault(0, "worn head 900")
    for command in ("inquiry", "vpd", "modes", "log", "alerts", "mam", "density", "position", "timeouts", "opcodes",
                    "encryption", "health", "wear", "stream", "test", "capture"):  # fmt: skip
        words = [str(tmp_path)] if command == "capture" else []
        told = pytp("diag", command, *words, "-d", address, "--json").json
        assert told["exit"] in (0, 13, 14), command
        check(told)
    for words in ONCE:
        check(pytp("diag", *words, "--json").json)
    check(pytp("metrics", "-d", address, "--json").json)


def test_the_objects_of_a_library_fit(pytp: Pytp, library: Path) -> None:
    for command in ("inquiry", "vpd", "modes", "log", "alerts", "health"):
        check(pytp("diag", command, "-l", f"vtl:{library}/changer", "--json").json)
    check(pytp("diag", "clean", "--if-asked", "-d", f"vtl:{library}/drive0", "--json").json)


def test_the_objects_of_several_devices_fit(pytp: Pytp, tmp_path: Path, library: Path) -> None:
    config = tmp_path / "config.json"
    drives = [{"name": name, "device_path": f"vtl:{tmp_path / name}/drive0"} for name in ("library", "gone")]
    config.write_text(json.dumps({"tape_drives": drives}))
    told = pytp("diag", "capture", str(tmp_path), "--all", "--json", "--config", str(config)).json
    assert (told["exit"], len(told["devices"]), len(told["missing"])) == (1, 1, 1)
    check(told)
    for words in (("health", "--all"), ("report",), ("inquiry",)):
        check(pytp("diag", *words, "--replay", told["file"], "--json").json)
    check(pytp("metrics", "--replay", told["file"], "--json").json)


def test_the_schema_can_refuse(pytp: Pytp, drive: str) -> None:
    told = pytp("diag", "health", "-d", drive, "--json").json
    told["verdicts"][0]["verdict"] = "splendid"
    with pytest.raises(jsonschema.ValidationError):
        check(told)
