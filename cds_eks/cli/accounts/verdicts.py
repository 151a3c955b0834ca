"""What `doctor` says: of what was seen, one result a check, each with what is wrong and what to do.

It depends on nothing else but the language, which the environment says.
"""

from __future__ import annotations

import re
from typing import Literal

import attrs

from cds_eks import errors
from cds_eks.cli.language import say
from cds_eks.errors import EksError
from cds_eks.schema.revisions import API_REVISIONS

MOST_SKEW = 60.0
"""How many seconds this machine's clock may be off before it is a problem. The service's window is not known [I]."""


@attrs.frozen
class Check:
    """The result of one check.

    Attributes:
        name: What was checked: `settings`, `key`, `proxy`, `tls`, `endpoint`, `clock` or `revision`.
        state: `ok`; `problem`; `warning` if it works nevertheless; or `skipped` if something else must be put right
            first.
        message: In one line what was found, or what is wrong. Nothing secret is in it.
        advice: In one line what to do; empty unless it is a problem or a warning.
    """

    name: str
    state: Literal["ok", "problem", "warning", "skipped"]
    message: str
    advice: str = ""

    @property
    def is_ok(self) -> bool:
        """Whether it keeps nothing from working."""
        return self.state != "problem"


def ok(name: str, message: str) -> Check:
    """Return the result of a check that found nothing wrong."""
    return Check(name, "ok", message)


def problem(name: str, message: str, advice: str) -> Check:
    """Return the result of a check that found something."""
    return Check(name, "problem", message, advice)


def warning(name: str, message: str, advice: str) -> Check:
    """Return the result of a check that found something which keeps nothing from working."""
    return Check(name, "warning", message, advice)


def skipped(name: str, message: str) -> Check:
    """Return the result of a check that could not be made."""
    return Check(name, "skipped", message)


@attrs.frozen(kw_only=True)
class Seen:
    """What came of one read.

    Attributes:
        endpoint: Where it went.
        error: What it raised, or None.
        answered: Whether the service, or something in its place, has answered.
        skew: How many seconds the service's clock is ahead of this machine's; None if no answer told its time.
        was_expired: Whether the service has refused a request for its time.
        proxy: The proxy's host and port, or empty.
        keys: Where the keys are, as `whoami` tells it.
    """

    endpoint: str
    error: EksError | None = None
    answered: bool = False
    skew: float | None = None
    was_expired: bool = False
    proxy: str = ""
    keys: str = "***"


_TLS = re.compile(r"\b(?:ssl|tls|certificate|handshake)", re.IGNORECASE)
_PLAIN = re.compile(r"wrong.version.number|record.layer|unknown.protocol|http.request|length.too.long", re.IGNORECASE)
_NAME = re.compile(r"getaddrinfo|name or service|nodename|name resolution|no address|not be resolved", re.IGNORECASE)


def endpoint_and_tls(seen: Seen) -> tuple[Check, Check]:
    """Return whether the endpoint answers, and whether its certificate is trusted."""
    error, is_https = seen.error, seen.endpoint.startswith("https:")
    plain = skipped("tls", say(f"{seen.endpoint} is not encrypted", f"{seen.endpoint} 未加密"))
    trusted = ok("tls", say("the certificate is trusted", "证书受信任"))
    if isinstance(error, errors.UnreadableResponse):
        advice = say("check the endpoint, and whether a proxy or gateway answers in the service's place",
                     "检查接入点，以及是否有代理或网关代替服务响应")  # fmt: skip
        words = say(f"{seen.endpoint} gives answers that are not the service's: {_line(error)}",
                    f"{seen.endpoint} 的响应并非来自该服务：{_line(error)}")  # fmt: skip
        return (
            problem("endpoint", words, advice),
            trusted if is_https else plain,
        )
    if seen.answered:
        words = say(f"{seen.endpoint} answers", f"{seen.endpoint} 有响应")
        tls = trusted if is_https else plain
        if isinstance(error, errors.ServerFault):
            advice = say("try again later; if it stays, tell the service's support the request id",
                         "稍后再试；若仍如此，请将请求 ID 告知服务支持人员")  # fmt: skip
            told = say(f"{words} with a fault of its own: {_line(error)}", f"{words}，但服务自身出错：{_line(error)}")
            return problem("endpoint", told, advice), tls
        return ok("endpoint", words), tls
    words = say("nothing was asked", "未发送请求") if error is None else _line(error)
    if is_https and isinstance(error, errors.TransportError) and _TLS.search(error.message):
        advice = say("set `tls` in the profile, or SSL_CERT_FILE, to a file in PEM of the authorities to trust",
                     "用配置档中的 `tls` 或 SSL_CERT_FILE 指定所信任证书机构的 PEM 文件")  # fmt: skip
        if _PLAIN.search(error.message):
            advice = say("this port speaks plain HTTP: begin the endpoint with http://, or name the port of HTTPS",
                         "该端口使用明文 HTTP：接入点请以 http:// 开头，或改用 HTTPS 的端口")  # fmt: skip
        return skipped("endpoint", say("TLS comes first", "请先解决 TLS")), problem("tls", words, advice)
    if _NAME.search(words):
        advice = say("check the endpoint's spelling and this machine's DNS", "检查接入点的拼写和本机的 DNS")
    elif seen.proxy:
        advice = say(f"check the endpoint, and the proxy {seen.proxy} (HTTPS_PROXY, NO_PROXY)",
                     f"检查接入点和代理 {seen.proxy}（HTTPS_PROXY、NO_PROXY）")  # fmt: skip
    else:
        advice = say("check the endpoint and the network; behind a firewall, HTTPS_PROXY may be needed",
                     "检查接入点和网络；在防火墙之后可能需要 HTTPS_PROXY")  # fmt: skip
    tls = skipped("tls", say("there was no connection", "未能建立连接")) if is_https else plain
    return problem("endpoint", words, advice), tls


