"""Who uses a journal: before it is closed they are stopped, and have time to write what they have under way."""

from __future__ import annotations

from typing import Protocol
from weakref import WeakKeyDictionary, WeakSet

from cds_eks.fleet.journal.base import Journal


class User(Protocol):
    """A run."""

    @property
    def is_over(self) -> bool:
        """Whether it uses the journal no more."""
        ...  # pragma: no cover - a protocol has no body

    def stop(self, reason: str) -> None:
        """Begin nothing new, finish what is under way, and end."""
        ...  # pragma: no cover - a protocol has no body

    async def ended(self) -> None:
        """Wait until it has ended."""
        ...  # pragma: no cover - a protocol has no body


_users: WeakKeyDictionary[Journal, WeakSet[User]] = WeakKeyDictionary()


def add_user(journal: Journal, user: User) -> None:
    """Have a user end before a journal is closed."""
    _users.setdefault(journal, WeakSet()).add(user)


def discard_user(user: User) -> None:
    """Have a user cut off when its journal is closed: nobody waits for it any more."""
    for users in list(_users.values()):
        users.discard(user)


async def end_users(journal: Journal) -> None:
    """Stop all that use a journal, and wait until they have ended."""
    under_way = [user for user in _users.get(journal, ()) if not user.is_over]
    for user in under_way:
        user.stop("its journal is closed")
    for user in under_way:
        await user.ended()
