"""Operations without a row on the contract page: one test tells them, the others of the page are left out."""

from __future__ import annotations

import pytest

from contract.page_facts import operations
from support.api_description import API

MISSING = sorted(API.operations.keys() - {fact.name for fact in operations()})
"""Their documented names."""

ADVICE = (
    f"add a row for {', '.join(MISSING)} to the table of tests/contract/wire.md, under Operations "
    "(see CONTRIBUTING.md, Add an operation)"
)

needs_every_row = pytest.mark.skipif(bool(MISSING), reason=ADVICE)
"""For a test that compares the page with the description."""
