"""Imports go down only: the layers of the design, checked on the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import cds_eks

ROOT = Path(cds_eks.__file__).parent

# From the top down. A module may import its own layer and those below; `_version` is below all.
LAYERS: list[set[str]] = [
    {"cli"},
    {"fleet"},
    {"sync"},
    {"client"},
    {"calls", "fates", "wiring"},
    {
        *("resources", "middleware", "backend", "config", "adaptive_rate", "paging", "waiting", "lookup"),
        *("codec", "envelope", "failures", "error_codes", "answer_ids", "providers", "reading", "readers"),
        *("writing", "user_agent", "structuring", "converting"),
    },
    {"pipeline"},
    {"wire", "call_record", "signing", "models", "modeling", "declaring", "checking", "dumping", "rules"},
    {"revisions"},
    {"redaction", "spellings", "logs", "home", "line", "moments", "open_creates"},
    {"errors"},
    {
        *("_version", "_lazy", "clocks", "deletions", "finite", "forks", "frames", "groups", "hosts"),
        *("loading", "loops", "freezing", "open_lists", "statuses", "text_rules"),
    },
]
RANK = {module: rank for rank, layer in enumerate(LAYERS) for module in layer}

# Closer rules: the only parts of the package that these may import, besides themselves.
ONLY: dict[str, set[str]] = {
    "emulator": {"signing"},
    "models": {"checking", "declaring", "modeling", "moments", "revisions", "rules"},
    "readers": {"modeling", "models", "reading", "structuring"},
    "revisions": set(),
    "redaction": {"spellings"},
    "spellings": set(),
    "logs": set(),
    "signing": {"errors", "spellings"},
    "errors": set(),
    "rules": {"errors", "open_lists", "text_rules"},
}
NEVER: dict[str, set[str]] = {"resources": {"pipeline", "backend", "middleware", "client", "codec"}}
HTTP = {"httpx", "httpcore", "h11", "httptools", "aiohttp", "requests", "urllib3"}


def imported(path: Path, module: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of whatever a file imports, wherever in it; `from x import y` gives `x.y`."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def violations(root: Path) -> list[str]:
    """Return each import below a package's folder that breaks a rule."""
    found = []
    tops = {path.stem if path.is_file() else path.name for path in root.iterdir()}
    for path in sorted(root.rglob("*.py")):
        steps = path.relative_to(root).with_suffix("").parts
        module = ".".join([root.name, *(step for step in steps if step != "__init__")])
        here = steps[0]
        if here in ("__init__", "types"):
            continue  # the package itself shows what all the others make
        if here not in RANK and here != "emulator":
            found.append(f"{module}: is in no layer")
            continue
        for line, name in imported(path, module):
            where = f"{module}:{line}: imports {name}"
            outer, _, rest = name.partition(".")
            if outer in HTTP and here != "backend":
                found.append(f"{where}, but only the backends know an HTTP library")
            if outer != root.name:
                continue
            there = rest.partition(".")[0]
            if there not in tops - {"__init__"}:
                found.append(f"{where}, but a part of the package must not import the package itself")
            elif there == here:
                continue
            elif here in ONLY and there not in ONLY[here] | LAYERS[-1]:
                found.append(f"{where}, but {here} may import only {sorted(ONLY[here])}")
            elif there in NEVER.get(here, set()):
                found.append(f"{where}, but {here} never imports {there}")
            elif there == "emulator" and here != "cli":
                found.append(f"{where}, but the emulator is apart")
            elif here in RANK and there in RANK and RANK[there] < RANK[here]:
                found.append(f"{where}, which lies above it")
    return found


def test_imports_go_down_only() -> None:
    assert violations(ROOT) == []


