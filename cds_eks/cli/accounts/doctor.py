"""`doctor`: whether what is set up works, from the file of profiles to the service's answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from cds_eks._runtime import clocks
from cds_eks.backend import context_for
from cds_eks.backend.proxies import proxy_for
from cds_eks.backend.tls import ssl_context
from cds_eks.cli.accounts import verdicts
from cds_eks.cli.accounts.verdicts import Check, Seen, ok, problem, skipped
from cds_eks.cli.language import say
from cds_eks.client import AsyncEksClient
from cds_eks.codec.error_mapping import is_expired, parse_http_date
from cds_eks.config import ResolvedSettings, RetryPolicy, Timeouts, check_credentials, resolve_settings
from cds_eks.errors import ConfigurationError, EksError
from cds_eks.models import ClusterSubnet
from cds_eks.pipeline import Send
from cds_eks.signing import Credentials
from cds_eks.wire import RawResponse, Request

TIMEOUTS = Timeouts(connect=5, read=10, total=20)
RETRY = RetryPolicy(max_attempts=2, base_delay=0)
"""A request that is refused for its time is sent again with the service's: so the key is judged all the same."""

NO_SUCH = "cds-eks-doctor-no-such-thing"
"""The id of the cluster, and of the subnet, that the revision is asked about. Nothing can come of it."""

ORDER = ("settings", "key", "proxy", "tls", "endpoint", "clock", "revision")


async def examine(
    arguments: Mapping[str, Any], *, now: Callable[[], float] = clocks.wall, asks_for_revision: bool = False
) -> tuple[Check, ...]:
    """Return what there is to say of each thing that a client needs.

    It reads the list of clusters. Only if it asks for the revision, it asks to add a subnet to a cluster, neither of
    which exists.

    Args:
        arguments: Those of the client, as they were given: `profile`, `endpoint`, …
        now: This machine's time, in seconds since the epoch.
        asks_for_revision: Whether to ask for the revision.
    """
    try:
        settings = resolve_settings(**_for_settings(arguments), needs_credentials=False)
    except ConfigurationError as error:
        advice = say(
            "correct it in the environment or in the file of profiles (`cds-eks profiles set --help`)",
            "请修正环境变量或配置档文件（`cds-eks profiles set --help`）",
        )
        return (problem("settings", _words(error), advice),)
    checks = [_settings(settings), *_connection(settings)]
    credentials, check = await _credentials(arguments, settings)
    if credentials is None or any(not each.is_ok for each in checks if each.name != "settings"):
        first = say("the connection comes first", "请先解决连接")
        if credentials is None:
            first = say("the key comes first", "请先解决密钥")
        rest = [skipped(name, first) for name in ("endpoint", "clock")] if check is not None else []
        return _ordered([*checks, check or skipped("key", first), *rest])
    seen, revision = await _asked(
        credentials, settings, now=now, proxy=_proxy_of(settings), asks_for_revision=asks_for_revision
    )
    endpoint, tls = verdicts.endpoint_and_tls(seen)
    found = [*checks, endpoint, verdicts.clock(seen), verdicts.key(seen)]
    if isinstance(settings.backend, str):  # another one makes its own connections
        found.append(tls)
    return _ordered([*found, revision] if revision is not None else found)


def _ordered(checks: list[Check]) -> tuple[Check, ...]:
    return tuple(sorted(checks, key=lambda check: ORDER.index(check.name)))


def _for_settings(arguments: Mapping[str, Any]) -> dict[str, Any]:
    names = inspect.signature(resolve_settings).parameters
    return {name: value for name, value in arguments.items() if name in names}


def _settings(settings: ResolvedSettings) -> Check:
    if settings.unused_profile is not None:
        return problem(
            "settings",
            say(
                f"the profile {settings.unused_profile!r} of CDS_PROFILE is not used: the environment has keys",
                f"未使用 CDS_PROFILE 指定的配置档 {settings.unused_profile!r}：环境变量中有密钥",
            ),
            say(
                f"unset CDS_SECRET_ID and CDS_SECRET_KEY, or pass --profile {settings.unused_profile}",
                f"取消设置 CDS_SECRET_ID 和 CDS_SECRET_KEY，或使用 --profile {settings.unused_profile}",
            ),
        )
    name = settings.profile
    used = say("no profile", "无配置档") if name is None else say(f"the profile {name!r}", f"配置档 {name!r}")
    revision = say(f"revision {settings.api_revision}", f"API 版本 {settings.api_revision}")
    return ok("settings", say(f"{used}, {settings.endpoint}, {revision}", f"{used}，{settings.endpoint}，{revision}"))


