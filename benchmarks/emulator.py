"""How many requests the emulator answers a second: `python -m benchmarks.emulator`.

One server process, and one client process that sends requests signed beforehand: creates until the world has 100, 1,000
and 10,000 clusters, and at each size reads. `--in-process` drives the ASGI app without a socket instead. `--against`
is the root of another tree of this package, and both are measured in turn.

A rate is per second of the server's CPU, so that what else the machine does changes it little; wall time is beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).parents[1]
SIZES = (100, 1_000, 10_000)
CONNECTIONS = 8
READS = 1_500
LAST = 1_000
"""Of how many creates, the last before a size is reached, the rate is told."""

Request = tuple[str, str, bytes]
"""A method, a query string and a body."""

_nonces = itertools.count()


def signed(action: str, method: str, **arguments: str) -> str:
    """Return a signed query string."""
    from cds_eks.emulator.http.auth import CREDENTIALS
    from cds_eks.signing import signature

    params = {
        "Action": action,
        "AccessKeyId": CREDENTIALS.access_key_id,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": f"{os.getpid()}-{next(_nonces)}",
        "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Version": "2019-08-08",
        **arguments,
    }
    params["Signature"] = signature(CREDENTIALS.secret_access_key, method, params)
    return "&".join([f"{name}={quote(value, safe='')}" for name, value in params.items()])


def _nodes(product: str) -> dict[str, object]:
    return {
        "BillingSpec": {"AutoRenew": 0, "BillingMethod": "0", "Duration": 0, "IsToMonth": 0},
        "SystemDisk": {"DiskFeature": "ssd", "DiskSize": 40},
        "DataDisk": [{"DiskFeature": "ssd", "DiskSize": 80}],
        "OsImageName": "eks-Ubuntu22.04-cpu-k8s1.30.14-v1",
        "SubnetList": [{"SubnetId": "subnet-1"}],
        "Specifics": [{"ProductName": product}],
        "Password": "Made-up-1",
    }


def create_request(number: int) -> Request:
    """Return a signed CreateCluster of the cluster of that number."""
    body = {
        "ClusterName": f"gpu-{number:05d}",
        "VpcId": f"vpc-{number % 10}",
        "Cni": {
            "CniType": "flannel",
            "CniConfig": {"PodCidr": "10.1.0.0/16", "FlannelBackendType": "vxlan"},
            "ProxyConfig": "ipvs",
            "ServiceCidr": "10.0.0.0/16",
        },
        "K8sVersion": "v1.30.14",
        "NatId": "nat-1",
        "SourceEipId": "eip-1",
        "DestinationEipId": "eip-2",
        "Ak": "made-up",
        "Sk": "made-up",
        "MasterNumber": 3,
        "MasterConfig": _nodes("Optimized M6,4,8,0"),
        "NodePoolConfig": {
            "PoolName": "workers",
            "NodeType": "ecs",
            "NodeConfig": _nodes("Optimized M6,2,4,0"),
            "AutoScaling": {"Enable": False, "MinReplicas": 1, "MaxReplicas": 10},
            "Replicas": 2,
        },
    }
    return "POST", signed("CreateCluster", "POST"), json.dumps(body).encode()


def _reads(clusters: int, data: list[dict[str, str]]) -> dict[str, list[Request]]:
    """Return the requests of each kind, over all clusters."""
    picked = [(at * 7919) % clusters for at in range(READS)]
    ids = [data[each] for each in picked]

    def each(action: str, asked: list[dict[str, str]]) -> list[Request]:
        return [("GET", signed(action, "GET", **arguments), b"") for arguments in asked]

    return {
        "ListClusters by name": each("ListClusters", [{"Keyword": f"gpu-{number:05d}"} for number in picked]),
        "GetCluster": each("GetCluster", [{"ClusterId": one["ClusterId"]} for one in ids]),
        "ListNodes": each("ListNodes", [{"ClusterId": one["ClusterId"], "PageSize": "10"} for one in ids]),
        "TaskStatus": each("TaskStatus", [{"TaskId": one["TaskId"]} for one in ids]),
        "GetClusterEvents": each("GetClusterEvents", [{"ClusterId": one["ClusterId"]} for one in ids]),
        "ListNodePools": each("ListNodePool", [{"ClusterId": one["ClusterId"]} for one in ids]),
        "ListClusters of 100": each("ListClusters", [{"Keyword": f"gpu-{at // 100 % 20:03d}"} for at in picked[:400]]),
    }


class Sockets:
    """Sends requests to a server on several connections, each with one request at a time."""

    def __init__(self, url: str, pid: int) -> None:
        self._address = (urlsplit(url).hostname, urlsplit(url).port)
        self._pid = pid

    def cpu(self) -> float:
        """Return how many seconds of CPU the server has had."""
        return time.clock_gettime(~self._pid << 3 | 2)

    async def send(self, requests: list[Request]) -> list[bytes]:
        """Send requests; returns the bodies of their answers, in the requests' order."""
        answers: list[bytes] = [b""] * len(requests)
        numbered = iter(enumerate(requests))

        async def connection() -> None:
            reader, writer = await asyncio.open_connection(*self._address, limit=64 * 1024 * 1024)
            for at, (method, query, body) in numbered:
                head = f"{method} /eks/v1?{query} HTTP/1.1\r\nHost: e\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                received = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = received.split(b"content-length: ")[1].split(b"\r\n")[0]
                answers[at] = await reader.readexactly(int(length))
            writer.close()

        await asyncio.gather(*[connection() for _ in range(CONNECTIONS)])
        return answers


