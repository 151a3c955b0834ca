"""What a test of each fixture is told when it goes wrong."""

from __future__ import annotations

import re

import _cds_eks_pytest

from .conftest import Run

pytest_plugins = ["pytester"]

FAILURES = {
    "eks_credentials": (
        "with EksClient() as eks: eks.clusters.list()",
        "AssertionError: https://eks.invalid is the endpoint of a test that has none: hand eks_client or ",
    ),
    "eks_emulator": (
        "eks_emulator.with_cluster('one').cluster_id('two')",
        "LookupError: no clusters are named 'two'; there are one",
    ),
    "eks_client": (
        "asyncio.run(eks_client.clusters.get('c-1'))",
        "cds_eks.errors.NotFound: GetCluster: ",
    ),
    "eks_sync_client": (
        "eks_sync_client.clusters.get('c-1')",
        "cds_eks.errors.NotFound: GetCluster: ",
    ),
    "eks_endpoint": (
        "with EksClient(Credentials('another-key-id', 'another-key')) as eks: eks.clusters.list()",
        "cds_eks.errors.AuthenticationError: ListClusters: ",
    ),
    "eks_fake_backend": (
        "eks_fake_backend.create_clusters.respond()",
        "AttributeError: 'FakeBackend' object has no attribute 'create_clusters'; did you mean 'create_cluster'?",
    ),
    "eks_respx": (
        "eks_respx.list_cluster.respond([])",
        "AttributeError: 'EksRespx' object has no attribute 'list_cluster'; did you mean 'list_clusters'?",
    ),
}
"""What a test of each fixture does wrong, and what it is told. The routes' other errors are in the tests of theirs."""


def test_each_fixture_has_an_error_of_its_own(run: Run) -> None:
    names = {name for name in vars(_cds_eks_pytest) if name.startswith("eks_")}
    assert names == {*FAILURES}
    tests = "\n".join(f"def test_{name}({name}):\n    {call}\n" for name, (call, _) in FAILURES.items())
    result = run("import asyncio\nfrom cds_eks import Credentials, EksClient\n" + tests)
    result.assert_outcomes(failed=len(FAILURES))
    parts = re.split(r"^_{3,} test_(\w+) _{3,}$", result.stdout.str(), flags=re.MULTILINE)[1:]
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    for name, (_, words) in FAILURES.items():
        assert re.search(rf"^E +{re.escape(words)}", told[name], re.MULTILINE), told[name]
