"""Programs that use invented operations in a tree of their own, and print what they saw as JSON."""

from __future__ import annotations

HANDLER = """

def get_for_teapot(world: World, call: Call) -> Result:
    \"\"\"GetTeapotNode [I].\"\"\"
    from cds_eks.emulator.engine import views

    cluster = cluster_of(world, call)
    return Result(data=views.node(cluster, lookup(cluster.nodes, "NodeId", call["NodeId"])))
"""


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
