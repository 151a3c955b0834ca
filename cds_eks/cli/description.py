"""What the command line knows of the API: plain values, of which `operations/` has the generated tables."""

from __future__ import annotations

from typing import Literal, NamedTuple

FieldType = Literal["str", "int", "bool", "flag", "flag_text", "map", "shape"]


class Field(NamedTuple):
    """A field of a request, or of a part of one.

    Attributes:
        name: Its Python name.
        type: What it is; `shape` if it has fields of its own. Flags are 0 and 1 on the wire.
        help: What it is, in English.
        zh: The same in Chinese.
        wires: Its names on the wire, in all revisions.
        required: Whether the request can't be made without it.
        is_list: Whether it is a list of these.
        secret: Whether it must never be shown, nor be an argument of a command.
        values: Known texts; others pass.
        numbers: The only numbers that it takes.
        least: The least number.
        most: The greatest number.
        unit: What a number counts.
        default: What the service assumes if it is left out, in words.
        allow_empty: Whether a required text or list may be empty.
        fields: Its own fields.
    """

    name: str
    type: FieldType
    help: str
    zh: str
    wires: tuple[str, ...] = ()
    required: bool = False
    is_list: bool = False
    secret: bool = False
    values: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    least: int | None = None
    most: int | None = None
    unit: str = ""
    default: str = ""
    allow_empty: bool = False
    fields: tuple[Field, ...] = ()

    @property
    def short_form(self) -> str | None:
        """The field that a text alone stands for: the one that is required, if it is a text."""
        required = [field for field in self.fields if field.required]
        return required[0].name if len(required) == 1 and required[0].type == "str" else None


class Operation(NamedTuple):
    """An operation of the service.

    Attributes:
        name: Its documented name.
        group: The group of the client that has its method.
        method: The method.
        kind: What repeating it does: `read`, `idempotent` or `create`.
        constant: Its `Operation` in `cds_eks.resources`.
        request: Its model in `cds_eks.models`.
        takes_request: Whether the method takes the model, or its fields as arguments.
        help: What it does, in English.
        zh: The same in Chinese.
        fields: What it is asked with.
        is_paged: Whether its answer comes in pages.
        is_destructive: Whether what it does can't be undone.
        is_list: Whether its answer is a list.
        entries: The field of its answer that is the list, if it is not the answer itself.
        id: The field of its answer, or of an entry, that tells it from others.
        columns: The fields of an entry, or of the answer, that a table shows.
        answer: All fields of an entry, or of the answer.
    """

    name: str
    group: str
    method: str
    kind: Literal["read", "idempotent", "create"]
    constant: str
    request: str
    takes_request: bool
    help: str
    zh: str
    fields: tuple[Field, ...]
    is_paged: bool = False
    is_destructive: bool = False
    is_list: bool = False
    entries: str = ""
    id: str = ""
    columns: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """The name of its command."""
        return self.method.replace("_", "-")

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.kind != "read"
