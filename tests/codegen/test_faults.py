"""What is wrong in the description is refused: each fault with its line and its reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from descriptions import TEXT, at, faults_of, line_of, operation, shape, with_entries

from cds_eks.schema.text_rules import NAMED_RULES

METHODS: Mapping[str, str] = {
    "class": "`class` is a word of Python's own",
    "list-all": "'list-all' is no name in Python",
    "__len__": "`__len__` would be private: it begins with an underscore",
    "_execute": "`_execute` would be private: it begins with an underscore",
    "listSpares": "'listSpares' is not written as names are in Python: small letters and underscores",
    "str": "`str` would hide the built-in type in the annotations of its class",
    "find": "`find` is the name of a method that is made of others",
    "iterate": "`iterate` is the name of a method that is made of others",
}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_has_a_name_that_python_takes(tmp_path: Path, method: str) -> None:
    text = with_entries(operation(method=method))
    found = faults_of(tmp_path, text)
    assert found[0] == at(text, "method:", "  ListSpares:", f"operations.ListSpares.method: {METHODS[method]}")


@pytest.mark.parametrize("method", ["list", "find", "iterate"])
def test_a_method_is_in_its_group_once(tmp_path: Path, method: str) -> None:
    group = "nodes" if method == "iterate" else "clusters"
    text = with_entries(operation(group=group, method=method))
    other = {"list": "ListClusters", "find": "CreateCluster", "iterate": "ListNodes"}[method]
    reason = f"operations.{other}.method: `{group}.{method}` is there twice: ListSpares has it as well"
    assert at(text, "method:", f"  {other}:", reason) in faults_of(tmp_path, text)


def test_a_group_has_at_most_one_list_that_is_walked(tmp_path: Path) -> None:
    text = with_entries(operation(group="nodes", request="ListNodesRequest") + "    paged: true\n")
    reason = "operations.ListNodes.method: `nodes.iterate` is there twice: ListSpares has it as well"
    assert faults_of(tmp_path, text) == [at(text, "method:", "  ListNodes:", reason)]


def test_a_group_is_declared(tmp_path: Path) -> None:
    text = with_entries(operation(group="spares", result="list[Spare]"), shapes=shape(group="others"))
    assert faults_of(tmp_path, text) == [
        at(text, "group:", "  ListSpares:", "operations.ListSpares.group: there is no group spares"),
        at(text, "group:", "  Spare:", "shapes.Spare.group: there is no group others"),
    ]


GROUPS: Mapping[str, str] = {
    "import": "`import` is a word of Python's own",
    "spare-parts": "'spare-parts' is no name in Python",
    "Spares": "'Spares' is not written as names are in Python: small letters and underscores",
    "wait": "`wait` is taken",
    "call": "`call` is taken",
    "groups": "`groups` is taken",
    "waiters": "its class would be `Waiters`, which is taken",
    "spares_": "'spares_' is not written as names are in Python: small letters and underscores",
}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_a_name_that_python_takes_and_the_clients_have_not(tmp_path: Path, group: str) -> None:
    text = with_entries(operation(group=group), groups=f"  {group}: {{doc: Spares, zh: 备件}}\n")
    assert faults_of(tmp_path, text) == [at(text, f"  {group}:", "\ngroups:", f"groups.{group}: {GROUPS[group]}")]


def test_nothing_is_declared_that_nothing_uses(tmp_path: Path) -> None:
    text = with_entries(shapes=shape(), groups="  spares: {doc: Spares, zh: 备件}\n")
    text = text.replace("\nvalues:\n", "\nvalues:\n  Colour: {doc: Colours., group: clusters, values: []}\n")
    assert faults_of(tmp_path, text) == [
        at(text, "  spares:", "\ngroups:", "groups.spares: nothing is in this group"),
        at(text, "  Colour:", "\nvalues:", "values.Colour: no field uses this list of values"),
        at(text, "  Spare:", "\nshapes:", "shapes.Spare: no operation uses this shape"),
    ]


@pytest.mark.parametrize("text", ['""', '"  "'])
def test_the_words_for_people_are_there(tmp_path: Path, text: str) -> None:
    changed = with_entries(operation(zh=text, doc=text), groups="  spares: {doc: Spares, zh: ''}\n")
    changed = changed.replace("group: clusters\n    method: list_spares", "group: spares\n    method: list_spares")
    assert faults_of(tmp_path, changed) == [
        at(changed, "  spares:", "\ngroups:", "groups.spares.zh: is empty"),
        at(changed, "doc:", "  ListSpares:", "operations.ListSpares.doc: is empty"),
        at(changed, "zh:", "  ListSpares:", "operations.ListSpares.zh: is empty"),
    ]


def test_the_chinese_words_can_not_be_left_out(tmp_path: Path) -> None:
    text = with_entries(operation().replace("    zh: 查询\n", ""), groups="  spares: {doc: Spares}\n")
    assert faults_of(tmp_path, text) == [
        at(text, "  spares:", "\ngroups:", "groups.spares: `zh` is missing"),
        at(text, "  ListSpares:", "\noperations:", "operations.ListSpares: `zh` is missing"),
    ]


FIELDS: Mapping[str, str] = {
    "class": "`class` is a word of Python's own",
    "_size": "`_size` would be private: it begins with an underscore",
    "replace": "`replace` is taken",
    "to_dict": "`to_dict` is taken",
    "extra": "`extra` is taken",
    "diskSize": "'diskSize' is not written as names are in Python: small letters and underscores",
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_has_a_name_that_python_takes_and_models_have_not(tmp_path: Path, field: str) -> None:
    text = with_entries(operation(result="Spare"), shapes=shape(field=field))
    told = f"shapes.Spare.{field}: {FIELDS[field]}"
    assert faults_of(tmp_path, text) == [at(text, f"{field}: {{wire", "  Spare:", told)]


def test_an_argument_is_none_that_every_method_has(tmp_path: Path) -> None:
    request = shape("SparesRequest", use="request", field="timeout", wire="Timeout")
    text = with_entries(operation(request="SparesRequest"), shapes=request)
    assert faults_of(tmp_path, text) == [
        at(text, "timeout:", "  SparesRequest:", "shapes.SparesRequest.timeout: `timeout` is taken")
    ]


@pytest.mark.parametrize("name", ["Clusters", "Waiters", "Shape", "Response", "Any", "NodeStatus", "TimeoutError"])
def test_a_shape_hides_no_other_class(tmp_path: Path, name: str) -> None:
    text = with_entries(operation(result=name), shapes=shape(name))
    found = faults_of(tmp_path, text)
    assert found == [at(text, f"  {name}:", "\nshapes:", f"shapes.{name}: `{name}` is taken")]


def test_a_constant_is_in_its_list_once_and_has_a_name_that_python_takes(tmp_path: Path) -> None:
    values = "[{value: 3d, source: D}, {value: a-b, source: D}, {value: a b, source: D}]"
    text = TEXT.replace("values: [{value: vxlan, source: D}]", f"values: {values}")
    where = f"api.yaml:{line_of(text, values)}: values.FlannelBackendType.values"
    assert faults_of(tmp_path, text) == [
        f"{where}.0: FlannelBackendType.3d: its constant 3D: '3D' is no name in Python",
        f"{where}.1: FlannelBackendType.a-b: its constant A_B: is there twice",
        f"{where}.2: FlannelBackendType.a b: its constant A_B: is there twice",
    ]


def test_what_leads_nowhere_is_told(tmp_path: Path) -> None:
    text = with_entries(operation(request="SparesRequest", result="list[Spare]"))
    text = text.replace("type: CniConfig", "type: CniSettings").replace(
        "find: {by: ListClusters,", "find: {by: Search,"
    )
    assert faults_of(tmp_path, text) == [
        at(text, "request:", "  ListSpares:", "operations.ListSpares.request: SparesRequest is not a shape"),
        at(text, "find:", "  CreateCluster:", "operations.CreateCluster.find: there is no Search or ClusterSummary"),
        at(text, "cni_config:", "  CniInfo:", "shapes.CniInfo.cni_config: there is no type CniSettings"),
    ]


def test_a_rule_for_a_text_is_one_that_there_is(tmp_path: Path) -> None:
    text = TEXT.replace("source: D, rule: name,", "source: D, rule: nickname,", 1)
    told = (
        "shapes.CreateClusterRequest.cluster_name.rule: there is no rule 'nickname' for texts, but "
        f"{', '.join(NAMED_RULES)}: they are defined in cds_eks/schema/text_rules.py, in NAMED_RULES"
    )
    assert faults_of(tmp_path, text) == [at(text, "rule: nickname", "  CreateClusterRequest:", told)]


def test_a_list_that_is_walked_has_pages_and_ids(tmp_path: Path) -> None:
    text = with_entries(operation(result="list[ClusterEvent]") + "    paged: true\n")
    place = "operations.ListSpares.paged"
    reason = "list[ClusterEvent] is no list of entries with an id (a field that is `always`)"
    assert faults_of(tmp_path, text) == [
        at(text, "paged:", "  ListSpares:", f"{place}: ListClustersRequest has no `page_index` and `page_size`"),
        at(text, "paged:", "  ListSpares:", f"{place}: {reason}"),
    ]


def test_a_create_says_what_it_makes_and_how_to_find_it(tmp_path: Path) -> None:
    text = with_entries(operation(result="Node").replace("kind: read", "kind: create").replace("GET", "POST"))
    text = text.replace("natural_key: [scaling_group_id]", "natural_key: [group_id]")
    making, adding = "operations.ListSpares", "operations.AddScalingNode"
    which = "a create names the field of Node with the id of what it made"
    by_which = "a create names the fields by which what it made can be looked for"
    assert faults_of(tmp_path, text) == [
        at(text, "  ListSpares:", "", f"{making}.natural_key: {by_which}"),
        at(text, "  ListSpares:", "", f"{making}.result_id: {which}"),
        at(text, "natural_key:", "  AddScalingNode:", f"{adding}.natural_key: AddScalingNodeRequest has no group_id"),
    ]


def test_what_is_looked_for_is_in_the_natural_key(tmp_path: Path) -> None:
    text = TEXT.replace(
        "search: {keyword: cluster_name, vpc_id: vpc_id}", "search: {keyword: k8s_version, vpc: vpc_id}"
    )
    place = "operations.CreateCluster.find"
    assert faults_of(tmp_path, text) == [
        at(text, "find:", "  CreateCluster:", f"{place}: vpc lead nowhere"),
        at(
            *(text, "find:", "  CreateCluster:"),
            f"{place}: what is looked for must be in `natural_key`, and is not: k8s_version",
        ),
    ]


def test_no_two_operations_have_an_action_and_no_two_fields_a_wire_name(tmp_path: Path) -> None:
    getting = "operations.GetTaskStatus"
    twice = shape().replace(
        "    fields:", "    fields:\n      sum: {wire: Size, type: int, source: I, doc: Of no use.}"
    )
    text = with_entries(operation(result="Spare").replace("action: ListSpares", "action: TaskStatus"), shapes=twice)
    assert faults_of(tmp_path, text) == [
        at(text, "action:", "  GetTaskStatus:", f"{getting}.action: TaskStatus is the action of ListSpares as well"),
        at(text, "size: {wire: Size", "  Spare:", "shapes.Spare.size: Size is the wire name of sum as well"),
    ]


def test_what_python_could_not_define_is_told(tmp_path: Path) -> None:
    holding = shape(field="spare", wire="Spare", type="'list[Spare]'")
    text = with_entries(operation(result="Spare"), shapes=holding)
    told = "shapes.Spare: this shape holds itself, if not directly"
    assert faults_of(tmp_path, text) == [at(text, "  Spare:", "\nshapes:", told)]

    text = with_entries(operation(result="Spare"), shapes=shape(group="tasks", field="node", wire="Node", type="Node"))
    text = text.replace(
        "      node_id: {wire: NodeId, type: str, source: O, always: true",
        "      task: {wire: Task, type: TaskStatus, source: I, doc: A task.}\n"
        "      node_id: {wire: NodeId, type: str, source: O, always: true",
        1,
    )
    reason = "the shapes of these groups hold each other: tasks, nodes"
    assert faults_of(tmp_path, text) == [
        at(text, f"  {group}:", "\ngroups:", f"groups.{group}: {reason}") for group in ("tasks", "nodes")
    ]
