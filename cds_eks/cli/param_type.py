"""The base of types of options: click's own, which is generic in new versions only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

__all__ = ["Number", "ParamType", "WholeNumber"]

if TYPE_CHECKING:
    ParamType = click.ParamType
else:

    class ParamType(click.ParamType):
        """Takes the type of its values in brackets, with every version of click."""

        def __class_getitem__(cls, _: Any) -> type[ParamType]:
            """Be the class itself: the type is for type checkers alone."""
            return cls


class WholeNumber(click.IntRange):
    """A whole number in a range: click calls it an "integer range" when it refuses what is no number."""

    name: str = "whole number"


class Number(click.FloatRange):
    """A number in a range, for the same reason."""

    name: str = "number"
