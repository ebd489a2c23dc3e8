# SPDX-License-Identifier: WTFPL OR MIT
"""A short backup is not kept waiting for modules that it does not need: construct alone takes 20 ms."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_RUN = """
import sys
from pytp_cli.main import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
slow = {"construct", "prompt_toolkit", "rich", "logging", "hashlib", "pickle"} & set(sys.modules)
print("slow:", *sorted(slow))
"""


def test_a_backup_loads_no_slow_modules(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_text("x")
    vtl = tmp_path / "vtl"
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    for arguments in (
        ["vtl", "create", str(vtl)],
        ["backup", "--drive", f"vtl:{vtl}/drive0", str(tmp_path / "tree")],
    ):
        done = subprocess.run(
            [sys.executable, "-c", _RUN, *arguments], env=environment, capture_output=True, text=True, check=True
        )
    assert done.stdout.splitlines()[-1] == "slow:"
