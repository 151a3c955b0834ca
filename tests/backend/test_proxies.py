"""Which proxy the environment names, and what `NO_PROXY` excepts."""

from __future__ import annotations

import os

import pytest

from cds_eks.backend.proxies import is_excepted, proxy_for
from cds_eks.errors import ConfigurationError

EXCEPTED = [
    ("10.0.0.0/8", "10.1.2.3"),
    ("10.0.0.1/8", "10.1.2.3"),
    ("10.0.0.0/8", "::ffff:10.1.2.3"),
    ("fd00::/8", "fd12::1"),
    ("[fd00::]/8", "fd12::1"),
    ("fe80::/10", "fe80::1%eth0"),
    ("::1", "::1"),
    ("::1", "0:0:0:0:0:0:0:1"),
    ("[::1]", "::1"),
    ("[::1]:8080", "::1"),
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1:8080", "127.0.0.1"),
    ("eks.test", "eks.test"),
    ("eks.test", "EKS.Test"),
    ("EKS.TEST", "eks.test"),
    ("eks.test", "eks.test."),
    ("eks.test.", "eks.test"),
    ("eks.test", "api.eks.test"),
    (".eks.test", "api.eks.test"),
    (".eks.test", "eks.test"),
    ("*.eks.test", "api.eks.test"),
    ("eks.test:8080", "eks.test"),
    (".eks.test:8080", "api.eks.test"),
    ("*", "anything.test"),
    ("*", "fd12::1"),
    ("*:8080", "anything.test"),
    ("other.test, eks.test", "eks.test"),
    ("other.test eks.test", "eks.test"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("nonsense/8,1.2.3.4/99,,eks.test", "eks.test"),
]

NOT_EXCEPTED = [
    ("", "eks.test"),
    (",", "eks.test"),
    (".", "eks.test"),
    ("10.0.0.0/8", "11.1.2.3"),
    ("10.0.0.0/8", "eks.test"),
    ("10.0.0.0/8", "fd12::1"),
    ("fd00::/8", "fe00::1"),
    ("::1", "::2"),
    ("[::1]:81", "::1"),
    ("127.0.0.1:81", "127.0.0.1"),
    ("0.0.1", "127.0.0.1"),
    ("eks.test:81", "eks.test"),
    ("*:81", "eks.test"),
    ("eks.test", "myeks.test"),
    ("eks.test", "eks.test.example"),
    ("api.eks.test", "eks.test"),
    ("eks.test/8", "eks.test"),
    ("1.2.3.4/99", "1.2.3.4"),
    ("[::1", "::1"),
    ("☃.test", "☃.test.example"),
]


@pytest.mark.parametrize(("exceptions", "host"), EXCEPTED)
def test_a_host_that_no_proxy_names_is_excepted(exceptions: str, host: str) -> None:
    assert is_excepted(host, 8080, exceptions)


@pytest.mark.parametrize(("exceptions", "host"), NOT_EXCEPTED)
def test_a_host_that_it_does_not_name_is_not(exceptions: str, host: str) -> None:
    assert not is_excepted(host, 8080, exceptions)


def proxy(url: str, **environ: str) -> str | None:
    found = proxy_for(url, environ)
    return None if found is None else str(found.url)


def test_the_port_that_a_scheme_stands_for_counts_as_well() -> None:
    assert proxy("https://eks.test/eks/v1", HTTPS_PROXY="http://p.test", NO_PROXY="eks.test:443") is None
    assert proxy("http://eks.test/eks/v1", HTTP_PROXY="http://p.test", NO_PROXY="eks.test:443") == "http://p.test"
    assert proxy("https://[fd12::1]:8080/eks/v1", HTTPS_PROXY="http://p.test", NO_PROXY="fd00::/8") is None
    assert proxy("https://[fd12::1]/eks/v1", HTTPS_PROXY="http://p.test", NO_PROXY="[fd12::1]:80") == "http://p.test"


def test_the_variables_have_an_order() -> None:
    assert proxy("https://eks.test") is None
    assert proxy("https://eks.test", HTTP_PROXY="http://p.test") is None
    assert proxy("https://eks.test", HTTPS_PROXY="http://upper.test") == "http://upper.test"
    assert proxy("https://eks.test", https_proxy="http://lower.test", HTTPS_PROXY="http://upper.test") == (
        "http://lower.test"
    )
    assert proxy("https://eks.test", https_proxy="", HTTPS_PROXY="http://upper.test") is None
    assert proxy("https://eks.test", ALL_PROXY="http://all.test") == "http://all.test"
    assert proxy("https://eks.test", ALL_PROXY="http://all.test", HTTPS_PROXY="p.test:3128") == "http://p.test:3128"
    assert proxy("https://eks.test", HTTPS_PROXY="http://p.test", no_proxy="", NO_PROXY="eks.test") == "http://p.test"
    assert proxy("https://eks.test", HTTPS_PROXY="http://p.test", no_proxy="eks.test", NO_PROXY="") is None


def test_a_cgi_script_does_not_take_a_requests_header_for_its_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxy("http://eks.test", HTTP_PROXY="http://evil.test", REQUEST_METHOD="GET") is None
    assert proxy("http://eks.test", http_proxy="http://p.test", REQUEST_METHOD="GET") == "http://p.test"
    assert proxy("https://eks.test", HTTPS_PROXY="http://p.test", REQUEST_METHOD="GET") == "http://p.test"
    monkeypatch.setattr(os, "name", "nt")  # where a variable's name has no case
    assert proxy("http://eks.test", http_proxy="http://evil.test", REQUEST_METHOD="GET") is None


@pytest.mark.parametrize(
    "wrong",
    [
        "http://",
        "http://hunter2@",
        "ftp://hunter2.test",
        "http://hunter2.test:99999",
        "http://hunter2.test:0",
        "http://-hunter2.test",
        "http://user:hunter2@999.1.1.1",
        "http://[hunter2",
        "http://hunter2..test",
    ],
)
def test_a_proxy_that_can_not_be_one_is_refused_with_its_variable_and_not_repeated(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="HTTPS_PROXY") as caught:
        proxy_for("https://eks.test", {"HTTPS_PROXY": wrong})
    assert "hunter2" not in f"{caught.value!r} {caught.value.__context__!r}"
    with pytest.raises(ConfigurationError, match="all_proxy"):
        proxy_for("https://eks.test", {"all_proxy": wrong})
    assert proxy_for("https://eks.test", {"HTTPS_PROXY": wrong, "NO_PROXY": "eks.test"}) is None


def test_the_environment_of_the_process_counts_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://p.test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
    assert proxy_for("https://127.1.1.1/eks/v1") is None
    assert proxy_for("https://eks.test/eks/v1") is not None
    del os.environ["HTTPS_PROXY"]
    assert proxy_for("https://eks.test/eks/v1") is None
