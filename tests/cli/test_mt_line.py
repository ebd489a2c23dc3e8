# SPDX-License-Identifier: WTFPL OR MIT
"""mt's command line: options, the device, words and their beginnings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytp_cli import mt_table
from tests.cli.mt_bench import NODE, make_fake, run

SHORT = "usage: mt [-v] [--version] [-h] [ -f device ] command [ count ]\ndefault tape device: /dev/tape\n"
LONG = (
    SHORT
    + """\
commands: weof, wset, eof, fsf, fsfm, bsf, bsfm, fsr, bsr, fss, bss, rewind, \n\
          offline, rewoffl, eject, retension, eod, seod, seek, tell, status, \n\
          erase, setblk, lock, unlock, load, compression, setdensity, \n\
          drvbuffer, stwrthreshold, stoptions, stsetoptions, stclearoptions, \n\
          defblksize, defdensity, defdrvbuffer, defcompression, stsetcln, \n\
          sttimeout, stlongtimeout, densities, setpartition, mkpartition, \n\
          partseek, asf, stshowoptions.
"""
)
"""What mt-st 1.7 of Debian 12 prints."""


@pytest.fixture(autouse=True)
def _no_tape(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TAPE", raising=False)
    monkeypatch.setattr(mt_table, "DEFAULT_DEVICE", str(tmp_path / "tape"))


@pytest.mark.parametrize("words", [(), ("-x",), ("-",), ("--",), ("--help",), ("-f",), ("-t",), ("-f", NODE)])
def test_misuse_gets_the_short_help_and_1(capfd, monkeypatch, words: tuple[str, ...]) -> None:
    monkeypatch.setattr(mt_table, "DEFAULT_DEVICE", "/dev/tape")
    assert run(capfd, "-f", NODE, *words) == (1, "", SHORT)


@pytest.mark.parametrize("option", ["-h", "-hello"])
def test_help_goes_to_stderr_and_succeeds(capfd, monkeypatch, option: str) -> None:
    monkeypatch.setattr(mt_table, "DEFAULT_DEVICE", "/dev/tape")
    assert run(capfd, option) == (0, "", LONG)


@pytest.mark.parametrize("option", ["-v", "-version", "--version", "--ver", "--vile"])
def test_version_goes_to_stdout_with_the_token_that_scripts_look_for(capfd, option: str) -> None:
    ended = run(capfd, option)
    assert (ended.code, ended.err) == (0, "")
    first, second = ended.out.splitlines()
    assert first.startswith("mt-st v. 1.8 ")
    assert second == f"default tape device: {mt_table.DEFAULT_DEVICE}"


def test_it_goes_by_the_name_it_was_called(capfd) -> None:
    assert run(capfd, "-x", name="/usr/local/bin/pytp-mt").err.startswith("usage: pytp-mt [-v]")
    assert run(capfd, "-f", NODE, "l", name="/x/mt").lines[0] == 'mt: ambiguous command "l"'


# -- words -------------------------------------------------------------------------------------------------------------

SHORTEST = {
    "weof": "we", "wset": "ws", "eof": "eof", "fsf": "fsf", "fsfm": "fsfm", "bsf": "bsf", "bsfm": "bsfm",
    "fsr": "fsr", "bsr": "bsr", "fss": "fss", "bss": "bss", "rewind": "rewi", "offline": "o", "rewoffl": "rewo",
    "eject": "ej", "retension": "ret", "eod": "eod", "seod": "seo", "seek": "see", "tell": "t", "status": "sta",
    "erase": "er", "setblk": "setb", "lock": "loc", "unlock": "u", "load": "loa", "compression": "c",
    "setdensity": "setd", "drvbuffer": "dr", "stwrthreshold": "stw", "stoptions": "sto", "stsetoptions": "stseto",
    "stclearoptions": "stc", "defblksize": "defb", "defdensity": "defde", "defdrvbuffer": "defdr",
    "defcompression": "defc", "stsetcln": "stsetc", "sttimeout": "stt", "stlongtimeout": "stl", "densities": "den",
    "setpartition": "setp", "mkpartition": "m", "partseek": "p", "asf": "a", "stshowoptions": "stsh",
}  # fmt: skip
"""The shortest beginning of each word that mt-st accepts."""


def test_there_are_the_46_commands_in_mts_order() -> None:
    assert [command.name for command in mt_table.COMMANDS] == list(SHORTEST)
    assert len(SHORTEST) == 46


@pytest.mark.parametrize(("name", "shortest"), SHORTEST.items())
def test_the_beginning_of_a_word_is_enough_while_it_is_unique(name: str, shortest: str) -> None:
    for end in range(len(shortest), len(name) + 1):
        assert mt_table.find(name[:end]).name == name
    if shortest[:-1] in SHORTEST:
        assert mt_table.find(shortest[:-1]).name == shortest[:-1]
        return
    with pytest.raises(mt_table.WordError) as caught:
        mt_table.find(shortest[:-1])
    assert caught.value.what == "ambiguous"
    assert name in caught.value.matches


def test_unknown_and_ambiguous_words_get_the_long_help(capfd, monkeypatch) -> None:
    monkeypatch.setattr(mt_table, "DEFAULT_DEVICE", "/dev/tape")
    assert run(capfd, "-f", NODE, "xyz") == (1, "", 'mt: unknown command "xyz"\n' + LONG)
    ended = run(capfd, "-f", NODE, "re")
    assert ended == (
        1, "", 'mt: ambiguous command "re"\n' + LONG + 'mt: "re" may be: rewind, rewoffl, retension\n',
    )  # fmt: skip
    assert run(capfd, "-f", NODE, "").lines[0] == 'mt: ambiguous command ""'


def test_words_of_other_mts_are_explained(capfd) -> None:
    assert run(capfd, "-f", NODE, "eom").lines[-1] == 'mt: "eom" may be: eod'


@pytest.mark.parametrize(
    ("words", "name", "takes"),
    [
        (("rewind", "1"), "rewind", "none"),
        (("rewi", "1"), "rewind", "none"),
        (("fsf", "1", "2"), "fsf", "1 at most"),
        (("partseek", "1", "2", "3"), "partseek", "2 at most"),
        (("stsh", "1", "2"), "stshowoptions", "1 at most"),
        (("status", "1"), "status", "none"),
    ],
)
def test_too_many_arguments_are_noticed_before_the_device_is_opened(capfd, words, name: str, takes: str) -> None:
    ended = run(capfd, "-f", "/no/such/tape", *words)
    assert ended == (1, "", f"mt: too many arguments for the command '{name}'.\nmt: {name} takes {takes}\n")


# -- the device --------------------------------------------------------------------------------------------------------


def test_text_glued_to_f_is_ignored_and_the_last_f_wins(capfd, monkeypatch) -> None:
    make_fake(monkeypatch)
    assert run(capfd, "-f/dev/other", NODE, "rewind").code == 0
    assert run(capfd, "-t", "/no/such", "-f", NODE, "rewind").code == 0
    assert run(capfd, "-f", NODE, "-f", "/no/such", "rewind").lines[0] == "/no/such: No such file or directory"


def test_options_behind_the_command_are_its_arguments(capfd) -> None:
    assert run(capfd, "-f", NODE, "rewind", "-f").lines[0] == "mt: too many arguments for the command 'rewind'."


def test_without_f_the_environment_names_the_device(capfd, monkeypatch) -> None:
    monkeypatch.setenv("TAPE", "/no/such/drive")
    ended = run(capfd, "status")
    assert (ended.code, ended.out, ended.lines[0]) == (1, "", "/no/such/drive: No such file or directory")


def test_an_empty_tape_variable_is_an_empty_name(capfd, monkeypatch) -> None:
    monkeypatch.setenv("TAPE", "")
    assert run(capfd, "status").lines[0] == "No such file or directory"


def test_without_both_it_is_the_default(capfd) -> None:
    assert run(capfd, "status").lines[0] == f"{mt_table.DEFAULT_DEVICE}: No such file or directory"


@pytest.mark.parametrize("words", [("status",), (), ("xyz",)])
def test_a_default_that_is_a_directory_is_refused_before_anything_else(capfd, words: tuple[str, ...]) -> None:
    os.mkdir(mt_table.DEFAULT_DEVICE)
    ended = run(capfd, *words)
    assert (ended.code, ended.out) == (1, "")
    assert ended.lines[:2] == [f"The default '{mt_table.DEFAULT_DEVICE}' is not a character device.", ""]
    assert ended.lines[2].startswith("usage: mt ")
    assert ended.lines[-1] == "mt: name the device with -f, or in the environment variable TAPE"


def test_densities_need_no_device_at_all(capfd) -> None:
    os.mkdir(mt_table.DEFAULT_DEVICE)
    ended = run(capfd, "densities")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Some SCSI tape density codes:\n")


def test_a_name_that_is_no_text_goes_out_as_its_bytes(capfdbinary) -> None:
    from pytp_cli import mt

    assert mt.main(["mt", "-f", os.fsdecode(b"/no/\xff"), "status"]) == 1
    assert capfdbinary.readouterr().err.startswith(b"/no/\xff: No such file or directory\n")


# -- json --------------------------------------------------------------------------------------------------------------


def test_json_is_for_status_and_tell_only(capfd) -> None:
    assert run(capfd, "--json", "-f", NODE, "rewind").lines[0].startswith("usage: ")
    assert run(capfd, "-f", NODE, "fsf", "--json").code == 3
