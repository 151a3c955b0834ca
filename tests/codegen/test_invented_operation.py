"""An operation is one entry of the description: all that comes of operations that nobody has written code for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from trees import INVENTED, ROOT, copied, describe, generate, run

pytestmark = pytest.mark.slow

ADDED = yaml.safe_load(INVENTED.read_text(encoding="utf-8"))

SURFACE_TESTS = ["tests/unit/test_public_names.py", "tests/unit/client/test_mock_specs.py"]
TESTS = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").glob("*.py")] + SURFACE_TESTS
"""What the tests of the operations need, beside the folders below."""

HANDLER_IS_MISSING = (
    r"codegen/api\.yaml:\d+: operations\.GetTeapotNode: no emulator handler: write one in cds_eks/emulator/handlers/ "
    r"and name it in HANDLERS, in registry\.py there \(it can't be answered by the description alone: neither have its "
    r"request and its result one of teapot_node_id or id as a text that is required, .*\)\n"
)
HANDLER = """

def get_for_teapot(world: World, call: Call) -> Result:
    \"\"\"GetTeapotNode [I].\"\"\"
    from cds_eks.emulator.engine import views

    cluster = cluster_of(world, call)
    return Result(data=views.node(cluster, lookup(cluster.nodes, "NodeId", call["NodeId"])))
"""


def write_handler(tree: Path) -> None:
    """Write the one handler that the emulator needs: nodes are what other handlers look after already."""
    handlers = tree / "cds_eks" / "emulator" / "handlers"
    nodes = handlers / "nodes.py"
    nodes.write_text(nodes.read_text(encoding="utf-8") + HANDLER, encoding="utf-8")
    registry = handlers / "registry.py"
    text = registry.read_text(encoding="utf-8")
    line = '    "ListNodes": nodes.list_,\n'
    assert text.count(line) == 1
    registry.write_text(
        text.replace(line, f'{line}    "DescribeTeapotNode": nodes.get_for_teapot,\n'), encoding="utf-8"
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, generated from a description with further operations."""
    made = copied(
        tmp_path_factory.mktemp("tree"),
        "examples",
        "tests/operations",
        "tests/contract",
        "tests/support",
        "tests/cli",
        *TESTS,
    )
    describe(made, INVENTED.read_text(encoding="utf-8"))
    refused = generate(made)
    assert refused.returncode == 1
    assert re.fullmatch(HANDLER_IS_MISSING, refused.stderr), refused.stderr
    write_handler(made)
    written = generate(made)
    assert written.returncode == 0, written.stderr
    new = ["models/teapots.py", "codec/readers/teapots.py", "resources/teapots.py"]
    changed = ["resources/groups.py", "sync/groups.py", "sync/resources.py", "resources/nodes.py", "models/nodes.py"]
    assert {f"wrote cds_eks/{name}" for name in (*new, *changed)} <= set(written.stdout.splitlines())
    return made


def told_by(tree: Path, script: str) -> Any:
    """What a script prints, as JSON."""
    done = run(tree, "-c", script)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_all_is_written_at_once(tree: Path) -> None:
    check = generate(tree, "--check")
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


SURFACE = """
import inspect, json
import cds_eks
from cds_eks import AsyncEksClient, EksClient, models, resources
from cds_eks.emulator.protocol import api
from cds_eks.codec.readers import teapots as readers

assert cds_eks.__file__.startswith({tree!r}), cds_eks.__file__
kinds = {{"async": AsyncEksClient, "sync": EksClient}}
made = ("create", "list", "get", "delete", "find", "iterate")
methods = ["nodes.get_for_teapot"] + [f"teapots.{{name}}" for name in made]


def at(kind, path):
    group, _, method = path.partition(".")
    return getattr(getattr(kind, group), method)


print(json.dumps({{
    "arguments": {{client_kind: {{path: list(inspect.signature(at(kind, path)).parameters)[1:] for path in methods}}
                  for client_kind, kind in kinds.items()}},
    "docs": {{path: inspect.getdoc(at(AsyncEksClient, path)) for path in methods}},
    "groups": {{client_kind: inspect.getdoc(next(base for base in kind.__mro__ if base.__module__.endswith(".groups")))
        for client_kind, kind in kinds.items()}},
    "attributes": [name for name in ("teapots", "nodes") if name in dir(EksClient) and name in dir(AsyncEksClient)],
    "models": [name for name in models.__all__ if "Teapot" in name or name == "GetTeapotNodeRequest"],
    "readers": [name.__name__ for name in readers.READERS],
    "actions": sorted(api.OPERATIONS),
    "shapes": sorted(api.SHAPES["2025-10-11"]),
    "constant": models.TeapotStatus.READY,
    "refused": [
        str(error) for error in [
            refusal(lambda: models.CreateTeapotRequest(cluster_id="c", teapot_name="-")),
            refusal(lambda: models.CreateTeapotRequest(cluster_id="c", teapot_name="s", keep_days=31)),
        ]
    ],
}}))
"""

