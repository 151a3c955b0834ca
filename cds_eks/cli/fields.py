"""The fields of requests as options and arguments of commands, and what was given with them as plain data.

`--cni.cni-config.pod-cidr` is the field `pod_cidr` of `cni_config` of `cni`. A list is an option that is given again
for each entry. An entry with fields of its own is `name=value,name=value`, JSON, or the text that stands for it alone,
as a subnet's id does. A map takes `key=value`. What is secret has no option.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from cds_eks.cli.description import Field
from cds_eks.cli.language import say
from cds_eks.cli.options import COMMON_NAMES
from cds_eks.cli.param_type import ParamType

Path = tuple[str, ...]

UNITS = {"months": "月", "percent": "%"}


def flat(fields: Sequence[Field], path: Path = (), *, is_required: bool = True) -> Iterator[tuple[Path, Field, bool]]:
    """Yield the fields that have options: those of nested shapes too, and lists as a whole.

    Each comes with its path, and whether the request can't do without it.
    """
    for field in fields:
        here, is_needed = (*path, field.name), is_required and field.required
        if field.type == "shape" and not field.is_list:
            yield from flat(field.fields, here, is_required=is_needed)
        elif not field.secret:
            yield here, field, is_needed


def option_name(path: Path) -> str:
    """Return the option of a field: `--cni.cni-type`."""
    name = ".".join(path).replace("_", "-")
    return f"--field.{name}" if name in COMMON_NAMES else f"--{name}"


def metavar_of(name: str) -> str:
    """Return how a field stands in the usage: `CLUSTER_ID`."""
    return name.upper()


def explained(field: Field, *, is_required: bool) -> str:
    """Return what the help says of a field: what it is, its values, its range, its unit and its default."""
    words = [say(field.help, field.zh)]
    if field.values:
        words.append(say(f"Such as {_some(field.values)}.", f"例如 {_some(field.values)}。"))
    if field.numbers:
        words.append(say(f"One of {_some(field.numbers, 20)}.", f"可选值：{_some(field.numbers, 20)}。"))
    elif field.least is not None and field.most is not None:
        words.append(say(f"From {field.least} to {field.most}.", f"{field.least} 至 {field.most}。"))
    elif field.least is not None:
        words.append(say(f"At least {field.least}.", f"至少为 {field.least}。"))
    if field.unit:
        words.append(say(f"In {field.unit}.", f"单位：{UNITS.get(field.unit, field.unit)}。"))
    if field.default:
        words.append(say(f"When left out: {field.default}.", f"不填时为 {field.default}。"))
    if field.fields:
        words.append(say(f"Fields: {_names(field.fields)}.", f"字段：{_names(field.fields)}。"))
    if is_required:
        words.append(say("[required]", "[必填]"))
    return (" " if not say("", "1") else "").join(words)


def _some(values: Sequence[object], most: int = 6) -> str:
    return ", ".join(map(str, values[:most])) + (", …" if len(values) > most else "")


def _names(fields: Sequence[Field]) -> str:
    return ", ".join(field.name for field in fields if not field.secret)


class OpenText(ParamType[str]):
    """A text; known values are offered for completion, and others pass."""

    name = "text"

    def __init__(self, values: Sequence[str] = ()) -> None:
        self.values: tuple[str, ...] = tuple(values)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the text."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        """Return the known values that begin so."""
        return [CompletionItem(value) for value in self.values if value.startswith(incomplete)]


def option_for(number: int, path: Path, field: Field, *, is_required: bool) -> click.Option:
    """Return the option of a field; its value goes by `field_NUMBER`."""
    name = option_name(path)
    settings: dict[str, Any] = {"default": None, "help": explained(field, is_required=is_required)}
    if field.type in ("bool", "flag") and not field.is_list:
        return click.Option([f"field_{number}", f"{name}/--no-{name[2:]}"], **settings)
    settings["multiple"] = field.is_list or field.type == "map"
    settings["type"] = click.INT if field.type == "int" else OpenText(field.values)
    settings["metavar"] = {"map": "KEY=VALUE", "shape": "ENTRY", "int": "NUMBER"}.get(field.type, "TEXT")
    if field.values:
        settings["metavar"] = "VALUE"
    return click.Option([f"field_{number}", name], **settings)


def plain_value(field: Field, given: Any, shown: str) -> Any:
    """Return what was given for a field as plain data.

    Args:
        field: The field.
        given: The value of its option: a tuple for what may be given again.
        shown: What to call it in an error.

    Raises:
        BadParameter: It is none.
    """
    if field.type == "map":
        return dict(pair_of(text, shown) for text in given)
    if field.is_list:
        return [_entry(field, each, shown) for each in given]
    return _entry(field, given, shown)


def _entry(field: Field, given: Any, shown: str) -> Any:
    if field.type == "shape":
        return _shape(field, given, shown)
    return _number(given, shown) if field.type == "int" and isinstance(given, str) else given


def _number(text: str, shown: str) -> int:
    if not re.fullmatch(r"[-+]?\d{1,18}", text):
        raise click.BadParameter(f"{text!r} is no whole number.", param_hint=shown)
    return int(text)


def pair_of(text: str, shown: str) -> tuple[str, str]:
    """Return the two halves of `KEY=VALUE`."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE.", param_hint=shown)
    return key, value


def json_of(text: str, shown: str) -> Any:
    """Return what a text of JSON says."""
    try:
        return json.loads(text)
    except ValueError as error:
        reason = str(error)
    raise click.BadParameter(f"is no JSON: {reason}.", param_hint=shown)


def _shape(field: Field, text: str, shown: str) -> Any:
    """Return an entry that has fields: JSON, `name=value,…`, or its short form."""
    if text.lstrip().startswith("{"):
        return json_of(text, shown)
    by_name = {each.name: each for each in field.fields if not each.secret}
    first = text.partition("=")[0].replace("-", "_")
    if first not in by_name or "=" not in text:
        if field.short_form is not None:
            return text
        names = ", ".join(by_name)
        raise click.BadParameter(f"{text!r} is neither JSON nor NAME=VALUE,… of {names}.", param_hint=shown)
    found: dict[str, Any] = {}
    last = ""
    for part in text.split(","):
        name, equals, value = part.partition("=")
        name = name.replace("-", "_")
        if equals and name in by_name:
            found[name], last = value, name
        else:
            found[last] += f",{part}"  # a comma inside of a value
    return {name: _scalar(by_name[name], value, f"{shown}.{name}") for name, value in found.items()}


def _scalar(field: Field, text: str, shown: str) -> Any:
    if field.type == "int":
        return _number(text, shown)
    if field.type in ("bool", "flag"):
        known = {"true": True, "1": True, "false": False, "0": False}
        if text.lower() not in known:
            raise click.BadParameter(f"{text!r} is neither true nor false.", param_hint=shown)
        return known[text.lower()]
    return text


def put(data: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value at a path, in place of what was there."""
    for step in path[:-1]:
        inner = data.get(step)
        if not isinstance(inner, dict):
            inner = data[step] = {}
        data = inner
    data[path[-1]] = value


def leaves(data: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all values that are no mappings."""
    for name, value in data.items():
        here = (*path, name)
        if isinstance(value, Mapping) and value:
            yield from leaves(value, here)
        else:
            yield here


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two mappings as one: what stands in the second wins, list by list and value by value."""
    made = dict(below)
    for name, value in above.items():
        there = made.get(name)
        made[name] = merged(there, value) if isinstance(there, Mapping) and isinstance(value, Mapping) else value
    return made
