"""Undocumented fields: they are sent beside the documented ones, and can't replace one that is set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_eks.schema.validators import ValidationFailure, printable_name


def check_no_collision(extra: Iterable[str], set_by: Mapping[str, str]) -> None:
    """Check that no undocumented field has the name of a documented one, in whatever case.

    Args:
        extra: The wire names of the undocumented fields.
        set_by: What sets each documented field, in words, by wire name.

    Raises:
        Broken: One has.
    """
    by_lower = {wire.lower(): words for wire, words in set_by.items()}
    for name in extra:
        if (words := by_lower.get(name.lower())) is not None:
            raise ValidationFailure(f"is set by {words} and can't be replaced", f"extra.{printable_name(name)}")