def _connection(settings: ResolvedSettings) -> list[Check]:
    """Return whether proxy and certificates can be used at all."""
    if not isinstance(settings.backend, str):
        return []  # it has connections of its own
    checks = []
    try:
        proxy = _proxy_of(settings)
    except ConfigurationError as error:
        checks.append(
            problem("proxy", _words(error), say("put the variable right, or unset it", "修正该变量，或取消设置"))
        )
    else:
        if proxy and settings.backend == "native":
            checks.append(problem("proxy", say(f"the native backend goes through no proxy, and there is {proxy}",
                                               f"native 后端不经过代理，而设置了 {proxy}"),
                                  say('use backend "httpx", or put the host into NO_PROXY',
                                      '使用 httpx 后端，或将主机加入 NO_PROXY')))  # fmt: skip
        else:
            checks.append(ok("proxy", say(f"through {proxy}", f"经由 {proxy}") if proxy else say("none", "无")))
    if settings.endpoint.startswith("https:"):
        try:
            ssl_context() if settings.tls is None else context_for(settings.tls)
        except ConfigurationError as error:
            words = f"{_words(error)}; {settings.origins['tls']}"
            advice = say(
                "name a readable file of certificates in PEM, or leave it out", "指定可读的 PEM 证书文件，或不设置"
            )
            checks.append(problem("tls", words, advice))
    return checks


def _proxy_of(settings: ResolvedSettings) -> str:
    """Return the proxy's host and port: the rest of its URL may hold a password."""
    proxy = proxy_for(settings.endpoint) if isinstance(settings.backend, str) else None
    return "" if proxy is None else f"{proxy.url.host}:{proxy.url.port or urlsplit(str(proxy.url)).port or 80}"


async def _credentials(
    arguments: Mapping[str, Any], settings: ResolvedSettings
) -> tuple[Credentials | None, Check | None]:
    """Return the credentials, asked for now, and what is wrong if there are none."""
    try:
        given: Any = resolve_settings(**_for_settings(arguments)).credentials
        given = given() if callable(given) else given
        return check_credentials(await given if inspect.isawaitable(given) else given), None
    except ConfigurationError as error:
        where = settings.origins.get("credentials")
        advice = say(
            "make a profile: cds-eks profiles set NAME, or set CDS_SECRET_ID and CDS_SECRET_KEY",
            "新建配置档：cds-eks profiles set NAME，或设置 CDS_SECRET_ID 和 CDS_SECRET_KEY",
        )
        at = advice if where is None else say(f"mend where it comes from: {where}", f"请修正其来源：{where}")
        return None, problem("key", _words(error), at)


async def _asked(
    credentials: Credentials,
    settings: ResolvedSettings,
    *,
    now: Callable[[], float],
    proxy: str,
    asks_for_revision: bool,
) -> tuple[Seen, Check | None]:
    """Ask the service, and return what was seen, and what is to say of the revision."""
    probe = _Probe(now)
    names = ("endpoint", "api_revision", "limits", "backend", "user_agent", "tls")
    client = AsyncEksClient(
        credentials,
        **{name: getattr(settings, name) for name in names},
        timeouts=TIMEOUTS,
        retry=RETRY,
        per_attempt=(probe,),
    )
    async with client as eks:
        error = await _error_of(eks.clusters.list())
        seen = Seen(
            endpoint=settings.endpoint,
            error=error,
            answered=probe.answered,
            skew=probe.skew,
            was_expired=probe.was_expired,
            proxy=proxy,
            keys=settings.keys,
        )
        if not asks_for_revision:
            return seen, None
        if verdicts.key(seen).state != "ok":
            return seen, skipped("revision", say("the key comes first", "请先解决密钥"))
        refusal = await _error_of(eks.clusters.add_subnets(NO_SUCH, [ClusterSubnet(subnet_id=NO_SUCH)]))
        return seen, verdicts.revision(settings.api_revision, refusal)


async def _error_of(call: Any) -> EksError | None:
    try:
        await call
    except EksError as error:
        return error
    return None


class _Probe:
    """A middleware around each attempt that looks at the time of the answers.

    Args:
        now: This machine's time, in seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.answered = False
        self.was_expired = False
        self.skew: float | None = None

    async def __call__(self, request: Request, send: Send) -> RawResponse:
        response = await send(request)
        told = parse_http_date(response.headers.get("date", ""))
        self.answered = True
        self.was_expired = self.was_expired or is_expired(response)
        if told is not None and self.skew is None:
            self.skew = told - self._now()
        return response


def _words(error: EksError) -> str:
    return " ".join(error.message.split())
