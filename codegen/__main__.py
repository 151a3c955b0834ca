"""Write what is generated from the API description.

python -m codegen            write the files
python -m codegen --check    change nothing; fail if a file differs from what would be written
"""

from __future__ import annotations

import argparse
import ast
import difflib
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from codegen import revising
from codegen.declaring import Declared, annotation, is_optional, python_type
from codegen.description import Api, Field, Find, Operation, load
from codegen.handlers import Emulation, missing_handlers
from codegen.reading import Reading, function_name, listed

ROOT = Path(__file__).resolve().parent.parent

TABLES = {"README.md": ["operations", "revisions"], "README.zh-CN.md": ["operations", "revisions", "fields"]}
KINDS = {"read": "READ", "idempotent": "IDEMPOTENT", "create": "CREATE"}
KIND_WORDS = {
    "read": "A read: it is repeated after any failure that may pass.",
    "idempotent": "An idempotent write: it is repeated after any failure that may pass.",
    "create": "A create: it is repeated only if it can't have been carried out; otherwise `AmbiguousCreate` is raised. "
    "One that is cut off (by a cancellation, Ctrl-C) is among the client's `open_creates`.",
}


def facts(field: Field, sources: Mapping[str, str] | None = None) -> str:
    """What a docstring says of a field: its description, allowed values, unit, default, revisions and provenance."""
    words = [field.doc]
    if field.one_of:
        words.append(
            f"One of {', '.join(map(str, field.one_of))}{f' [{field.one_of_source}]' if field.one_of_source else ''}."
        )
    if field.min is not None and field.max is not None:
        words.append(f"From {field.min} to {field.max}.")
    elif field.min is not None:
        words.append(f"At least {field.min}.")
    elif field.max is not None:
        words.append(f"At most {field.max}.")
    if field.unit:
        words.append(f"In {field.unit}.")
    if field.rule == "name":
        words.append("1 to 26 letters, digits and dashes, no dash first or last [O].")
    if field.rule == "password":
        words.append("8 to 30 characters with upper and lower case, a digit and a special character [O].")
    if field.rule == "cidr":
        words.append("Such as `10.0.0.0/16`.")
    if field.values:
        words.append(f"See `{field.values}`; other values pass.")
    if field.default:
        words.append(f"When left out: {field.default}.")
    if field.secret:
        words.append("Secret.")
    if field.documented:
        words.append(f"Documented as {field.documented}.")
    words += revising.words(field, sources or {})
    return f"{' '.join(words)} [{field.source}]"


def wrapped(text: str, indent: int, hang: int = 4, width: int = 118) -> str:
    """Break a text into lines; the first is not indented, the others hang."""
    return textwrap.fill(
        text, width, initial_indent=" " * indent, subsequent_indent=" " * (indent + hang), break_long_words=False,
        break_on_hyphens=False,
    ).lstrip()  # fmt: skip


class Arguments:
    """The arguments of an operation's method: the required ones in order, then the optional ones by keyword."""

    def __init__(self, api: Api, operation: Operation) -> None:
        self.fields = api.shapes[operation.request].fields
        self.sources = api.revisions
        self.by_request = operation.style == "request"
        self.request = operation.request

    def _of(self, required: bool) -> list[tuple[str, Field]]:
        return [(name, field) for name, field in self.fields.items() if field.required == required]

    def signature(self, *, paging: bool = False) -> str:
        """The parameters, without `self`; `paging` leaves out `page_index` and sets a size."""
        if self.by_request:
            parts = [f"request: {self.request}", "*"]
        else:
            parts = [f"{name}: {python_type(field, 'request')}" for name, field in self._of(True)]
            parts.append("*")
            for name, field in self._of(False):
                if paging and name == "page_index":
                    continue
                if paging and name == "page_size":
                    parts.append("page_size: int = 100")
                else:
                    parts.append(f"{name}: {python_type(field, 'request')} | None = None")
        return ", ".join([*parts, "extra: Mapping[str, Any] | None = None", "timeout: float | None = None"])

    def to_request(self) -> str:
        """The expression of the request object."""
        if self.by_request:
            return "request"
        ordered = self._of(True) + self._of(False)
        return f"{self.request}({', '.join(f'{name}={name}' for name, _ in ordered)})"

    def passed_on(self, *, paging: bool = False) -> str:
        """The arguments of a call of the same method."""
        if self.by_request:
            return "request, extra=extra, timeout=timeout"
        parts = [name for name, _ in self._of(True)]
        for name, _ in self._of(False):
            parts.append("page_index=page_index" if paging and name == "page_index" else f"{name}={name}")
        return ", ".join([*parts, "extra=extra", "timeout=timeout"])

    def documented(self, *, paging: bool = False) -> list[str]:
        """A docstring's lines on the arguments."""
        if self.by_request:
            return [f"request: What is asked for, as a `{self.request}`."]
        lines = []
        for name, field in self._of(True) + self._of(False):
            if paging and name == "page_index":
                continue
            words = (
                "How many nodes are fetched at a time. [O]"
                if paging and name == "page_size"
                else facts(field, self.sources)
            )
            lines.append(f"{name}: {words}")
        return lines


def find_arguments(find: Find) -> str:
    """The arguments of the read that lists what a create may have made."""
    positional = [f'what.text("{path}")' for path in find.under.values()]
    keywords = [
        f'{argument}=what.text("{path}")' if path == find.name else f'{argument}=what.key.get("{path}")'
        for argument, path in find.search.items()
    ]
    return ", ".join([*positional, *keywords])


WAITERS = ("tasks", "clusters", "pools", "many_clusters", "waiters")


