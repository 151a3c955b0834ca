"""Private names of other libraries stand in one file; what breaks when one of them is gone is told here.

- `end_of_transport`: a connection is shut down, and its socket freed later
  (`tests/backend/test_native_lifetime.py::test_without_the_name_that_asyncio_has_for_it_a_connection_still_ends`).
- `replace_pool`: no connection through one of httpx's transports is used twice
  (`tests/backend/test_httpx_connections.py::test_no_connection_is_used_twice_whose_network_can_not_be_asked`).
- `is_importing_main`: a launch without `if __name__ == "__main__":` prints more tracebacks, and is refused all the same
  (`tests/fleet/runners/test_main_guard.py`).
- `ANYIO_ASYNCIO_BACKEND`: the sync client's event loop thread imports it, and a child that is forked meanwhile waits
  for ever to import it.
- `tracer_provider_of_process`, `meter_provider_of_process`: a call that is not traced takes longer by a microsecond.
- `http_suppression_key`: an instrumented httpx records each attempt a second time, with its URL
  (`tests/telemetry/test_httpx.py::test_without_the_key_it_records_attempts_as_well`).
"""

from __future__ import annotations

import ast
import asyncio
import multiprocessing
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import anyio.lowlevel
import httpcore
import httpx
import pytest
from opentelemetry import context, metrics, trace
from opentelemetry.instrumentation.utils import suppress_http_instrumentation

import cds_eks
from cds_eks._runtime import private_names

ROOT = Path(cds_eks.__file__).parent
ONE_FILE = "_runtime/private_names.py"
DOCUMENTED = {"__future__", "_thread", "os._exit"}  # whatever their names look like
OWN_NAMES = {"self", "cls"}
OWN_MODULES = {"cds_eks", "_cds_eks_pytest"}

_MODULE = re.compile(r"[A-Za-z]\w*(\.\w+)*\._[a-z]\w*(\.\w+)*")


def private_uses(tree: ast.AST) -> Iterator[str]:
    """Yield the private names of other libraries that a module uses, as far as its source shows it."""
    foreign: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            foreign |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
            if str(node.module).partition(".")[0] not in OWN_MODULES:
                foreign |= {alias.asname or alias.name for alias in node.names}
        else:
            continue
        for module in modules:
            outer, *inner = module.split(".")
            if outer not in OWN_MODULES | DOCUMENTED and any(is_private(part) for part in (outer, *inner)):
                yield module
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if isinstance(node.value, ast.Name) and node.value.id in foreign - OWN_NAMES:
                used = f"{node.value.id}.{node.attr}"
                if used not in DOCUMENTED:
                    yield used
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _MODULE.fullmatch(node.value) and not node.value.startswith("cds_eks"):
                yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"getattr", "setattr"}:
            name = node.args[1]
            is_own = isinstance(node.args[0], ast.Name) and node.args[0].id in OWN_NAMES
            if isinstance(name, ast.Constant) and is_private(str(name.value)) and not is_own:
                yield str(name.value)


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_they_stand_in_one_file() -> None:
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {use}"
        for path in ROOT.rglob("*.py")
        for use in private_uses(ast.parse(path.read_text(encoding="utf-8")))
        if path.relative_to(ROOT).as_posix() != ONE_FILE
    }
    assert found == set()


def test_the_pytest_plugin_has_one_of_its_own_since_it_imports_nothing_of_the_package() -> None:
    plugin = ROOT.parent / "_cds_eks_pytest.py"
    assert list(private_uses(ast.parse(plugin.read_text(encoding="utf-8")))) == ["_must_rewrite"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from anyio._backends import x", ["anyio._backends.x"]),
        ("import anyio._core._eventloop", ["anyio._core._eventloop"]),
        ("import hashlib\nx: hashlib._Hash", ["hashlib._Hash"]),
        ("getattr(transport, '_sock', None)", ["_sock"]),
        ("import importlib\nimportlib.import_module('anyio._backends._asyncio')", ["anyio._backends._asyncio"]),
        ("from _thread import get_ident\nfrom cds_eks._runtime import x\nself._pool = getattr(self, '_x')", []),
    ],
)
def test_a_private_name_is_found(source: str, found: list[str]) -> None:
    assert list(private_uses(ast.parse(source))) == found


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_the_end_of_a_transport_of_asyncio_closes_its_socket_at_once() -> None:
    one, other = socket.socketpair()
    with other:
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, one)
        finish = private_names.end_of_transport(transport)
        assert finish is not None
        transport.pause_reading()
        finish(None)
        assert one.fileno() == -1
    assert private_names.end_of_transport(object()) is None


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_httpx_sends_through_the_pool_that_it_was_given() -> None:
    class Pool(httpcore.AsyncConnectionPool):
        async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
            asked.append(request.url.host)
            return httpcore.Response(204)

    asked: list[bytes] = []
    transport = httpx.AsyncHTTPTransport()
    private_names.replace_pool(transport, Pool())
    response = await transport.handle_async_request(httpx.Request("GET", "http://eks.test"))
    assert (response.status_code, asked) == (204, [b"eks.test"])


async def backend_module() -> str:
    return anyio.lowlevel.current_token().backend_class.__module__


def test_anyio_runs_asyncio_with_the_module_that_the_sync_client_imports_ahead() -> None:
    assert anyio.run(backend_module, backend="asyncio") == private_names.ANYIO_ASYNCIO_BACKEND


def test_a_process_that_imports_the_script_which_started_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not private_names.is_importing_main()
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    assert private_names.is_importing_main()


def test_the_providers_of_the_process_are_those_that_were_set() -> None:
    assert private_names.tracer_provider_of_process(never) is trace._TRACER_PROVIDER
    assert private_names.meter_provider_of_process(never) is metrics._internal._METER_PROVIDER


def test_without_the_attributes_the_public_functions_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(trace, "_TRACER_PROVIDER")
    monkeypatch.delitem(sys.modules, "opentelemetry.metrics._internal")
    assert private_names.tracer_provider_of_process(lambda: "the public one") == "the public one"
    assert private_names.meter_provider_of_process(lambda: "the public one") == "the public one"


def test_the_key_is_the_one_that_instrumentations_use(monkeypatch: pytest.MonkeyPatch) -> None:
    key = private_names.http_suppression_key()
    assert key is not None
    with suppress_http_instrumentation():
        assert context.get_value(key)
    assert not context.get_value(key)
    monkeypatch.delitem(sys.modules, "opentelemetry.context")
    assert private_names.http_suppression_key() is None


def never() -> None:
    pytest.fail("nobody asks for it")
