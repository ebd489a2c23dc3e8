# SPDX-License-Identifier: WTFPL OR MIT
"""A session runs as long as the process does that writes it."""

from __future__ import annotations

import os
import signal
import uuid
from pathlib import Path

import pytest

from pytp_native.catalog.records import SessionFacts
from pytp_native.catalog.running import Held, is_running
from pytp_native.catalog.store import Catalog
from pytp_native.errors import CatalogError

ONE, OTHER = (str(uuid.UUID(int=number)) for number in (1, 2))


def test_it_is_held_until_it_is_released_and_no_other_is(tmp_path: Path) -> None:
    catalog = str(tmp_path / "catalog.db")
    assert not is_running(catalog, ONE)
    held = Held(catalog, ONE)
    assert is_running(catalog, ONE)
    assert not is_running(catalog, OTHER)
    with pytest.raises(CatalogError, match="another process is writing this session"):
        Held(catalog, ONE)
    held.release()
    assert not is_running(catalog, ONE)


def test_it_ends_with_its_process_whoever_has_its_number_then(tmp_path: Path) -> None:
    path = str(tmp_path / "catalog.db")
    facts = SessionFacts(ONE, 1, host="elsewhere", pid=os.getpid())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with Catalog(path) as catalog:
            opened = catalog.begin_session(facts)
            os.write(writing, b"x")
            signal.pause()
            os._exit(int(opened is None))
    os.read(reading, 1)
    with Catalog(path) as catalog:
        assert is_running(path, ONE)
        assert catalog.mark_dead("here") == 0
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert catalog.mark_dead("here") == 1
        assert [session.state for session in catalog.sessions()] == ["interrupted"]
    os.close(reading)
    os.close(writing)


def test_who_may_not_look_takes_it_for_running(tmp_path: Path) -> None:
    (tmp_path / "catalog.db-running").symlink_to("catalog.db-running")
    assert is_running(str(tmp_path / "catalog.db"), ONE)
    with pytest.raises(CatalogError, match="db-running"):
        Held(str(tmp_path / "catalog.db"), ONE)
