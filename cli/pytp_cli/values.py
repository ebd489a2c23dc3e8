# SPDX-License-Identifier: WTFPL OR MIT
"""From words to values, for the few types that our options have.

typer 0.29 makes a pydantic validator for every parameter: measured, 120 of the 150 ms that a start may take. Its
parameters keep the converter in one attribute; this one fits there. Where a typer has no such attribute nothing is
changed, and its own conversion is used.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args, get_origin

import typer
from typer.core import TyperCommand


class LightCommand(TyperCommand):
    """A command whose parameters, --help among them, have the light converter where they take one."""

    def get_params(self, ctx: Any) -> Any:
        params: Any = super().get_params(ctx)
        for param in params:
            if getattr(param, "_runtime_param", param) is None and _is_known(_type_of(param)):
                param._runtime_param = LightValue()
        return params


class LightValue:
    """What typer asks of a converter: `coerce`."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value that the command's function takes. Raises typer.BadParameter."""
        if param.multiple or param.nargs == -1:
            return tuple(value or ())
        return None if value is None else _convert(_type_of(param), value, param, ctx)


def _convert(wanted: Any, value: Any, param: Any, ctx: Any) -> Any:
    if isinstance(value, wanted):
        return _in_range(value, param, ctx) if wanted is int else value
    if wanted is int:
        return _in_range(_integer(value, param, ctx), param, ctx)
    try:
        return wanted(value)
    except ValueError:
        choices = ", ".join(item.value for item in wanted)
        raise typer.BadParameter(f"{value!r} is not one of {choices}", ctx=ctx, param=param) from None


def _integer(value: str, param: Any, ctx: Any) -> int:
    try:
        return int(value)
    except ValueError:
        raise typer.BadParameter(f"{value!r} is not a whole number", ctx=ctx, param=param) from None


def _in_range(value: int, param: Any, ctx: Any) -> int:
    info = param.type_descriptor.parameter_info
    if info.min is not None and value < info.min:
        raise typer.BadParameter(f"{value} is less than {info.min}", ctx=ctx, param=param)
    if info.max is not None and value > info.max:
        raise typer.BadParameter(f"{value} is more than {info.max}", ctx=ctx, param=param)
    return value


def _type_of(param: Any) -> Any:
    return getattr(getattr(param, "type_descriptor", None), "annotation", None)


def _is_known(wanted: Any) -> bool:
    if get_origin(wanted) is list:
        return get_args(wanted) == (str,)
    return isinstance(wanted, type) and (wanted in (str, int, bool) or issubclass(wanted, Enum))
