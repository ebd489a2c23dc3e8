# SPDX-License-Identifier: WTFPL OR MIT
"""typing.NamedTuple for modules that must start fast: importing `typing` costs more than parsing a sense block.

To the type checker it is typing's own; at run time it is pytp_native.light's.
"""

from __future__ import annotations

__all__ = ["Generic", "NamedTuple", "T"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, NamedTuple, TypeVar

    T = TypeVar("T")
else:
    from pytp_native.light import NamedTuple

    class Generic:
        def __class_getitem__(cls, item):
            return cls

    T = None
