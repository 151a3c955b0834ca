"""Answer the native backend with all that a broken server may send, in pieces of any size, and judge each call.

python -m benchmarks.fuzz_native --seconds 600 --seed 1
python -m benchmarks.fuzz_native --calls 20000 --seed 7 --in-flight 40 --tls

A server in the same process answers each request with an answer of its own: whole, mutated, cut, or with trailing
data, in slices at random places, with pauses, and then goes on, closes or resets. Some calls are cancelled, some have
little time. A call must come to an end, with its own answer and no other one, or with an error of this package; a
connection must not be used again after trailing data; what was not sent must not have arrived; no permit may be lost.
The exit code is 1 if anything is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import random
import ssl
import sys
import time
from collections.abc import Sequence

import attrs
import trustme

from benchmarks.fuzz_server import Plan, Server
from cds_eks import Limits, errors
from cds_eks.backend.native import NativeBackend
from cds_eks.resources.clusters import GET_CLUSTER
from cds_eks.wire import RawResponse, Request

__all__ = ["fuzz", "main"]

WAIT_TIMEOUT = 10.0
"""After how many seconds a call hangs. None of their own times is as long."""

ENOUGH = 1.0
"""In how many seconds what was sent must be read, however busy the machine is."""


@attrs.define
class Report:
    """What came of it.

    Attributes:
        ends: How many calls ended how.
        faults: What should not have happened.
    """

    ends: collections.Counter[str] = attrs.field(factory=collections.Counter)
    faults: list[str] = attrs.field(factory=list)


async def fuzz(
    *, calls: int | None = None, seconds: float | None = None, seed: int = 1, in_flight: int = 20, tls: bool = False
) -> Report:
    """Make calls at random, and judge them.

    Args:
        calls: How many, or None for no limit.
        seconds: For how long, or None for no limit; one of the two is needed.
        seed: Of everything random, but for the order in which sockets are served.
        in_flight: Calls at once, and connections.
        tls: Whether all goes over TLS.
    """
    rng, report, made = random.Random(seed), Report(), Server()
    served, trusted = _contexts() if tls else (None, None)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=served)
    url = f"http{'s' * tls}://127.0.0.1:{server.sockets[0].getsockname()[1]}/eks/v1"
    backend = NativeBackend(limits=Limits(max_connections=in_flight, keepalive_expiry=0.05), verify=trusted)
    until = time.monotonic() + (seconds if seconds is not None else float("inf"))
    number = 0

    async def work() -> None:
        nonlocal number
        while time.monotonic() < until and (calls is None or number < calls):
            number += 1
            plan = Plan.make(rng, number)
            made.plans[plan.name] = plan
            report.ends[await _judged(backend, url, plan, made)] += 1
            del made.plans[plan.name]

    # More callers than permits, so that some wait for one, and are cancelled meanwhile.
    await asyncio.gather(*[work() for _ in range(in_flight + in_flight // 2)])
    made.hold = in_flight
    last = [backend.send(_request(url, f"last-{number}")) for number in range(in_flight)]
    try:
        await asyncio.wait_for(asyncio.gather(*last), WAIT_TIMEOUT)
    except (TimeoutError, errors.EksError):
        made.faults.append(f"of {in_flight} permits only {made.held} are left")
    await backend.aclose()
    server.close()
    report.faults = made.faults
    return report


def _contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what the server shows and what the client trusts."""
    authority = trustme.CA()
    served, trusted = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(served)
    authority.configure_trust(trusted)
    return served, trusted


def _request(url: str, name: str, *, read_timeout: float = WAIT_TIMEOUT, content: bytes | None = None) -> Request:
    operation = GET_CLUSTER if content is None else attrs.evolve(GET_CLUSTER, method="POST")
    return Request(
        operation=operation,
        url=url,
        params={},
        query=f"Action={name}",
        content=content,
        connect_timeout=WAIT_TIMEOUT,
        read_timeout=read_timeout,
    )


async def _judged(backend: NativeBackend, url: str, plan: Plan, server: Server) -> str:
    """Make one call and say how it ended; write down what should not have happened."""
    request = _request(url, plan.name, read_timeout=plan.read_timeout, content=plan.content)
    call = asyncio.ensure_future(backend.send(request))
    if plan.cancelled is not None:
        await asyncio.wait([call], timeout=plan.cancelled)
        call.cancel()
    await asyncio.wait([call], timeout=WAIT_TIMEOUT)
    if not call.done():
        call.cancel()
        server.faults.append(f"{plan.name} hangs: {plan}")
        return "hangs"
    outcome = request.record.outcome
    if outcome == "not_sent" and plan.name in server.arrived:
        server.faults.append(f"{plan.name} was not sent, but arrived")
    if call.cancelled():
        return f"cancelled, {outcome}"
    error = call.exception()
    if error is None:
        _judge_answer(call.result(), plan, server)
        return "answered"
    if not isinstance(error, (errors.TransportError, errors.UnreadableResponse)) or error.outcome != outcome:
        server.faults.append(f"{plan.name} raised {error!r} with {outcome}: {plan}")
    # The server shares the loop with the caller, so that it may be late itself.
    was_in_time = asyncio.get_running_loop().time() - server.sent_at.get(plan.name, float("inf")) > ENOUGH
    is_excused = plan.name not in server.undisturbed or ("Timeout" in str(error) and not was_in_time)
    if plan.body is not None and not is_excused:
        server.faults.append(f"{plan.name} was answered, but raised {error!r}: {plan}")
    return type(error).__name__


def _judge_answer(response: RawResponse, plan: Plan, server: Server) -> None:
    if (
        plan.body is not None
        and plan.name in server.undisturbed
        and (response.status, response.content) != (200, plan.body)
    ):
        server.faults.append(f"{plan.name} got {response!r} {response.content[:200]!r}: {plan}")
    others = [name for name in server.plans if name != plan.name and name.encode() in response.content]
    if others:
        server.faults.append(f"{plan.name} got the answer of {others}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, and print what came of it.

    Args:
        arguments: The command line; by default that of the process.

    Returns:
        The exit code: 0 if all is as it must be, 1 if anything is not.
    """
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fuzz_native", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--calls", type=int, help="how many (default: no limit)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=20, help="calls at once (default: %(default)s)")
    parser.add_argument("--tls", action="store_true", help="over TLS")
    report = asyncio.run(fuzz(**vars(parser.parse_args(arguments))))
    for end, count in report.ends.most_common():
        print(f"{count:9d} {end}")
    for fault in report.faults[:20]:
        print(fault)
    print(f"{report.ends.total()} calls, {len(report.faults)} faults")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
