"""The recipes of examples/recipes, which the tests import as their users do: by the name of the file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
RECIPES = EXAMPLES / "recipes"

sys.path.append(str(RECIPES))

SECRETS = {"CDS_CLOUD_AK": "a-made-up-key", "CDS_CLOUD_SK": "a-made-up-secret", "NODE_PASSWORD": "Made-up-1st!"}
"""What the plan of the examples refers to."""


@pytest.fixture
def anyio_backend() -> str:
    """What these programs run on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_PLAN", str(EXAMPLES / "fleet.toml"))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
