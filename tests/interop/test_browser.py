# SPDX-License-Identifier: WTFPL OR MIT
"""The HTML report in a real browser: laid out within the window, coloured, nothing fetched; and on paper, in words."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pytp_native.devices.look import CartridgeLook, DriveLook
from pytp_native.diag.history import History
from pytp_native.diag.report import make_report
from pytp_native.diag.report_html import html as page_of
from pytp_native.diag.verdict import ACT, GOOD

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    (BROWSER is None or shutil.which("pdftotext") is None) and not os.environ.get("CI"),
    reason="apt-get install --no-install-recommends chromium poppler-utils",
)
DRIVES, CARTRIDGES, LOOKS = 3, 12, 6
PROBE = """<!DOCTYPE html><meta charset="utf-8"><iframe id="f" style="width: 1000px; height: 900px"></iframe>
<pre id="out"></pre><script>
const frame = document.getElementById("f");
frame.onload = () => {
  const page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
  const seen = (one) => { const box = one.getBoundingClientRect(); return box.width > 0 && box.height > 0; };
  document.getElementById("out").textContent = JSON.stringify({
    text: page.body.innerText,
    wide: root.scrollWidth, window: root.clientWidth,
    headings: [...page.querySelectorAll("h2")].map((one) => one.innerText),
    hidden: [...page.querySelectorAll("h1, h2, table, svg")].filter((one) => !seen(one)).length,
    plots: [...page.querySelectorAll("svg")].map((one) => one.getBBox().width),
    colours: Object.fromEntries([...page.querySelectorAll(".level")].map(
      (one) => [one.innerText, view.getComputedStyle(one).backgroundColor])),
    fetched: view.performance.getEntriesByType("resource").map((one) => one.name),
  });
};
frame.srcdoc = PAGE;
</script>
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A drive that wears, and the others."""
    with History(str(tmp_path / "history.db")) as history:
        for number in range(LOOKS * CARTRIDGES):
            drive, tape, turn = number % DRIVES, number % CARTRIDGES, number // CARTRIDGES
            again = 900.0 * turn if drive == 1 else 0.0
            counters = {"mounts": turn + 1.0, "data_sets_written": 1e4 * turn, "write_retries": again}
            history.store(
                DriveLook(
                    f"d{drive}", 1_700_000_000 + number * 3600, "IBM", "ULT3580-TD9", "Q3A0", f"SN{drive:08}", 9,
                    alerts=frozenset({20} if drive == 1 else ()), counters={"loads": 1.0 * number},
                    cartridge=CartridgeLook(serial=f"T{tape:07}", barcode=f"A{tape:05}L9", counters=counters),
                ),
                "test",
            )  # fmt: skip
        report = make_report(history)
    assert {one.level for one in report.verdicts} >= {ACT, GOOD}
    path = tmp_path / "report.html"
    path.write_text(page_of(report), encoding="utf-8")
    return path


def browse(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    assert BROWSER is not None
    command = [
        BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", f"--user-data-dir={place / 'profile'}",
        "--enable-logging=stderr", *words,
    ]  # fmt: skip
    environ = {**os.environ, "HOME": str(place), "XDG_CONFIG_HOME": str(place), "XDG_CACHE_HOME": str(place)}
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120, env=environ)


def laid_out(page: Path) -> dict[str, Any]:
    probe = page.parent / "probe.html"
    content = json.dumps(page.read_text(encoding="utf-8")).replace("</", "<\\/")
    probe.write_text(PROBE.replace("PAGE", content), encoding="utf-8")
    ended = browse(page.parent, "--virtual-time-budget=5000", "--dump-dom", probe.as_uri())
    assert "CONSOLE" not in ended.stderr
    found = re.search(r'<pre id="out">(.*?)</pre>', ended.stdout, re.DOTALL)
    assert found is not None
    told = json.loads(html.unescape(found[1]))
    assert isinstance(told, dict)
    return told


def test_the_page_in_a_browser(page: Path) -> None:
    told = laid_out(page)
    assert told["wide"] <= told["window"], "nothing sticks out"
    assert told["hidden"] == 0
    assert told["fetched"] == []
    assert told["headings"] == [
        "Verdicts", "Drive by cartridge: retries for 1000 data sets",
        "Retries for 1000 data sets, from look to look", "Alerts", "Libraries",
    ]  # fmt: skip
    assert len(told["plots"]) == DRIVES
    assert min(told["plots"]) > 100
    assert told["colours"]["act now"] == "rgb(251, 213, 208)"
    assert told["colours"]["good"] != told["colours"]["act now"]
    for words in ("SN00000001", "A00004L9", "act now", "clean now"):
        assert words.lower() in told["text"].lower()


def test_the_page_on_paper(page: Path) -> None:
    paper = page.with_suffix(".pdf")
    browse(page.parent, f"--print-to-pdf={paper}", "--no-pdf-header-footer", page.as_uri())
    told = subprocess.run(["pdftotext", "-layout", str(paper), "-"], capture_output=True, text=True, check=True).stdout
    assert 1 <= told.count("\f") <= 6
    for words in ("Tape drives, cartridges and libraries", "Verdicts", "act now", "SN00000001", "A00011L9", "Alerts"):
        assert words in told
