# SPDX-License-Identifier: WTFPL OR MIT
"""Log pages (SPC-6): parameters by code, whatever their length; TapeAlert. Light.

Lengths differ between vendors and generations, so a value is read with the length that it has. What a parameter means
is not judged here.
"""

from __future__ import annotations

from pytp_native.errors import BadReply
from pytp_native.light import NamedTuple
from pytp_native.scsi.command import bits, packed
from pytp_native.scsi.field import check_length, number, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

THRESHOLD, CUMULATIVE, DEFAULT_THRESHOLD, DEFAULT_CUMULATIVE = range(4)
TAPE_ALERT, TAPE_ALERT_RESPONSE = 0x2E, 0x12
FLAGS = 64


class LogParameter(NamedTuple):
    code: int
    control: int
    """DU b7, TSD b5, ETC b4, TMC b3-2, format b1-0."""
    value: bytes

    @property
    def number(self) -> int:
        """The value as an unsigned number of whatever length; 0 if empty."""
        return int.from_bytes(self.value, "big")

    @property
    def known(self) -> bool:
        """False for the all-ones value, with which a drive says that it does not know."""
        return bool(self.value) and self.value != b"\xff" * len(self.value)

    @property
    def text(self) -> str:
        return text(self.value)


class LogPage(NamedTuple):
    page: int
    subpage: int
    parameters: tuple[LogParameter, ...]
    truncated: bool = False
    """The page goes on behind what came; ask again with more room."""

    def get(self, code: int) -> LogParameter | None:
        return next((parameter for parameter in self.parameters if parameter.code == code), None)

    def number(self, code: int) -> int | None:
        """Return a counter, None if the page does not have it or the drive does not know it."""
        found = self.get(code)
        return found.number if found is not None and found.known else None


def log_body(data: bytes) -> tuple[int, int, bytes, bool]:
    """Return page, subpage, what follows the header, and whether that was cut."""
    check_length(data, 4, "log page")
    end = 4 + number(data, 2, 2)
    subpage = data[1] if data[0] & 0x40 else 0
    return data[0] & 0x3F, subpage, bytes(data[4:end]), end > len(data)


def parse_log_page(data: bytes) -> LogPage:
    """Read the parameters; a cut one at the end is left out and `truncated` set.

    Raises BadReply for a parameter that goes on behind a page that is all here.
    """
    page, subpage, body, cut = log_body(data)
    parameters, at = [], 0
    while at + 4 <= len(body):
        end = at + 4 + body[at + 3]
        if end > len(body):
            break
        parameters.append(LogParameter(number(body, at, 2), body[at + 2], body[at + 4 : end]))
        at = end
    if at < len(body) and not cut:
        raise BadReply("", f"log page {page:02x}h: a parameter goes on behind the end of the page")
    return LogPage(page, subpage, tuple(parameters), cut)


def encoded(page: int, subpage: int, parameters: Iterable[LogParameter]) -> bytes:
    """Return the parameter list of LOG SELECT: a page as LOG SENSE gives it. Empty without parameters."""
    rows = (
        packed(one.code, 2, "parameter code") + bytes((bits(one.control, 8, "control byte"),))
        + packed(len(one.value), 1, "parameter length") + one.value
        for one in parameters
    )  # fmt: skip
    body = b"".join(rows)
    head = bytes((bool(subpage) << 6 | bits(page, 6, "page code"), bits(subpage, 8, "subpage")))
    return head + packed(len(body), 2, "page length") + body if body else b""


def parse_supported_pages(data: bytes) -> tuple[tuple[int, int], ...]:
    """Log page 00h and 00h/FFh: (page, subpage) pairs; subpages are 0 in the short form."""
    _, subpage, body, _ = log_body(data)
    if subpage == 0xFF:
        return tuple((body[at] & 0x3F, body[at + 1]) for at in range(0, len(body) - 1, 2))
    return tuple((page & 0x3F, 0) for page in body)


def tape_alerts(page: LogPage) -> frozenset[int]:
    """Return the flags that are raised, 1 to 64, of page 2Eh (one byte each) or 12h (a bitmap, flag 1 first).

    Reading page 2Eh clears the flags for this initiator: save them before showing them.
    """
    if page.page == TAPE_ALERT_RESPONSE:
        bitmap = page.get(0)
        return flags_of_bitmap(bitmap.value) if bitmap is not None else frozenset()
    return frozenset(
        parameter.code
        for parameter in page.parameters
        if 1 <= parameter.code <= FLAGS and parameter.value and parameter.value[0] & 1
    )


def flags_of_bitmap(value: bytes) -> frozenset[int]:
    """Return the flags of an 8-byte bitmap: flag 1 is the first byte's highest bit (log 12h, VPD B2h, MAM 0002h)."""
    return frozenset(
        flag for flag in range(1, min(FLAGS, 8 * len(value)) + 1) if value[(flag - 1) >> 3] << ((flag - 1) & 7) & 0x80
    )
