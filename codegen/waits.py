"""The waits of the async client, read from their source: the blocking ones have the same signatures and words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WAITING = Path(__file__).resolve().parent.parent / "cds_eks" / "waiting"

PACKAGE = "cds_eks.waiting."


def waiters(folder: Path = WAITING) -> list[dict[str, Any]]:
    """The methods of `eks.wait`: those of the bases of `Waiters` in their order, then its own."""
    return [waiter(node) for node in _methods(folder, "waiters", "Waiters", set())]


def _methods(folder: Path, module: str, name: str, seen: set[str]) -> Iterator[ast.AsyncFunctionDef | ast.FunctionDef]:
    """The public methods of a class and, before them, of its bases in the package; each class comes once."""
    if name in seen:
        return
    seen.add(name)
    tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
    defined = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    imported = {
        alias.asname or alias.name: (node.module.removeprefix(PACKAGE), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith(PACKAGE)
        for alias in node.names
    }
    for base in map(ast.unparse, defined[name].bases):
        if base in imported or base in defined:
            yield from _methods(folder, *imported.get(base, (module, base)), seen)
    for node in defined[name].body:
        if isinstance(node, (ast.AsyncFunctionDef, ast.FunctionDef)) and not node.name.startswith("_"):
            yield node


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
        "passed_on": ", ".join([*passed_on, "**callbacks"] if callbacks else passed_on),
        "callbacks": ", ".join(f"{name}={name}" for name in callbacks),
    }
