# SPDX-License-Identifier: WTFPL OR MIT
"""What ends a line of mtx, tapeinfo, loaderinfo or scsitape before its end."""

from __future__ import annotations

from pytp_cli.sense_block import block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pytp_cli.generic_device import NotOpened, Refused


class Failure(Exception):
    """The original's lines on stderr, its exit status, and the reason, which becomes one line of ours."""

    def __init__(self, lines: str, why: object = None, *, code: int = 1) -> None:
        self.lines = lines
        self.why = why
        self.code = code
        super().__init__(lines, why)

    @classmethod
    def of_command(cls, refused: Refused, line: str, *, code: int = 1) -> Failure:
        """A command that the device refused, or that did not reach it."""
        return cls(shown(refused) + line, refused.why, code=code)

    @classmethod
    def of_open(cls, error: NotOpened) -> Failure:
        return cls(error.line, error.why)


def shown(refused: Refused) -> str:
    """Return the sense block. A command with an unknown end has none: zeros would read "No Sense", and Amanda takes
    that for a reason to send the command again."""
    return block(refused.sense) if refused.answered else ""
