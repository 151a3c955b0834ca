"""What lies in `tests/contract`: the contract page, signing vectors, and requests that the vendor's client sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[1] / "contract"


def contract_page() -> str:
    """The contract page."""
    return (CONTRACT / "wire.md").read_text(encoding="utf-8")


def signing_vectors() -> list[dict[str, Any]]:
    """Requests, each with the signature that it must have."""
    return _entries("signing-vectors.json", "vectors")


def observed_requests() -> list[dict[str, Any]]:
    """The requests that the vendor's Go client sends, at each of its revisions. Each call reads them anew."""
    return _entries("observed-requests.json", "requests")


def observed_body(action: str, revision: str = "2025-09-08") -> dict[str, Any]:
    """The body of the first request for an action that the client sends at a revision."""
    bodies: list[dict[str, Any]] = [
        each["body"]
        for each in observed_requests()
        if each["revision"] == revision and each["query"]["Action"] == action
    ]
    return bodies[0]


def _entries(name: str, key: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((CONTRACT / name).read_text(encoding="utf-8"))[key]
    return entries