REFUSAL = """
def refusal(make):
    try:
        make()
    except Exception as error:
        return error
"""


def test_the_names_are_there(tree: Path) -> None:
    told = told_by(tree, REFUSAL + SURFACE.format(tree=str(tree)))
    asked_always = ["extra", "timeout"]
    assert told["arguments"]["async"] == {
        "nodes.get_for_teapot": ["cluster_id", "node_id", *asked_always],
        "teapots.create": ["request", *asked_always],
        "teapots.list": ["cluster_id", "keyword", "page_index", "page_size", *asked_always],
        "teapots.get": ["teapot_id", *asked_always],
        "teapots.delete": ["teapot_id", *asked_always],
        "teapots.find": ["request_or_error", "settle", "poll_interval"],
        "teapots.iterate": ["cluster_id", "keyword", "page_size", *asked_always],
    }
    assert told["arguments"]["sync"] == told["arguments"]["async"]
    assert told["attributes"] == ["teapots", "nodes"]
    for groups in told["groups"].values():
        assert "teapots: Teapots of clusters: CreateTeapot, ListTeapots, GetTeapot, DeleteTeapot." in groups
        assert "GetTeapotNode" in groups
    assert told["docs"]["teapots.delete"].startswith("Delete a teapot.\n\nAn idempotent write: it is repeated")
    assert "Source: DeleteTeapot [I], on the wire RemoveTeapot [I]." in told["docs"]["teapots.delete"]
    assert "What a create raises, `AmbiguousCreate` among it; see `cds_eks.errors`" in told["docs"]["teapots.create"]
    assert set(told["models"]) == {*ADDED["shapes"], *ADDED["values"]}
    assert set(told["readers"]) == {"Teapot", "TeapotPart", "TeapotReference"}
    assert {operation["action"] for operation in ADDED["operations"].values()} <= set(told["actions"])
    requests = {operation["request"] for operation in ADDED["operations"].values()}
    assert requests | {"TeapotPart"} <= set(told["shapes"])
    assert told["constant"] == "ready"
    assert [words.split(":")[0] for words in told["refused"]] == ["teapot_name", "keep_days"]


def test_the_documentation_has_a_row_for_each(tree: Path) -> None:
    pages = [*tree.glob("*.md"), *(tree / "docs").rglob("*.md")]
    rows = [row for page in pages for row in page.read_text(encoding="utf-8").splitlines() if row.startswith("|")]
    for name, operation in ADDED["operations"].items():
        found = [row for row in rows if re.match(rf"\| \[{name}\]\([^)]+\) \[I\]", row)]
        assert all(f"`eks.{operation['group']}.{operation['method']}`" in row for row in found)
        assert len(found) == 2, name
        assert sum(operation["zh"] in row for row in found) == 1  # in the Chinese one


