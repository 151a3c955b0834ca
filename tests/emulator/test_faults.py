"""Faults as values, as text, and how they are chosen: order, count, skip and probability."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_eks.emulator import Emulator, Fault, Faults, ManualClock, parse_fault
from cds_eks.emulator.__main__ import main
from cds_eks.emulator.faults.kinds import KINDS
from cds_eks.emulator.protocol.api import OPERATIONS
from support.eventually import WAIT_TIMEOUT

from .caller import Caller
from .sender import INTERFACE

LEAST: dict[str, dict[str, Any]] = {
    "late": {"seconds": 1},
    "stale": {"seconds": 1},
    "lag": {"seconds": 1},
    "skew": {"seconds": -1},
}
"""What the kinds need that can't do without."""


def struck(faults: Faults, action: str, times: int = 1) -> list[str]:
    fired = [faults.strike(action, OPERATIONS[action].method) for _ in range(times)]
    return [each.kind if each else "" for each in fired]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_needs_little(kind: str) -> None:
    fault = Fault(kind, **LEAST.get(kind, {}))
    assert fault == parse_fault(str(fault))
    assert repr(fault) == f"<Fault {fault}>"
    assert kind in (Fault.__doc__ or "")
    assert hash(fault) == hash(Fault(kind, **LEAST.get(kind, {})))


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"kind": "reset"}, "no kind 'reset'"),
        ({"kind": "reset_afer_commit"}, "did you mean 'reset_after_commit'"),
        ({"kind": "zzz"}, "there are refuse_connection, refuse, "),
        ({"kind": "refuse", "action": "CreateClusters"}, "no action 'CreateClusters': did you mean 'CreateCluster'"),
        ({"kind": "refuse", "action": ""}, "no action ''; there are "),
        ({"kind": "refuse_connection", "action": "read"}, "must be *"),
        ({"kind": "stale", "action": "GetCluster", "seconds": 1}, "stale is not for GetCluster, but for CreateCluster"),
        ({"kind": "lag", "action": "GetCluster", "seconds": 1}, "lag is not for GetCluster, but for ListClusters"),
        ({"kind": "lag"}, "lag needs seconds"),
        ({"kind": "task_fails", "action": "read"}, "task_fails is not for read, but for "),
        ({"kind": "page_shifts", "action": "ListClusters"}, "page_shifts is not for ListClusters"),
        ({"kind": "refuse", "seconds": 1}, "refuse takes no seconds"),
        ({"kind": "late"}, "late needs seconds"),
        ({"kind": "skew"}, "skew needs seconds"),
        ({"kind": "stale"}, "stale needs seconds"),
        ({"kind": "skew", "seconds": float("inf")}, "seconds must be a finite number"),
        ({"kind": "late", "seconds": -1}, "seconds must be a number from 0"),
        ({"kind": "late", "seconds": float("nan")}, "seconds must be"),
        ({"kind": "late", "seconds": "1"}, "seconds must be"),
        ({"kind": "refuse", "count": 0}, "count must be a whole number from 1"),
        ({"kind": "refuse", "count": True}, "count must be"),
        ({"kind": "refuse", "skip": -1}, "skip must be a whole number from 0"),
        ({"kind": "refuse", "probability": 1.1}, "probability must be a number from 0 to 1"),
        ({"kind": "status", "status": 204}, "status must be 200, or from 400 to 599"),
        ({"kind": "throttle", "status": 302}, "status must be 200, or from 400 to 599"),
        ({"kind": "status", "when": "later"}, "when must be before or after"),
        ({"kind": "status", "body": "xml"}, "body must be json, html or empty"),
        ({"kind": "status", "retry_after": "1\r\nSet-Cookie: a=b"}, "retry_after must be what a header can hold"),
        ({"kind": "status", "retry_after": " 1"}, "retry_after must be"),
        ({"kind": "status", "code": ""}, "code must be a text"),
        ({"kind": "truncate", "bytes": -1}, "bytes must be a whole number from 0"),
        ({"kind": "truncate", "after": ""}, "after must be a text"),
        ({"kind": "drip", "bytes": 0}, "bytes must be a whole number from 1"),
        ({"kind": "task_fails", "steps": 1, "seconds": 1}, "not both"),
        ({"kind": "duplicate", "answer": "third"}, "answer must be first or second"),
        ({"kind": "duplicate", "bypass_nonce": 1}, "bypass_nonce must be true or false"),
        ({"kind": "duplicate", "answer": "second", "seconds": 1}, "second answer can't be given later"),
    ],
)
def test_what_makes_no_sense(arguments: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its text is looked at
        Fault(**arguments)
    assert problem in str(caught.value)


def test_those_that_take_a_fault_are_told() -> None:
    with pytest.raises(ValueError, match="task_fails is not for read") as caught:
        Fault("task_fails", "read")
    actions = str(caught.value).partition(", but for ")[2].split(", ")
    assert {"CreateCluster", "DeleteNodes", "AttachNetworkInterface"} <= {*actions} <= OPERATIONS.keys()
    assert "ListNodes" not in actions


def test_only_faults_can_be_added(emulator: Emulator) -> None:
    with pytest.raises(TypeError, match="parse_fault"):
        emulator.faults.add("*:refuse")  # type: ignore[arg-type]


def test_the_first_that_matches_wins() -> None:
    faults = Faults(
        [
            Fault("replay", "CreateCluster", count=1),
            Fault("refuse", "create"),
            Fault("drip", "write"),
            Fault("throttle"),
        ],
        seed=0,
    )
    assert struck(faults, "CreateCluster", 2) == ["replay", "refuse"]
    assert [
        struck(faults, each)[0] for each in ("CreateNodePool", "AddScalingNode", "DeleteCluster", "GetCluster")
    ] == [
        "refuse",
        "refuse",
        "drip",
        "throttle",
    ]
    assert faults.struck == {"replay": 1, "refuse": 3, "drip": 1, "throttle": 1}
    assert (len(faults), [each.kind for each in faults]) == (4, ["replay", "refuse", "drip", "throttle"])
    assert repr(faults) == "Faults(['CreateCluster:replay:count=1', 'create:refuse', 'write:drip', '*:throttle'])"
    faults.clear()
    assert (struck(faults, "CreateCluster"), len(faults)) == ([""], 0)


@pytest.mark.parametrize("name", ["GetTaskStatus", "TaskStatus"])
def test_both_names_of_an_action_will_do(name: str) -> None:
    faults = Faults([Fault("refuse", name)], seed=0)
    assert struck(faults, "TaskStatus") == ["refuse"]
    assert struck(faults, "GetCluster") == [""]


def test_an_action_that_is_not_known() -> None:
    faults = Faults([Fault("stale", seconds=1), Fault("refuse", "create"), Fault("drip", "GetCluster")], seed=0)
    assert faults.strike("MakeCoffee", "POST") is None
    faults.add(Fault("replay", "write"))
    strike = faults.strike("MakeCoffee", "POST")
    assert strike is not None
    assert strike.kind == "replay"


def test_count_and_skip() -> None:
    faults = Faults([Fault("refuse", "CreateCluster", skip=2, count=2), Fault("drip", skip=1, count=1)], seed=0)
    assert struck(faults, "CreateCluster", 6) == ["", "drip", "refuse", "refuse", "", ""]
    assert struck(faults, "GetCluster") == [""]


def test_random_faults_are_seeded() -> None:
    def run(seed: int, *before: Fault) -> list[bool]:
        faults = Faults([*before, Fault("refuse", probability=0.3)], seed=seed)
        return [bool(each) for each in struck(faults, "CreateCluster", 200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 30 < sum(run(1)) < 90
    assert run(1) != run(1, Fault("drip", "GetCluster"))  # each fault has random numbers of its own
    assert sum(bool(each) for each in struck(Faults([Fault("refuse", probability=0)], 0), "GetCluster", 50)) == 0


def test_only_applied_faults_count() -> None:
    faults = Faults([Fault("refuse", probability=0.5, count=3)], seed=3)
    assert struck(faults, "GetCluster", 50).count("refuse") == 3


@pytest.mark.anyio
async def test_the_same_run_has_the_same_faults(anyio_backend: str) -> None:
    async def run() -> list[tuple[Any, ...]]:
        faults = [
            Fault("status", "write", status=503, when="after", probability=0.3),
            Fault("throttle", probability=0.2),
            Fault("duplicate", "create", probability=0.5, bypass_nonce=True),
        ]
        emulator = Emulator(clock=ManualClock(), seed=7, faults=faults)
        transport = httpx.ASGITransport(app=emulator)
        async with httpx.AsyncClient(transport=transport, base_url="http://e", trust_env=False) as client:
            call = Caller(emulator, client)
            for number in range(40):
                await call.send("CreateNetworkInterface", body=INTERFACE)
                await call.send("DescribeNetworkInterface", {"NetcardId": str(number)})
        return [(each.fault, each.status, each.created, each.request_id) for each in emulator.ledger.requests]

    once = await run()
    assert once == await run()
    assert {each[0] for each in once} == {None, "status", "throttle", "duplicate"}


# Text


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("CreateCluster:reset_after_commit:count=2", Fault("reset_after_commit", "CreateCluster", count=2)),
        ("*:status=503:probability=0.1:when=before", Fault("status", status=503, probability=0.1)),
        ("*:when=after:status=503", Fault("status", status=503, when="after")),
        ("read:throttle:status=200:code=Slow", Fault("throttle", "read", status=200, code="Slow")),
        (r"*:throttle:retry_after=07\:28\:00", Fault("throttle", retry_after="07:28:00")),
        (r"*:truncate:after=a\\b=c", Fault("truncate", after=r"a\b=c")),
        ("*:truncate:after=\\", Fault("truncate", after="\\")),
        ("create:duplicate:bypass_nonce=True", Fault("duplicate", "create", bypass_nonce=True)),
        ("*:duplicate:bypass_nonce=false", Fault("duplicate")),
        ("*:skew:seconds=-600", Fault("skew", seconds=-600)),
    ],
)
def test_faults_as_text(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault
    assert parse_fault(str(fault)) == fault


BAD_TEXTS = [
    ("", "has no kind"),
    ("refuse", "has no kind"),
    ("*:count=2", "has no kind"),
    ("*:refuze", "no kind 'refuze': did you mean 'refuse'"),
    ("Create:refuse", "no action 'Create'"),
    ("*:refuse:twice", "'twice' is not NAME=VALUE"),
    ("*:refuse:times=2", "'times=2' is not NAME=VALUE with a name that is known: after, answer"),
    ("*:refuse:count=2:count=3", "'count=3' is given twice"),
    ("*:refuse:count=two", "'count=two': count must be a whole number"),
    ("*:refuse:count=0", "count must be a whole number from 1"),
    ("*:status=503:probability=often", "'probability=often': probability must be a number"),
    ("*:duplicate:bypass_nonce=maybe", "'bypass_nonce=maybe': bypass_nonce must be true or false"),
    ("*:throttle:retry_after=07:28:00", "'28' is not NAME=VALUE"),
    ("*:refuse:", "'' is not NAME=VALUE"),
]


@pytest.mark.parametrize(("text", "problem"), BAD_TEXTS)
def test_bad_text_on_the_command_line(text: str, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "0", "--fault", "*:refuse", "--fault", text]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"cds_eks.emulator: --fault {text!r}: ")
    assert problem in err
    assert err.count("\n") == 1


@given(
    kind=st.sampled_from(["status", "throttle"]),
    message=st.text(min_size=1),
    retry_after=st.none() | st.from_regex(r"[!-~]([ -~]*[!-~])?", fullmatch=True),
    probability=st.floats(0, 1),
    skip=st.integers(0, 10**9),
)
@settings(max_examples=100, deadline=None)
def test_any_fault_can_be_written_as_text(**parameters: Any) -> None:
    fault = Fault(**parameters)
    assert parse_fault(str(fault)) == fault


def test_help_tells_the_grammar(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert all(kind in out for kind in KINDS)
    for line in out.splitlines():
        if line.startswith("  --fault '"):
            parse_fault(line.removeprefix("  --fault '").removesuffix("'"))


def test_faults_from_the_command_line() -> None:
    command = [sys.executable, "-W", "error", "-m", "cds_eks.emulator", "--port", "0", "--seed", "5"]
    command += ["--fault", "*:status=503:body=html:count=1", "--fault", "read:throttle:count=1"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split(" at ")[1].split(";")[0]
            statuses = [httpx.get(f"{url}/eks/v1", trust_env=False).status_code for _ in range(3)]
            assert statuses == [503, 429, 400]
            ledger = httpx.get(f"{url}/_emulator/ledger", trust_env=False).json()
            assert [each["fault"] for each in ledger["requests"]] == ["status", "throttle", None]
        finally:
            process.terminate()
            process.communicate(timeout=WAIT_TIMEOUT)
