"""Creates that may have been carried out: how they are told, and the command that looks for what they made. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cds_eks.cli.language import say
from cds_eks.cli.operations import GROUPS
from cds_eks.cli.options import Options, words_of_options

if TYPE_CHECKING:
    from cds_eks.cli.description import Field, Operation
    from cds_eks.outcome.open_creates import OpenCreate

UNKNOWN_HINT = (
    "it may have been created: look for it by its exact name before you try again, and do not just repeat the command",
    "可能已创建成功：重试之前请先按完整名称查找，切勿直接重复该命令",
)
ACCEPTED_HINT = (
    "it was created, though the result was not printed: do not repeat the command",
    "已创建成功，只是结果未输出：切勿重复该命令",
)

PARTS_OF_NAMES = ("keyword", "filter")
"""The fields of lists that take a part of a name."""


def find_command(action: str, natural_key: Mapping[str, Any], options: Options) -> str | None:
    """Return the command that looks for what a create may have made; None if no operation can.

    Args:
        action: The operation that creates.
        natural_key: What it was asked with that tells what it made from others, by path.
        options: Those of the command that created.
    """
    group = next((name for name in GROUPS if any(each.name == action for each in _operations_of(name))), None)
    if group is None:
        return None
    given = {path.rpartition(".")[2]: value for path, value in natural_key.items() if isinstance(value, str) and value}
    name = next((value for key, value in given.items() if key == "name" or key.endswith("_name")), None)
    given |= {} if name is None else dict.fromkeys(PARTS_OF_NAMES, name)
    reads = [each for each in _operations_of(group) if not each.writes and _can_be_asked(each.fields, given)]
    read = next(iter(sorted(reads, key=lambda each: not each.is_list)), None)
    if read is None:
        return None
    words = ["cds-eks", group.replace("_", "-"), read.command]
    words += [given[field.name] for field in read.fields if field.required]
    for field in read.fields:
        if not field.required and field.name in given:
            words += [f"--{field.name.replace('_', '-')}", given[field.name]]
    return shlex.join([*words, *words_of_options(options)])


def _operations_of(group: str) -> tuple[Operation, ...]:
    from cds_eks.cli.operation_group import operations_of

    return operations_of(group)


def _can_be_asked(fields: Sequence[Field], given: Mapping[str, Any]) -> bool:
    """Whether all that a read can't do without is known, and something is."""
    names = {field.name for field in fields}
    return {field.name for field in fields if field.required} <= given.keys() and bool(names & given.keys())


def as_data(creates: Sequence[OpenCreate], options: Options) -> dict[str, Any]:
    """Return what the JSON of a failure has of creates whose outcome is open, in place of what it would have."""
    outcome = "unknown" if any(create.outcome == "unknown" for create in creates) else "accepted"
    entries = [_entry(create, find_command(create.action, create.natural_key, options)) for create in creates]
    return {"outcome": outcome, "hint": _hint(outcome)[0], "open_creates": entries}


def _hint(outcome: str) -> tuple[str, str]:
    return UNKNOWN_HINT if outcome == "unknown" else ACCEPTED_HINT


def _entry(create: OpenCreate, find_with: str | None) -> dict[str, Any]:
    return {
        "action": create.action,
        "outcome": create.outcome,
        "natural_key": dict(create.natural_key),
        "ids": dict(create.ids),
        "request_id": create.request_id,
        "call_id": create.call_id,
        "find_with": find_with,
    }


def as_lines(creates: Sequence[OpenCreate], options: Options, *, has_hints: bool = True) -> list[str]:
    """Return the same in lines for people, with what to do unless the failure itself says it."""
    lines = []
    for create in creates:
        facts = {**create.natural_key, **create.ids, "outcome": create.outcome, "request_id": create.request_id}
        known = ", ".join(f"{name}={value}" for name, value in facts.items() if value)
        lines.append(f"  open: {create.action}: {known}")
    if not has_hints:
        return lines
    hints = dict.fromkeys(say(*_hint(create.outcome)) for create in creates)
    lines += [f"{say('hint', '提示')}: {hint}" for hint in hints]
    found = [find_command(create.action, create.natural_key, options) for create in creates]
    return lines + [look_line(command) for command in dict.fromkeys(found) if command is not None]


def look_line(command: str) -> str:
    """Return the line that names the command that looks for what may have been created."""
    return f"{say('look for it', '查找命令')}: {command}"