CALLS = """
import asyncio, json
import httpx
from cds_eks import AsyncEksClient, Credentials, EksClient, models

ANSWERS = {
    "DescribeTeapotNode": {"NodeId": "n-1", "Cpu": "8"},
    "CreateTeapot": {"TeapotId": "s-1"},
    "GetTeapot": {"TeapotId": "s-1", "Parts": [{"PartName": "etcd", "Size": 3}], "New": 1,
                    "CreateTime": "2025-09-08 10:00:00"},
    "RemoveTeapot": {"TaskId": "t-1"},
    "ListTeapots": [{"TeapotId": "s-1", "TeapotName": "daily", "ClusterId": "c"}],
}
COMMON = {"AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Version", "Signature"}
seen = []


def answer(request):
    query = {name: value for name, value in request.url.params.items() if name not in COMMON}
    body = json.loads(request.content) if request.content else None
    seen.append([request.method, query, body])
    data = ANSWERS[query["Action"]]
    total = {"TotalCount": len(data)} if isinstance(data, list) else {}
    return httpx.Response(200, json={"Code": "Success", "Msg": "ok", "RequestId": "r-1", "Data": data, **total})


settings = {"endpoint": "http://eks.test", "backend": httpx.MockTransport(answer)}
create = models.CreateTeapotRequest(
    cluster_id="c", teapot_name="daily", keep_days=30, is_full=True, parts=[models.TeapotPart(part_name="etcd")]
)


async def by_async():
    async with AsyncEksClient(Credentials("a", "b"), **settings) as eks:
        return [
            (await eks.nodes.get_for_teapot("c", "n-1")).data,
            (await eks.teapots.create(create)).data,
            (await eks.teapots.get("s-1")).data,
            (await eks.teapots.delete("s-1")).data,
            (await eks.teapots.list("c", page_size=5)).data,
            [each async for each in eks.teapots.iterate("c", keyword="day")],
            await eks.teapots.find(create, settle=0),
        ]


def by_sync():
    with EksClient(Credentials("a", "b"), **settings) as eks:
        return [
            eks.nodes.get_for_teapot("c", "n-1").data,
            eks.teapots.create(create).data,
            eks.teapots.get("s-1").data,
            eks.teapots.delete("s-1").data,
            eks.teapots.list("c", page_size=5).data,
            list(eks.teapots.iterate("c", keyword="day")),
            eks.teapots.find(create, settle=0),
        ]


found = asyncio.run(by_async())
sent, seen = seen, []
again = by_sync()
assert again == found
assert seen == sent
node, reference, teapot, task, listed, walked, sought = found
assert type(node) is models.Node and node.cpu == 8
assert reference == models.TeapotReference(teapot_id="s-1")
assert type(teapot) is models.Teapot and dict(teapot.extra) == {"New": 1}
assert teapot.parts == [models.TeapotPart(part_name="etcd", size=3)]
assert teapot.created_at is not None
assert task == models.TaskReference(task_id="t-1")
assert listed == walked == [sought] and type(sought) is models.Teapot
print(json.dumps(sent))
"""


def test_a_call_goes_out_and_comes_back(tree: Path) -> None:
    parts = [{"PartName": "etcd"}]
    made = {"ClusterId": "c", "TeapotName": "daily", "KeepDays": 30, "IsFull": 1, "Parts": parts}
    listed = {"Action": "ListTeapots", "ClusterId": "c"}
    assert told_by(tree, CALLS) == [
        ["GET", {"Action": "DescribeTeapotNode", "ClusterId": "c", "NodeId": "n-1"}, None],
        ["POST", {"Action": "CreateTeapot"}, made],
        ["GET", {"Action": "GetTeapot", "TeapotId": "s-1"}, None],
        ["POST", {"Action": "RemoveTeapot"}, {"TeapotId": "s-1"}],
        ["GET", {**listed, "PageSize": "5"}, None],
        ["GET", {**listed, "Keyword": "day", "PageIndex": "1", "PageSize": "100"}, None],
        ["GET", {**listed, "Keyword": "daily"}, None],
    ]