def waiters() -> list[dict[str, Any]]:
    """The methods of `eks.wait`, read from cds_eks/waiting, so that the sync ones have the same signature and words."""
    found: list[dict[str, Any]] = []
    for module in WAITERS:
        tree = ast.parse((ROOT / "cds_eks" / "waiting" / f"{module}.py").read_text(encoding="utf-8"))
        for waits in tree.body:
            if isinstance(waits, ast.ClassDef) and waits.name.endswith(("Waits", "Waiters")):
                methods = [node for node in waits.body if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef))]
                found += [waiter(node) for node in methods if not node.name.startswith("_")]
    return found


def waiter(node: ast.AsyncFunctionDef | ast.FunctionDef) -> dict[str, Any]:
    """What the sync twin of a wait is made of."""
    names = [argument.arg for argument in node.args.args[1:]]
    keywords = [argument.arg for argument in node.args.kwonlyargs]
    callbacks = [name for name in keywords if name.startswith("on_")]
    signature = ast.unparse(node.args).removeprefix("self, ").replace("Awaitable[None] | None", "None")
    passed_on = [*names, *(f"{name}={name}" for name in keywords if name not in callbacks)]
    return {
        "name": node.name,
        "signature": signature,
        "returns": (ast.unparse(node.returns) if node.returns else "None").removeprefix("Async"),
        "doc": ast.get_docstring(node),
        "passed_on": ", ".join([*passed_on, "**heard"] if callbacks else passed_on),
        "callbacks": ", ".join(f"{name}={name}" for name in callbacks),
    }


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
        Arguments=Arguments, KINDS=KINDS, KIND_WORDS=KIND_WORDS, api=api,
        find_arguments=find_arguments,
        facts=lambda field: facts(field, api.revisions), is_optional=is_optional, python_type=python_type,
        annotation=annotation, reader_name=function_name, revising=revising, wrapped=wrapped,
    )  # fmt: skip
    made.filters["reader_name"] = function_name
    made.filters["quoted"] = lambda names: str(tuple(names))
    made.filters["class_name"] = lambda group: "".join(part.capitalize() for part in group.split("_"))
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
    for operation in api.operations.values():
        if operation.group == group:
            result = Field(wire="", type=operation.result, source="D", doc="")
            names |= {operation.request, result.inner} & api.shapes.keys()
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
            lists=lists, imports=imports_of(api, group), declared=Declared(api, group),
        )  # fmt: skip
        if read := [(name, shape) for name, shape in api.shapes_of(group) if shape.use != "request"]:
            write(
                package / "readers" / f"{group}.py", "readers.py.jinja", group=group, shapes=read,
                reading=Reading(api, group), listed=listed(api),
            )  # fmt: skip
    write(package / "models" / "__init__.py", "models_init.py.jinja", groups=groups)
    for group in api.groups:
        operations = {name: op for name, op in api.operations.items() if op.group == group}
        write(
            package / "resources" / f"{group}.py", "resources.py.jinja", group=group, operations=operations,
            shapes=shapes_in_methods(api, group),
        )  # fmt: skip
    write(package / "resources" / "__init__.py", "resources_init.py.jinja")
    write(package / "sync" / "resources.py", "sync_resources.py.jinja", waiters=waiters())
    write(package / "emulator" / "protocol" / "api.py", "emulator_api.py.jinja", emulation=Emulation(api))
    return files


def render_tables(api: Api) -> dict[Path, str]:
    """The README files with their generated tables made anew."""
    templates = environment(api)
    files = {}
    for name, tables in TABLES.items():
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        for table in tables:
            begin, end = f"<!-- {table}: generated -->", f"<!-- {table}: end -->"
            head, _, rest = text.partition(begin)
            _, found, tail = rest.partition(end)
            if not found:
                raise SystemExit(f"{name} has no place for the table {table!r}: {begin} … {end}")
            made = templates.get_template(f"{name}.{table}.jinja").render()
            text = f"{head}{begin}\n{made.strip()}\n{end}{tail}"
        files[path] = text
    return files


def formatted(files: dict[Path, str]) -> dict[Path, str]:
    """The files as ruff sorts and formats them: all at once, in a folder of their own."""
    with tempfile.TemporaryDirectory() as name:
        places = {path: Path(name) / path.relative_to(ROOT) for path in files}
        for path, place in places.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(files[path], encoding="utf-8")
        common = ["--quiet", "--no-cache", f"--config={ROOT}/pyproject.toml", name]
        for command in (["check", "--select=I,F401", "--fix-only"], ["format"]):
            run = subprocess.run(
                [sys.executable, "-m", "ruff", *command, *common],
                capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False,
            )  # fmt: skip
            if run.returncode or run.stderr:
                raise SystemExit(run.stderr.replace(f"{name}/", ""))
        return {path: place.read_text(encoding="utf-8") for path, place in places.items()}


def main() -> int:
    """Run the generator."""
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Write what api.yaml describes.")
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a file differs")
    check = parser.parse_args().check
    try:
        api = load()
    except ValueError as error:
        raise SystemExit(f"codegen/api.yaml: {error}") from None
    if missing := missing_handlers(api):
        raise SystemExit("\n".join(f"codegen/api.yaml: {each}" for each in missing))
    stale = 0
    for path, text in {**formatted(render(api)), **render_tables(api)}.items():
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        if current == text:
            continue
        stale += 1
        name = str(path.relative_to(ROOT))
        if check:
            diff = difflib.unified_diff(
                current.splitlines(), text.splitlines(), name, f"{name} (generated)", lineterm=""
            )
            print("\n".join(list(diff)[:40]))
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    if check and stale:
        print(f"{stale} generated file(s) differ from codegen/api.yaml: run `python -m codegen`")
    return int(check and stale > 0)


if __name__ == "__main__":
    raise SystemExit(main())
