"""The names of a plan's clusters: a template, and the index that is filled in."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from cds_eks.schema.text_rules import NAMED_RULES

_SPEC = re.compile(r"(?:0?[1-9][0-9]?)?[bdoxX]?")
_NAME = NAMED_RULES["name"]
NAME_RULE: str = _NAME.words


class BadTemplate(ValueError):
    """A name is no template."""


def is_template(name: str) -> bool:
    """Whether a name has a place for the index.

    Raises:
        BadTemplate: It has a place for something else, or a brace of its own.
    """
    try:
        parts = list(string.Formatter().parse(name))
    except ValueError:
        raise BadTemplate("has a brace without its other half") from None
    fields = [(field, spec, conversion) for _, field, spec, conversion in parts if field is not None]
    for field, spec, conversion in fields:
        if field != "index":
            raise BadTemplate("may have {index} in braces, and nothing else")
        if conversion or not _SPEC.fullmatch(spec or ""):
            raise BadTemplate("must format {index} as a whole number: {index}, {index:03d} or {index:x}")
    return bool(fields)


def names_of(name: str, count: int) -> Iterator[tuple[int, str]]:
    """Yield each index, from 1, and the name that it gives, of a template that was checked."""
    for index in range(1, count + 1):
        yield index, name.format(index=index)


def is_name(name: str) -> bool:
    """Whether the service takes a name."""
    return bool(_NAME.fits(name))
