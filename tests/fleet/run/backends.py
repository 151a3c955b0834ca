"""The event loops that rules of a run are tested on; what depends on the loop (cancelling, outages) names both."""

from __future__ import annotations

import pytest

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", pytest.param("trio", marks=pytest.mark.slow)])
