# SPDX-License-Identifier: WTFPL OR MIT
"""A real Prometheus scrapes `pytp metrics --listen`, and promtool has nothing against the names."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytp_native.diag.metrics import FAMILIES
from pytp_native.vtl.library import Library

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    PROMETHEUS is None and not os.environ.get("CI"), reason="apt-get install --no-install-recommends prometheus"
)
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs: [{{job_name: tape, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""
PATIENCE_S = 60


@pytest.fixture
def device(tmp_path: Path) -> str:
    library = Library.create(tmp_path / "library", drives=1, slots=2, cartridges=1, capacity_bytes=64 << 20)
    return f"vtl:{library.path}/drive0"


@contextmanager
def running(*command: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, text=True, **options) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)


@contextmanager
def metrics(device: str, home: Path) -> Iterator[int]:
    """The port on which pytp answers."""
    environ = {**os.environ, "HOME": str(home), "PYTHONPATH": f"{ROOT}:{ROOT / 'cli'}"}
    command = [sys.executable, "-m", "pytp_cli", "metrics", "-d", device, "--listen", "127.0.0.1:0"]
    with running(*command, stderr=subprocess.PIPE, env=environ) as server:
        assert server.stderr is not None
        yield int(server.stderr.readline().rsplit(maxsplit=1)[-1])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def answer(port: int, query: str) -> list[dict[str, Any]]:
    """What Prometheus knows now; nothing while it is starting."""
    where = f"http://127.0.0.1:{port}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    try:
        with urllib.request.urlopen(where, timeout=PATIENCE_S) as told:
            found = json.load(told)
    except (urllib.error.URLError, ConnectionError):
        return []
    assert found["status"] == "success"
    return list(found["data"]["result"])


def test_prometheus_scrapes_it(device: str, tmp_path: Path) -> None:
    assert PROMETHEUS is not None
    port = free_port()
    with metrics(device, tmp_path) as own:
        (tmp_path / "prometheus.yml").write_text(CONFIG.format(port=own))
        command = (
            PROMETHEUS, f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        )  # fmt: skip
        with running(*command):
            deadline, found = time.monotonic() + PATIENCE_S, []
            while not found and time.monotonic() < deadline:
                found = answer(port, "pytp_up")
            assert [(one["metric"]["device"], one["value"][1]) for one in found] == [(device, "1")]
            (loads,) = answer(port, "pytp_drive_loads_total")
            assert loads["value"][1] == "1"
            (size,) = answer(port, "pytp_cartridge_capacity_bytes")
            assert (size["metric"]["barcode"], size["value"][1]) == ("PYT001L9", "67000000")
            names = {one["metric"]["__name__"] for one in answer(port, '{__name__=~"pytp_.*"}')}
            assert {name for name in names if not name.endswith("_created")} <= set(FAMILIES)
            assert len(names) >= 30
            (scrape,) = answer(port, 'up{job="tape"}')
            assert scrape["value"][1] == "1"


def test_promtool_has_nothing_against_it(device: str, tmp_path: Path) -> None:
    assert PROMTOOL is not None
    with metrics(device, tmp_path) as port, urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as told:
        text = told.read()
    ended = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout + ended.stderr) == (0, b"")
