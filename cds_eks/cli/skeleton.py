"""Files to fill in: all fields of a request with what they are, and what was given already."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cds_eks.cli.blanks import blank_of
from cds_eks.cli.description import Field, Operation
from cds_eks.cli.fields import explained
from cds_eks.cli.language import say
from cds_eks.redaction import is_secret_name

EXAMPLES: Mapping[str, Any] = {"str": "", "int": 1, "bool": False, "flag": False, "flag_text": "", "map": {}}


def skeleton(operation: Operation, given: Mapping[str, Any], style: str) -> str:
    """Return a file to fill in, read by `-f`: what is required is there, blank, and what is optional is a comment.

    A blank is null in YAML, and an empty text or list in TOML, which has no null: none passes for a value.

    Args:
        operation: What is asked for.
        given: The fields that are known, as plain data.
        style: `yaml` or `toml`.
    """
    group = operation.group.replace("_", "-")
    head = [
        say(f"# {operation.help}", f"# {operation.zh}。"),
        say(
            f"# Fill in what is REQUIRED, then: cds-eks {group} {operation.command} -f FILE",
            f"# 填写标有 REQUIRED 的字段，然后执行：cds-eks {group} {operation.command} -f FILE",
        ),
        "",
    ]
    lines = _yaml(operation.fields, given, "") if style == "yaml" else _toml(operation.fields, given, ())
    return "\n".join([*head, *lines]) + "\n"


def _comment(field: Field) -> str:
    words = [explained(field._replace(fields=()), is_required=False)]
    if field.secret:
        words.append(say("Secret: env:NAME, file:PATH or cmd:COMMAND.", "机密：env:NAME、file:PATH 或 cmd:COMMAND。"))
    return f"{'REQUIRED ' if field.required else ''}{' '.join(words)}"


def _example(field: Field) -> Any:
    if field.type == "shape":
        one: Any = {each.name: _example(each) for each in field.fields if each.required} or {
            each.name: _example(each) for each in field.fields[:1]
        }
    elif field.numbers or field.least:
        one = next((number for number in field.numbers if number), field.least or 1)
    else:
        one = field.values[0] if field.values else EXAMPLES[field.type]
    return [one] if field.is_list else one


def _has_example(field: Field) -> bool:
    """Whether an example says more than the type: a known value, how a list is written, which fields an entry has."""
    return bool(field.values or field.numbers or field.type in ("shape", "map") or field.is_list)


def _such_as(field: Field, spelt: Callable[[Any], str]) -> str:
    """Return the comment with an example."""
    if field.type == "str" and field.allow_empty and not field.is_list:
        return say('  # a text; "" is one', '  # 文本，可为 ""')
    if field.type in ("bool", "flag", "flag_text") and not field.is_list:
        return say("  # true or false", "  # true 或 false")
    return f"  # {say('such as', '例如')} {spelt(_example(field))}" if _has_example(field) else ""


def _shown(field: Field, value: Any) -> Any:
    """Return a value fit for a file that is printed: of a secret only where it is."""
    if field.secret and not isinstance(value, list):
        return value if isinstance(value, str) and value.startswith(("env:", "file:", "cmd:")) else None
    if isinstance(value, Mapping):
        inner = {each.name: each for each in field.fields}
        return {
            name: _shown(inner[name], each) if name in inner else each
            for name, each in value.items()
            if name in inner or not is_secret_name(str(name))  # what is no field may be one
        }
    return [_shown(field, each) for each in value] if isinstance(value, list) else value


def _is_table(field: Field) -> bool:
    return field.type == "shape" and not field.is_list


def _yaml(fields: Sequence[Field], given: Mapping[str, Any], indent: str) -> Iterator[str]:
    for field in fields:
        value = _shown(field, given.get(field.name))
        yield f"{indent}# {_comment(field)}"
        is_left_out = value is None and not field.required
        mark = "# " if is_left_out else ""
        if _is_table(field):
            yield f"{indent}{mark}{field.name}:"
            inner = list(_yaml(field.fields, value if isinstance(value, Mapping) else {}, f"{indent}  "))
            yield from (f"{indent}# {line[len(indent) :]}" for line in inner) if is_left_out else inner
        elif value is not None:
            yield f"{indent}{field.name}: {_json(value)}"
        elif field.required:
            empty = " []" if field.is_list and field.allow_empty else ""
            yield f"{indent}{field.name}:{empty}{_such_as(field, _json)}"
        else:
            yield f"{indent}# {field.name}: {_json(_example(field))}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _toml(fields: Sequence[Field], given: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the fields of a table, then the tables below it: TOML wants it so."""
    for field in fields:
        if _is_table(field):
            continue
        value = _shown(field, given.get(field.name))
        yield f"# {_comment(field)}"
        if value is not None:
            yield f"{field.name} = {_toml_value(value)}"
        elif field.required:
            number = say("  # a whole number", "  # 整数") if field.type == "int" and not field.is_list else ""
            yield f"{field.name} = {_toml_value(blank_of(field))}{_such_as(field, _toml_value) or number}"
        else:
            yield f"# {field.name} = {_toml_value(_example(field))}"
    for field in fields:
        if not _is_table(field):
            continue
        value = _shown(field, given.get(field.name))
        here = (*path, field.name)
        yield from ("", f"# {_comment(field)}")
        inner = [f"[{'.'.join(here)}]", *_toml(field.fields, value if isinstance(value, Mapping) else {}, here)]
        is_left_out = value is None and not field.required
        yield from (f"# {line}".rstrip() for line in inner) if is_left_out else inner


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_json(name)} = {_toml_value(each)}" for name, each in value.items() if each is not None)
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_toml_value(each) for each in value)}]"
    if isinstance(value, str):  # JSON's escapes are TOML's but for those of characters beyond the first plane
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value, default=str)
