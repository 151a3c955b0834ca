"""The package costs next to nothing until something of it is used."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import cds_eks
from cds_eks import errors, models, resources
from cds_eks._runtime import loading


def ended(script: str) -> str:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_package_imports_nothing_of_it() -> None:
    script = "import sys, cds_eks; print(sorted(name for name in sys.modules if name.split('.')[0] in HEAVY))"
    heavy = "HEAVY = {'httpx', 'httpcore', 'attrs', 'attr', 'cattrs', 'anyio', 'asyncio', 'typing', 'ssl'}\n"
    assert ended(heavy + script) == "[]"


def test_a_client_imports_the_groups_that_it_uses_and_no_others() -> None:
    script = """
import sys
from cds_eks import AsyncEksClient, Credentials
eks = AsyncEksClient(Credentials("a", "b"), endpoint="http://127.0.0.1:1")
eks.clusters
rarely = ("cds_eks.resources.", "cds_eks.models.", "cds_eks.sync", "cds_eks.waiting")
print(sorted(name for name in sys.modules if name.startswith(rarely)))
"""
    names_of_groups = "cds_eks.resources.groups"
    assert ended(script) == str(
        ["cds_eks.models.clusters", "cds_eks.models.common", "cds_eks.resources.clusters", names_of_groups]
    )


@pytest.mark.parametrize("package", [cds_eks, models, resources], ids=lambda package: package.__name__)
def test_all_names_are_there_and_listed_and_no_others(package: object) -> None:
    names = package.__all__  # type: ignore[attr-defined]
    assert set(names) <= set(dir(package))
    assert all(getattr(package, name) is getattr(package, name) for name in names)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        package.Nothing  # type: ignore[attr-defined]  # noqa: B018


def test_a_group_whose_module_can_not_be_read_fails_as_a_call_that_was_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> type[resources.Clusters]:
        raise OSError("too many open files")

    eks = cds_eks.AsyncEksClient(cds_eks.Credentials("a", "b"))
    monkeypatch.setattr(inspect.getattr_static(cds_eks.AsyncEksClient, "clusters"), "_kind", fail)
    with pytest.raises(errors.TransportError, match="too many open files") as raised:
        _ = eks.clusters
    assert raised.value.outcome == "not_sent"


def test_a_thread_that_loads_within_loading_is_still_there() -> None:
    assert not loading.in_progress
    with loading.in_progress:
        with loading.in_progress:
            assert loading.in_progress
        assert loading.in_progress
    assert not loading.in_progress
