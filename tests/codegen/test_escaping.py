"""Texts of the description stay texts: in docstrings, in string literals, in tables; and what is broken is told."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from descriptions import ROOT, TEXT
from trees import copied, generate

from codegen.description import Api
from codegen.escaping import in_cell, in_docstring, literal
from codegen.loading import load
from codegen.output import formatted
from codegen.pages import render as render_pages
from codegen.rendering import environment, render
from codegen.yaml_nodes import LOADER

pytestmark = pytest.mark.slow

DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

TEXTS = [
    'Create """ + __import__("os").getcwd() + """ x.',
    'Create """',
    '"""" Create',
    'Create "',
    "Create \\N{foo} a cluster.",
    "Create C:\\users\\x and \\d+ \\",
    'Create \\""" x.',
    "Create {{ api }} {% raw %} {# x #} a cluster.",
    "Create `a, 'b and c\\'",
    "Create a | b <!-- fields: end --> </details> & c < d.",
]


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Api:
    data = yaml.load(TEXT, LOADER)
    change(data)
    path = tmp_path / "api.yaml"
    path.write_text(yaml.dump(data, Dumper=DUMPER, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return load(path)


def everywhere(text: str) -> Callable[[dict[str, Any]], None]:
    """A change of each kind of text that goes into source or into a table."""

    def change(data: dict[str, Any]) -> None:
        data["groups"]["clusters"].update(doc=text, zh=text)
        data["operations"]["CreateCluster"].update(doc=text, note=text, zh=text)
        shape = data["shapes"]["NodePoolSpec"]
        shape.update(doc=text)
        shape["forbidden"][0].update(equals=text, because=text)
        data["shapes"]["BillingSpec"]["needed"][0].update(among=[text])
        shape["fields"]["name"].update(doc=text, zh=text, note=text, documented=text, default=text, required=False)
        shape["fields"]["replicas"].update(
            unit=text, note=text, zh_note=text, default="0", zh_default=text, required=False
        )
        data["values"]["NodeRole"].update(doc=text)
        data["values"]["NodeRole"]["values"][0].update(value=text, name="WORKER", doc=text)
        data["values"]["CniType"]["values"][0].update(wire={"2025-09-08": text, "2025-10-11": f"new {text}"})

    return change


def documented(tree: ast.AST) -> Iterator[str]:
    """All docstrings and other texts that stand alone, each as one line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield " ".join(node.value.value.split())


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_stays_a_text(tmp_path: Path, text: str) -> None:
    api = changed(tmp_path, everywhere(text))
    files = {path.relative_to(ROOT / "cds_eks").as_posix(): made for path, made in formatted(render(api)).items()}
    trees = {name: ast.parse(made) for name, made in files.items()}
    called = {node.id for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "__import__" not in called
    told = {name: "\n".join(documented(tree)) for name, tree in trees.items()}
    for name, often in (
        ("models/node_pools.py", 7),
        ("models/nodes.py", 2),
        *((f"{folder}groups.py", 1) for folder in ("resources/", "sync/")),
        *((name, 2) for name in ("resources/clusters.py", "sync/resources.py")),
    ):
        assert told[name].count(text) == often, name

    texts = [node.value for node in ast.walk(trees["models/node_pools.py"]) if isinstance(node, ast.Constant)]
    assert text in texts
    assert f"{text} [O]" in texts
    [role] = [node for node in trees["models/nodes.py"].body if getattr(node, "name", "") == "NodeRole"]
    assert text in [node.value for node in ast.walk(role) if isinstance(node, ast.Constant)]
    needed = [node.value for node in ast.walk(trees["models/clusters.py"]) if isinstance(node, ast.Constant)]
    assert text in needed


@pytest.mark.parametrize("text", TEXTS)
def test_a_table_keeps_its_form(tmp_path: Path, text: str) -> None:
    api = changed(tmp_path, everywhere(text))
    root = copied(tmp_path / "tree")
    pages = render_pages(root, environment(api))
    for path, page in pages.items():
        before = path.read_text(encoding="utf-8")
        assert page.count("<!--") == before.count("<!--")
        for number, line in enumerate(page.splitlines(), 1):
            if line.startswith("|"):
                columns = line.replace("\\|", "").count("|")
                assert columns == widths(page)[number], line
        path.write_text(page, encoding="utf-8")
    assert render_pages(root, environment(api)) == pages


def widths(page: str) -> dict[int, int]:
    """For each line of a table, how many bars the second line of that table has."""
    found, width = {}, 0
    lines = page.splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("|---"):
            width = found[number - 1] = line.count("|")
        if line.startswith("|"):
            found[number] = width
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_an_escaped_text_is_the_text_again(text: str) -> None:
    assert ast.literal_eval(f'"""{in_docstring(text)} """') == f"{text} "
    assert ast.literal_eval(literal(text)) == text
    assert "|" not in in_cell(text).replace("\\|", "")


def test_a_number_among_one_is_a_tuple(tmp_path: Path) -> None:
    api = changed(tmp_path, lambda data: data["shapes"]["BillingSpec"]["needed"][0].update(one_of=[12]))
    files = formatted(render(api))
    source = files[ROOT / "cds_eks" / "models" / "clusters.py"]
    [needed] = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and _name(node) == "RequiredWhen"
    ]
    assert ast.literal_eval(needed.args[3]) == (12,)


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ('"""Fine."""\n\nx = = 1\n', 3, "invalid syntax: x = = 1"),
        (
            '"""Fine."""\n\ndef f(a, a): ...\n',
            3,
            r"duplicate (argument|parameter) 'a' in function definition: def f\(a, a\): \.\.\.",  # by version of Python
        ),
        ('"""\\N{foo}"""\n', 1, r"\(unicode error\) 'unicodeescape' codec can't decode bytes in position 0-6"),
        ('x = "\\d"\n', 1, "invalid escape sequence"),
    ],
)
def test_what_is_no_python_is_told_with_its_file_and_line(source: str, line: int, reason: str) -> None:
    with pytest.raises(SystemExit) as caught:
        formatted({ROOT / "cds_eks" / "models" / "tasks.py": source})
    told = str(caught.value)
    assert told.startswith(f"cds_eks/models/tasks.py:{line}: codegen/api.yaml gives no Python: ")
    assert re.search(reason, told)


@pytest.mark.parametrize(("stdout", "stderr"), [("a.py:1:1: E999\n", ""), ("", "a.py: no such rule\n"), ("", "")])
def test_a_failure_of_ruff_is_told(monkeypatch: pytest.MonkeyPatch, stdout: str, stderr: str) -> None:
    failed = subprocess.CompletedProcess([], 2, stdout, stderr)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit) as caught:
        formatted({ROOT / "cds_eks" / "models" / "tasks.py": "x = 1\n"})
    told = (stdout or stderr).strip() or "2"
    assert str(caught.value) == f"ruff check fails on what codegen/api.yaml gives: {told}"


def test_a_template_that_gives_no_python_fails_the_command_with_file_and_line(tmp_path: Path) -> None:
    tree = copied(tmp_path)
    template = tree / "codegen" / "templates" / "groups.py.jinja"
    template.write_text(template.read_text(encoding="utf-8") + "\nx = = 1\n", encoding="utf-8")
    failed = generate(tree, "--check")
    assert failed.returncode == 1
    told = failed.stderr.splitlines()
    assert [line.partition(":")[0] for line in told] == ["cds_eks/resources/groups.py", "cds_eks/sync/groups.py"]
    assert all("codegen/api.yaml gives no Python: invalid syntax: x = = 1" in line for line in told)
