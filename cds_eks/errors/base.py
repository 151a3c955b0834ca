"""The base of all errors, and those of a client that is set up or asked wrongly."""

from __future__ import annotations

from typing import Any, Literal, Self

from cds_eks.errors.faults import Fault, FieldFault

MOST_LINES = 100
"""How many faults the text of an error has; its `faults` have all."""

Outcome = Literal["not_sent", "refused", "accepted", "unknown"]


def _revive(kind: type[EksError], args: tuple[Any, ...], state: dict[str, Any]) -> EksError:
    """Make an error of what was pickled."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class EksError(Exception):
    """Whatever goes wrong in this package.

    Attributes:
        message: What went wrong, in a sentence.
        action: The operation, or None outside of one.
        request_id: The service's id of the request, or None if no answer came.
        call_id: The client's id of the call, or None outside of one. Each attempt carries it, in the header
            `cds-request-id`.
        attempts: How many attempts were made; 0 when nothing was sent.
        outcome: Whether the request was carried out, as far as is known (see the module's docstring).
        ids: What the service's answers to a write have named, whatever else they said: by the names of the operation's
            result (`cluster_id`, `task_id`), else by those on the wire; those of earlier attempts are among them.
            Waits have the ids that they were given.
        previous: The errors of the earlier attempts of the same call, oldest first.
    """

    def __init__(
        self,
        message: str,
        *,
        action: str | None = None,
        request_id: str | None = None,
        attempts: int = 0,
        outcome: Outcome = "unknown",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.request_id = request_id
        self.call_id: str | None = None
        self.attempts = attempts
        self.outcome: Outcome = outcome
        self.ids: dict[str, Any] = {}
        self.previous: tuple[EksError, ...] = ()

    def _facts(self) -> dict[str, Any]:
        """What `str` appends to the message, where it is known."""
        facts = {"request_id": self.request_id, "attempts": self.attempts or None, "outcome": self.outcome}
        if self.outcome == "unknown" and self.request_id is None:
            facts["call_id"] = self.call_id  # without a request id, the only one that the service's support can use
        return {**self.ids, **facts}

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value}" for name, value in self._facts().items() if value is not None)
        subject = f"{self.action}: " if self.action else ""
        return f"{subject}{self.message} [{facts}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (type(self), self.args, self.__dict__)


class ConfigurationError(EksError):
    """The client can't be made or used as it was set up: no credentials, bad endpoint, unknown revision."""

    def __init__(self, message: str, *, action: str | None = None, outcome: Outcome = "not_sent") -> None:
        super().__init__(message, action=action, outcome=outcome)


class CredentialsError(ConfigurationError):
    """There is no access key that can be used: none or half of one was found, or it can't be had from where it is.

    A key that the service refuses is an `AuthenticationError`.
    """


class InvalidRequestError(EksError):
    """The request was refused before anything was sent.

    Attributes:
        field: The Python name of the field, with its path (`master_config.data_disk[0].disk_size`).
        rule: The rule that it breaks. Never holds the value of a text.
    """

    def __init__(self, field: str, rule: str, *, action: str | None = None) -> None:
        super().__init__(f"{field}: {rule}", action=action, outcome="not_sent")
        self.field: str = field
        self.rule: str = rule
        self._faults: tuple[Fault, ...] = (FieldFault(field, rule),)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All that is wrong, as far as it was looked for: `from_dict` and a plan look for all. The first is `field`."""
        return self._faults

    def telling(self, faults: tuple[Fault, ...]) -> Self:
        """Return the same error, which tells all of these faults; the first is its `field` and `rule`."""
        self._faults = faults
        self.field, self.rule = faults[0].field, faults[0].message
        self.message: str = f"{self.field}: {self.rule}"
        self.args: tuple[Any, ...] = (self.message,)
        return self

    def __str__(self) -> str:
        if not (more := self.faults[1:]):
            return super().__str__()
        lines = [super().__str__(), f"and {len(more)} more {'fault' if len(more) == 1 else 'faults'}:"]
        lines += [f"  {fault}" for fault in more[:MOST_LINES]]
        return "\n".join([*lines, "  …"] if len(more) > MOST_LINES else lines)

    def under(self, path: str) -> Self:
        """Return the same error for a field that lies below `path`."""
        return type(self)(f"{path}.{self.field}", self.rule, action=self.action) if path else self
