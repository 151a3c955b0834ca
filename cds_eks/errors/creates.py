"""Creates whose outcome is unknown, and look-ups that can't tell what became of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cds_eks.errors.base import EksError
from cds_eks.errors.natural_key import WithNaturalKey, natural_key_text
from cds_eks.errors.service import ServerFault, ServiceError
from cds_eks.errors.transport import ConnectionLost, DeadlineExceeded, TransportError, UnreadableResponse


class AmbiguousCreate(WithNaturalKey, EksError):
    """A create whose outcome is unknown: it may or may not have been carried out, and was not sent again.

    What is raised is also an instance of what went wrong (`ConnectionLost`, `DeadlineExceeded`, `UnreadableResponse`
    or `ServerFault`), with its attributes. If an answer named ids all the same, they are in `ids`.

    Attributes:
        natural_key: The fields by which what may have been made can be found, by Python name.
        window: When it may have been made: before the first attempt and after the last, in UTC by this machine's clock.
    """

    natural_key: Mapping[str, Any] = {}
    window: tuple[datetime, datetime] | None = None

    def _facts(self) -> dict[str, Any]:
        return {**super()._facts(), "look_for": natural_key_text(self.natural_key) or None}


class AmbiguousTransport(AmbiguousCreate, TransportError):
    """A create that got no usable answer."""


class AmbiguousConnectionLost(AmbiguousCreate, ConnectionLost):
    """A create whose connection broke after it may have been sent."""


class AmbiguousDeadline(AmbiguousCreate, DeadlineExceeded):
    """A create whose time ran out after it may have been sent."""


class AmbiguousAnswer(AmbiguousCreate, UnreadableResponse):
    """A create whose answer can't be read, or names nothing."""


class AmbiguousServerFault(AmbiguousCreate, ServerFault):
    """A create that the service answered with an error which leaves the outcome open."""


_AMBIGUOUS: tuple[tuple[type[EksError], type[AmbiguousCreate]], ...] = (
    (ConnectionLost, AmbiguousConnectionLost),
    (DeadlineExceeded, AmbiguousDeadline),
    (UnreadableResponse, AmbiguousAnswer),
    (ServiceError, AmbiguousServerFault),
    (TransportError, AmbiguousTransport),
)


def ambiguous(error: EksError, *, natural_key: Mapping[str, Any], window: tuple[datetime, datetime]) -> AmbiguousCreate:
    """Return an error as the `AmbiguousCreate` of its own kind, with all its attributes."""
    kind = next((both for plain, both in _AMBIGUOUS if isinstance(error, plain)), AmbiguousCreate)
    made = kind.__new__(kind, *error.args)
    made.__dict__.update(error.__dict__, natural_key=dict(natural_key), window=window)
    return made


class DuplicateFound(EksError):
    """A look-up found several resources with one natural key. Nothing is chosen, and nothing deleted.

    Attributes:
        natural_key: The fields that were looked by, by Python name.
        found: The ids of all that match.
    """

    def __init__(self, *, action: str, natural_key: Mapping[str, Any], found: tuple[str, ...]) -> None:
        super().__init__(f"{len(found)} match {natural_key_text(natural_key)}", action=action, outcome="accepted")
        self.natural_key: dict[str, Any] = dict(natural_key)
        self.found = found
        self.ids: dict[str, Any] = {"found": found}


class IncompleteList(EksError):
    """The service's list has fewer entries than it says there are, so that what is not listed may exist.

    Attributes:
        seen: How many entries came.
        total_count: How many the service says there are.
        found: The ids of those among them that were looked for.
    """

    def __init__(self, *, action: str, seen: int, total_count: int, found: tuple[str, ...] = ()) -> None:
        super().__init__(f"the list has {seen} of {total_count} entries", action=action, outcome="unknown")
        self.seen = seen
        self.total_count = total_count
        self.found = found
        self.ids: dict[str, Any] = {"found": found} if found else {}
