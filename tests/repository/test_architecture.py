"""Imports go down only: the layers of the design, checked on the source."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiers import FLEET_TIERS, TIERS

import cds_eks

ROOT = Path(cds_eks.__file__).parent

MOST_IN_A_TIER = 6
RANK = {member: rank for rank, tier in enumerate(TIERS) for member in tier}

# Closer rules: the only members that these may import, besides themselves.
ONLY: dict[str, set[str]] = {
    # It must be able to disagree with the codec. `documents` reads TOML, and knows nothing of the API.
    "emulator": {"_runtime", "_version", "documents", "signing"},
    "models": {"_runtime", "schema"},
    "resources": {"_runtime", "errors", "lookup", "models", "paging", "wire"},
    "signing": {"_runtime", "redaction"},
    "outcome": {"_runtime", "errors", "redaction"},
    "redaction": set(),
}
EMULATOR_IS_FOR = {"cli", "testing"}
KNOW_HTTP = {"backend", "testing"}  # the test kit stands in for what is at the other end
KNOW_OTEL = {"otel", "fleet"}
HTTP = {"httpx", "httpcore", "h11", "httptools", "aiohttp", "requests", "urllib3"}


def imported(path: Path, module: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of whatever a file imports, wherever in it; `from x import y` gives `x.y`."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    yield from imported_by(ast.parse(path.read_text(encoding="utf-8")), module, package)


def imported_by(tree: ast.Module, module: str, package: str | None = None) -> Iterator[tuple[int, str]]:
    """Yield what a module's tree imports, as `imported` does."""
    package = module.rpartition(".")[0] if package is None else package
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def members(root: Path) -> dict[str, list[Path]]:
    """Return the files of each member of the package: a module beside packages, or a package."""
    found: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*.py")):
        found.setdefault(path.relative_to(root).with_suffix("").parts[0], []).append(path)
    return found


def violations(root: Path) -> list[str]:
    """Return each import below a package's folder that breaks a rule."""
    found = []
    files = members(root)
    for here, paths in files.items():
        if here not in RANK:
            found.append(f"{root.name}.{here}: is in no tier")
            continue
        for path in paths:
            steps = path.relative_to(root).with_suffix("").parts
            module = ".".join([root.name, *(step for step in steps if step != "__init__")])
            for line, name in imported(path, module):
                outer, _, rest = name.partition(".")
                there = rest.partition(".")[0]
                if outer in HTTP and here not in KNOW_HTTP:
                    found.append(f"{module}:{line}: imports {name}, but only the backends know an HTTP library")
                elif outer == "opentelemetry" and here not in KNOW_OTEL:
                    found.append(f"{module}:{line}: imports {name}, but only otel and fleets know OpenTelemetry")
                elif outer == root.name and (fault := fault_of(here, there, files)) is not None:
                    found.append(f"{module}:{line}: imports {name}, {fault}")
    return found


def fault_of(here: str, there: str, files: dict[str, list[Path]]) -> str | None:
    """Return what is wrong with an import from one member of the package to another, or None."""
    if there not in files or there == "__init__":
        return "but a part of the package must not import the package itself"
    if there == here:
        return None
    if here in ONLY and there not in ONLY[here]:
        return f"but {here} may import only {sorted(ONLY[here])}"
    if there == "emulator" and here not in EMULATOR_IS_FOR:
        return "but the emulator is apart"
    if RANK.get(there, len(TIERS)) <= RANK[here]:
        return "which lies above it" if RANK[there] < RANK[here] else "which lies beside it"
    return None


def fleet_violations(root: Path) -> list[str]:
    """Return each import from one part of the fleet to another that is not in a lower tier."""
    rank = {part: number for number, tier in enumerate(FLEET_TIERS) for part in tier}
    found = []
    for here, paths in members(root).items():
        for path in paths:
            file = path.relative_to(root).as_posix()
            if here not in rank:
                found.append(f"{file}: is in no tier")
                continue
            for line, name in imported(path, "cds_eks.fleet"):
                there = name.removeprefix("cds_eks.fleet.").partition(".")[0]
                if name.startswith("cds_eks.fleet.") and there != here and rank.get(there, -1) <= rank[here]:
                    found.append(f"{file}:{line}: imports {name}")
    return found


