# SPDX-License-Identifier: WTFPL OR MIT
"""Sizes as people type and read them. Powers of 1024 unless the unit says otherwise."""

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

_FACTORS = {
    "": 1, "b": 1,
    "k": KIB, "kib": KIB, "kb": 1000,
    "m": MIB, "mib": MIB, "mb": 1000**2,
    "g": GIB, "gib": GIB, "gb": 1000**3,
    "t": 1024 * GIB, "tib": 1024 * GIB, "tb": 1000**4,
}  # fmt: skip
_SIZE = r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*\Z"


def parse_size(text: str, *, default_unit: str = "") -> int:
    """Return bytes for "64M", "1.5 GiB", "18TB"; a bare number is in `default_unit`.

    K, M, G, T and their -iB forms are binary; KB, MB, GB, TB are decimal, as on a cartridge's label.
    Raises ValueError with the offending text.
    """
    import re  # noqa: PLC0415 - half of what `pytp-mt` takes to start

    match = re.match(_SIZE, text)
    if match is None:
        raise ValueError(f"{text!r} is not a size (examples: 64M, 1.5G, 524288)")
    unit = (match[2] or default_unit).lower()
    if unit not in _FACTORS:
        raise ValueError(f"{text!r}: unknown unit {match[2]!r} (use K, M, G, T, KiB... or KB, MB...)")
    return int(float(match[1]) * _FACTORS[unit]) if "." in match[1] else int(match[1]) * _FACTORS[unit]


def format_size(count: float) -> str:
    """Return a size in binary units with three significant figures: "512 KiB", "1.50 GiB"."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if abs(value) < 1024:
            break
        value, unit = value / 1024, larger
    if unit == "B" or value == int(value):
        return f"{value:.0f} {unit}"
    return f"{value:.{max(0, 2 - len(str(int(abs(value)))) + 1)}f} {unit}"
