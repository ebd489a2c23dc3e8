# SPDX-License-Identifier: WTFPL OR MIT
"""typing.NamedTuple without typing and collections, suppress without contextlib: importing those costs half of what
`pytp-mt` may take in all, and each class of theirs 0.2 ms of every start, each dataclass 1 ms, one of these 0.04 ms.

Fields, defaults, methods and docstrings are written as ever and type checkers see the real one; _fields, _replace,
_asdict, _make and pickle work. The module that uses it needs `from __future__ import annotations`.
"""

from __future__ import annotations

from operator import itemgetter

__all__ = ["Generic", "NamedTuple", "T", "suppress"]

TYPE_CHECKING = False


class suppress:
    """Go on after the block when it raises one of these."""

    __slots__ = ("_kinds",)

    def __init__(self, *kinds: type[BaseException]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_more: object) -> bool:
        return kind is not None and issubclass(kind, self._kinds)


class _Maker(type):
    """Turns a class statement with annotations into an immutable tuple class with names."""

    def __new__(mcs, name: str, bases: tuple[type, ...], body: dict[str, object]) -> type:
        if not bases:
            return super().__new__(mcs, name, bases, body)
        annotations = body.get("__annotations__")
        fields = tuple(annotations) if isinstance(annotations, dict) else ()
        defaults = {field: body[field] for field in fields if field in body}
        if tuple(defaults) != fields[len(fields) - len(defaults) :]:
            raise TypeError(f"{name}: a field without a default follows one with a default")
        body |= {field: property(itemgetter(index)) for index, field in enumerate(fields)}
        body |= {"__slots__": (), "__match_args__": fields, "_fields": fields, "_field_defaults": defaults}
        return type(name, (_Record,), body)


class _Record(tuple):  # type: ignore[type-arg]
    """What all of them can do."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _field_defaults: dict[str, object] = {}  # noqa: RUF012 - as in typing.NamedTuple

    def __new__(cls, *values: object, **named: object) -> _Record:
        fields = cls._fields
        if named or len(values) != len(fields):
            values = (*values, *cls._rest(len(values), named))
        return super().__new__(cls, values)

    @classmethod
    def _rest(cls, given: int, named: dict[str, object]) -> list[object]:
        """Take the fields from the `given`-th on out of `named` and the defaults."""
        known = {**cls._field_defaults, **named}
        missing = [field for field in cls._fields[given:] if field not in known]
        unknown = named.keys() - set(cls._fields[given:])
        if missing or unknown or given > len(cls._fields):
            raise TypeError(f"{cls.__name__}: missing {missing}, unexpected {sorted(unknown)}, {given} by position")
        return [known[field] for field in cls._fields[given:]]

    @classmethod
    def _make(cls, values: object) -> _Record:
        return cls(*values)  # type: ignore[misc]

    def _asdict(self) -> dict[str, object]:
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **named: object) -> _Record:
        return type(self)(**{**self._asdict(), **named})

    def __getnewargs__(self) -> tuple[object, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        inside = ", ".join(f"{field}={value!r}" for field, value in self._asdict().items())
        return f"{type(self).__name__}({inside})"


if TYPE_CHECKING:
    from typing import Generic, NamedTuple, TypeVar

    T = TypeVar("T")
else:

    class NamedTuple(metaclass=_Maker):
        """Base of immutable records with names."""

    class Generic:
        """Base of what type checkers know as generic."""

        def __class_getitem__(cls, item):
            return cls

    T = None
