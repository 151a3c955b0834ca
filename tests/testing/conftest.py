"""How a test of the kit runs the tests of a user: in this process, with the plugin and anyio's, and no others."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest

import cds_eks

# All is imported here, once: what is imported first in an inner run is forgotten after it.
for found in pkgutil.walk_packages(cds_eks.__path__, "cds_eks."):
    name = found.name
    if not name.endswith("__main__"):
        importlib.import_module(name)

ROOT = Path(__file__).parents[2]
HEAD = f"""
import tomllib
from pathlib import Path

import pytest

from cds_eks import models

TEXT = Path({str(ROOT / "examples/first_cluster.toml")!r}).read_text()
REQUEST = models.CreateClusterRequest.from_dict(tomllib.loads(TEXT))


def request_for(name):
    return REQUEST.replace(cluster_name=name)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param

"""
"""What stands above a user's tests."""

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the tests of a text, below `HEAD`; warnings are errors."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugins = ("-p", "anyio.pytest_plugin", "-p", "cds_eks.testing.plugin")

    def run_tests(text: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(HEAD + text)
        return pytester.runpytest_inprocess(*plugins, "-W", "error", "-p", "no:cacheprovider", *arguments)

    return run_tests
