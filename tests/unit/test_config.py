"""Settings that check themselves, and what the environment says."""

from __future__ import annotations

import pickle
from typing import Any

import attrs
import pytest

from cds_eks import Credentials, Limits, RetryPolicy, Timeouts, config
from cds_eks.errors import ConfigurationError, InvalidRequestError
from cds_eks.schema.revisions import API_REVISIONS

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


# --- credentials ---------------------------------------------------------------------------------------------------

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


# --- endpoint ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "https://api.capitalonline.net"),
        ({"CDS_EKS_ENDPOINT": "http://gateway.gic.test"}, "http://gateway.gic.test"),
        ({"CDS_API_HOST": "a.test"}, "https://a.test"),
        ({"CDS_API_HOST": "a.test", "CDS_API_SCHEMA": "http"}, "http://a.test"),
        ({"CDS_API_HOST": "a.test", "CDS_API_SCHEMA": ""}, "https://a.test"),
        ({"CDS_API_HOST": "http://a.test:81", "CDS_API_SCHEMA": "https"}, "http://a.test:81"),
        ({"EKS_API_HOST": "b.test"}, "https://b.test"),
        ({"EKS_API_HOST": "b.test", "EKS_API_SCHEMA": "http"}, "http://b.test"),
        ({"EKS_API_HOST": "b.test", "CDS_API_SCHEMA": "http"}, "https://b.test"),
        ({"CDS_API_HOST": "a.test", "EKS_API_HOST": "b.test"}, "https://a.test"),
        ({"CDS_EKS_ENDPOINT": "https://c.test", "CDS_API_HOST": "a.test"}, "https://c.test"),
        ({"CDS_EKS_ENDPOINT": "", "CDS_API_HOST": ""}, "https://api.capitalonline.net"),
    ],
)
def test_the_endpoint_comes_from_the_first_variable_that_is_set(environ: dict[str, str], expected: str) -> None:
    assert config.endpoint_from(environ) == expected


def test_the_endpoint_of_this_process_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_EKS_ENDPOINT", "http://d.test")
    assert config.endpoint_from() == "http://d.test"


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://api.capitalonline.net", "https://api.capitalonline.net/eks/v1"),
        ("http://gateway.gic.test/", "http://gateway.gic.test/eks/v1"),
        ("HTTPS://Api.Test", "https://Api.Test/eks/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/eks/v1"),
        ("https://api.test:65535", "https://api.test:65535/eks/v1"),
        ("https://api.test/a/prefix", "https://api.test/a/prefix/eks/v1"),
        ("https://api.test/a/prefix///", "https://api.test/a/prefix/eks/v1"),
        ("https://api.test/eks", "https://api.test/eks/eks/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/eks/v1"),
        ("http://[2001:db8::ffff:10.0.0.1]", "http://[2001:db8::ffff:10.0.0.1]/eks/v1"),
        ("http://localhost", "http://localhost/eks/v1"),
        ("http://eks_emulator:8080", "http://eks_emulator:8080/eks/v1"),
        ("https://api.test.", "https://api.test./eks/v1"),
        ("https://首都在线.中国", "https://首都在线.中国/eks/v1"),
    ],
)
def test_the_url_of_the_service_lies_at_its_endpoint(endpoint: str, url: str) -> None:
    assert config.service_url(endpoint) == url


BAD_ENDPOINTS = {
    "https://marked:marked@api.test": "user or a password",
    "https://marked@api.test": "user or a password",
    "https://:@marked.test": "user or a password",
    "https://AK:mar/ked@api.test": "must be a URL",
    "https://api.test?marked=1": "query or a fragment",
    "https://api.test/?": "query or a fragment",
    "https://api.test#marked": "query or a fragment",
    "https://api.test/x#": "query or a fragment",
    "marked.test": "begin with https:// or http://",
    "marked.test:443": "begin with https:// or http://",
    "//marked.test": "begin with https:// or http://",
    "ftp://marked.test": "begin with https:// or http://",
    "": "begin with https:// or http://",
    "https://mar ked.test": "spaces",
    " https://marked.test": "spaces",
    "https://marked.test ": "spaces",
    "https://marked.test\r\nX: y": "must be a URL",
    "https://marked.test/\r\nX: y": "spaces",
    "https://marked.test/\t": "spaces",
    "https://marked.test\n": "spaces",
    "https://mar\0ked.test": "spaces",
    "https://mar\u200bked.test": "spaces",
    "https://marked.test/\ud800": "spaces",
    "https://marked.test/eks/v1": "must not end with /eks/v1",
    "https://marked.test/eks/v1/": "must not end with /eks/v1",
    "https://marked.test/prefix/eks/v1": "must not end with /eks/v1",
    "https://marked.test:0": "name a host",
    "https://": "name a host",
    "https:///marked": "name a host",
    "https://:443": "name a host",
    "https:marked.test": "name a host",
    "https://marked..test": "name a host",
    "https://.": "name a host",
    f"https://{'marked' * 11}.test": "name a host",
    "https://mar\\ked.test": "name a host",
    "https://mar<ked>.test": "name a host",
    "https://marked.test:65536": "must be a URL",
    "https://marked.test:marked": "must be a URL",
    "https://[marked]": "must be a URL",
    "https://[::1": "must be a URL",
    "https://mar\u2100ked.test": "must be a URL",
}


