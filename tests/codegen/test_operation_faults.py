"""What does not go together in an operation is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from descriptions import TEXT, at, faults_of, line_of, operation, shape, with_entries


@pytest.mark.parametrize(
    ("http", "kind", "reason"),
    [
        ("POST", "read", "POST does not fit `kind: read`, which is a GET"),
        ("GET", "create", "GET does not fit `kind: create`, which is a POST"),
        ("GET", "idempotent", "GET does not fit `kind: idempotent`, which is a POST"),
    ],
)
def test_a_read_is_a_get_and_a_write_a_post(tmp_path: Path, http: str, kind: str, reason: str) -> None:
    changed = operation().replace("http: GET", f"http: {http}").replace("kind: read", f"kind: {kind}")
    text = with_entries(changed)
    told = at(text, "http:", "  ListSpares:", f"operations.ListSpares.http: {reason}")
    assert told in faults_of(tmp_path, text)


@pytest.mark.parametrize(
    "name", ["CreateCluster", "DeleteCluster", "AddClusterSubnet", "UpdateNodePoolConfig", "AddScalingNode"]
)
def test_no_write_of_the_service_is_a_get(tmp_path: Path, name: str) -> None:
    head, _, rest = TEXT.partition(f"\n  {name}:\n")
    text = f"{head}\n  {name}:\n{rest.replace('http: POST', 'http: GET', 1)}"
    [told] = faults_of(tmp_path, text)
    assert told.startswith(at(text, "http:", f"\n  {name}:", f"operations.{name}.http: GET does not fit `kind: "))


@pytest.mark.parametrize("type_", ["list[str]", "map[str]", "Volume"])
def test_a_get_sends_no_body(tmp_path: Path, type_: str) -> None:
    request = shape("Spares", use="request", type=f'"{type_}"')
    text = with_entries(operation(request="Spares"), shapes=request)
    told = "operations.ListSpares.http: a GET has no body, which Spares.size would go into"
    assert faults_of(tmp_path, text) == [at(text, "http:", "  ListSpares:", told)]


@pytest.mark.parametrize(
    ("words", "key", "reason"),
    [
        ({"result": "'map[Node]'"}, "result", "map[Node] is neither a shape, nor a list of one, nor `none`"),
        ({"result": "GetClusterRequest"}, "result", "GetClusterRequest has `use: request`"),
        ({"request": "Node"}, "request", "Node has `use: answer`"),
    ],
)
def test_requests_and_results_are_shapes_of_that_use(
    tmp_path: Path, words: dict[str, str], key: str, reason: str
) -> None:
    text = with_entries(operation(**words))
    assert at(text, f"{key}:", "  ListSpares:", f"operations.ListSpares.{key}: {reason}") in faults_of(tmp_path, text)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("    paged: true\n", "    paged: true\n    style: request\n", "only a read is walked"),
        ("kind: read", "kind: idempotent", "only a read is walked"),
    ],
)
def test_only_a_read_with_arguments_is_walked(tmp_path: Path, before: str, after: str, reason: str) -> None:
    head, _, rest = TEXT.partition("\n  ListNodes:\n")
    text = f"{head}\n  ListNodes:\n{rest.replace(before, after, 1)}"
    told = at(text, "paged:", "\n  ListNodes:", f"operations.ListNodes.paged: {reason}")
    assert any(fault.startswith(told) for fault in faults_of(tmp_path, text))


def test_pages_are_numbers_that_may_be_left_out(tmp_path: Path) -> None:
    text = TEXT.replace("page_index: {wire: PageIndex, type: int", "page_index: {wire: PageIndex, type: str", 1)
    assert text != TEXT
    reason = "operations.ListNodes.paged: ListNodesRequest.page_index must be a number that may be left out"
    assert at(text, "paged:", "\n  ListNodes:", reason) in faults_of(tmp_path, text)


@pytest.mark.parametrize("keys", ["natural_key: [keyword]", "result_id: node_id"])
def test_what_is_for_a_create_is_for_no_read(tmp_path: Path, keys: str) -> None:
    key = keys.partition(":")[0]
    text = with_entries(operation() + f"    {keys}\n")
    told = f"operations.ListSpares.{key}: means nothing here: `{key}` is for `kind: create`"
    assert faults_of(tmp_path, text) == [at(text, f"{key}:", "  ListSpares:", told)]


@pytest.mark.parametrize(
    ("name", "before", "after", "key", "reason"),
    [
        ("CreateNodePool", "node_pool,", "node_poolz,", "within", "NodePoolList has no list node_poolz"),
        ("CreateNodePool", "within: node_pool,", "within: total,", "within", "NodePoolList has no list total"),
        ("CreateNodePool", "within: node_pool, ", "", "entry", "the result of ListNodePools is NodePoolList"),
        ("CreateNodePool", "status: status, ", "", "", "`status` is missing"),
        ("CreateNodePool", "under: {cluster_id: cluster_id}, ", "", "under", "ListNodePools needs cluster_id, not"),
        ("CreateCluster", "entry: ClusterSummary", "entry: ClusterDetail", "entry", "the result of ListClusters is li"),
        ("CreateCluster", "by: ListClusters", "by: ListNodes", "by", "ListNodes is no read of the group clusters"),
        ("CreateCluster", "by: ListClusters", "by: DeleteCluster", "by", "DeleteCluster is no read of the group"),
        (
            "CreateNetworkInterface",
            "entry: NetworkInterface, id: netcard_id",
            "entry: NetworkInterfaceEvent, id: netcard_id",
            "entry",
            "the result of DescribeNetworkInterfaces is NetworkInterface, not NetworkInterfaceEvent",
        ),
    ],
)  # fmt: skip
def test_what_looks_for_a_create_finds_entries(
    tmp_path: Path, name: str, before: str, after: str, key: str, reason: str
) -> None:
    head, _, rest = TEXT.partition(f"\n  {name}:\n")
    assert before in rest
    text = f"{head}\n  {name}:\n{rest.replace(before, after, 1)}"
    where = f"api.yaml:{line_of(text, '    find:', f'{chr(10)}  {name}:')}"
    told = f"{where}: operations.{name}.find{f'.{key}' if key else ''}: {reason}"
    found = faults_of(tmp_path, text)
    assert any(fault.startswith(told) for fault in found), found


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        (
            "cluster_name: {wire: ClusterName, type: str, required: true, source: D, rule: name,",
            "cluster_name: {wire: ClusterName, type: int, required: true, source: D,",
            "CreateCluster.natural_key",
            "CreateClusterRequest.cluster_name is no text",
        ),
        (
            "netcard_name: {wire: NetcardName, type: str",
            'netcard_name: {wire: NetcardName, type: "map[str]"',
            "CreateNetworkInterface.natural_key",
            "CreateNetworkInterfaceRequest.netcard_name is no text",
        ),
        ("result_id: node_pool_id", "result_id: task", "CreateNodePool.result_id", "NodePoolTask.task is no text"),
    ],
)
def test_what_is_made_is_named_and_looked_for_by_texts(
    tmp_path: Path, before: str, after: str, place: str, reason: str
) -> None:
    task = "      task: {wire: Task, type: int, source: I, doc: Of no use.}\n"
    head, _, rest = TEXT.partition("\n  NodePoolTask:\n")
    text = f"{head}\n  NodePoolTask:\n{rest.replace('    fields:' + chr(10), '    fields:' + chr(10) + task, 1)}"
    assert before in text
    text = text.replace(before, after, 1)
    name, key = place.split(".")
    told = at(text, f"    {key}:", f"\n  {name}:\n", f"operations.{place}: {reason}")
    assert told in faults_of(tmp_path, text)
