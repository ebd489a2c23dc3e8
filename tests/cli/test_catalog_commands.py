# SPDX-License-Identifier: WTFPL OR MIT
"""find, sessions, tapes and the catalog's upkeep, behind backups as people make them."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pytp_native.vtl.library import Library
from tests.cli.conftest import Pytp

DATABASE = Path("home/.local/state/pytp/catalog.db")


@pytest.fixture
def saved(pytp: Pytp, drive: str, source: Path) -> Path:
    """One session on tape and in the catalog."""
    ended = pytp("backup", "-d", drive, "--job", "daily", str(source))
    assert ended.code == 0, ended.err
    return source


def test_what_was_saved_is_found_where_it_is(pytp: Pytp, saved: Path, drive: str) -> None:
    ended = pytp("find", "big", "--json")
    assert ended.code == 0
    (hit,) = ended.json["matches"]
    assert (hit["path"], hit["type"], hit["size"], hit["job"]) == ("source/deep/er/big", "0", 300_000, "daily")
    assert (hit["tape_file"], hit["barcode"]) == (1, "PYT001L9")
    assert len(hit["digest"]) == 32
    assert {one["mtime_ns"] for one in pytp("find", "hard", "--json").json["matches"]} == {1_234_567_890_123_456_789}
    listed = pytp("ls", "-d", drive, "--json")
    assert listed.code in (0, 11)
    assert "plain.txt" in pytp("find", "*.txt").out


def test_every_member_of_the_tape_is_in_the_catalog(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    members = tmp_path / "members.jsonl"
    assert pytp("backup", "-d", drive, "--members", str(members), str(source)).code == 0
    told = [json.loads(line) for line in members.read_text().splitlines()]
    hits = {hit["path"]: hit for hit in pytp("find", "*", "--json").json["matches"]}
    assert sorted(hits) == sorted(one["path"] for one in told)
    for one in told:
        hit = hits[one["path"]]
        place = (hit["tape_file"], hit["block"], hit["offset"], hit["length"])
        assert place == (one["tape_file"], one["block"], one["offset"], one["stored_bytes"])
        assert (hit["size"], hit["mtime_ns"], hit["digest"] or "") == (one["size"], one["mtime_ns"], one["hash"])


def test_nothing_found_and_no_catalog_are_told_apart(pytp: Pytp, drive: str, source: Path) -> None:
    none_yet = pytp("find", "plain")
    assert none_yet.code == 11
    assert "no catalog yet" in none_yet.err
    assert pytp("backup", "-d", drive, str(source)).code == 0
    nothing = pytp("find", "no-such-file")
    assert (nothing.code, nothing.out) == (11, "")
    assert "nothing saved matches" in nothing.err


def test_sessions_are_listed_with_their_state(pytp: Pytp, saved: Path, drive: str) -> None:
    assert pytp("backup", "-d", drive, str(saved / "deep")).code == 0
    found = pytp("sessions", "--json").json["sessions"]
    assert [(one["state"], one["exit"], one["job"]) for one in found] == [
        ("complete", 0, None),
        ("complete", 0, "daily"),
    ]
    assert [file["kind"] for file in found[1]["tape_files"]] == ["data", "trailer"]
    assert [file["number"] for one in reversed(found) for file in one["tape_files"]] == [1, 2, 3, 4]
    text = pytp("sessions", "--verbose", "--job", "daily").out
    assert "complete" in text
    assert "PYT001L9:2" in text


def test_the_inventory_knows_what_is_on_the_cartridge(pytp: Pytp, saved: Path) -> None:
    (cartridge,) = pytp("tapes", "--json").json["cartridges"]
    assert (cartridge["barcode"], cartridge["sessions"], cartridge["tape_files"]) == ("PYT001L9", 1, 2)
    assert cartridge["uuid"]
    assert cartridge["serial"]
    assert "today" in pytp("tapes").out


def test_overwriting_ends_the_claims_of_before(pytp: Pytp, saved: Path, drive: str) -> None:
    assert pytp("rewind", "-d", drive).code == 0
    assert pytp("backup", "-d", drive, "--overwrite", "--confirm", "PYT001L9", str(saved / "deep")).code == 0
    assert pytp("find", "plain").code == 11
    assert pytp("find", "big").code == 0
    assert pytp("catalog", "check").code == 0


def test_an_interrupted_or_failed_session_is_not_complete(pytp: Pytp, drive: str, library: Path, source: Path) -> None:
    assert pytp("vtl", "fault", str(library), "write 3: medium error").code == 0
    (source / "large").write_bytes(os.urandom(8 << 20))
    assert pytp("backup", "-d", drive, "--volumes", "PYT001L9", str(source)).code == 6
    (session,) = pytp("sessions", "--json").json["sessions"]
    assert (session["state"], session["exit"]) == ("failed", 6)
    assert pytp("find", "large").code == 11
    (cartridge,) = pytp("tapes", "--json").json["cartridges"]
    assert cartridge["errors"] == 1


def test_a_session_that_is_not_wanted_is_not_recorded(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    assert pytp("backup", "-d", drive, "--no-catalog", str(source)).code == 0
    assert not (tmp_path / DATABASE).exists()


def test_the_catalog_is_where_the_configuration_says(pytp: Pytp, drive: str, source: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"snapshot_dir": str(tmp_path / "snapshots")}))
    assert pytp("backup", "--config", str(config), "-d", drive, str(source)).code == 0
    assert (tmp_path / "snapshots" / "catalog.db").exists()
    assert pytp("find", "--config", str(config), "plain").code == 0


def test_an_export_has_every_row(pytp: Pytp, saved: Path, tmp_path: Path) -> None:
    out = tmp_path / "export.jsonl"
    ended = pytp("catalog", "export", str(out), "--json")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert ended.json["rows"] == len(rows)
    tables = [row["table"] for row in rows]
    assert tables.count("session") == 1
    paths = sorted(row["path"] for row in rows if row["table"] == "member")
    assert paths == sorted(hit["path"] for hit in pytp("find", "*", "--json").json["matches"])


def test_a_catalog_that_does_not_fit_together_is_told(pytp: Pytp, saved: Path, tmp_path: Path) -> None:
    assert pytp("catalog", "check").code == 0
    with sqlite3.connect(tmp_path / DATABASE) as database:
        database.execute("DELETE FROM member WHERE name = ?", (b"big",))
    ended = pytp("catalog", "check", "--json")
    assert ended.code == 8
    assert len(ended.json["troubles"]) == 1


def test_a_damaged_catalog_refuses_before_anything_is_written(
    pytp: Pytp, drive: str, source: Path, tmp_path: Path
) -> None:
    (tmp_path / DATABASE).parent.mkdir(parents=True)
    (tmp_path / DATABASE).write_bytes(b"this is no database at all" * 1000)
    ended = pytp("backup", "-d", drive, str(source))
    assert ended.code == 6
    assert "damaged" in ended.err
    assert pytp("ls", "-d", drive).code == 11


def test_histories_of_the_original_are_taken_over_once(pytp: Pytp, tmp_path: Path) -> None:
    history = tmp_path / "daily_etc_backup.json"
    files = {
        "/etc/hosts": {"type": "file", "mtime": 1700000000.25, "size": 17},
        "/etc/link": {"type": "symlink", "target": "hosts", "valid": True},
    }
    entries = [
        {"type": "full", "label": "A00001L9", "timestamp": "2024-01-02T03:04:05", "block_size": 524288, "files": {},
         "tape_position": 0},
        {"type": "incremental", "label": "A00001L9", "timestamp": "2024-01-03T03:04:05.5", "files": files,
         "tape_position": "The tape drive is not ready."},
    ]  # fmt: skip
    history.write_text(json.dumps(entries))
    assert pytp("catalog", "import-json", "--job", "daily", str(history), "--json").json["imported"] == {
        str(history): 2
    }
    assert pytp("catalog", "import-json", "--job", "daily", str(history), "--json").json["imported"] == {
        str(history): 0
    }
    (hit,) = pytp("find", "hosts", "--json").json["matches"]
    assert (hit["path"], hit["size"], hit["mtime_ns"]) == ("etc/hosts", 17, 1700000000250000000)
    assert (hit["tape_file"], hit["barcode"], hit["job"]) == (None, "A00001L9", "daily")
    assert pytp("catalog", "import-json", str(tmp_path / "none")).code == 2
    history.write_text('{"a": 1}')
    assert pytp("catalog", "import-json", str(history)).code == 2
    assert pytp("catalog", "check").code == 0


def test_a_wrong_date_is_a_usage_error(pytp: Pytp, saved: Path) -> None:
    assert pytp("find", "plain", "--since", "yesterday").code == 2
    assert pytp("find", "plain", "--since", "30d").code == 0
    assert pytp("find", "plain", "--since", "2999-01-01").code == 11


def rows(pytp: Pytp, tmp_path: Path) -> dict[str, list[dict[str, object]]]:
    """What an export says, without ids, times of sight, and who told it."""
    out = tmp_path / "rows.jsonl"
    assert pytp("catalog", "export", str(out)).code == 0
    aside = {"id", "session", "cartridge", "tape_file", "first_seen", "last_seen", "last_written", "origin"}
    found: dict[str, list[dict[str, object]]] = {}
    for line in out.read_text().splitlines():
        row = json.loads(line)
        found.setdefault(row["table"], []).append({key: value for key, value in row.items() if key not in aside})
    return found


def test_a_lost_catalog_comes_back_from_the_trailers(pytp: Pytp, saved: Path, drive: str, tmp_path: Path) -> None:
    """Two sessions, one of them with two arguments and a file that nobody could read."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "one").write_bytes(b"1" * 5000)
    assert pytp("backup", "-d", drive, "--hash", "sha256", str(saved / "deep"), str(other)).code == 0
    before = rows(pytp, tmp_path)
    found = pytp("find", "*", "--json").json["matches"]
    for file in (tmp_path / DATABASE).parent.glob("catalog.db*"):
        file.unlink()
    ended = pytp("catalog", "rebuild", "-d", drive, "--json")
    assert ended.code == 0, ended.err
    assert len(ended.json["sessions"]) == 2
    assert rows(pytp, tmp_path) == before
    assert pytp("find", "*", "--json").json["matches"] == found
    assert pytp("catalog", "check").code == 0
    assert pytp("catalog", "rebuild", "-d", drive).code == 0, "again, over what is there"
    assert rows(pytp, tmp_path) == before
    assert pytp("catalog", "check").code == 0


