# SPDX-License-Identifier: WTFPL OR MIT
"""What a library is doing, as lines on stderr: each new thing at once, one that lasts every half minute."""

from __future__ import annotations

from pytp_cli.tables import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from pytp_native.devices.changer import Step

EVERY_S = 30.0


class Steps:
    """Takes the steps of devices/changer.py; `say` prints a line."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._text = ""
        self._told_s = 0.0

    def __call__(self, step: Step) -> None:
        if step.text == self._text and step.elapsed_s - self._told_s < EVERY_S:
            return
        self._text, self._told_s = step.text, step.elapsed_s
        figures = [f"{step.progress:.0%}"] if step.progress is not None else []
        if step.elapsed_s >= 1:
            figures.append(duration(step.elapsed_s))
        self._say(f"{step.text} ({', '.join(figures)})" if figures else step.text)
