"""What is sent."""

from __future__ import annotations

import json

import pytest

from cds_eks import models
from support.backend_clients import CREDENTIALS, MakeClient
from support.raw_server import CREATED, answer, answering, serve

asynchronous = pytest.mark.anyio


@asynchronous
async def test_a_request_goes_out_as_it_was_made(client: MakeClient, create: models.CreateClusterRequest) -> None:
    async with serve(answering(answer(CREATED))) as server, client(server.url, user_agent="my-app/2") as eks:
        await eks.clusters.create(create)
    (seen,) = server.ledger
    assert (seen.method, seen.target.partition("?")[0]) == ("POST", "/eks/v1")
    assert json.loads(seen.body) == create.to_dict(wire_names=True)
    assert seen.headers["content-type"] == "application/json;charset=utf-8"
    assert seen.headers["user-agent"].startswith("my-app/2 cds-eks-python/")
    assert seen.headers["host"] == server.url.removeprefix("http://")
    assert seen.headers["content-length"] == str(len(seen.body))
    assert seen.query["AccessKeyId"] == CREDENTIALS.access_key_id
