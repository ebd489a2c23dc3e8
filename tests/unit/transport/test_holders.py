# SPDX-License-Identifier: WTFPL OR MIT
"""Who has it open, from /proc alone."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pytp_native.transport import holders
from pytp_native.transport.holders import Holder, Scan

HOLD = "import sys; f = open(sys.argv[1], sys.argv[2]); print('open', flush=True); sys.stdin.read()"


@pytest.fixture
def other_process():
    """Start processes that hold a file open; they end with the test."""
    running = []

    def hold(path, mode):
        command = [sys.executable, "-c", HOLD, path, mode]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout.readline() == b"open\n"
        return process

    yield hold
    for process in running:
        process.communicate(b"")


def test_names_the_process_and_what_it_may_do(other_process, tmp_path):
    path = tmp_path / "lock"
    path.write_bytes(b"")
    reader, writer = other_process(str(path), "rb"), other_process(str(path), "r+b")
    by_pid = {holder.pid: holder for holder in holders.find(path)}
    assert set(by_pid) == {reader.pid, writer.pid}
    assert by_pid[reader.pid].access == "read"
    assert by_pid[writer.pid].access == "read-write"
    assert str(path) in by_pid[writer.pid].command_line
    assert by_pid[writer.pid].user == holders._user("/proc/self")


def test_follows_the_file_and_not_its_name(other_process, tmp_path):
    path = tmp_path / "lock"
    path.write_bytes(b"")
    process = other_process(str(path), "rb")
    os.link(path, tmp_path / "other name")
    path.unlink()
    assert [holder.pid for holder in holders.find(tmp_path / "other name")] == [process.pid]
    path.write_bytes(b"")
    assert holders.find(path) == ()


def test_nobody_and_nothing(tmp_path):
    assert holders.find(tmp_path / "missing") == ()
    assert holders.describe(tmp_path / "missing") == "another process"


def test_this_process_is_called_that(tmp_path):
    with open(tmp_path / "x", "wb"):
        assert holders.describe(tmp_path / "x") == f"pid {os.getpid()} (this process)"


def test_message_names_pid_user_and_command():
    assert str(Holder(42, "root", "mt rewind", "read")) == "pid 42 (root: mt rewind)"


def test_hidden_processes_are_counted(tmp_path, monkeypatch):
    for pid in ("1", "2"):
        (tmp_path / "proc" / pid / "fd").mkdir(parents=True)
    (tmp_path / "proc/self").mkdir()
    (tmp_path / "x").write_bytes(b"")
    (tmp_path / "proc/2/fd/3").symlink_to(tmp_path / "x")
    (tmp_path / "proc/2/cmdline").write_bytes(b"tar\0-cf\0/dev/nst0\0")
    real = os.listdir

    def listdir(path):
        if path == f"{tmp_path}/proc/1/fd":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(holders.os, "listdir", listdir)
    found, unreadable = holders.scan(tmp_path / "x", proc=str(tmp_path / "proc"))
    assert unreadable == 1
    assert [(holder.pid, holder.command_line, holder.access) for holder in found] == [(2, "tar -cf /dev/nst0", "read")]


def test_message_says_when_only_root_could_know(monkeypatch):
    monkeypatch.setattr(holders, "scan", lambda path: Scan((), 7))
    assert holders.describe("/dev/nst0") == "a process that only root can see (7 not readable)"


def test_all_nodes_of_one_tape_are_the_same_device():
    same = {holders.tape_number(os.makedev(9, minor)) for minor in (0x02, 0x22, 0x42, 0x62, 0x82, 0xE2)}
    assert same == {2}
    assert holders.tape_number(os.makedev(9, 0x181)) == 33


def test_kernel_threads_have_a_name_in_brackets(tmp_path):
    (tmp_path / "cmdline").write_bytes(b"")
    (tmp_path / "comm").write_bytes(b"st_worker\n")
    assert holders._command_line(str(tmp_path)) == "[st_worker]"
