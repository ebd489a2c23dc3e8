# SPDX-License-Identifier: WTFPL OR MIT
"""The light NamedTuple does what typing's does, as far as pytp uses it."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest

from pytp_native import light


class Point(light.NamedTuple):
    """A place."""

    x: int
    y: int = 2
    name: str = ""

    @property
    def sum(self) -> int:
        return self.x + self.y


class Reference(typing.NamedTuple):
    """A place."""

    x: int
    y: int = 2
    name: str = ""


@pytest.mark.parametrize(
    "arguments", [((1,), {}), ((1, 5), {}), ((1, 5, "a"), {}), ((), {"x": 1, "name": "b"}), ((1,), {"name": "c"})]
)
def test_it_is_made_and_read_like_typings(arguments: tuple[tuple[object, ...], dict[str, object]]) -> None:
    values, named = arguments
    mine, theirs = Point(*values, **named), Reference(*values, **named)
    assert tuple(mine) == tuple(theirs)
    assert mine._asdict() == theirs._asdict()
    assert repr(mine) == repr(theirs).replace("Reference", "Point")
    assert mine._replace(y=9) == theirs._replace(y=9)
    assert (mine.x, mine.y, mine.name) == (theirs.x, theirs.y, theirs.name)


@pytest.mark.parametrize(
    "arguments",
    [((), {}), ((1, 2, "a", 4), {}), ((1,), {"x": 2}), ((1,), {"z": 2})],
    ids=["too few", "too many", "twice", "unknown"],
)
def test_wrong_arguments_are_refused_as_typings_does(arguments: tuple[tuple[object, ...], dict[str, object]]) -> None:
    values, named = arguments
    for kind in (Point, Reference):
        with pytest.raises(TypeError):
            kind(*values, **named)


def test_properties_and_documentation_stay() -> None:
    assert Point(3).sum == 5
    assert Point.__doc__ == "A place."
    assert Point._fields == Reference._fields


def test_it_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Point(1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Point(1).other = 2  # type: ignore[attr-defined]


def test_copies_and_pickles_are_equal_and_of_the_same_kind() -> None:
    for again in (copy.copy(Point(1)), copy.deepcopy(Point(1)), pickle.loads(pickle.dumps(Point(1)))):
        assert again == Point(1)
        assert type(again) is Point


def test_it_is_matched_by_position_and_name() -> None:
    match Point(1, 7):
        case Point(1, y=y):
            assert y == 7
        case _:
            pytest.fail("no match")


def test_a_default_before_a_field_without_is_refused() -> None:
    with pytest.raises(TypeError, match="without a default"):
        type(light.NamedTuple)("Bad", (light.NamedTuple,), {"__annotations__": {"a": "int", "b": "int"}, "a": 1})