class App:
    """Hands requests to the ASGI app in this process."""

    def __init__(self, speed: float) -> None:
        from cds_eks.emulator import Emulator

        self._app = Emulator(speed=speed)

    def cpu(self) -> float:
        """Return how many seconds of CPU this process has had."""
        return time.process_time()

    async def send(self, requests: list[Request]) -> list[bytes]:
        """Send requests one after the other; returns the bodies of their answers."""
        return [await self._answer(*each) for each in requests]

    async def _answer(self, method: str, query: str, body: bytes) -> bytes:
        pieces: list[bytes] = []

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, object]) -> None:
            pieces.append(message.get("body", b""))  # type: ignore[arg-type]

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": "/eks/v1",
            "raw_path": b"/eks/v1",
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(b"host", b"e"), (b"content-length", str(len(body)).encode())],
        }
        await self._app(scope, receive, send)  # type: ignore[arg-type]
        return b"".join(pieces)


async def measure(target: Sockets | App, sizes: list[int]) -> dict[str, dict[str, float]]:
    """Return the rates by what was sent and how many clusters there were, per second of CPU and of wall time."""
    rates: dict[str, dict[str, float]] = {}

    async def timed(kind: str, size: int, requests: list[Request]) -> list[bytes]:
        cpu, wall = target.cpu(), time.perf_counter()
        answers = await target.send(requests)
        cpu, wall = target.cpu() - cpu, time.perf_counter() - wall
        failed = [each for each in answers if b'"Code": "Success"' not in each]
        if failed:
            raise RuntimeError(f"{kind}: {failed[0][:300]!r}")
        of_kind = rates.setdefault(kind, {})
        of_kind[f"{size}"], of_kind[f"{size} wall"] = len(requests) / cpu, len(requests) / wall
        return answers

    data: list[dict[str, str]] = []
    for size in sizes:
        while len(data) < size:
            count = min(LAST, size - len(data))
            requests = [create_request(len(data) + number) for number in range(count)]
            data += [json.loads(each)["Data"] for each in await timed("CreateCluster", size, requests)]
        for kind, requests in _reads(size, data).items():
            await timed(kind, size, requests)
    return rates


@contextmanager
def _served(tree: Path, speed: float) -> Iterator[Sockets]:
    command = [sys.executable, "-m", "cds_eks.emulator", "--port", "0", "--speed", f"{speed:g}"]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    with subprocess.Popen(command, env=environment, cwd=tree, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().split(" is at ")[1].split(";")[0]
            yield Sockets(url, server.pid)
        finally:
            server.terminate()


def _run(tree: Path, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    if not options.in_process:
        with _served(tree, options.speed) as sockets:
            return asyncio.run(measure(sockets, options.sizes))
    command = [
        sys.executable,
        __file__,
        "--child",
        "--speed",
        f"{options.speed:g}",
        "--sizes",
        *map(str, options.sizes),
    ]
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(command, env=environment, cwd=tree, stdout=subprocess.PIPE, check=True)
    rates: dict[str, dict[str, float]] = json.loads(done.stdout)
    return rates


def _show(name: str, rates: dict[str, dict[str, float]], sizes: list[int]) -> None:
    print(f"{name}\n{'requests per second of CPU (of wall time)':42}" + "".join(f"{size:>20,}" for size in sizes))
    for kind, of_kind in rates.items():
        first = of_kind[f"{sizes[0]}"]
        cells = [
            f"{of_kind[f'{size}']:7,.0f} ({of_kind[f'{size} wall']:,.0f}) {of_kind[f'{size}'] / first:4.2f}x"
            for size in sizes
        ]
        print(f"  {kind:40}" + "".join(f"{cell:>20}" for cell in cells), flush=True)


def main() -> None:
    """Measure, and print the rates and their ratios to that of the smallest world."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.emulator", description=__doc__)
    parser.add_argument("--in-process", action="store_true", help="the ASGI app alone, without sockets")
    parser.add_argument("--against", type=Path, help="the root of another tree to measure in turn")
    parser.add_argument("--rounds", type=int, default=1, help="how many times")
    parser.add_argument("--speed", type=float, default=60, help="that of the emulator (default: %(default)s)")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="how many clusters")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(asyncio.run(measure(App(options.speed), options.sizes))))
        return
    trees = {"this tree": ROOT} | ({"the other tree": options.against} if options.against else {})
    for _ in range(options.rounds):
        for name, tree in trees.items():
            _show(name, _run(tree, options), options.sizes)


if __name__ == "__main__":
    main()
