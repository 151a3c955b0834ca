"""Neither backend needs the other: what both need is in modules of its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cds_eks.backend

FOLDER = Path(cds_eks.backend.__file__).parent
PACKAGE = "cds_eks.backend"

DEFAULT = {
    "asyncio_stream",
    "h11_connection",
    "httpcore_network",
    "httpx",
    "httpx_transport",
    "streams",
    "tls_stream",
}
NATIVE = {path.stem for path in FOLDER.glob("native*.py")}
SHARED = {path.stem for path in FOLDER.glob("*.py")} - DEFAULT - NATIVE - {"__init__"}


def imported(module: str) -> set[str]:
    """Return the modules of the package that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    names = {name.removeprefix(f"{PACKAGE}.") for name in found if name.startswith(f"{PACKAGE}.")}
    return names & (DEFAULT | NATIVE | SHARED)


@pytest.mark.parametrize("module", sorted(NATIVE))
def test_the_native_backend_imports_nothing_of_the_default_one(module: str) -> None:
    assert imported(module) & DEFAULT == set()


@pytest.mark.parametrize("module", sorted(DEFAULT))
def test_the_default_backend_imports_nothing_of_the_native_one(module: str) -> None:
    assert imported(module) & NATIVE == set()


@pytest.mark.parametrize("module", sorted(SHARED))
def test_what_both_share_imports_neither(module: str) -> None:
    assert imported(module) & (DEFAULT | NATIVE) == set()


def test_all_modules_were_looked_at_and_the_imports_are_seen() -> None:
    assert {"httpx", "h11_connection"} <= DEFAULT
    assert {path.stem for path in FOLDER.glob("*.py")} >= DEFAULT
    assert {"native", "native_connection", "native_parser"} <= NATIVE
    assert "pool" in imported("native") & imported("httpx") & SHARED
    assert "response_body" in imported("httpx")


def test_httpx_s_errors_are_known_to_its_transports_alone() -> None:
    assert not any(
        isinstance(node, ast.Import | ast.ImportFrom)
        and ({"httpx", "httpcore"} & {alias.name for alias in node.names} or getattr(node, "module", "") == "httpx")
        for module in ("h11_connection", "streams", "tls_stream", "asyncio_stream", "sockets", *NATIVE)
        for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text(encoding="utf-8")))
    )
