"""The endpoint and the revision of the API, from arguments and the environment."""

from __future__ import annotations

from typing import Any

import pytest

from cds_eks import config
from cds_eks.errors import ConfigurationError, InvalidRequestError
from cds_eks.schema.revisions import API_REVISIONS


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
