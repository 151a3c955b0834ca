"""What the tests of plans share."""

from __future__ import annotations

import pytest

from .plans import SECRETS


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets that the plans refer to."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