def clock(seen: Seen) -> Check:
    """Return whether this machine's clock goes with the service's."""
    if seen.skew is None:
        return skipped("clock", say("the service has not told its time", "服务未告知其时间"))
    off, off_zh = ("ahead of", "快") if seen.skew < 0 else ("behind", "慢")
    long = _duration(abs(seen.skew))
    words = say(f"this machine's clock is {long} {off} the service's", f"本机时钟比服务{off_zh} {long}")
    if is_expired(seen.error):
        told = say(f"{words}, and requests are refused for it", f"{words}，请求因此被拒绝")
        return problem("clock", told, say("set the clock, by NTP", "用 NTP 校准时钟"))
    if seen.was_expired or abs(seen.skew) > MOST_SKEW:
        # A request that is refused for its time is signed again with the service's, and so are those after it.
        advice = say("set the clock, by NTP: this client goes by the service's time, other programs may not",
                     "用 NTP 校准时钟：本客户端会按服务的时间修正，其他程序未必如此")  # fmt: skip
        return warning("clock", words, advice)
    within = f"{MOST_SKEW:.0f} s"
    return ok("clock", say(f"it is within {within} of the service's", f"与服务相差不超过 {within}"))


def is_expired(error: EksError | None) -> bool:
    """Whether a request was refused for its time in the end, though it was sent again with the service's."""
    return isinstance(error, errors.AuthenticationError) and (error.code or "").lower() == "requestexpired"


def key(seen: Seen) -> Check:
    """Return whether the service takes the key."""
    error = seen.error
    takes = say(f"the service takes it ({seen.keys})", f"服务接受该密钥（{seen.keys}）")
    if isinstance(error, errors.AuthenticationError):
        code = (error.code or "").lower()
        if is_expired(error):
            return skipped("key", say("the clock comes first", "请先解决时钟"))
        if code == "invalidaccesskeyid":
            return problem("key", say(f"the service does not know the access key's id ({seen.keys})",
                                      f"服务不认识该 Access Key ID（{seen.keys}）"),
                           say("check the id, and whether the key was deleted or belongs to another endpoint",
                               "检查 ID，以及密钥是否已删除或属于另一个接入点"))  # fmt: skip
        if code == "signaturedoesnotmatch":
            return problem("key", say(f"the key does not go with its id ({seen.keys})",
                                      f"密钥与其 ID 不匹配（{seen.keys}）"),
                           say("check the key: it may be cut off, or another one's",
                               "检查密钥：可能被截断，或属于另一个 ID"))  # fmt: skip
        return problem("key", say(f"the service refuses the key: {_line(error)}", f"服务拒绝该密钥：{_line(error)}"),
                       say("check the key and its id", "检查密钥及其 ID"))  # fmt: skip
    if isinstance(error, errors.PermissionDenied):
        return problem("key", say(f"the key is known, but may not list clusters: {_line(error)}",
                                  f"密钥有效，但无权列出集群：{_line(error)}"),
                       say("ask who manages the account for the permission", "请账号管理员授权"))  # fmt: skip
    if error is None:
        return ok("key", takes)
    if isinstance(error, errors.ServiceError) and not isinstance(error, (errors.ServerFault, errors.Throttled)):
        return ok("key", takes)
    return skipped("key", say("the service did not judge it", "服务未对其作出判断"))


def revision(name: str, error: EksError | None) -> Check:
    """Return whether the service understands a revision of the API.

    Args:
        name: The revision.
        error: What came of a request for a cluster that does not exist, whose body differs by revision.
    """
    other = next(each for each in API_REVISIONS if each != name)
    if isinstance(error, errors.NotFound):
        return ok("revision", say(f"the service understands {name}", f"服务支持 {name}"))
    if isinstance(error, errors.BadArgument):
        advice = say(f"set api_revision to {other}: in the profile, or by CDS_EKS_API_REVISION",
                     f"将 api_revision 设为 {other}：在配置档中，或用 CDS_EKS_API_REVISION")  # fmt: skip
        told = say(f"the service does not understand {name}: {_line(error)}", f"服务不支持 {name}：{_line(error)}")
        return problem("revision", told, advice)
    words = say("it accepted what names nothing", "服务接受了并不存在的对象") if error is None else _line(error)
    return skipped("revision", say(f"that can't be told: {words}", f"无法判断：{words}"))


def _line(error: EksError) -> str:
    """Return what an error says, in one line."""
    code = getattr(error, "code", None)
    words = " ".join(error.message.split())
    told = f"{code}: {words}" if code and code not in words else words
    return f"{told} (request id {error.request_id})" if error.request_id else told


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
