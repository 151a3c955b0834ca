"""The pytest plugin: fixtures and a marker. It imports nothing but pytest until one of its fixtures is used.

pytest loads it in every project where this package is installed, so what is imported here costs everybody's tests.
PYTEST_DONT_REWRITE: it asserts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

TYPE_CHECKING = False  # that of `typing` would be one more import
if TYPE_CHECKING:
    from cds_eks.client import AsyncEksClient
    from cds_eks.emulator import Fault
    from cds_eks.signing import Credentials
    from cds_eks.sync.client import EksClient
    from cds_eks.testing.emulator import DrivenEmulator
    from cds_eks.testing.fake_backend import FakeBackend
    from cds_eks.testing.respx_routes import EksRespx

MARKER = "eks_faults"

SETTINGS = ("CDS_ACCESS_KEY_", "CDS_API_", "CDS_CONFIG_FILE", "CDS_EKS_", "CDS_PROFILE", "CDS_SECRET_", "EKS_API_")
"""How the variables begin that a client reads."""


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    words = 'what goes wrong in `eks_emulator`: texts such as "CreateCluster:status=503:count=1", or `Fault`s'
    config.addinivalue_line("markers", f"{MARKER}(*faults): {words}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse faults that nothing would apply."""
    if item.get_closest_marker(MARKER) is not None and "eks_emulator" not in getattr(item, "fixturenames", ()):
        pytest.fail(f"the marker {MARKER} is for tests that use eks_emulator, or a fixture that does", pytrace=False)


@pytest.fixture
def eks_credentials(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    """A made-up key, which is that of the environment too.

    The endpoint of the environment leads nowhere: nothing reaches the real service.
    """
    from cds_eks.signing import Credentials

    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    made = Credentials("testing-access-key-id", "testing-secret-access-key")
    monkeypatch.setenv("CDS_SECRET_ID", made.access_key_id)
    monkeypatch.setenv("CDS_SECRET_KEY", made.secret_access_key)
    monkeypatch.setenv("CDS_EKS_ENDPOINT", "https://eks.invalid")
    return made


@pytest.fixture
def eks_emulator(eks_credentials: Credentials, request: pytest.FixtureRequest) -> Iterator[DrivenEmulator]:
    """The service, for one test: a `cds_eks.testing.DrivenEmulator`.

    Its key is `eks_credentials`, and its faults are those of the marker `eks_faults`.
    """
    missing: str | None = None
    try:
        from cds_eks.testing.emulator import DrivenEmulator
    except ModuleNotFoundError as error:
        missing = _top(error)
    if missing is not None:
        pytest.fail(f'eks_emulator needs {missing}: pip install "cds-eks[testing]"', pytrace=False)
    with DrivenEmulator(credentials=eks_credentials, faults=_faults(request.node)) as emulator:
        yield emulator


def _top(error: ModuleNotFoundError) -> str:
    """Return the package that is not installed."""
    return (error.name or "a package").partition(".")[0]


def _faults(node: pytest.Item) -> list[Fault]:
    """Return the faults of a test's markers: those of its module first, its own last."""
    from cds_eks.emulator import Fault, parse_fault

    faults: list[Fault] = []
    for mark in reversed(list(node.iter_markers(MARKER))):
        if mark.kwargs:
            pytest.fail(f"{MARKER} takes faults alone, not {', '.join(mark.kwargs)}=", pytrace=False)
        for each in mark.args:
            if not isinstance(each, str | Fault):
                pytest.fail(f"{MARKER} takes texts and Faults, not {type(each).__name__}", pytrace=False)
            wrong: str | None = None
            try:
                faults.append(parse_fault(each) if isinstance(each, str) else each)
            except ValueError as error:
                wrong = str(error)
            if wrong is not None:
                pytest.fail(f"{MARKER}({each!r}): {wrong}", pytrace=False)
    return faults


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
    from cds_eks._runtime import passing_time
    from cds_eks.testing.clock import JumpingClock
    from cds_eks.testing.fake_backend import FakeBackend

    with passing_time.driven_by(JumpingClock()):
        yield FakeBackend()


@pytest.fixture
def eks_respx(eks_credentials: Credentials) -> Iterator[EksRespx]:  # noqa: ARG001 - it sets the environment
    """Routes of respx by documented operation name, for all clients with the default backend.

    Waits and the pauses between attempts take no time.
    """
    from cds_eks._runtime import passing_time
    from cds_eks.testing.clock import JumpingClock

    missing: str | None = None
    try:
        from cds_eks.testing.respx_routes import EksRespx
    except ModuleNotFoundError as error:
        missing = _top(error)
    if missing is not None:
        pytest.fail(f"eks_respx needs {missing}: pip install {missing}", pytrace=False)
    with passing_time.driven_by(JumpingClock()), EksRespx() as routes:
        yield routes
