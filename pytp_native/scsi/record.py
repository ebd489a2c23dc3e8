# SPDX-License-Identifier: WTFPL OR MIT
"""typing.NamedTuple for modules that must start fast: importing `typing` costs more than parsing a sense block.

To the type checker it is typing's own; at run time a metaclass makes the same thing with collections.namedtuple.
"""

from __future__ import annotations

__all__ = ["Generic", "NamedTuple", "T"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Generic, NamedTuple, TypeVar

    T = TypeVar("T")
else:
    from collections import namedtuple

    class _Fields(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return type.__new__(cls, name, bases, body)
            fields = list(body.get("__annotations__", {}))
            defaults = [body.pop(field) for field in fields if field in body]
            body["__slots__"] = ()
            return type(name, (namedtuple(name, fields, defaults=defaults),), body)

    class NamedTuple(metaclass=_Fields):
        """Fields are the annotations, defaults their values."""

    class Generic:
        def __class_getitem__(cls, item):
            return cls

    T = None
