"""No value shows a secret that it holds: requests, credentials, clients, and errors of what can't be sent."""

from __future__ import annotations

import copy
import pickle
from typing import Any
from urllib.parse import quote

import pytest

from cds_eks import AsyncEksClient, Credentials, EksClient, errors, models
from cds_eks.schema.shape import Shape, state_of
from unit.marked_secrets import (
    AK,
    CREDENTIALS,
    EXTRA,
    KEY,
    KEY_ID,
    PASSWORD,
    SK,
    Call,
    assert_unmarked,
    create_with_secrets,
    node_pool_with_secrets,
)

asynchronous = pytest.mark.anyio


@pytest.fixture
def create(create_cluster_body: dict[str, Any]) -> models.CreateClusterRequest:
    return create_with_secrets(create_cluster_body)


@pytest.fixture
def node_pool() -> models.CreateNodePoolRequest:
    return node_pool_with_secrets()


def test_requests_show_no_secret(create: models.CreateClusterRequest, node_pool: models.CreateNodePoolRequest) -> None:
    nested: list[Shape] = [create.master_config, create.node_pool_config.node_config, node_pool.config.node_config]
    assert_unmarked(create, node_pool, *nested)
    assert_unmarked([create], {"a": node_pool})
    assert (create.ak, create.sk, create.master_config.password) == (AK, SK, PASSWORD)  # read on purpose
    assert create.to_dict()["ak"] == AK
    for request in (create, node_pool, *nested):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(request)
        assert_unmarked(caught.value)


@pytest.mark.parametrize("password", ["m4rk", f"{PASSWORD}{'x' * 40}", PASSWORD.encode()])
def test_a_request_that_is_refused_shows_no_secret(
    password: Any, create_cluster_body: dict[str, Any], create: models.CreateClusterRequest
) -> None:
    body = copy.deepcopy(create_cluster_body)
    body["MasterConfig"]["Password"] = password
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.CreateClusterRequest.from_dict(body)
    assert_unmarked(caught.value)
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.NodeConfig(**{**state_of(create.master_config), "password": password})
    assert_unmarked(caught.value)


@asynchronous
@pytest.mark.parametrize("value", [float("nan"), object(), {1: 2, "a": {3}}])
async def test_a_body_that_can_not_be_sent_shows_no_secret(value: Any, create: models.CreateClusterRequest) -> None:
    async with AsyncEksClient(CREDENTIALS) as eks:
        with pytest.raises(errors.InvalidRequestError) as caught:
            await eks.call("Anything", method="POST", body={"Password": PASSWORD, "Other": value})
        assert_unmarked(caught.value)
        with pytest.raises(errors.InvalidRequestError) as caught:
            await eks.clusters.create(create, extra={"Token": EXTRA, "Other": value})
        assert_unmarked(caught.value)


def test_credentials_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert_unmarked(CREDENTIALS, [CREDENTIALS], {"a": CREDENTIALS}, copy.copy(CREDENTIALS), copy.deepcopy(CREDENTIALS))
    assert (CREDENTIALS.access_key_id, CREDENTIALS.secret_access_key) == (KEY_ID, KEY)  # read on purpose
    with pytest.raises(TypeError) as caught:
        pickle.dumps(CREDENTIALS)
    assert_unmarked(caught.value)


@pytest.mark.parametrize("kind", [AsyncEksClient, EksClient])
def test_clients_show_no_secret(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_SECRET_ID", KEY_ID)
    monkeypatch.setenv("CDS_SECRET_KEY", KEY)
    for eks in (kind(), kind(CREDENTIALS)):
        assert_unmarked(eks, vars(eks))
        with pytest.raises(TypeError) as caught:
            pickle.dumps(eks)
        assert_unmarked(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"credentials": Credentials(f"{KEY_ID}\n", KEY)},
        {"credentials": Credentials(KEY_ID, f" {KEY}")},
        {"endpoint": f"https://{quote(KEY_ID, safe='')}:{quote(KEY, safe='')}@eks.test"},
        {"endpoint": f"https://id:m4rk/{KEY}@eks.test"},
        {"endpoint": f"https://eks.test?AccessKeyId={quote(KEY_ID)}"},
        {"endpoint": KEY},
    ],
)
def test_a_client_that_can_not_be_made_shows_no_secret(settings: dict[str, Any]) -> None:
    with pytest.raises(errors.ConfigurationError) as caught:
        AsyncEksClient(**({"credentials": CREDENTIALS} | settings))
    assert_unmarked(caught.value)


SURROGATE = f"{PASSWORD}\ud800"
REFUSED: dict[str, Call] = {
    "body": lambda eks, create, pool: eks.call("X", method="POST", body={"Password": SURROGATE}),
    "params": lambda eks, create, pool: eks.call("X", params={"Password": SURROGATE}),
    "extra": lambda eks, create, pool: eks.clusters.create(create, extra={"Token": SURROGATE}),
}


@asynchronous
@pytest.mark.parametrize("call", REFUSED)
async def test_a_text_that_is_no_unicode_is_not_held_by_the_context_of_the_error(
    call: str, create: models.CreateClusterRequest, node_pool: models.CreateNodePoolRequest
) -> None:
    async with AsyncEksClient(CREDENTIALS) as eks:
        with pytest.raises(errors.InvalidRequestError) as caught:
            await REFUSED[call](eks, create, node_pool)
    assert_unmarked(caught.value)


def test_a_password_that_is_no_unicode_is_not_held_by_the_context_of_the_error(
    create: models.CreateClusterRequest,
) -> None:
    with pytest.raises(errors.InvalidRequestError) as caught:
        models.NodeConfig(**{**state_of(create.master_config), "password": SURROGATE})
    assert_unmarked(caught.value)
