"""The requests that a plan leads to. Secrets are asked for now, put into the request, and kept nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cds_eks._runtime.frames import clear_frames
from cds_eks.documents.reading import Path
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import EksError, InvalidRequestError, SecretUnavailable
from cds_eks.fleet.hidden import hidden_now
from cds_eks.fleet.plan.merging import with_secrets
from cds_eks.fleet.plan.pool_shape import FurtherPool
from cds_eks.models import CreateClusterRequest, CreateNodePoolRequest
from cds_eks.schema.walk import path_text

Resolve = Callable[[SecretRef], str]

STAND_IN = "Aa1!Aa1!"
"""Stands for each secret where a request is made only to see whether it can be."""


def resolved(secret: SecretRef) -> str:
    """Return a secret, which whoever asks for it now hides from then on."""
    text = secret.resolve()
    if (hidden := hidden_now.get()) is not None:
        hidden.add(text)
    return text


def stood_in(_: SecretRef) -> str:
    """Return what stands for a secret."""
    return STAND_IN


def cluster_request(
    name: str, fields: Mapping[str, Any], pool_name: str, pool: Mapping[str, Any], resolve: Resolve
) -> CreateClusterRequest:
    """Return the request that creates a cluster and its first pool.

    Args:
        name: The cluster's name.
        fields: Its other fields.
        pool_name: The first pool's name.
        pool: The first pool's other fields.
        resolve: Gives a secret.

    Raises:
        SecretUnavailable: A secret can't be had.
        InvalidRequestError: A secret is not what the service takes.
    """
    whole = {**fields, "cluster_name": name, "node_pool_config": {**pool, "pool_name": pool_name}}
    try:
        return CreateClusterRequest.from_dict(with_secrets(whole, resolve))
    except SecretUnavailable as error:
        unavailable = _for_field(error, whole, _in_plan)
    except EksError as error:
        raise clear_frames(error)  # noqa: B904 - it is the same
    raise unavailable  # out of the handler: the frames of the other one hold secrets that were to be had


def pool_request(
    name: str, fields: Mapping[str, Any], vpc_id: str, cluster_id: str, resolve: Resolve
) -> CreateNodePoolRequest:
    """Return the request that adds a pool to a cluster.

    Args:
        name: The pool's name.
        fields: Its other fields, as those of a NodePoolConfig.
        vpc_id: The cluster's VPC.
        cluster_id: The cluster's id.
        resolve: Gives a secret.

    Raises:
        SecretUnavailable: A secret can't be had.
        InvalidRequestError: A secret is not what the service takes, or the pool has what only a first one can have.
    """
    further = FurtherPool({**fields, "pool_name": name})
    for path, message in further.lost:
        raise InvalidRequestError(path_text(path), message)
    try:
        return CreateNodePoolRequest.from_dict(
            with_secrets({"cluster_id": cluster_id, "vpc_id": vpc_id, "config": further.spec}, resolve)
        )
    except SecretUnavailable as error:
        unavailable = _for_field(error, further.spec, further.origin_of)
    except EksError as error:
        raise clear_frames(error)  # noqa: B904 - it is the same
    raise unavailable  # out of the handler, as above


def _in_plan(path: Path) -> Path:
    """Return what a plan calls a field of CreateCluster."""
    return ("node_pools", 0, *path[1:]) if path[:1] == ("node_pool_config",) else path


def _for_field(error: SecretUnavailable, data: Any, origin: Callable[[Path], Path]) -> SecretUnavailable:
    """Return an error that also names the field which the secret is for, as the plan calls it."""
    path = next((path for path, secret in _secrets_in(data) if secret.reference == error.reference), ())
    return SecretUnavailable(error.reference, error.reason, path_text(origin(path)))


def _secrets_in(data: Any, path: Path = ()) -> Iterator[tuple[Path, SecretRef]]:
    if isinstance(data, SecretRef):
        yield path, data
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in entries:
        yield from _secrets_in(value, (*path, step))