EMULATED = """
import asyncio, json
from cds_eks import AsyncEksClient, errors, models
from cds_eks.emulator import Emulator

create = models.CreateTeapotRequest(cluster_id="c", teapot_name="daily", keep_days=30)


async def whole_life(revision):
    emulator = Emulator()
    settings = {"api_revision": revision}
    async with emulator.serve() as url, AsyncEksClient(emulator.credentials, endpoint=url, **settings) as eks:
        made = (await eks.teapots.create(create)).data
        again = (await eks.teapots.create(models.CreateTeapotRequest(cluster_id="c", teapot_name="hourly"))).data
        got = (await eks.teapots.get(made.teapot_id)).data
        assert (got.teapot_id, got.teapot_name, got.cluster_id) == (made.teapot_id, "daily", "c"), got
        ids = [each.teapot_id async for each in eks.teapots.iterate("c", page_size=1)]
        assert ids == [made.teapot_id, again.teapot_id], ids
        assert (await eks.teapots.find(create, settle=0)).teapot_id == made.teapot_id
        await eks.teapots.delete(made.teapot_id)
        try:
            await eks.teapots.get(made.teapot_id)
        except errors.NotFound as error:
            return emulator.ledger.count(action="CreateTeapot"), error.code


print(json.dumps([asyncio.run(whole_life(revision)) for revision in ("2025-09-08", "2025-10-11")]))
"""


def test_the_emulator_answers_what_it_knows_from_the_description_alone(tree: Path) -> None:
    assert told_by(tree, EMULATED) == [[2, "ResourceNotFound"], [2, "ResourceNotFound"]]


COMMANDS = """
import contextlib, io, json, os
from cds_eks.cli.main import main
from cds_eks.emulator import Emulator

emulator = Emulator()


def run(*arguments):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(arguments)
    return [code, json.loads(out.getvalue()) if out.getvalue().startswith(("[", "{")) else out.getvalue()]


with emulator.serve() as url:
    key = emulator.credentials
    os.environ |= {"CDS_EKS_ENDPOINT": url, "CDS_SECRET_ID": key.access_key_id, "CDS_SECRET_KEY": key.secret_access_key}
    create = ["teapots", "create", "--cluster-id", "c", "--keep-days", "30", "--is-full"]
    made = run(*create, "--teapot-name", "daily", "--parts", "part_name=etcd,size=3", "--wait", "-o", "json")
    teapot = made[1]["teapot_id"]
    print(json.dumps({
        "help": run("--help")[1],
        "create": run("teapots", "create", "--help")[1],
        "dry": run(*create, "--teapot-name", "daily", "--parts", "part_name=etcd,size=3", "--dry-run", "-o", "json"),
        "refused": run(*create, "--teapot-name", "daily", "--keep-days", "31")[0],
        "made": made[0],
        "list": run("teapots", "list", "c", "--page-all", "-o", "json", "--query", "[].teapot_name"),
        "get": run("teapots", "get", teapot, "-o", "json")[1]["teapot_name"],
        "skeleton": run("teapots", "create", "--skeleton", "toml")[1],
        "unasked": run("teapots", "delete", teapot)[0],
        "deleted": run("teapots", "delete", teapot, "--yes", "--wait", "-o", "json"),
        "gone": run("teapots", "get", teapot)[0],
        "other": run("nodes", "get-for-teapot", "--help")[0],
    }))
"""


def test_the_command_line_has_it_without_a_further_line(tree: Path) -> None:
    told = told_by(tree, COMMANDS)
    assert "teapots             Teapots of clusters." in told["help"]
    assert "--keep-days NUMBER" in told["create"]
    assert "How long it is kept. From 1 to 30. In days. When left out: 7." in " ".join(told["create"].split())
    assert told["dry"][1]["body"] == {
        "ClusterId": "c", "TeapotName": "daily", "KeepDays": 30, "IsFull": 1,
        "Parts": [{"PartName": "etcd", "Size": 3}],
    }  # fmt: skip
    assert (told["refused"], told["made"], told["list"], told["get"]) == (2, 0, [0, ["daily"]], "daily")
    assert "# REQUIRED Name of the teapot." in told["skeleton"]
    assert (told["unasked"], told["deleted"][0], told["gone"], told["other"]) == (2, 0, 3, 0)
    deleted = told["deleted"][1]
    assert deleted["task"]["task_id"] == deleted["task_id"]
    assert deleted["task"]["task_status"] == "finish"


