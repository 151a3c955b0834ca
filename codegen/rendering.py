"""The generated Python files: which there are, and what each is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2

from codegen import chinese, revision_differences
from codegen.command_tables import CommandTables, is_destructive
from codegen.description import Api
from codegen.docstrings import KIND_WORDS, KINDS_RAISING, facts, with_article, wrapped
from codegen.escaping import in_cell, in_docstring, literal
from codegen.handlers import Emulation
from codegen.method_arguments import Arguments, find_arguments
from codegen.model_fields import Declarations, annotation, is_optional, python_type
from codegen.name_faults import class_name
from codegen.reader_expressions import ReaderExpressions, function_name, listed
from codegen.waits import waiters

ROOT = Path(__file__).resolve().parent.parent

KINDS = {"read": "READ", "idempotent": "IDEMPOTENT", "create": "CREATE"}


def environment(api: Api) -> jinja2.Environment:
    """The templates and what they may call."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.globals.update(
        Arguments=Arguments, KINDS=KINDS, KIND_WORDS=KIND_WORDS, KINDS_RAISING=KINDS_RAISING, api=api,
        find_arguments=find_arguments, is_destructive=is_destructive,
        facts=lambda field: facts(field, api.revisions), facts_zh=lambda field: chinese.facts(field, api.revisions),
        is_optional=is_optional, python_type=python_type,
        annotation=annotation, reader_name=function_name, revision_differences=revision_differences,
        wrapped=lambda text, *indents: wrapped(in_docstring(text), *indents),
    )  # fmt: skip
    made.filters["reader_name"] = function_name
    made.filters["quoted"] = lambda names: str(tuple(names))
    made.filters["literal"] = literal
    made.filters["in_docstring"] = in_docstring
    made.filters["in_cell"] = in_cell
    made.filters["with_article"] = with_article
    made.filters["class_name"] = class_name
    made.filters["constant"] = lambda name: "".join(
        f"_{c}" if c.isupper() and i and not name[i - 1].isupper() else c for i, c in enumerate(name)
    ).upper()
    return made


def imports_of(api: Api, group: str) -> dict[str, list[str]]:
    """Which shapes of other groups a group's models are made of."""
    needed: dict[str, set[str]] = {}
    for _, shape in api.shapes_of(group):
        for field in shape.fields.values():
            if field.inner in api.shapes and (other := api.shapes[field.inner].group) != group:
                needed.setdefault(other, set()).add(field.inner)
    return {other: sorted(names) for other, names in sorted(needed.items())}


def shapes_in_methods(api: Api, group: str) -> set[str]:
    """The shapes that the methods of a group name in their signatures and results."""
    names: set[str] = set()
    for operation in api.operations_of(group).values():
        names |= {operation.request, api.entry_of(operation)} & api.shapes.keys()
        if operation.find is not None:
            names.add(operation.find.entry)
        if operation.style == "arguments":
            names |= {field.inner for field in api.shapes[operation.request].fields.values()} & api.shapes.keys()
    return names


def render(api: Api) -> dict[Path, str]:
    """All generated files, by path, not yet formatted."""
    templates = environment(api)
    groups = list(dict.fromkeys(shape.group for shape in api.shapes.values()))
    package = ROOT / "cds_eks"
    files: dict[Path, str] = {}

    def write(path: Path, template: str, **values: Any) -> None:
        files[path] = templates.get_template(template).render(**values)

    for group in groups:
        lists = {name: values for name, values in api.values.items() if values.group == group}
        write(
            package / "models" / f"{group}.py", "models.py.jinja", group=group, shapes=list(api.shapes_of(group)),
            lists=lists, imports=imports_of(api, group), declared=Declarations(api, group),
        )  # fmt: skip
        if read := [(name, shape) for name, shape in api.shapes_of(group) if shape.use != "request"]:
            write(
                package / "codec" / "readers" / f"{group}.py", "readers.py.jinja", group=group, shapes=read,
                reading=ReaderExpressions(api, group), listed=listed(api),
            )  # fmt: skip
    write(package / "models" / "__init__.py", "models_init.py.jinja", groups=groups)
    for group in api.operation_groups:
        write(
            package / "resources" / f"{group}.py", "resources.py.jinja", group=group,
            operations=api.operations_of(group), shapes=shapes_in_methods(api, group),
        )  # fmt: skip
        write(
            package / "cli" / "operations" / f"{group}.py", "cli_operations.py.jinja", group=group,
            tables=CommandTables(api, group),
        )  # fmt: skip
    write(package / "cli" / "operations" / "__init__.py", "cli_operations_init.py.jinja")
    write(package / "resources" / "__init__.py", "resources_init.py.jinja")
    write(package / "resources" / "groups.py", "groups.py.jinja", client="async", resources="cds_eks")
    write(package / "sync" / "resources.py", "sync_resources.py.jinja", waiters=waiters())
    write(package / "sync" / "groups.py", "groups.py.jinja", client="blocking", resources="cds_eks.sync")
    write(package / "emulator" / "protocol" / "api.py", "emulator_api.py.jinja", emulation=Emulation(api))
    write(package / "testing" / "operation_routes.py", "testing_operations.py.jinja")
    return files
