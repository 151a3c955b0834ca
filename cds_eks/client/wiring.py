"""How a client is assembled: the pipeline, from the outermost middleware to the backend, and the waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cds_eks import codec, resources
from cds_eks.backend import Backend
from cds_eks.config import Limits, RetryPolicy, Timeouts
from cds_eks.errors import ConfigurationError
from cds_eks.middleware import Deadline, LimitRate, Retry, Sign
from cds_eks.middleware.retry import RetryQuota
from cds_eks.outcome.deletions import Deletions
from cds_eks.pipeline import Middleware, Send, chain
from cds_eks.redaction import Secrets
from cds_eks.signing import Signer

if TYPE_CHECKING:
    from cds_eks.lookup import LookUp
    from cds_eks.otel.calls import ClientObserver
    from cds_eks.waiting import Waiters

NOT_PICKLED = (
    "is neither copied nor pickled: it holds connections; make a new one in each process (in a pool's initializer, "
    "say), or use threads, which may share an EksClient"
)


def check_kinds(timeouts: object, retry: object, limits: object) -> None:
    """Check that the settings of a client are what they should be.

    Raises:
        ConfigurationError: One is not.
    """
    settings = (("timeouts", timeouts, Timeouts), ("retry", retry, RetryPolicy), ("limits", limits, Limits))
    for name, value, kind in settings:
        if not isinstance(value, kind):
            raise ConfigurationError(f"{name} must be a {kind.__name__}, not {type(value).__name__}")


def pipeline(
    per_call: Sequence[Middleware],
    per_attempt: Sequence[Middleware],
    *,
    timeouts: Timeouts,
    retry: RetryPolicy,
    limits: Limits,
    signer: Signer,
    secrets: Callable[[], Secrets] | None,
    backend: Backend,
    is_signer_ours: bool,
    observer: ClientObserver | None = None,
) -> Send:
    """Return the pipeline of a client.

    Args:
        per_call: Middlewares around each whole call.
        per_attempt: Middlewares around each attempt.
        timeouts: How long things may take.
        retry: When and how calls are tried again.
        limits: How much is done at once.
        signer: What signs each attempt.
        secrets: Returns the secrets of the key that was signed with last; None if the key is fixed.
        backend: What carries the requests.
        is_signer_ours: Whether the signer waits for nothing: neither it nor its credentials are a caller's code.
        observer: What observes each attempt, innermost; None for nothing.

    Raises:
        ConfigurationError: A middleware is none.
    """
    for middleware in (*per_call, *per_attempt):
        if not callable(middleware):
            raise ConfigurationError(f"a middleware must be callable, not {type(middleware).__name__}")
    # Middlewares, signers and providers of others may wait for anything.
    observes_deadline = getattr(backend, "keeps_deadline", False) and is_signer_ours and not per_attempt
    quota = RetryQuota(retry.quota)
    send = chain([Sign(signer, secrets=secrets)], backend.send)
    if observer is not None:
        observer.quota = quota
        send = observer.observed_send(send)
    return chain(
        [
            *per_call,
            Deadline(timeouts.total, is_kept_below=observes_deadline),
            Retry(retry, codec.failure_of, quota=quota, set_clock=getattr(signer, "set_clock", None)),
            LimitRate(
                # More than there are connections would only be queued again, in the backend.
                min(limits.max_in_flight or limits.max_connections, limits.max_connections),
                limits.requests_per_second,
                limits.adaptive,
            ),
            *per_attempt,
        ],
        send,
    )


def make_look_up(settle: float) -> LookUp:
    """Return the look-up of creates, whose module is imported only now."""
    from cds_eks.lookup import LookUp

    return LookUp(settle=settle)


def waiters_class() -> type[Waiters]:
    """Return the class of the waits, whose module is imported only now."""
    from cds_eks.waiting import Waiters

    return Waiters


def make_waiters(
    tasks: resources.Tasks,
    events: resources.Events,
    clusters: resources.Clusters,
    node_pools: resources.NodePools,
    deletions: Deletions,
    secrets: Callable[[], Secrets],
) -> Waiters:
    """Return the waits of a client, which poll by its own operations."""
    return waiters_class()(
        task=tasks.get_status,
        event=events.get_status,
        cluster=clusters.get,
        clusters=clusters.list,
        node_pools=lambda cluster_id, node_pool_id: node_pools.list(cluster_id, node_pool_id=node_pool_id),
        steps=clusters.list_events,
        deletions=deletions,
        secrets=secrets,
    )
