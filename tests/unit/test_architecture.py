# SPDX-License-Identifier: WTFPL OR MIT
"""Rules of the house that no linter knows: sizes, the one door to C, what light modules may load, distinct numbers.

import-linter keeps the layers (pyproject.toml); CONTRIBUTING.md draws them.
"""

from __future__ import annotations

import ast
import enum
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import pytp_cli
import pytp_native
from pytp_native import errors

ROOT = Path(__file__).parents[2]
LICENCE = "SPDX-License-Identifier: WTFPL OR MIT"
FILE_CEILING, FUNCTION_CEILING = 500, 60
PYTHON = sorted(path for folder in ("pytp_native", "cli", "tests", "hwtests") for path in (ROOT / folder).rglob("*.py"))
C = sorted(path for path in (ROOT / "pytp_native").rglob("*.[ch]") if path.name != "_ffi.c")
DRAWERS = {"utils", "util", "helpers", "helper", "misc", "common"}

LIGHT = ("pytp_native.mtio", "pytp_native.transport", "pytp_native.transport.linux_st", "pytp_cli.main")
HEAVY = {"typer", "click", "rich", "construct", "zstandard", "dataclasses", "logging", "inspect", "asyncio"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Signatures count, too: a table of options is a noun of its own."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def c_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Functions by their outer braces: a body opens at the end of a line that starts in column 0, or alone in it."""
    start, title = 0, ""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.startswith("}"):
            if title:
                yield title, number - start + 1
            title = ""
        elif re.match(r"[A-Za-z_].*\(", line):
            start, title = number, line
        elif re.match(r"[A-Za-z_]", line):
            title = ""


def test_the_sources_are_found() -> None:
    assert len(PYTHON) > 50
    assert len(C) > 20


def test_a_file_is_one_noun() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in [*PYTHON, *C]}
    assert {found: lines for found, lines in lengths.items() if lines > FILE_CEILING} == {}
    assert [name(path) for path in [*PYTHON, *C] if path.stem in DRAWERS] == []


def test_every_file_says_its_licence_first() -> None:
    heads = {name(path): path.read_text().partition("\n")[0] for path in [*PYTHON, *C]}
    assert [found for found, head in heads.items() if head and LICENCE not in head] == []


def test_functions_stay_short() -> None:
    found = {
        f"{name(path)}: {title}": lines
        for paths, functions in ((PYTHON, python_functions), (C, c_functions))
        for path in paths
        for title, lines in functions(path)
    }
    assert any(lines > 40 for title, lines in found.items() if ".c: " in title)  # the C ones are seen
    assert {title: lines for title, lines in found.items() if lines > FUNCTION_CEILING} == {}


def test_only_one_module_opens_the_door_to_c() -> None:
    importers = {
        name(path)
        for path in PYTHON
        if "tests" not in path.parts and re.search(r"^\s*(from|import)\s.*\b_ffi\b", path.read_text(), re.MULTILINE)
    }
    assert importers == {"pytp_native/ffi.py"}


@pytest.mark.parametrize("module", LIGHT)
def test_light_modules_load_nothing_heavy(module: str) -> None:
    code = f"import sys; before = set(sys.modules); import {module}; print(*(set(sys.modules) - before))"
    path = [str(ROOT), str(ROOT / "cli"), *filter(None, sys.path)]
    command = [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert module in ended.stdout.split()
    assert HEAVY & set(ended.stdout.split()) == set()


def test_each_exit_code_belongs_to_one_class() -> None:
    own = [cls for cls in vars(errors).values() if isinstance(cls, type) and "exit_code" in vars(cls)]
    codes = {cls.__name__: cls.exit_code for cls in own if cls is not errors.PytpError}
    assert len(set(codes.values())) == len(codes), codes
    documented = {int(code) for code in re.findall(r"\b\d+\b", errors.__doc__ or "")}
    assert set(codes.values()) <= documented


def modules() -> Iterator[str]:
    for package in (pytp_native, pytp_cli):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield found.name


def test_members_of_an_enum_are_distinct() -> None:
    enums = {
        value
        for module in modules()
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, enum.EnumMeta) and value.__module__.startswith(("pytp_native", "pytp_cli"))
    }
    assert enums
    aliases = {
        f"{cls.__qualname__}.{alias} = {member.name}"
        for cls in enums
        for alias, member in cls.__members__.items()
        if alias != member.name
    }
    assert aliases == set()
