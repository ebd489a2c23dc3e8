# SPDX-License-Identifier: WTFPL OR MIT
"""Retension: wind the tape from end to end and back, so that its pack is even again.

A drive that does it itself (LOAD UNLOAD with RETEN, SSC-5) is asked to. LTO drives mostly take the command and only
rewind, so what happened is measured: by what the drive counts, or by the time. If it did not wind, the tape is wound to
the end of its recorded data and back, and the report says that this is not the whole tape.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from pytp_native import mtio
from pytp_native.devices.drive import Drive
from pytp_native.devices.statistics import Motion
from pytp_native.errors import BadAddress, DeviceBusy, NotSupported, PytpError
from pytp_native.jobs.events import Emit, JobReport, Notice
from pytp_native.jobs.interrupt import Interrupt

LEAST_WIND_S = 60.0
"""From one end to the other and back takes an LTO drive longer than this: 600 m of LTO-1 at the 10 m/s of an LTO-5 are
two minutes (vendors' rewind times: 50 to 120 s one way)."""
_LEAST_METRES = 600
_BOTH_WAYS = 2
"""Passes over the middle of the tape."""
TELL_EVERY_S = 30.0

Native = Callable[[Callable[["float | None"], None]], None]
"""Winds and returns; calls with how far the drive is, from 0 to 1. Raises NotSupported for a drive that refuses."""


@dataclass(frozen=True, slots=True)
class Wound:
    """What the tape did."""

    native: bool
    """The drive wound it from end to end by itself."""
    evidence: str
    """How that is known, or why it is not so."""
    logical_block: int | None = None
    """Not native: wound to the end of data, which is here."""
    used_mb: int | None = None
    capacity_mb: int | None = None


class Retension:
    """One retension of the cartridge in an open drive. The tape stands at its beginning afterwards."""

    def __init__(
        self, drive: Drive, emit: Emit, interrupt: Interrupt, *, measure: Callable[[], Motion | None],
        native: Native | None = None, where: Callable[[], int | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic, tell_every_s: float = TELL_EVERY_S,
    ) -> None:  # fmt: skip
        """`measure` asks what the drive has counted; None: it cannot be asked. `native` has the drive wind by itself
        (devices/winding.py); without it st is asked to. `where` asks for the logical block while the tape winds."""
        self._drive = drive
        self._emit = emit
        self._interrupt = interrupt
        self._measure = measure
        self._own_command = native
        self._where = Whereabouts(where)
        self._progress: float | None = None
        self._clock = clock
        self._tell_every_s = tell_every_s
        self.steps: list[tuple[str, float]] = []
        """Each motion and its seconds."""

    def run(self) -> JobReport:
        """Do it; raises what the drive fails with. An interrupt ends it after the motion that is under way."""
        self._step("rewinding", lambda: mtio.rewind(self._drive.tape))
        wound = None
        if not self._interrupt.triggered:
            wound = self._native()
        if not self._interrupt.triggered and wound is not None and not wound.native:
            wound = self._by_hand(wound)
        return self._report(wound)

    def _native(self) -> Wound:
        before = self._measure()
        try:
            seconds = self._step("retension", self._retension)
        except NotSupported as exc:
            return Wound(False, f"the drive refused the retension command ({exc.fact})")
        return _judge(before, self._measure(), seconds)

    def _retension(self) -> None:
        """By the drive's own command; through st where that cannot be sent beside it (a virtual drive is busy)."""
        if self._own_command is not None:
            try:
                return self._own_command(self._far)
            except (DeviceBusy, BadAddress):
                pass
        return mtio.retension(self._drive.tape)

    def _far(self, progress: float | None) -> None:
        self._progress = progress

    def _by_hand(self, native: Wound) -> Wound:
        self._step("winding to the end of the recorded data", lambda: mtio.end_of_data(self._drive.tape))
        end = None
        with suppress(PytpError):
            end = self._drive.tape.position()
        motion = self._measure()
        self._step("rewinding", lambda: mtio.rewind(self._drive.tape))
        used, capacity = (motion.used_mb, motion.capacity_mb) if motion is not None else (None, None)
        return Wound(False, native.evidence, end, used, capacity)

    def _step(self, text: str, motion: Callable[[], None]) -> float:
        """Do one motion in a thread of its own, so that somebody can be told meanwhile; return its seconds."""
        self._progress = None
        self._emit(Notice("info", "TAPE", f"{self._drive.name}: {text}"))
        failed: list[BaseException] = []

        def work() -> None:
            try:
                motion()
            except BaseException as exc:  # carried over to the job's thread
                failed.append(exc)

        began = self._clock()
        worker = threading.Thread(target=work, name="winding")
        worker.start()
        while True:
            worker.join(self._tell_every_s)
            if not worker.is_alive():
                break
            self._emit(Notice("info", "TAPE", f"{self._drive.name}: still {text} ({self._told(began)})"))
        seconds = self._clock() - began
        self.steps.append((text, seconds))
        if failed:
            raise failed[0]
        return seconds

    def _told(self, began: float) -> str:
        """How long it lasts, and how far it is as far as the drive tells."""
        told = [f"{self._clock() - began:.0f} s"]
        if self._progress is not None:
            told.append(f"{self._progress:.0%}")
        block = self._where.latest()
        if block is not None:
            told.append(f"at block {block}")
        return ", ".join(told)

    def _report(self, wound: Wound | None) -> JobReport:
        interrupted = self._interrupt.triggered
        position = None
        with suppress(PytpError):
            position = self._drive.where()
        details: dict[str, object] = {
            "native": wound.native if wound else False,
            "evidence": wound.evidence if wound else None,
            "end_of_data": wound.logical_block if wound else None,
            "used_mb": wound.used_mb if wound else None,
            "capacity_mb": wound.capacity_mb if wound else None,
            "steps": [{"step": text, "seconds": round(seconds, 3)} for text, seconds in self.steps],
        }
        message = f"{self._drive.name}: interrupted; the tape stands at {position}" if interrupted else ""
        if wound is not None and not interrupted:
            self._emit(Notice("info", "TAPE", f"{self._drive.name}: {outcome(wound)}"))
        return JobReport(
            "retension", 130 if interrupted else 0, self._drive.name, (), position, message, details=details
        )


class Whereabouts:
    """Asks for the position in a thread of its own: a drive may answer only when its tape stands still again."""

    def __init__(self, ask: Callable[[], int | None]) -> None:
        self._ask = ask
        self._asking: threading.Thread | None = None
        self._found: int | None = None

    def latest(self) -> int | None:
        """Return what came of the last question, None while it is unanswered, and ask again."""
        if self._asking is not None and self._asking.is_alive():
            return None
        found, self._found = self._found, None
        self._asking = threading.Thread(target=self._work, name="position", daemon=True)
        self._asking.start()
        return found

    def _work(self) -> None:
        self._found = self._ask()


def outcome(wound: Wound) -> str:
    """Say honestly how much of the tape was wound."""
    if wound.native:
        return f"the drive wound the whole tape to its end and back ({wound.evidence})"
    if wound.logical_block == 0:
        return f"{wound.evidence}; the tape is blank, so nothing of it was wound"
    place = "" if wound.logical_block is None else f", logical block {wound.logical_block}"
    used = f" ({wound.used_mb} of {wound.capacity_mb} MB used)" if wound.capacity_mb else ""
    return (
        f"{wound.evidence}; wound instead to the end of the recorded data{place}{used} and back: what lies behind it "
        "on the tape was not wound"
    )


def _judge(before: Motion | None, after: Motion | None, seconds: float) -> Wound:
    """Say from the drive's counters, else from the time, whether it has wound the tape."""
    if before is not None and after is not None:
        passes = _grown(before.middle_passes, after.middle_passes)
        if passes is not None and passes >= _BOTH_WAYS:
            return Wound(True, f"{passes} passes over the middle of the tape")
        metres = _grown(before.metres, after.metres)
        if metres is not None and metres >= _LEAST_METRES:
            return Wound(True, f"{metres} m of tape went by")
    if seconds >= LEAST_WIND_S:
        return Wound(True, f"it took {seconds:.0f} s")
    return Wound(False, f"the drive took the retension command and only rewound ({seconds:.0f} s)")


def _grown(before: int | None, after: int | None) -> int | None:
    return after - before if before is not None and after is not None else None
