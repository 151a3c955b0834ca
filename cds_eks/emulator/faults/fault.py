"""A fault: what goes wrong on purpose, with which requests, and how often."""

from __future__ import annotations

from typing import Any

import attrs

from cds_eks.emulator.faults.kinds import check

__all__ = ["Fault"]


@attrs.frozen(repr=False)
class Fault:
    """One thing that goes wrong: what, with which requests, and how often. Of several, the first that matches wins.

    A fault does not change what a request is judged by: one that is refused is refused, whatever becomes of the answer.
    The ledger names the fault in the entry of each request that it applied to.

    Kinds, before anything is carried out:
        `refuse_connection`: A new connection is reset before a request is read; matches connections, not requests, so
            its action is `*`. One that begins with a request below `/_emulator/` is not touched.
        `refuse`: The connection is reset when the head of the request is there; its body is not read.
        `reset_before_commit`: The connection is reset when the whole request is there.
        `hang_before_commit`: No answer for `seconds` of real time; then all is well. Without `seconds`, or if the
            client goes away meanwhile, the request is never carried out.
        `status`: An answer with `status` (500), a `body` and `retry_after`; with `when="after"`, it was carried out.
            `status=200` makes a proxy's page of it, or a success without any data.
        `throttle`: The same with `status` 429 and `code` Throttling; `status=200` for a code in a healthy envelope.
        `replay`: The refusal of a nonce that was used before.
        `late`: The connection is reset; the request is carried out `seconds` of service time later, though its
            client has given it up: what it creates is there only then.
        `skew`: The service's wall clock is `seconds` ahead (behind, if negative), for the timestamp and in `Date`.
    Kinds, after it was carried out:
        `reset_after_commit`: The connection is reset.
        `hang_after_commit`: No answer for `seconds` of real time; without them, until the client goes away.
        `truncate`: The connection is closed after `bytes` of the body (half of it); with `after`, after that many bytes
            (0) behind the first place where this text stands. `after=ClusterId:bytes=41` lets just the id out.
        `drip`: The body comes `bytes` (1) at a time, with pauses of `seconds` (0.05) of real time.
        `duplicate`: The network delivers the request a second time, at once or `seconds` of service time later. Its
            nonce gives it away, but with `bypass_nonce`. With `answer="second"` the client gets the second answer.
    Kinds of what the service itself does:
        `stale`: What CreateCluster or CreateNodePool has made is neither listed nor found for `seconds` of service
            time.
        `lag`: A list lags behind: it leaves out all that was made in its last `seconds` of service time. With a
            `probability`, it comes and goes as if some of the service's machines were behind.
        `task_fails`: The task, or event, ends in an error with `message`: after so many `steps` (of GetClusterEvents)
            or `seconds` of service time; without them, when it would have been done.
        `task_never_ends`: It makes no more progress from there on instead.
        `page_shifts`: A page of ListNodes but the first shows its entries moved by one, as if a node had come in front.
        `page_repeats`: Every page of ListNodes is the first one, and says that there are more.

    Args:
        kind: One of the kinds above.
        action: An action, by its documented name or that on the wire; a class, `create`, `read` or `write`; or `*`.
        count: How many times it applies; None for always.
        skip: How many matching requests pass before.
        probability: How likely it is to apply each time: the same for the same seed and order of requests.
        when: `before` or `after` the request is carried out.
        body: `json` for the envelope, `html` for a proxy's page, or `empty`.
        retry_after: The text of a `Retry-After` header; None for no such header.

    Raises:
        ValueError: Naming what makes no sense.

    Example:
        ```python
        emulator = Emulator(faults=[Fault("reset_after_commit", "CreateCluster", count=2)])
        emulator.faults.add(Fault("status", "read", status=503, probability=0.1))
        ```
    """

    kind: str
    action: str = "*"
    count: int | None = attrs.field(default=None, kw_only=True)
    skip: int = attrs.field(default=0, kw_only=True)
    probability: float = attrs.field(default=1.0, kw_only=True)
    status: int | None = attrs.field(default=None, kw_only=True)
    when: str = attrs.field(default="before", kw_only=True)
    body: str = attrs.field(default="json", kw_only=True)
    code: str | None = attrs.field(default=None, kw_only=True)
    message: str | None = attrs.field(default=None, kw_only=True)
    retry_after: str | None = attrs.field(default=None, kw_only=True)
    seconds: float | None = attrs.field(default=None, kw_only=True)
    steps: int | None = attrs.field(default=None, kw_only=True)
    bytes: int | None = attrs.field(default=None, kw_only=True)
    after: str | None = attrs.field(default=None, kw_only=True)
    bypass_nonce: bool = attrs.field(default=False, kw_only=True)
    answer: str = attrs.field(default="first", kw_only=True)

    def __attrs_post_init__(self) -> None:
        check(self.kind, self.action, self.given())

    def __str__(self) -> str:
        """Return it as `--fault` takes it."""
        given = [f"{name}={str(value).lower() if value is True else value}" for name, value in self.given().items()]
        return ":".join(part.replace("\\", r"\\").replace(":", r"\:") for part in (self.action, self.kind, *given))

    def __repr__(self) -> str:
        return f"<Fault {self}>"

    def given(self) -> dict[str, Any]:
        """Return what differs from the defaults, but for its kind and action."""
        fields = attrs.fields(type(self))[2:]
        return {each.name: getattr(self, each.name) for each in fields if getattr(self, each.name) != each.default}