def cycles(root: Path) -> list[str]:
    """Return the packages whose modules import each other in a circle when they are loaded."""
    found = []
    for member, paths in members(root).items():
        needs: dict[str, set[str]] = {}
        for path in paths:
            steps = path.relative_to(root).with_suffix("").parts
            module = ".".join([root.name, *(step for step in steps if step != "__init__")])
            if path.name == "__init__.py":
                continue  # it shows what the others make
            needs[module] = set(loaded_with(path, module))
        inside = {module: {name for name in names if name in needs} - {module} for module, names in needs.items()}
        try:
            graphlib.TopologicalSorter(inside).prepare()
        except graphlib.CycleError as error:
            found.append(f"{member}: {' -> '.join(reversed(error.args[1]))}")
    return found


def loaded_with(path: Path, module: str) -> Iterator[str]:
    """Yield the modules that a file imports when it is loaded, not those of type checkers or of its functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom, ast.Try))]
    for _, name in imported_by(tree, module):
        yield name
        yield name.rpartition(".")[0]


def test_imports_go_down_only() -> None:
    assert violations(ROOT) == []


def test_every_member_was_looked_at() -> None:
    assert set(members(ROOT)) <= RANK.keys()
    assert {"client", "resources", "models", "errors", "__init__"} <= members(ROOT).keys()


def test_imports_of_the_fleet_go_down_only() -> None:
    assert fleet_violations(ROOT / "fleet") == []


def test_an_import_of_the_fleet_that_goes_up_or_sideways_is_found(tmp_path: Path) -> None:
    for folder, name, content in [
        ("ensure", "decide", "from cds_eks.fleet.run.runner import x\nfrom cds_eks.fleet.plan import y\n"),
        ("journal", "base", "from cds_eks.fleet.plan.model import x\n"),
        ("run", "runner", "from cds_eks.fleet import items\n"),
    ]:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(content, encoding="utf-8")
    (tmp_path / "utils.py").touch()
    assert fleet_violations(tmp_path) == [
        "ensure/decide.py:1: imports cds_eks.fleet.run.runner.x",
        "journal/base.py:1: imports cds_eks.fleet.plan.model.x",
        "utils.py: is in no tier",
    ]


def test_no_tier_is_crowded_and_none_is_empty() -> None:
    assert all(1 <= len(tier) <= MOST_IN_A_TIER for tier in TIERS)


def test_few_modules_stand_beside_the_packages() -> None:
    assert len([path for path in ROOT.iterdir() if path.suffix == ".py"]) <= 11


def test_within_a_package_no_modules_import_each_other_in_a_circle() -> None:
    assert cycles(ROOT) == []


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small tree in which all is well."""
    root = tmp_path / "cds_eks"
    for name, content in {
        "__init__.py": "from cds_eks.client import x\nfrom cds_eks import types\n",
        "_version.py": "",
        "errors/__init__.py": "import math\nfrom cds_eks.errors.base import x\n",
        "errors/base.py": "",
        "_runtime/affinity.py": "from cds_eks.errors import x\n",
        "signing.py": "from cds_eks._runtime import affinity\n",
        "schema/validators.py": "import cds_eks.errors\n",
        "schema/shape.py": "from .validators import x\n",
        "wire.py": "from cds_eks import errors\nimport cds_eks.errors\n",
        "models/__init__.py": "from cds_eks.models.common import x\n",
        "models/common.py": "from cds_eks.schema import shape\n",
        "pipeline.py": "from cds_eks.wire import x\n",
        "codec/encode.py": "from cds_eks.config import x\n",
        "config.py": "from cds_eks.signing import x\n",
        "resources/__init__.py": "from .clusters import x\nfrom . import clusters\n",
        "resources/clusters.py": "from ..models.common import x\nfrom cds_eks.wire import y\n",
        "backend/__init__.py": "def f():\n    import httpx\n    from cds_eks.backend.httpx import x\n",
        "backend/httpx.py": "import httpx\nfrom cds_eks.config import x\n",
        "client/async_client.py": "from cds_eks import backend, resources\nfrom cds_eks._version import x\n",
        "sync/client.py": "from cds_eks.client import x\n",
        "types.py": "from cds_eks.backend import x\n",
        "emulator/app.py": "from cds_eks.signing import x\nfrom cds_eks.emulator.state import y\n",
        "emulator/state.py": "",
        "cli/__main__.py": "from cds_eks.emulator import x\nfrom cds_eks.client import y\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def test_a_tree_in_which_all_is_well_passes(package: Path) -> None:
    assert violations(package) == []


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("errors/base.py", "from cds_eks.wire import x", "lies above it"),
        ("errors/base.py", "from cds_eks import wire", "lies above it"),
        ("errors/base.py", "from .. import wire", "lies above it"),
        ("errors/base.py", "import cds_eks.wire as w", "lies above it"),
        ("errors/base.py", "from cds_eks import _version", "lies beside it"),
        ("signing.py", "from cds_eks.wire import x", "signing may import only ['_runtime', 'redaction']"),
        ("wire.py", "from cds_eks.pipeline import x", "lies above it"),
        ("wire.py", "from cds_eks.config import x", "lies beside it"),
        ("wire.py", "def f():\n    from cds_eks.client import x", "lies above it"),
        ("wire.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .config import x", "lies beside it"),
        ("codec/encode.py", "from cds_eks.pipeline import x", "lies beside it"),
        ("schema/shape.py", "from cds_eks.signing import x", "lies beside it"),
        ("config.py", "from cds_eks.client import x", "lies above it"),
        ("backend/httpx.py", "from cds_eks.resources import x", "lies beside it"),
        ("client/async_client.py", "from cds_eks.sync.client import x", "lies above it"),
        ("sync/client.py", "from cds_eks.cli import x", "lies above it"),
        (
            "resources/clusters.py",
            "from cds_eks.pipeline import x",
            "resources may import only ['_runtime', 'errors', 'lookup', 'models', 'paging', 'wire']",
        ),
        ("resources/clusters.py", "from ..backend.httpx import x", "resources may import only"),
        ("models/common.py", "from cds_eks.wire import x", "models may import only ['_runtime', 'schema']"),
        ("models/common.py", "from cds_eks.errors import x", "models may import only ['_runtime', 'schema']"),
        (
            "emulator/app.py",
            "from cds_eks.client import x",
            "emulator may import only ['_runtime', '_version', 'documents', 'signing']",
        ),
        (
            "emulator/app.py",
            "from cds_eks.models import x",
            "emulator may import only ['_runtime', '_version', 'documents', 'signing']",
        ),
        (
            "emulator/app.py",
            "from ..errors import x",
            "emulator may import only ['_runtime', '_version', 'documents', 'signing']",
        ),
        ("client/async_client.py", "from cds_eks.emulator import x", "the emulator is apart"),
        ("client/async_client.py", "import httpx", "only the backends know an HTTP library"),
        ("client/async_client.py", "from httpx import x", "only the backends know an HTTP library"),
        ("resources/clusters.py", "def f():\n    import httpcore._x", "only the backends know an HTTP library"),
        ("client/async_client.py", "from opentelemetry import trace", "only otel and fleets know OpenTelemetry"),
        ("config.py", "import cds_eks", "must not import the package itself"),
        ("config.py", "from cds_eks import EksClient", "must not import the package itself"),
        ("utils.py", "", "cds_eks.utils: is in no tier"),
    ],
)
def test_an_import_that_breaks_a_rule_is_found(package: Path, file: str, content: str, words: str) -> None:
    path = package / file
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{before}{content}\n", encoding="utf-8")
    (found,) = violations(package)
    assert words in found
    assert found.startswith(f"cds_eks.{file.removesuffix('.py').replace('/', '.')}")


@pytest.mark.parametrize(
    ("content", "is_circle"),
    [
        ("from cds_eks.emulator.app import x", True),
        ("from cds_eks.emulator import app", True),
        ("from .app import x", True),
        ("try:\n    from .app import x\nexcept ImportError:\n    pass", True),
        ("def f():\n    from .app import x", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .app import x", False),
    ],
)
def test_a_circle_of_imports_is_found(package: Path, content: str, *, is_circle: bool) -> None:
    assert cycles(package) == []
    (package / "emulator/state.py").write_text(content, encoding="utf-8")
    found = cycles(package)
    assert bool(found) == is_circle
    assert all("cds_eks.emulator.app" in each and "cds_eks.emulator.state" in each for each in found)
