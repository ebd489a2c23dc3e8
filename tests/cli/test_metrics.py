# SPDX-License-Identifier: WTFPL OR MIT
"""`pytp metrics`: Prometheus' text, by its rules."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pytp_native.diag.metrics import FAMILIES, samples_of, text
from pytp_native.transport import open_tape
from tests.cli.conftest import Pytp
from tests.cli.test_diag_commands import raise_alert

_SAMPLE = re.compile(
    r'(?P<name>[a-z_:][a-z0-9_:]*)(?:\{(?P<labels>(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*)\})? (?P<value>\S+)\Z'
)


def parsed(told: str) -> dict[str, list[tuple[str, float]]]:
    """Read the text format; fails for what Prometheus would refuse."""
    found: dict[str, list[tuple[str, float]]] = {}
    typed: set[str] = set()
    for line in told.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            assert name not in typed, "one family, one block"
            assert (kind == "counter") == name.endswith("_total")
            typed.add(name)
        elif not line.startswith("# HELP "):
            match = _SAMPLE.match(line)
            assert match, line
            assert match["name"] in typed
            found.setdefault(match["name"], []).append((match["labels"] or "", float(match["value"])))
    for samples in found.values():
        assert len({labels for labels, _value in samples}) == len(samples), "no sample twice"
    return found


def test_a_library_with_its_drives_is_told_in_base_units(pytp: Pytp, library: Path, drive: str, source: Path) -> None:
    config = library.parent / "config.json"
    config.write_text(json.dumps({
        "tape_drives": [{"name": f"d{n}", "device_path": f"vtl:{library}/drive{n}"} for n in (0, 1)],
        "tape_libraries": [{"name": "lib", "device_path": f"vtl:{library}/changer", "drives": ["d0", "d1"]}],
    }))  # fmt: skip
    assert pytp("backup", str(source), "-d", drive).code == 0
    told = parsed(pytp("metrics", "--config", str(config)).out)
    assert [value for _, value in told["pytp_up"]] == [1, 1, 1]
    assert told["pytp_cartridge_capacity_bytes"][0][1] == 67_000_000
    assert told["pytp_drive_temperature_celsius"][0][1] == 31
    assert told["pytp_drive_loads_total"][0][1] == 1
    assert {value for _, value in told["pytp_verdict"]} == {0}
    assert 'barcode="PYT001L9"' in told["pytp_cartridge_mounts_total"][0][0]


def test_a_drive_in_use_is_asked_for_its_state_only(pytp: Pytp, drive: str) -> None:
    tape = open_tape(drive)
    try:
        told = parsed(pytp("metrics", "-d", drive).out)
    finally:
        tape.close()
    assert told["pytp_drive_busy"][0][1] == 1
    assert 'activity="idle"' in told["pytp_drive_activity"][0][0]
    assert "pytp_drive_loads_total" not in told


def test_a_flag_is_told_at_every_poll(pytp: Pytp, library: Path, drive: str) -> None:
    raise_alert(library, 20)
    for _ in range(2):
        told = parsed(pytp("metrics", "-d", drive).out)
        assert 'flag="20"' in told["pytp_alert"][0][0]
    pytp("vtl", "fault", str(library), "slot 1: label unreadable")
    changer = f"vtl:{library}/changer"
    assert 'flag="32"' in parsed(pytp("metrics", "-l", changer).out)["pytp_alert"][0][0]
    assert "unreadable" in pytp("diag", "alerts", "--past").out


def test_a_poll_clears_no_flag_that_it_cannot_store(pytp: Pytp, library: Path, drive: str, tmp_path: Path) -> None:
    """A library's page 2Eh is cleared by being read; a history that cannot be opened keeps it from being asked."""
    raise_alert(library, 4)
    pytp("vtl", "fault", str(library), "slot 2: retries 5")
    assert pytp("move", "2", "3", "-l", f"vtl:{library}/changer").code == 0
    config = tmp_path / "nowhere.json"
    (tmp_path / "file").write_text("")
    config.write_text(json.dumps({"snapshot_dir": str(tmp_path / "file")}))
    changer = f"vtl:{library}/changer"
    for device in (("-d", drive), ("-l", changer)):
        assert pytp("metrics", *device, "--config", str(config)).code != 0, device
    assert 'flag="4"' in parsed(pytp("metrics", "-d", drive).out)["pytp_alert"][0][0]
    assert 'flag="13"' in parsed(pytp("metrics", "-l", changer).out)["pytp_alert"][0][0]


def test_polls_do_not_disturb_a_backup(pytp: Pytp, drive: str, source: Path) -> None:
    """Polls from before the drive is opened until after it is let go: the job never finds it taken."""
    command = [sys.executable, "-m", "pytp_cli", "backup", str(source), "-d", drive]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as job:
        while job.poll() is None:
            assert parsed(pytp("metrics", "-d", drive).out)["pytp_up"][0][1] == 1
        assert job.stderr is not None
        assert job.returncode == 0, job.stderr.read()
    assert pytp("verify", "-d", drive).code == 0


def test_a_device_that_does_not_answer_is_down(pytp: Pytp, tmp_path: Path) -> None:
    ended = pytp("metrics", "-d", f"vtl:{tmp_path}/nothing/drive0")
    assert ended.code == 0
    assert parsed(ended.out)["pytp_up"][0][1] == 0


def test_the_textfile_is_replaced_whole_and_readable(pytp: Pytp, drive: str, tmp_path: Path) -> None:
    path = tmp_path / "pytp.prom"
    path.write_text("old")
    assert pytp("metrics", "-d", drive, "--textfile", str(path)).out == ""
    assert "pytp_up" in parsed(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in tmp_path.glob(".pytp-*")] == []
    assert pytp("metrics", "-d", drive, "--textfile", str(tmp_path / "no" / "file")).code == 7


@pytest.mark.parametrize(
    "words", [("--listen", "nowhere"), ("--listen", ":99999"), ("--listen", ":1", "--textfile", "x")]
)
def test_a_wrong_place_is_refused(pytp: Pytp, drive: str, words: tuple[str, ...]) -> None:
    assert pytp("metrics", "-d", drive, *words).code == 2


def test_it_answers_over_http_until_it_is_stopped(drive: str) -> None:
    command = [sys.executable, "-m", "pytp_cli", "metrics", "-d", drive, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        port = int(line.rsplit(maxsplit=1)[-1])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert "pytp_up" in parsed(answer.read().decode())
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/other", timeout=30)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 130


def test_labels_are_escaped() -> None:
    told = text(samples_of([], ['a"b\\c\nd']))
    assert told.endswith('pytp_up{device="a\\"b\\\\c\\nd"} 0\n')


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    dashboard = json.loads((Path(__file__).parents[2] / "configs" / "grafana-pytp.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    names = {name for expr in asked for name in re.findall(r"pytp_\w+", expr)}
    assert names <= set(FAMILIES)
    assert len(asked) >= 15
