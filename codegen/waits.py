"""The waits of the async face, read from their source: the blocking ones have the same signatures and words."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

WAITING = Path(__file__).resolve().parent.parent / "cds_eks" / "waiting"

WAITERS = ("tasks", "clusters", "pools", "many_clusters", "waiters")


def waiters() -> list[dict[str, Any]]:
    """The methods of `eks.wait`, in the order of their modules."""
    found: list[dict[str, Any]] = []
    for module in WAITERS:
        tree = ast.parse((WAITING / f"{module}.py").read_text(encoding="utf-8"))
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
        "passed_on": ", ".join([*passed_on, "**callbacks"] if callbacks else passed_on),
        "callbacks": ", ".join(f"{name}={name}" for name in callbacks),
    }