@pytest.mark.timeout(240)
def test_the_tests_take_it_in(tree: Path) -> None:
    """Without an edit: its requests and its answers, on both clients, in both revisions."""
    files = [f"tests/operations/test_{name}.py" for name in ("requests", "answers", "revisions")]
    options = ["-m", "pytest", "-n", "0", "-p", "no:cacheprovider"]
    done = run(tree, *options, "-v", "-k", " or ".join(ADDED["operations"]), *files)
    assert done.returncode == 0, done.stdout
    for name in ADDED["operations"]:
        assert done.stdout.count(f"[{name}") + done.stdout.count(f"-{name}") >= 20, done.stdout
    surface = run(tree, *options, "-q", *SURFACE_TESTS)
    assert surface.returncode == 0, surface.stdout


@pytest.mark.timeout(240)
def test_the_command_line_is_driven_end_to_end_with_it(tree: Path) -> None:
    """Without an edit too, between pipes and in a pseudo-terminal."""
    options = ["-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-v", "-k", " or ".join(ADDED["operations"])]
    done = run(tree, *options, "tests/cli/test_end_to_end.py")
    assert done.returncode == 0, done.stdout
    for name in ADDED["operations"]:
        assert done.stdout.count(f"[{name}] PASSED") >= 3, done.stdout
    lists = [
        "test_operations.py::test_there_is_a_command_for_each_operation",
        "test_files.py::test_validate_asks_what_a_file_is_for",
    ]
    done = run(tree, *options[:-2], *(f"tests/cli/{name}" for name in lists))
    assert done.returncode == 0, done.stdout


@pytest.mark.timeout(240)
def test_what_is_generated_has_the_types_that_it_says(tree: Path) -> None:
    use = tree / "uses_of_teapots.py"
    use.write_text(
        "from cds_eks import AsyncEksClient, EksClient, models\n\n\n"
        "async def async_use(eks: AsyncEksClient) -> models.Teapot:\n"
        '    return (await eks.teapots.get("s-1")).data\n\n\n'
        "def sync_use(eks: EksClient) -> list[models.Teapot]:\n"
        '    found: models.Teapot | None = eks.teapots.find(eks.teapots.get("s").request_id)\n'
        '    return list(eks.teapots.iterate("c"))\n',
        encoding="utf-8",
    )
    names = ["models/teapots", "codec/readers/teapots", "resources/teapots", "resources/groups", "models/nodes"]
    files = [
        f"cds_eks/{name}.py"
        for name in (*names, "sync/groups", "sync/resources", "emulator/protocol/api", "emulator/handlers/nodes")
    ]
    done = run(tree, "-m", "mypy", "--strict", "--config-file=pyproject.toml", use.name, *files)
    assert done.stdout.splitlines()[-1].startswith("Found 1 error in 1 file"), done.stdout
    assert 'uses_of_teapots.py:9: error: Argument 1 to "find" of "Teapots" has incompatible type' in done.stdout


def test_a_group_that_is_gone_leaves_nothing(tree: Path, tmp_path: Path) -> None:
    other = copied(tmp_path)
    left_over = [f"cds_eks/{name}/teapots.py" for name in ("cli/operations", "codec/readers", "models", "resources")]
    for name in left_over:
        (other / name).write_bytes((tree / name).read_bytes())
    by_hand = other / "cds_eks" / "models" / "by_hand.py"
    by_hand.write_text(
        "# Written by hand\n# Generated by `python -m codegen` from codegen/api.yaml\n", encoding="utf-8"
    )

    check = generate(other, "--check")
    assert check.returncode == 1
    reason = "left over: it says that it is generated, and nothing in codegen/api.yaml gives it"
    assert check.stdout.splitlines() == [
        *(f"{name}: {reason}" for name in left_over),
        "4 generated file(s) are left over: `python -m codegen` deletes them",
    ]
    assert all((other / name).exists() for name in left_over)

    assert generate(other).stdout.splitlines() == [f"deleted {name}" for name in left_over]
    assert not any((other / name).exists() for name in left_over)
    assert by_hand.exists()
    again = generate(other, "--check")
    assert (again.returncode, again.stdout) == (0, "")
