"""An operation is one entry of the description: all that comes of operations that nobody has written code for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from invented_scripts import CALLS, COMMANDS, EMULATED, HANDLER, REFUSAL, SURFACE
from trees import INVENTED, ROOT, copied, describe, generate, run

pytestmark = pytest.mark.slow

ADDED = yaml.safe_load(INVENTED.read_text(encoding="utf-8"))

SURFACE_TESTS = [
    *("tests/unit/test_public_names.py", "tests/unit/test_public_methods.py", "tests/unit/client/test_mock_specs.py")
]
TESTS = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").glob("*.py")] + SURFACE_TESTS
"""What the tests of the operations need, beside the folders below."""

HANDLER_IS_MISSING = (
    r"codegen/api\.yaml:\d+: operations\.GetTeapotNode: no emulator handler: write one in cds_eks/emulator/handlers/ "
    r"and name it in HANDLERS, in registry\.py there \(it can't be answered by the description alone: neither have its "
    r"request and its result one of teapot_node_id or id as a text that is required, .*\)\n"
)


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


def test_the_emulator_answers_what_it_knows_from_the_description_alone(tree: Path) -> None:
    assert told_by(tree, EMULATED) == [[2, "ResourceNotFound"], [2, "ResourceNotFound"]]


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
