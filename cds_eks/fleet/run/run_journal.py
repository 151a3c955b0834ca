"""The journal as a run uses it: whoever finds that it is gone for good, the whole run learns of it at once."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, cast

from cds_eks.fleet.journal.base import Journal, JournalGone


def watched(journal: Journal, on_gone: Callable[[JournalGone], None]) -> Journal:
    """Return a journal that does what another does, and tells when that is gone.

    Args:
        journal: The other.
        on_gone: Is told of each call that has failed since it is gone.
    """
    return cast("Journal", _Watched(journal, on_gone))


class _Watched:
    """Hands every call on, whatever a journal can do."""

    def __init__(self, journal: Journal, on_gone: Callable[[JournalGone], None]) -> None:
        self._journal = journal
        self._on_gone = on_gone

    def __getattr__(self, name: str) -> Any:
        method: Any = getattr(self._journal, name)
        call: Any = self._call
        return functools.partial(call, method) if callable(method) else method

    async def _call(self, method: Callable[..., Awaitable[Any]], *args: Any, **settings: Any) -> Any:
        try:
            return await method(*args, **settings)
        except JournalGone as error:
            self._on_gone(error)
            raise
