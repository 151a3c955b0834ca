"""The revisions of the API, and how fields differ between them: values that the models carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

API_REVISIONS: Final = ("2025-09-08", "2025-10-11")
"""The supported revisions, the oldest first: the one of the vendor's document [D], and its Go client's [O]."""


@attrs.frozen
class RevisionDifference:
    """What a field is in a revision where it differs from its first.

    Attributes:
        wire: Its name on the wire; None if the revision has no such field.
        in_parent: Whether, where there is none, a shape that contains this one has it.
        default_values: What may be set though there is none, since it is the default: values, or for another model
            the values of its fields (None: any).
        only: The one field that an entry of the list is reduced to.
        repeat: The field of an entry that has the number of times it is listed.
        spellings: The revision's spelling of values that other revisions spell otherwise.
        removed_values: Values that do not exist in the revision.
    """

    wire: str | None
    in_parent: bool = attrs.field(default=False, kw_only=True)
    default_values: tuple[Any, ...] | Mapping[str, tuple[Any, ...] | None] = attrs.field(default=(), kw_only=True)
    only: str | None = attrs.field(default=None, kw_only=True)
    repeat: str | None = attrs.field(default=None, kw_only=True)
    spellings: Mapping[str, str] = attrs.field(factory=dict, kw_only=True)
    removed_values: tuple[str, ...] = attrs.field(default=(), kw_only=True)


@attrs.frozen
class HoistedField:
    """What a revision has once in a shape, and the models have below it.

    Attributes:
        wire: Its name on the wire.
        revision: The revision.
        path: The field that has it, as a dotted path of Python names.
        same: Fields that must have the same value, since the revision has only this one.
    """

    wire: str
    revision: str = attrs.field(kw_only=True)
    path: str = attrs.field(kw_only=True)
    same: tuple[str, ...] = attrs.field(default=(), kw_only=True)
