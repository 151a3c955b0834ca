"""The events of a run on their way to whoever reads them, without secrets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import anyio
import attrs

from cds_eks.fleet.hidden import Hidden
from cds_eks.fleet.run.events import Event

MOST_UNREAD = 10_000
"""How many events are kept for a reader; of more, the oldest are dropped."""


def without_secrets(event: Event, hidden: Hidden) -> Event:
    """Return an event whose own texts show no secrets."""
    texts = {field.name: getattr(event, field.name) for field in attrs.fields(type(event))}
    changes = {
        name: shown for name, text in texts.items() if isinstance(text, str) and (shown := hidden.text(text)) != text
    }
    return attrs.evolve(event, **changes) if changes else event


class EventStream:
    """The events of a run, for one reader at a time; of those that nobody reads only the newest are kept.

    Args:
        hidden: What no text of an event shows; items come from the journal, which has none of it.
        most: How many are kept.
        on_event: Is told of each as it comes, whether it is read or not.

    Attributes:
        dropped: How many were dropped unread.
    """

    def __init__(
        self,
        hidden: Hidden | None = None,
        most: int = MOST_UNREAD,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.dropped: int = 0
        self._unread: deque[Event] = deque(maxlen=most)
        self._hidden = Hidden() if hidden is None else hidden
        self._on_event = on_event
        self._more = anyio.Event()
        self._has_ended = False
        self._is_read = False

    def put(self, event: Event) -> None:
        """Add an event."""
        if len(self._unread) == self._unread.maxlen:
            self.dropped += 1
        event = without_secrets(event, self._hidden)
        self._unread.append(event)
        if self._on_event is not None:
            self._on_event(event)
        self._more.set()

    def end(self) -> None:
        """Say that no more will come."""
        self._has_ended = True
        self._more.set()

    async def next(self) -> Event | None:
        """Return the next event when it has come, or None if no more will.

        Raises:
            RuntimeError: Another task waits for the next event: each event is delivered once.
        """
        return self._unread.popleft() if await self._have_some() else None

    async def next_all(self) -> list[Event]:
        """Return all events that have come and were not read, at least one; none if no more will come.

        Raises:
            RuntimeError: See `next`.
        """
        await self._have_some()
        events = list(self._unread)
        self._unread.clear()
        return events

    async def _have_some(self) -> bool:
        if self._is_read:
            raise RuntimeError(
                "another task reads the events of this run: each event is delivered once: let one task pass them on; "
                "any number of tasks may await `report()`"
            )
        self._is_read = True
        try:
            while not self._unread:
                if self._has_ended:
                    return False
                self._more = anyio.Event()
                await self._more.wait()
        finally:
            self._is_read = False
        return True
