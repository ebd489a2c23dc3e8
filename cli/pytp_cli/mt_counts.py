# SPDX-License-Identifier: WTFPL OR MIT
"""Numbers on mt's command line: C's strtol with base 0, and its suffixes."""

from __future__ import annotations

LARGEST = 0x7FFFFFFF
"""What fits in mt_count (struct mtop); more is refused, where mt-st would wrap around."""
_UNITS = {"": 1, "k": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SPACE = " \t\n\v\f\r"


class CountError(Exception):
    """`message` is mt's line, `code` its exit status, `help` what to do."""

    def __init__(self, message: str, code: int, advice: str) -> None:
        self.message = message
        self.code = code
        self.advice = advice
        super().__init__(message)


def strtol(text: str) -> tuple[int, str] | None:
    """Return the number at the beginning of `text` (decimal, 0x hexadecimal, 0 octal) and what follows; None without
    any digit."""
    rest = text.lstrip(_SPACE)
    negative = rest[:1] == "-"
    if rest[:1] in {"-", "+"}:
        rest = rest[1:]
    base, digits = 10, "0123456789"
    if rest[:2] in {"0x", "0X"} and rest[2:3] and rest[2:3] in "0123456789abcdefABCDEF":
        base, digits, rest = 16, "0123456789abcdefABCDEF", rest[2:]
    elif rest[:1] == "0":
        base, digits = 8, "01234567"
    end = 0
    while end < len(rest) and rest[end] in digits:
        end += 1
    if end == 0:
        return None
    number = int(rest[:end], base)
    return -number if negative else number, rest[end:]


def number(text: str) -> int:
    """Return the number; what follows it is ignored, as mt-st does. Raises CountError for what is no number."""
    found = strtol(text)
    if found is None:
        raise CountError(f'illegal count "{text}".', 3, "a count is a number: 10, 0x0a or 012")
    if not -LARGEST <= found[0] <= 0xFFFFFFFF:
        raise _too_large()
    return found[0]


def count(text: str, *, negative: bool = False) -> int:
    """Return a count with its unit: k, M or G. Raises CountError; counts below 0 only where `negative` allows them."""
    found = strtol(text)
    if found is None:
        raise CountError(f'illegal count "{text}".', 3, "a count is a number, optionally with k, M or G behind it")
    value, unit = found
    factor = _UNITS.get(unit[:1])
    if factor is None:
        raise CountError("illegal count unit.", 3, "the units are k (1024), M (1024k) and G (1024M)")
    if abs(value) > LARGEST // factor:
        raise _too_large()
    if value < 0 and not negative:
        raise CountError("negative repeat count", 1, "to go backwards use bsf, bsfm or bsr")
    return value * factor


def _too_large() -> CountError:
    return CountError("repeat count too large.", 3, f"the largest is {LARGEST}")