@pytest.mark.parametrize("endpoint", BAD_ENDPOINTS)
def test_an_endpoint_that_can_not_be_right_is_refused_and_never_repeated(endpoint: str) -> None:
    with pytest.raises(ConfigurationError, match=BAD_ENDPOINTS[endpoint]) as caught:
        config.service_url(endpoint)
    error: BaseException | None = caught.value
    while error is not None:
        assert "mar" not in f"{error} {error!r}"
        error = error.__context__


@pytest.mark.parametrize("endpoint", [None, 7, b"https://marked.test", ["https://marked.test"]])
def test_an_endpoint_is_a_text(endpoint: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"must be a text, not {type(endpoint).__name__}") as caught:
        config.service_url(endpoint)
    assert "marked" not in str(caught.value)


# --- revision ------------------------------------------------------------------------------------------------------


def test_the_revisions_that_are_known_pass() -> None:
    assert API_REVISIONS == ("2025-09-08", "2025-10-11")
    assert [config.check_revision(revision) for revision in API_REVISIONS] == list(API_REVISIONS)


@pytest.mark.parametrize("revision", ["2025-09-09", "", "latest", None, 20250908, ["2025-09-08"]])
def test_a_revision_that_is_not_known_is_refused_with_those_that_are(revision: Any) -> None:
    with pytest.raises(ConfigurationError, match="api_revision must be one of 2025-09-08") as caught:
        config.check_revision(revision)
    assert repr(revision) in str(caught.value)


NAMED = {"CDS_EKS_API_REVISION": "2025-10-11"}


def test_the_environment_names_the_revision_if_none_is_passed() -> None:
    default = config.DEFAULT_REVISION
    assert config.check_revision(default, {}) == "2025-09-08"
    assert config.check_revision(default, {"CDS_EKS_API_REVISION": ""}) == "2025-09-08"
    assert config.check_revision(default, NAMED) == "2025-10-11"
    assert type(config.check_revision(default, {})) is str


@pytest.mark.parametrize("revision", API_REVISIONS)
def test_a_revision_that_is_passed_counts_before_the_environment(revision: str) -> None:
    assert config.check_revision(revision, NAMED) == revision


@pytest.mark.parametrize("named", ["2025-9-8", " 2025-10-11", "latest"])
def test_an_unknown_revision_in_the_environment_is_refused_by_name(named: str) -> None:
    with pytest.raises(ConfigurationError, match="CDS_EKS_API_REVISION must be one of 2025"):
        config.check_revision(config.DEFAULT_REVISION, {"CDS_EKS_API_REVISION": named})


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), True, "1", 0, None])
def test_a_rate_that_is_no_number_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^lowest must be a number above 0") as caught:
        config.AdaptiveRate(lowest=value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf")])
def test_no_number_of_seconds_overflows(value: Any) -> None:
    for kind, names in (
        (config.Timeouts, ("connect", "read", "total")),
        (config.RetryPolicy, ("base_delay", "throttled_base_delay", "max_delay")),
        (config.Limits, ("keepalive_expiry", "requests_per_second")),
    ):
        for name in names:
            with pytest.raises(ConfigurationError, match=f"^{name} must be"):
                kind(**{name: value})
    with pytest.raises(InvalidRequestError, match=r"^timeout: must be"):
        config.check_timeout(value)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CDS_EKS_ENDPOINT", "api.example.com", r"endpoint \(CDS_EKS_ENDPOINT\) must begin with https:// or http://"),
        ("CDS_API_HOST", "999.1.1.1", r"endpoint \(CDS_API_HOST\) must name a host"),
        ("EKS_API_HOST", "a b", r"endpoint \(EKS_API_HOST\) must not hold spaces"),
    ],
)
def test_an_endpoint_of_the_environment_that_can_not_be_one_names_its_variable(
    variable: str, value: str, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        config.endpoint_from({variable: value})


@pytest.mark.parametrize("variable", ["CDS_SECRET_ID", "CDS_SECRET_KEY"])
def test_a_key_in_the_environment_with_a_newline_names_its_variable(variable: str) -> None:
    environ = {"CDS_SECRET_ID": "id", "CDS_SECRET_KEY": "key"} | {variable: "planted\n"}
    words = rf"credentials \({variable}\): it has spaces around it, line ends"
    with pytest.raises(ConfigurationError, match=words) as caught:
        config.credentials_from(environ)
    assert "planted" not in str(caught.value)
