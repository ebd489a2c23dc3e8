# SPDX-License-Identifier: WTFPL OR MIT
"""A build that cannot work says what to install, before any compiler output."""

from __future__ import annotations

import importlib.util
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def needs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_needs", ROOT / "build_needs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a compiler in front that knows only the headers of a directory of ours, as a system without packages."""

    def install(**headers: str) -> None:
        folder = tmp_path / "include"
        for name, text in headers.items():
            path = folder / name.replace("__", "/")
            path = path.with_name(f"{path.name}.h")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        program = tmp_path / "bare-cc"
        program.write_text(f'#!/bin/sh\nexec cc -nostdinc -I{folder} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("CC", str(program))

    return install


ALL = dict.fromkeys(("stdio", "linux__mtio", "linux__posix_acl_xattr", "scsi__sg", "Python"), "")
XXHASH = "#define XXH_VERSION_NUMBER {}\n"


def test_a_machine_that_has_it_all_passes(needs: ModuleType) -> None:
    needs.check()


def test_a_missing_compiler_is_named_with_every_package(needs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-cc -m64")
    with pytest.raises(SystemExit) as ended:
        needs.check()
    message = str(ended.value)
    assert "C compiler no-such-cc is not installed" in message
    for package in ("apt-get install gcc ", "libxxhash-dev", "libc6-dev", f"python3.{sys.version_info[1]}-dev"):
        assert package in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("header", "package"),
    [("scsi__sg", "libc6-dev"), ("linux__mtio", "linux-libc-dev"), ("linux__posix_acl_xattr", "linux-libc-dev")],
)
def test_a_missing_header_is_named_with_its_package(
    needs: ModuleType, compiler: Callable[..., None], monkeypatch: pytest.MonkeyPatch, header: str, package: str
) -> None:
    monkeypatch.setattr(needs, "include_paths", list)
    compiler(**{name: text for name, text in ALL.items() if name != header}, xxhash=XXHASH.format(802))
    with pytest.raises(SystemExit) as ended:
        needs.check()
    message = str(ended.value)
    assert f"{header.replace('__', '/')}.h not found" in message
    assert message.endswith(f"apt-get install {package}")


def test_python_headers_are_looked_for_where_this_python_has_them(
    needs: ModuleType, compiler: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiler(**{name: text for name, text in ALL.items() if name != "Python"}, xxhash=XXHASH.format(802))
    monkeypatch.setattr(needs, "include_paths", list)
    assert needs.missing_headers(needs.compiler_command()) == ["Python.h"]
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "Python.h").write_text("")
    monkeypatch.setattr(needs, "include_paths", lambda: [str(tmp_path / "python")])
    assert needs.missing_headers(needs.compiler_command()) == []


@pytest.mark.parametrize(("number", "missing"), [(703, ["xxhash.h"]), (800, []), (802, [])])
def test_an_xxhash_whose_sums_were_not_final_counts_as_missing(
    needs: ModuleType, compiler: Callable[..., None], monkeypatch: pytest.MonkeyPatch, number: int, missing: list[str]
) -> None:
    monkeypatch.setattr(needs, "include_paths", list)
    compiler(**ALL, xxhash=XXHASH.format(number))
    assert needs.missing_headers(needs.compiler_command()) == missing


def test_run_as_a_program_it_prints_one_line_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-cc")
    ended = subprocess.run(
        [sys.executable, ROOT / "build_needs.py"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("pytp: cannot build the C part")
    assert ended.stderr.count("\n") == 1
