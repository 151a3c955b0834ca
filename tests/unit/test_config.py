"""Settings that check themselves, and what the environment says."""

from __future__ import annotations

import pickle
from typing import Any

import attrs
import pytest

from cds_eks import Credentials, Limits, RetryPolicy, Timeouts, config
from cds_eks.errors import ConfigurationError

NOT_NUMBERS: list[Any] = ["1", True, float("nan"), float("inf"), [1], b"1", 1j]


@pytest.mark.parametrize("field", ["connect", "read", "total"])
@pytest.mark.parametrize("value", [*NOT_NUMBERS, 0, -1, -0.5])
def test_a_timeout_is_a_number_above_0_or_none(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^{field} must be a number above 0"):
        Timeouts(**{field: value})


@pytest.mark.parametrize("value", [None, 1, 0.001, 1e9])
def test_any_sensible_timeout_is_taken(value: Any) -> None:
    timeouts = Timeouts(connect=value, read=value, total=value)
    assert (timeouts.connect, timeouts.read, timeouts.total) == (value, value, value)


NOT_NEGATIVE = ["base_delay", "throttled_base_delay", "max_delay", "quota", "retry_cost", "throttled_retry_cost"]


@pytest.mark.parametrize("field", NOT_NEGATIVE)
@pytest.mark.parametrize("value", [*NOT_NUMBERS, None, -1, -0.5])
def test_a_number_of_the_retry_policy_is_not_negative(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^{field} must be a number of at least 0"):
        RetryPolicy(**{field: value})


@pytest.mark.parametrize("field", NOT_NEGATIVE)
def test_a_number_of_the_retry_policy_may_be_0(field: str) -> None:
    assert getattr(RetryPolicy(**{field: 0}), field) == 0


NOT_COUNTS: list[Any] = [*NOT_NUMBERS, 0, -1, 1.0, 2.5]


@pytest.mark.parametrize("value", [*NOT_COUNTS, None])
def test_attempts_are_counted_from_1(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^max_attempts must be a whole number of at least 1"):
        RetryPolicy(max_attempts=value)


def test_the_policy_that_never_tries_again_makes_one_attempt() -> None:
    assert RetryPolicy.none() == RetryPolicy(max_attempts=1)


@pytest.mark.parametrize("value", [*NOT_COUNTS, None])
def test_there_is_at_least_one_connection(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^max_connections must be a whole number of at least 1"):
        Limits(max_connections=value)


@pytest.mark.parametrize("value", NOT_COUNTS)
def test_at_least_one_attempt_may_be_under_way(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^max_in_flight must be a whole number of at least 1"):
        Limits(max_in_flight=value)


@pytest.mark.parametrize("value", [*NOT_NUMBERS, 0, -1])
def test_some_requests_begin_in_a_second(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^requests_per_second must be a number above 0"):
        Limits(requests_per_second=value)


@pytest.mark.parametrize("value", [*NOT_NUMBERS, None, 0, -1])
def test_the_idle_time_of_connections_is_a_number_above_0(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^keepalive_expiry must be a number above 0"):
        Limits(keepalive_expiry=value)


def test_limits_that_may_be_none_may_be_none() -> None:
    limits = Limits(max_in_flight=None, requests_per_second=None)
    assert (limits.max_in_flight, limits.requests_per_second) == (None, None)


@pytest.mark.parametrize("kind", [Timeouts, RetryPolicy, Limits])
def test_settings_are_frozen_keyword_only_values(kind: Any) -> None:
    settings = kind()
    field = attrs.fields(kind)[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(settings, field, 1)
    with pytest.raises(TypeError):
        kind(1)
    assert pickle.loads(pickle.dumps(settings)) == settings == kind()
    assert hash(settings) == hash(kind())
    with pytest.raises(ConfigurationError, match=field):
        attrs.evolve(settings, **{field: "no"})


def test_the_defaults_are_those_that_are_promised() -> None:
    assert Timeouts() == Timeouts(connect=5.0, read=30.0, total=90.0)
    policy = RetryPolicy()
    assert (policy.max_attempts, policy.base_delay, policy.throttled_base_delay, policy.max_delay) == (8, 0.2, 1, 20)
    assert (policy.quota, policy.retry_cost, policy.throttled_retry_cost) == (500, 14, 5)
    limits = Limits()
    assert (limits.max_connections, limits.max_in_flight, limits.requests_per_second) == (100, None, None)


def test_a_call_that_may_be_repeated_outlasts_an_outage_of_some_seconds_within_its_time() -> None:
    policy = RetryPolicy()
    longest = [min(policy.max_delay, policy.base_delay * 2**number) for number in range(policy.max_attempts - 1)]
    assert sum(longest) / 2 >= 10  # as pauses are on average
    assert sum(longest) < Timeouts().total / 3  # type: ignore[operator]  # there is a limit
    assert longest[0] <= 0.25  # most failures are a lost connection, which is made anew at once
    assert (policy.max_attempts - 1) * policy.retry_cost * 5 <= policy.quota  # five calls at once do


DOCUMENTED = {"CDS_SECRET_ID": "id-1", "CDS_SECRET_KEY": "key-1"}
OBSERVED = {"CDS_ACCESS_KEY_ID": "id-2", "CDS_ACCESS_KEY_SECRET": "key-2"}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (DOCUMENTED, ("id-1", "key-1")),
        (OBSERVED, ("id-2", "key-2")),
        (DOCUMENTED | OBSERVED, ("id-1", "key-1")),
        (OBSERVED | {"CDS_SECRET_ID": "", "CDS_SECRET_KEY": ""}, ("id-2", "key-2")),
        (DOCUMENTED | {"CDS_ACCESS_KEY_ID": "half"}, ("id-1", "key-1")),
    ],
)
def test_credentials_come_from_the_first_pair_that_is_complete(
    environ: dict[str, str], expected: tuple[str, str]
) -> None:
    found = config.credentials_from(environ)
    assert (found.access_key_id, found.secret_access_key) == expected


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CDS_SECRET_ID": "id-1"},
        {"CDS_SECRET_KEY": "key-1"},
        {"CDS_SECRET_ID": "id-1", "CDS_ACCESS_KEY_SECRET": "key-2"},
        {"CDS_SECRET_ID": "", "CDS_SECRET_KEY": ""},
    ],
)
def test_without_a_complete_pair_there_are_no_credentials(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="CDS_SECRET_ID and CDS_SECRET_KEY") as caught:
        config.credentials_from(environ)
    assert caught.value.outcome == "not_sent"
    assert "key-" not in str(caught.value)


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (OBSERVED | {"CDS_SECRET_ID": "marked"}, "CDS_SECRET_KEY is not set, though CDS_SECRET_ID is"),
        (
            OBSERVED | {"CDS_SECRET_ID": "marked", "CDS_SECRET_KEY": ""},
            "CDS_SECRET_KEY is not set, though CDS_SECRET_ID",
        ),
        (OBSERVED | {"CDS_SECRET_KEY": "marked"}, "CDS_SECRET_ID is not set, though CDS_SECRET_KEY is"),
        ({"CDS_ACCESS_KEY_ID": "marked"}, "CDS_ACCESS_KEY_SECRET is not set, though CDS_ACCESS_KEY_ID is"),
        ({"CDS_ACCESS_KEY_SECRET": "marked"}, "CDS_ACCESS_KEY_ID is not set, though CDS_ACCESS_KEY_SECRET is"),
    ],
)
def test_half_a_key_pair_names_its_other_half_and_is_never_another_account(environ: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^half of the credentials: {words}") as caught:
        config.credentials_from(environ)
    assert "marked" not in str(caught.value)


def test_the_environment_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DOCUMENTED.items():
        monkeypatch.setenv(name, value)
    assert config.credentials_from().access_key_id == "id-1"


def test_good_credentials_pass() -> None:
    good = Credentials("id", "key with a space and é")
    assert config.check_credentials(good) is good


@pytest.mark.parametrize("bad", [None, ("id", "key"), "id:key", {"access_key_id": "id"}])
def test_credentials_are_credentials(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"must be Credentials, not {type(bad).__name__}"):
        config.check_credentials(bad)


@pytest.mark.parametrize("field", ["access_key_id", "secret_access_key"])
@pytest.mark.parametrize("value", ["", None, 7, b"marked", " marked", "marked\n", "mar\r\nked", "mar\0ked", "mar\tked"])
def test_a_part_of_the_credentials_that_can_not_be_right_is_named_but_not_shown(field: str, value: Any) -> None:
    parts: dict[str, Any] = {"access_key_id": "id", "secret_access_key": "key"} | {field: value}
    with pytest.raises(ConfigurationError, match=f"^credentials.{field} ") as caught:
        config.check_credentials(Credentials(**parts))
    assert "mar" not in str(caught.value)