def test_what_no_trailer_tells_of_is_named(pytp: Pytp, drive: str, source: Path) -> None:
    assert pytp("backup", "-d", drive, "--bare", "--no-catalog", str(source)).code == 0
    ended = pytp("catalog", "rebuild", "-d", drive)
    assert ended.code == 1
    assert "tape file 0: no trailer" in ended.err


def test_a_blank_cartridge_tells_nothing(pytp: Pytp, drive: str) -> None:
    assert pytp("catalog", "rebuild", "-d", drive).code == 11


def test_a_catalog_older_than_the_tape_refuses_to_append(pytp: Pytp, saved: Path, drive: str) -> None:
    assert pytp("backup", "-d", drive, "--no-catalog", str(saved / "deep")).code == 0
    refused = pytp("backup", "-d", drive, str(saved))
    assert refused.code == 7
    assert "1 of 2 sessions on cartridge PYT001L9 are not in the catalog" in refused.err
    assert pytp("catalog", "rebuild", "-d", drive).code == 0
    assert pytp("backup", "-d", drive, str(saved)).code == 0
    assert len(pytp("sessions", "--json").json["sessions"]) == 3


def test_a_tape_shorter_than_the_catalog_says_is_not_appended_to(pytp: Pytp, saved: Path, drive: str) -> None:
    assert pytp("rewind", "-d", drive).code == 0
    assert pytp("ff", "-d", drive).code == 0
    with sqlite3.connect(Path(os.environ["HOME"]) / ".local/state/pytp/catalog.db") as database:
        database.execute("UPDATE tape_file SET number = 9 WHERE kind = 'data'")
    refused = pytp("backup", "-d", drive, str(saved))
    assert refused.code == 7
    assert "the catalog knows tape file 9 of cartridge PYT001L9, but the tape ends at file 3" in refused.err
    rebuilt = pytp("catalog", "rebuild", "-d", drive)
    assert "1 tape files that the catalog knew are not on it any more" in rebuilt.err
    assert pytp("backup", "-d", drive, str(saved)).code == 0
    assert pytp("catalog", "check").code == 0


