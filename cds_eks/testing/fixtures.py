"""What the fixtures of the pytest plugin do. The plugin itself, `_cds_eks_pytest`, is a module of its own, and tiny."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from cds_eks.signing import Credentials
from cds_eks.testing.nowhere import NOWHERE, refuse_calls

if TYPE_CHECKING:
    from cds_eks.emulator import Fault
    from cds_eks.testing.emulator import DrivenEmulator
    from cds_eks.testing.fake_backend import FakeBackend
    from cds_eks.testing.respx_routes import EksRespx

MARKER = "eks_faults"

SETTINGS = ("CDS_ACCESS_KEY_", "CDS_API_", "CDS_CONFIG_FILE", "CDS_EKS_", "CDS_PROFILE", "CDS_SECRET_", "EKS_API_")
"""How the variables begin that a client reads."""


def credentials(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    """Return a made-up key; the environment has it too, and an endpoint that leads nowhere."""
    for name in list(os.environ):
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    made = Credentials("testing-access-key-id", "testing-secret-access-key")
    monkeypatch.setenv("CDS_SECRET_ID", made.access_key_id)
    monkeypatch.setenv("CDS_SECRET_KEY", made.secret_access_key)
    monkeypatch.setenv("CDS_EKS_ENDPOINT", NOWHERE)
    refuse_calls(monkeypatch)
    return made


@contextmanager
def emulator(credentials: Credentials, node: pytest.Item) -> Iterator[DrivenEmulator]:
    """Give the emulator of a test, with the faults of its markers."""
    missing: str | None = None
    try:
        from cds_eks.testing.emulator import DrivenEmulator
    except ModuleNotFoundError as error:
        missing = _top(error)
    if missing is not None:
        pytest.fail(f'eks_emulator needs {missing}: pip install "cds-eks[testing]"', pytrace=False)
    with DrivenEmulator(credentials=credentials, faults=_faults(node)) as made:
        yield made


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


@contextmanager
def fake_backend() -> Iterator[FakeBackend]:
    """Give a backend without HTTP, at a time that jumps."""
    from cds_eks._runtime import passing_time
    from cds_eks.testing.clock import JumpingClock
    from cds_eks.testing.fake_backend import FakeBackend

    backend = FakeBackend()
    with passing_time.driven_by(JumpingClock()):
        try:
            yield backend
        finally:
            backend.close()


@contextmanager
def respx_routes() -> Iterator[EksRespx]:
    """Give routes of respx, at a time that jumps."""
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
