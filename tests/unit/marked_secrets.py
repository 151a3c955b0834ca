"""Secrets with a mark, and the search for it in all that can be printed of a thing."""

from __future__ import annotations

import copy
import pickle
import re
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from cds_eks import AsyncEksClient, Credentials, Response, errors, models
from cds_eks.pipeline import Send
from cds_eks.wire import CallRecord, RawResponse, Request

# Each holds what JSON, HTML and URLs spell otherwise; none may be seen in any spelling, so this word is looked for.
MARK = re.compile(r"m4rk", re.IGNORECASE)
KEY_ID = 'AKID/m4rk+id="&<1>'
KEY = "SK/m4rk+key='&<2>é"
PASSWORD = 'Pw-M4rk"&<3>'
POOL_PASSWORD = "Pw-M4rk+/='4"
AK = "cluster-ak-m4rk-5"
SK = "cluster-sk/m4rk-6=="
EXTRA = "extra-m4rk-7"
CREDENTIALS = Credentials(KEY_ID, KEY)

Call = Callable[[AsyncEksClient, models.CreateClusterRequest, models.CreateNodePoolRequest], Awaitable[Any]]


def create_with_secrets(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    body = copy.deepcopy(create_cluster_body)
    body["Ak"], body["Sk"] = AK, SK
    body["MasterConfig"]["Password"] = PASSWORD
    body["NodePoolConfig"]["NodeConfig"]["Password"] = POOL_PASSWORD
    body["extra"] = {"AdminPassword": EXTRA, "Nested": [{"Token": f"{EXTRA}-deep"}]}
    return models.CreateClusterRequest.from_dict(body)


def node_pool_with_secrets() -> models.CreateNodePoolRequest:
    return models.CreateNodePoolRequest(
        cluster_id="c-1",
        vpc_id="v-1",
        config=models.NodePoolSpec(
            name="pool-1",
            node_type="ecs",
            replicas=1,
            node_config=models.NodePoolNodeConfig(
                billing_spec=models.NodePoolBillingSpec(instance_charge_type="PostPaid"),
                os_image_name="Ubuntu22.04-CPU-1.26",
                subnet_ids=["s-1"],
                instance_type_ids=["CPU Compute C11.4c8g"],
                password=POOL_PASSWORD,
            ),
        ),
    )


def shown(thing: object) -> Iterator[str]:
    """Yield all that can be printed of a thing."""
    yield repr(thing)
    yield str(thing)
    yield f"{thing}"
    if isinstance(thing, BaseException):
        yield from shown_of_error(thing, set())
    if isinstance(thing, (errors.EksError, Response)):
        yield pickle.dumps(thing).decode("latin-1")
        yield from shown_of(pickle.loads(pickle.dumps(thing)))


def shown_of(thing: object) -> Iterator[str]:
    yield repr(thing)
    yield str(thing)


def shown_of_error(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Yield all that an error, what it came from, and what came before it show."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield from shown_of(error)
    yield repr(error.args)
    yield repr(vars(error))
    yield repr(getattr(error, "__notes__", None))
    yield "".join(traceback.format_exception(error))
    for other in (error.__cause__, error.__context__, *getattr(error, "previous", ())):
        if other is not None:
            yield from shown_of_error(other, seen)
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions:
            yield from shown_of_error(part, seen)


def assert_unmarked(*things: object) -> None:
    for thing in things:
        for text in shown(thing):
            assert not MARK.search(text), text


class Watched:
    """What a test has seen of calls from within: requests on their way, and records."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.records: list[CallRecord] = []

    async def per_call(self, request: Request, send: Send) -> RawResponse:
        self.records.append(request.record)
        self.requests.append(request)
        return await send(request)

    async def per_attempt(self, request: Request, send: Send) -> RawResponse:
        self.requests.append(request)
        response = await send(request)
        assert_unmarked(response)
        return response