def test_a_member_behind_the_end_of_its_tape_file_is_reported(pytp: Pytp, saved: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database, database:
        database.execute("UPDATE member SET block = 999 WHERE CAST(name AS TEXT) LIKE 'plain%'")
    checked = pytp("catalog", "check")
    assert checked.code != 0
    assert "1 of its members are said to be behind its end" in checked.out + checked.err


def test_a_cartridge_that_is_lost_is_given_up_by_name(
    pytp: Pytp, saved: Path, drive: str, library: Path, tmp_path: Path
) -> None:
    assert pytp("catalog", "forget", "NOSUCH01").code == 11
    asked = pytp("catalog", "forget", "PYT001L9")
    assert asked.code == 7
    assert f"tape file 1: {saved}" in asked.err
    assert pytp("catalog", "forget", "PYT001L9", "--confirm", "PYT002L9").code == 7
    assert pytp("find", "plain").code == 0
    assert pytp("catalog", "forget", "PYT001L9", "--confirm", "PYT001L9").code == 0
    assert pytp("find", "plain").code == 11
    assert pytp("catalog", "forget", "PYT001L9").code == 11
    assert pytp("catalog", "check").code == 0
    assert pytp("restore", str(tmp_path / "out"), "-d", drive, "--job", "daily").code == 11
    rebuilt = pytp("catalog", "rebuild", "-d", drive)  # it was only mislaid
    assert rebuilt.code == 0, rebuilt.err
    assert pytp("find", "plain").code == 0


def test_another_cartridge_may_have_the_barcode_of_one_that_is_given_up(
    pytp: Pytp, saved: Path, tmp_path: Path
) -> None:
    assert pytp("vtl", "create", str(tmp_path / "new"), "--drives", "1", "--slots", "1", "--cartridges", "1").code == 0
    drive = f"vtl:{tmp_path}/new/drive0"
    pytp("load", "-d", drive, "slot1")
    refused = pytp("backup", "-d", drive, "--job", "daily", str(saved))
    assert refused.code == 7
    serial = refused.err.rpartition("pytp catalog forget ")[2].split()[0]
    assert pytp("catalog", "forget", serial, "--confirm", serial).code == 0
    again = pytp("backup", "-d", drive, "--job", "daily", "--incremental", "--json", str(saved))
    assert again.code == 0, again.err
    assert again.json["arguments"][0]["files"] == 8


def test_what_a_verification_met_is_in_the_inventory(
    pytp: Pytp, saved: Path, drive: str, library: Path, tmp_path: Path
) -> None:
    Library(library).add_fault(0, "read 2: medium error")
    assert pytp("verify", "-d", drive).code == 6
    (one,) = pytp("tapes", "--json").json["cartridges"]
    assert one["errors"] == 1
    assert one["damaged"] > 0
    assert "today, damaged" in pytp("tapes").out
    assert pytp("catalog", "export", str(tmp_path / "all")).code == 0
    rows = [json.loads(line) for line in (tmp_path / "all").read_text().splitlines()]
    (error,) = [row for row in rows if row["table"] == "device_error"]
    assert (error["kind"], error["tape_file"], error["block"]) == ("TAPE", 1, 0)


def test_a_session_that_was_written_over_is_called_so(pytp: Pytp, saved: Path, drive: str) -> None:
    assert pytp("rewind", "-d", drive).code == 0
    words = ("--overwrite", "--confirm", "PYT001L9")
    assert pytp("backup", "-d", drive, *words, str(saved / "deep")).code == 0
    assert "complete, written over" in pytp("sessions").out
