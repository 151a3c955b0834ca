"""The service's protocol by the letter, written from the contract page alone: how requests are read and judged."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ACCESS_KEY_ID = "AKID/test+key id"
SECRET_ACCESS_KEY = "secret/test+key=~"

COMMON = {
    "Action",
    "AccessKeyId",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
    "Version",
    "Signature",
}
UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
WORDS: dict[str, dict[str, set[str]]] = {
    "2025-09-08": {
        "CreateCluster": {
            *("SourceEipId", "DestinationEipId", "FlannelBackendType", "CalicoBlockSize", "CalicoEncapsulation"),
            *("SubnetList", "SubnetId", "SystemDisk", "DataDisk", "DiskFeature", "DiskSize", "Number", "Specifics"),
            *("ProductName", "Shell", "Annotations", "BillingMethod", "Duration", "PoolName", "AutoScaling"),
            *("MasterConfig.Password", "NodeConfig.Password"),
        },
        "AddClusterSubnet": {"SubnetList", "SubnetId", "Segment", "UsedIpNum"},
    },
    "2025-10-11": {
        "CreateCluster": {
            *("SourceEip", "DestinationEip", "SubnetIds", "DataVolumes", "Type", "Size", "InstanceTypeIds"),
            *("ExecCommand", "InstanceChargeType", "Period", "NodePoolConfig.Name", ".Password"),
        },
        "AddClusterSubnet": {"SubnetIds"},
    },
}
"""The words that only one revision has, by action: names, or names below another one."""


@dataclass
class Seen:
    """A request as it came in."""

    action: str
    method: str
    arguments: dict[str, str]
    body: Any
    headers: dict[str, str]
    common: dict[str, str]
    port: int
    problems: list[str] = field(default_factory=list)
    is_dropped: threading.Event = field(default_factory=threading.Event)
    """Set when the client has gone away without waiting for the answer."""


def encoded(text: str) -> str:
    """RFC 3986: all but the unreserved characters as %XX of their UTF-8 bytes."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode("utf-8"))


def decoded(text: str) -> str:
    """Undo it; nothing else (a `+` above all) has a meaning."""
    if not re.fullmatch(r"(?:[A-Za-z0-9_.~-]|%[0-9A-F]{2})*", text):
        raise ValueError(f"not encoded by RFC 3986: {text!r}")
    return re.sub(r"(?:%[0-9A-F]{2})+", lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8"), text)


def signature(method: str, parameters: dict[str, str]) -> str:
    """The rule of the contract page, word by word."""
    pairs = sorted((encoded(name), encoded(value)) for name, value in parameters.items() if name != "Signature")
    joined = "&".join(name + "=" + value for name, value in pairs)
    text = method + "&%2F&" + encoded(joined)
    return base64.b64encode(hmac.new(SECRET_ACCESS_KEY.encode(), text.encode(), hashlib.sha1).digest()).decode()


def read(method: str, target: str, headers: dict[str, str], content: bytes, port: int) -> Seen:
    problems: list[str] = []
    path, _, query = target.partition("?")
    if path != "/eks/v1":
        problems.append(f"path {path!r}")
    parameters: dict[str, str] = {}
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        try:
            name, value = decoded(name), decoded(value)
        except ValueError as error:
            problems.append(str(error))
        if not equals:
            problems.append(f"no = in {pair!r}")
        if name in parameters:
            problems.append(f"{name} twice")
        parameters[name] = value
    common = {name: value for name, value in parameters.items() if name in COMMON}
    arguments = {name: value for name, value in parameters.items() if name not in COMMON}
    body = None
    if method == "POST":
        try:
            body = json.loads(content.decode("utf-8"), object_pairs_hook=lambda pairs: _once(pairs, problems))
        except ValueError as error:
            problems.append(f"the body is not JSON: {error}")
    return Seen(common.get("Action", ""), method, arguments, body, headers, common, port, problems)


def _once(pairs: list[tuple[str, Any]], problems: list[str]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        problems.append(f"a key twice in the body: {pairs!r}")
    return dict(pairs)


def words_of(words: set[str], body: Any, above: str, revision: str) -> Iterator[str]:
    """Each place in a body where a word of another revision stands."""
    if isinstance(body, list):
        for entry in body:
            yield from words_of(words, entry, above, revision)
    elif isinstance(body, dict) and above not in ("Labels", "Annotations"):
        for name, value in body.items():
            if name in words or f"{above}.{name}" in words:
                yield f"{above}.{name} is a word of revision {revision}"
            yield from words_of(words, value, name, revision)


def judge(seen: Seen, headers: dict[str, str], content: bytes, host: str) -> Iterator[str]:
    yield from _judge_common(seen)
    by_name = host.replace("127.0.0.1", "localhost")
    expected = {"host": by_name if headers.get("host") == by_name else host, "accept": "application/json"}
    if seen.method == "POST":
        if seen.arguments:
            yield f"arguments of a POST in the query: {sorted(seen.arguments)}"
        if not isinstance(seen.body, dict):
            yield "the body is not an object"
        expected["content-type"] = "application/json;charset=utf-8"
        expected["content-md5"] = base64.b64encode(hashlib.md5(content).digest()).decode()
        expected["content-length"] = str(len(content))
    else:
        for name in ("content-type", "content-md5", "content-length", "transfer-encoding"):
            if name in headers:
                yield f"a GET with {name}"
    for name, value in expected.items():
        if headers.get(name) != value:
            yield f"{name} is {headers.get(name)!r}, not {value!r}"
    if "cds-eks-python/" not in headers.get("user-agent", ""):
        yield "the User-Agent does not name the SDK"
    try:
        uuid.UUID(headers.get("cds-request-id", ""))
    except ValueError:
        yield "cds-request-id is no UUID"
    for name in ("authorization", "cookie", "expect", "upgrade"):
        if name in headers:
            yield f"a header {name}"


def _judge_common(seen: Seen) -> Iterator[str]:
    common = seen.common
    if set(common) != COMMON:
        yield f"common parameters: {sorted(COMMON ^ set(common))}"
        return
    fixed = {
        "AccessKeyId": ACCESS_KEY_ID,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "Version": "2019-08-08",
    }
    for name, value in fixed.items():
        if common[name] != value:
            yield f"{name} is {common[name]!r}"
    if not common["Action"] or len(common["SignatureNonce"]) < 16:
        yield "no Action, or a nonce too short to be unique"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", common["Timestamp"]):
        yield f"Timestamp {common['Timestamp']!r}"
    elif abs(datetime.now(UTC).timestamp() - datetime.fromisoformat(common["Timestamp"]).timestamp()) > 30:
        yield f"Timestamp {common['Timestamp']} is not now"
    parameters = {**common, **seen.arguments}
    if not hmac.compare_digest(common["Signature"], signature(seen.method, parameters)):
        yield "the signature is wrong"
