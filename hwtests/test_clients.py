# SPDX-License-Identifier: WTFPL OR MIT
"""Backup programs as Debian ships them, unmodified, on our mtx, mt and tapeinfo: Bacula's mtx-changer and tapealert,
and Amanda's chg-robot. Everything runs twice on an equal library, with the programs they were written for and with
ours, and has to say the same.

$PYTP_CLIENTS is a directory with the unpacked packages (hwtests/README.md); each runs in a mount namespace of its own,
in which ours lie over /usr/sbin/mtx and its like.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from hwtests import changer
from hwtests.changer import Element
from tests.contract.bench import TapeBench

ROOT = Path(__file__).parents[1]
CLIENTS = os.environ.get("PYTP_CLIENTS", "")
REPLACED = {"mtx": "/usr/sbin/mtx", "tapeinfo": "/usr/sbin/tapeinfo", "mt": "/usr/bin/mt"}
PROGRAM = """#!{python} -IS
import sys
sys.path[:0] = {path!r}
sys.argv[0] = "/{name}"
from pytp_cli.{name} import program
program()
"""
NEEDS_DIRECTORIES = "mkdir -p /etc/bacula /var/lib/bacula /etc/amanda /var/log/amanda /var/lib/amanda /tmp/amanda; "
AMANDA = """
use Amanda::Config qw( :init ); use Amanda::MainLoop; use Amanda::Util qw( :constants ); use Amanda::Changer::robot;
use Data::Dumper; $Data::Dumper::Sortkeys = 1; $Data::Dumper::Indent = 1;
Amanda::Util::setup_application("robot", "server", $CONTEXT_SCRIPTUTIL, "robot", "robot");
config_init(0, undef);
my $robot = Amanda::Changer::robot::Interface::MTX->new($ARGV[0], "/usr/sbin/mtx", 0);
my @steps = (
    ["inquiry"], ["status"], ["load", 2, 1], ["status"], ["load", 3, 1], ["load", 8, 1], ["unload", 1, 2],
    ["unload", 1, 2], ["transfer", 2, 6], ["transfer", 2, 6], ["transfer", 6, 2], ["load", 99, 0],
    ["status"],
);
my $next; $next = sub {
    my ($call, @words) = @{ shift @steps or return Amanda::MainLoop::quit() };
    $robot->$call(@words, sub {
        my ($error, $told) = @_;
        print "$call @words: ", (defined $error ? "$error\\n" : defined $told ? Dumper($told) : "done\\n");
        $next->();
    });
};
Amanda::MainLoop::call_later($next);
Amanda::MainLoop::run();
"""


class Ended(NamedTuple):
    code: int
    text: str
    elements: list[Element]


class Clients:
    """Runs a command line among the packages' files, with ours in place of mtx or without."""

    def __init__(self, bench: TapeBench, directory: Path) -> None:
        self.bench = bench
        self.directory = directory
        for name in REPLACED:
            path = [entry for entry in sys.path if entry and Path(entry).exists()]
            program = directory / name
            program.write_text(
                PROGRAM.format(python=sys.executable, path=[str(ROOT), str(ROOT / "cli"), *path], name=name)
            )
            program.chmod(0o755)

    def run(self, command: str, *, ours: bool) -> Ended:
        mounts = f"mount --bind {CLIENTS}/etc/bacula /etc/bacula; mount -t tmpfs tmpfs /var/lib/bacula; "
        mounts += "chown backup /tmp/amanda /var/log/amanda /var/lib/amanda; "
        if ours:
            mounts += "".join(f"mount --bind {self.directory}/{name} {at}; " for name, at in REPLACED.items())
        ended = subprocess.run(
            ["unshare", "-m", "sh", "-ec", NEEDS_DIRECTORIES + mounts + command],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )  # fmt: skip
        return Ended(ended.returncode, ended.stdout, changer.elements(self.bench.changer_address))


@pytest.fixture
def clients(bench: TapeBench, tmp_path: Path) -> Clients:
    if not os.environ.get("PYTP_GUEST"):
        pytest.skip("mounts over /usr/sbin: in a guest only")
    if not (Path(CLIENTS) / "etc").is_dir() or not CLIENTS:
        pytest.skip("PYTP_CLIENTS names no directory with Debian's packages unpacked; see README.md")
    bench.tidy()
    return Clients(bench, tmp_path)


BACULA = (
    "slots", "list", "listall", "loaded 1 TAPE 0", "loaded 1 TAPE 1", "unload 1 TAPE 0", "loaded 1 TAPE 0",
    "load 2 TAPE 0", "list", "loaded 2 TAPE 0", "load 3 TAPE 0", "unload 3 TAPE 0", "unload 2 TAPE 0",
    "unload 2 TAPE 0", "transfer 2 6", "listall", "transfer 2 6", "transfer 6 2", "transfer 3 9", "list",
    "transfer 9 3", "load 1 TAPE 0",
)  # fmt: skip


def test_bacula_mtx_changer(clients: Clients) -> None:
    """All sub-commands, good and bad. A load that fails then waits for the drive, so bad ones come with it loaded."""
    nodes = {"TAPE": clients.bench.address}

    def everything(*, ours: bool) -> list[Ended]:
        clients.bench.tidy()
        return [
            clients.run(
                shlex.join(["sh", "/etc/bacula/scripts/mtx-changer", clients.bench.changer_address,
                            *(nodes.get(word, word) for word in line.split())]),
                ours=ours,
            )
            for line in BACULA
        ]  # fmt: skip

    for line, expected, got in zip(BACULA, everything(ours=False), everything(ours=True), strict=True):
        assert (got.code, got.elements) == (expected.code, expected.elements), f"{line}: {expected} {got}"
        assert without_our_lines(got.text) == expected.text.splitlines(), line


def test_bacula_tapealert(clients: Clients) -> None:
    command = f"sh /etc/bacula/scripts/tapealert {clients.bench.scsi_address}"
    assert clients.run(command, ours=True) == clients.run(command, ours=False)


def test_amanda_chg_robot(clients: Clients) -> None:
    """As the user backup, whom Amanda insists on being."""
    script = clients.directory / "robot.pl"
    script.write_text(AMANDA)
    os.chmod(clients.bench.changer_address, 0o666)
    for path in (clients.directory, Path(sys.executable).resolve()):
        let_in(path)
    libraries = f"{CLIENTS}/usr/lib/x86_64-linux-gnu"
    command = (
        f"PERL5LIB={libraries}/amanda/perl:{CLIENTS}/usr/share/perl5 LD_LIBRARY_PATH={libraries}/amanda:{libraries} "
        f"setpriv --reuid=backup --regid=backup --clear-groups perl {script} {clients.bench.changer_address}"
    )
    expected = clients.run(command, ours=False)
    clients.bench.tidy()
    got = clients.run(command, ours=True)
    assert "'vendor id' => " in expected.text
    assert (got.code, got.elements) == (expected.code, expected.elements)
    assert without_our_lines(got.text) == expected.text.splitlines()


def let_in(path: Path) -> None:
    """Let every user of this guest reach a path; its file system is thrown away."""
    for one in (path, *path.parents):
        one.chmod(one.stat().st_mode | 0o055)


def without_our_lines(text: str) -> list[str]:
    return [row for row in text.splitlines() if not row.startswith("mtx: ") or "Request Sense" in row]
