"""The pytest plugin of cds-eks: its fixtures and its marker. See docs/testing.md, and `cds_eks.testing`.

pytest loads it in every project where the package is installed, so it is one small file outside of the package: nothing
else is imported until a fixture is used. What the fixtures do is in `cds_eks.testing.fixtures`.
PYTEST_DONT_REWRITE: it asserts nothing.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False  # that of `typing` would be one more import
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cds_eks import AsyncEksClient, Credentials, EksClient
    from cds_eks.testing import DrivenEmulator, EksRespx, FakeBackend


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Have the package imported as ever, and not rewritten for its assertions, as all that belongs to a plugin is.

    There are none in it. Rewriting takes half a second where bytecode is not written, and pytest has no public way out.
    """
    marked = getattr(getattr(early_config.pluginmanager, "rewrite_hook", None), "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard("cds_eks")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    words = 'what goes wrong in `eks_emulator`: texts such as "CreateCluster:status=503:count=1", or `Fault`s'
    config.addinivalue_line("markers", f"eks_faults(*faults): {words}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse faults that nothing would apply."""
    if item.get_closest_marker("eks_faults") is not None and "eks_emulator" not in getattr(item, "fixturenames", ()):
        words = "the marker eks_faults is for tests that use eks_emulator, or a fixture that does"
        pytest.fail(f"{words}; an emulator of your own takes DrivenEmulator(faults=[…])", pytrace=False)


@pytest.fixture
def eks_credentials(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    """A made-up key, which is that of the environment too.

    The endpoint of the environment leads nowhere: nothing reaches the real service.
    """
    from cds_eks.testing import fixtures

    return fixtures.credentials(monkeypatch)


@pytest.fixture
def eks_emulator(eks_credentials: Credentials, request: pytest.FixtureRequest) -> Iterator[DrivenEmulator]:
    """The service, for one test: a `cds_eks.testing.DrivenEmulator`.

    Its key is `eks_credentials`, and its faults are those of the marker `eks_faults`.
    """
    from cds_eks.testing import fixtures

    with fixtures.emulator(eks_credentials, request.node) as emulator:
        yield emulator


@pytest.fixture
def eks_endpoint(eks_emulator: DrivenEmulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of `eks_emulator` on a socket, also the environment's: for code that makes its client itself."""
    monkeypatch.setenv("CDS_EKS_ENDPOINT", eks_emulator.url)
    return eks_emulator.url


@pytest.fixture
def eks_client(eks_emulator: DrivenEmulator) -> AsyncEksClient:
    """An async client of `eks_emulator`, for asyncio and trio, under any plugin. It needs no closing."""
    return eks_emulator.client()


@pytest.fixture
def eks_sync_client(eks_emulator: DrivenEmulator) -> EksClient:
    """A blocking client of `eks_emulator`."""
    return eks_emulator.sync_client()


@pytest.fixture
def eks_fake_backend(eks_credentials: Credentials) -> Iterator[FakeBackend]:  # noqa: ARG001 - it sets the environment
    """A backend whose responses are the test's own: `EksClient(backend=eks_fake_backend)`.

    Waits and the pauses between attempts take no time.
    """
    from cds_eks.testing import fixtures

    with fixtures.fake_backend() as backend:
        yield backend


@pytest.fixture
def eks_respx(eks_credentials: Credentials) -> Iterator[EksRespx]:  # noqa: ARG001 - it sets the environment
    """Routes of respx by documented operation name, for all clients with the default backend.

    Waits and the pauses between attempts take no time.
    """
    from cds_eks.testing import fixtures

    with fixtures.respx_routes() as routes:
        yield routes