def test_every_module_was_looked_at() -> None:
    modules = {path.stem if path.is_file() else path.name for path in ROOT.iterdir() if not path.name.startswith("__")}
    assert modules - {"py", "py.typed"} <= {*RANK, "emulator", "types"}
    assert {"client", "resources", "models", "errors"} <= modules


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A small tree in which all is well."""
    root = tmp_path / "cds_eks"
    for name, content in {
        "__init__.py": "from cds_eks.client import x\n",
        "_version.py": "",
        "errors.py": "import math\n",
        "signing.py": "from cds_eks.errors import x\n",
        "wire.py": "from cds_eks import errors\nimport cds_eks.errors\n",
        "rules.py": "",
        "modeling.py": "from .rules import x\n",
        "models/__init__.py": "from cds_eks.models.common import x\n",
        "models/common.py": "from cds_eks import modeling, rules\n",
        "pipeline.py": "from cds_eks.wire import x\n",
        "config.py": "from cds_eks.signing import x\n",
        "resources/__init__.py": "from .clusters import x\nfrom . import clusters\n",
        "resources/clusters.py": "from ..models.common import x\nfrom cds_eks.wire import y\n",
        "backend/__init__.py": "def f():\n    import httpx\n    from cds_eks.backend.httpx import x\n",
        "backend/httpx.py": "import httpx\nfrom cds_eks.config import x\n",
        "client.py": "from cds_eks import backend, resources\nfrom cds_eks._version import x\n",
        "sync/client.py": "from cds_eks.client import x\n",
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
        ("errors.py", "from cds_eks.wire import x", "errors may import only []"),
        ("errors.py", "from cds_eks import wire", "errors may import only []"),
        ("errors.py", "from . import wire", "errors may import only []"),
        ("errors.py", "import cds_eks.wire as w", "errors may import only []"),
        ("signing.py", "from cds_eks.wire import x", "signing may import only ['errors', 'spellings']"),
        ("wire.py", "from cds_eks.pipeline import x", "lies above it"),
        ("wire.py", "def f():\n    from cds_eks.client import x", "lies above it"),
        ("wire.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .config import x", "lies above it"),
        ("pipeline.py", "from cds_eks.config import x", "lies above it"),
        ("config.py", "from cds_eks.client import x", "lies above it"),
        ("client.py", "from cds_eks.sync.client import x", "lies above it"),
        ("sync/client.py", "from cds_eks.cli import x", "lies above it"),
        ("resources/clusters.py", "from cds_eks.pipeline import x", "resources never imports pipeline"),
        ("resources/clusters.py", "from ..backend.httpx import x", "resources never imports backend"),
        (
            "models/common.py",
            "from cds_eks.wire import x",
            "models may import only ['checking', 'declaring', 'modeling', 'moments', 'revisions', 'rules']",
        ),
        ("models/common.py", "from cds_eks.errors import x", "models may import only ['checking', "),
        ("emulator/app.py", "from cds_eks.codec import x", "a part of the package must not import the package itself"),
        ("emulator/app.py", "from cds_eks.models import x", "emulator may import only ['signing']"),
        ("emulator/app.py", "from ..errors import x", "emulator may import only ['signing']"),
        ("client.py", "from cds_eks.emulator import x", "the emulator is apart"),
        ("client.py", "import httpx", "only the backends know an HTTP library"),
        ("client.py", "from httpx import x", "only the backends know an HTTP library"),
        ("resources/clusters.py", "def f():\n    import httpcore._x", "only the backends know an HTTP library"),
        ("config.py", "import cds_eks", "must not import the package itself"),
        ("config.py", "from cds_eks import EksClient", "must not import the package itself"),
        ("utils.py", "", "cds_eks.utils: is in no layer"),
    ],
)
def test_an_import_that_breaks_a_rule_is_found(package: Path, file: str, content: str, words: str) -> None:
    path = package / file
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(f"{before}{content}\n", encoding="utf-8")
    (found,) = violations(package)
    assert words in found
    assert found.startswith(f"cds_eks.{file.removesuffix('.py').replace('/', '.')}")
