"""Quick readers of answers: straight-line code for the case that all names are the documented ones.

What `reading` does for every spelling, kind and revision is here done for what the service really sends: each field is
looked up once, its type compared, and set. Anything else goes to the general reader, so that both always agree. The
code is made when a shape is first read, as attrs and cattrs make theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import attrs

from cds_eks.making import open_twin
from cds_eks.modeling import Shape

Read = Callable[[Any, Any], Any]

# As many names as there are fields, and each field's among them: then there are no others.
_READER = """
def read(plain, hint):
    if type(plain) is not dict:
        return general(plain, hint)
    made = new(open_shape)
    try:
        if len(plain) == SIZE:
            WHOLE
            made.extra = {}
            made.__class__ = shape
            return made
    except KeyError:
        pass
    except ValueError:
        return general(plain, hint)  # which tells where
    extra = unnamed(plain)
    if extra is None:
        return general(plain, hint)
    get = plain.get
    try:
        PARTIAL
    except ValueError:
        return general(plain, hint)
    made.extra = extra
    made.__class__ = shape
    return made
"""


@attrs.frozen(kw_only=True)
class FieldReader:
    """How one field is read.

    Attributes:
        name: Its Python name.
        wire: Its wire name.
        exact: The type of the values that are taken as they are (`str`, `int` or `bool`), or None.
        read: Reads any other value, of the type `hint`; None if it says nothing. Raises ValueError if it can't.
        hint: The type.
        empty: Makes the value of a field that the service left out.
    """

    name: str
    wire: str
    exact: type | None
    read: Read
    hint: Any
    empty: Callable[[], Any]


def compiled(shape: type[Shape], readers: list[FieldReader], general: Read, spellings: Collection[str]) -> Read:
    """Return what reads a shape quickly where it can, and by the general reader where it can't.

    Args:
        shape: The shape.
        readers: Its fields.
        general: Its general reader.
        spellings: The names in lower case that the general reader takes for a field's.
    """
    wires = frozenset(each.wire for each in readers)
    known: dict[str, Any] = {
        "general": general,
        "unnamed": _unnamed(wires, frozenset(spellings)),
        "new": object.__new__,
        "open_shape": open_twin(shape),
        "shape": shape,
    }
    whole: list[str] = []
    partial: list[str] = []
    for index, each in enumerate(readers):
        known[f"other_{index}"] = _other(each)
        assignment = f"made.{each.name} = other_{index}(value)"
        if each.exact is not None:
            known[f"type_{index}"], known[f"empty_{index}"] = each.exact, each.empty()
            assignment = (
                f"made.{each.name} = value if type(value) is type_{index} else "
                f"empty_{index} if value is None else other_{index}(value)"
            )
        whole += (f"value = plain[{each.wire!r}]", assignment)
        partial += (f"value = get({each.wire!r})", assignment)
    source = _READER.replace("SIZE", str(len(readers)))
    source = source.replace("WHOLE", "\n            ".join(whole)).replace("PARTIAL", "\n        ".join(partial))
    exec(compile(source, f"<reader of {shape.__name__}>", "exec"), known)
    read: Read = known["read"]
    return read


def _unnamed(wires: frozenset[str], spellings: frozenset[str]) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    def unnamed(value: dict[str, Any]) -> dict[str, Any] | None:
        """What has no name here; None if any of it may be another spelling of a field's name."""
        if wires.issuperset(value):
            return {}
        extra = {key: entry for key, entry in value.items() if key not in wires}
        return extra if spellings.isdisjoint([key.lower() for key in extra]) else None

    return unnamed


def _other(field: FieldReader) -> Callable[[Any], Any]:
    read, hint, empty = field.read, field.hint, field.empty

    def other(value: Any) -> Any:
        present = None if value is None else read(value, hint)
        return empty() if present is None else present

    return other
