"""The contract page (our copy) against the API description: nothing of the one may be missing in the other.

The page is prose for people. It is read here as it is: the rows of its Operations table, and the paragraphs of its
shapes, field by field.
"""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

from contract.revised import in_revision

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ORIGINALS = ROOT.parent / "shared" / "contract"
PAGE = (HERE / "wire.md").read_text(encoding="utf-8")
COPIES = ["observed-requests.json", "signing-vectors.json", "wire.md"]

Description = dict[str, Any]


def described() -> Description:
    """What the API description says of the revision that the page describes, as plain data of our own."""
    plain: Description = in_revision(json.loads(_described()), "2025-09-08")
    return plain


@functools.cache
def _described() -> str:
    """The description by way of JSON, which parts what YAML shares."""
    return json.dumps(yaml.safe_load((ROOT / "codegen" / "api.yaml").read_text(encoding="utf-8")))


# ---------------------------------------------------------------------------------------------------------------------
# What the page says


@attrs.frozen
class FieldFact:
    """One field as the page has it. None: the page does not say."""

    wire: str
    types: tuple[str, ...] | None = None
    required: bool | None = None
    source: str | None = None
    secret: bool = False
    documented: str | None = None
    members: tuple[FieldFact, ...] | None = None
    shape: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()


@attrs.frozen
class ShapeFact:
    """One shape as the page has it."""

    name: str
    source: str
    fields: tuple[FieldFact, ...]
    use: str


@attrs.frozen
class OperationFact:
    """One row of the table."""

    name: str
    source: str
    http: str
    action: str
    action_source: str
    kind: str
    paged: bool
    request: str | None
    arguments: tuple[FieldFact, ...]
    result: str | None
    result_source: str | None
    result_members: tuple[FieldFact, ...]


MARK = re.compile(r"\s*\[([DOI])(?:;[^\]]*)?\]")
SCALARS = {"str": ("str",), "int": ("int", "flag"), "bool": ("bool",), "map": ("map[str]",), "0/1": ("flag",)}


def section(title: str) -> str:
    """The text below a heading, up to the next."""
    found = re.search(rf"^## {re.escape(title)}.*?$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the page has no section {title!r}"
    return found[1]


def split(text: str, separator: str) -> list[str]:
    """Split a text outside of brackets."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    assert depth == 0, f"unbalanced: {text}"
    return [part.strip() for part in parts if part.strip()]


def without_remarks(text: str) -> tuple[str, list[str]]:
    """A text without its parentheses, and what was in them."""
    remarks: list[str] = []
    outside, depth = "", 0
    for char in text:
        if char == ")":
            depth -= 1
        if depth == 0 and char not in "()":
            outside += char
        elif depth > 0:
            remarks[-1] += char
        if char == "(":
            depth += 1
            if depth == 1:
                remarks.append("")
    return outside.strip(), remarks


@functools.cache
def operations() -> tuple[OperationFact, ...]:
    return tuple(rows_of_the_table())


@functools.cache
def request_shapes() -> tuple[ShapeFact, ...]:
    return tuple(
        ShapeFact(name, source, tuple(fields_in(body, source)), "request")
        for name, source, body in paragraphs(section("Request shapes"))
    )


@functools.cache
def answer_shapes() -> tuple[ShapeFact, ...]:
    return tuple(shapes_of_answers())


def rows_of_the_table() -> Iterator[OperationFact]:
    rows = [line for line in section("Operations").splitlines() if line.startswith("| ") and "---" not in line]
    for row in rows[1:]:
        _, documented, http, action, arguments, data, kind = [cell.strip() for cell in row.strip("|").split("|")]
        source = mark_of(documented)
        assert source is not None, f"no mark: {row}"
        plain_data, _ = without_remarks(data)
        result = MARK.sub("", plain_data).strip()
        single = re.fullmatch(r"[A-Z]\w+", MARK.sub("", arguments))
        observed = "O" if source == "O" else None  # an operation that is only observed has no other arguments
        is_shape = single is not None and single[0].endswith("Request")
        yield OperationFact(
            name=MARK.sub("", documented),
            source=source,
            http=http,
            action=MARK.sub("", action).strip("* "),
            action_source=mark_of(action) or source,
            kind={"read": "read", "idempotent": "idempotent", "create": "create"}[re.split(r"\W", kind)[0]],
            paged="paged" in kind,
            request=MARK.sub("", arguments) if is_shape else None,
            arguments=() if is_shape else tuple(arguments_in(arguments, observed)),
            result=_result_name(result),
            result_source=mark_of(data) or observed,
            result_members=tuple(arguments_in(result.strip("{}"))) if _result_name(result) is None else (),
        )


def mark_of(text: str) -> str | None:
    found = MARK.search(without_remarks(text)[0])
    return found[1] if found else None


def _result_name(text: str) -> str | None:
    """`none`, a shape or a list of a shape; None for fields."""
    if text.startswith("list of "):
        return f"list[{text.removeprefix('list of ')}]"
    return text if text == "none" or text in SHAPE_NAMES else None


def arguments_in(cell: str, default: str | None = None) -> Iterator[FieldFact]:
    """`ClusterId, Config: NodePoolSpec, VpcId? [O]`: the mark holds for all."""
    source = mark_of(cell) or default
    outside, _ = without_remarks(cell)
    for part in split(MARK.sub("", outside), ","):
        found = re.fullmatch(r"(\w+)(\?)?(?:: (.+))?", part)
        assert found is not None, f"not an argument: {part}"
        wire, optional, kind = found[1], found[2], found[3] or ""
        members: tuple[FieldFact, ...] | None = None
        types: tuple[str, ...] | None = None
        needs: tuple[str, ...] = ()
        if with_ids := re.fullmatch(r"(\w+) with its `(\w+)` set", kind):
            types, needs = (with_ids[1],), (with_ids[2],)
        elif kind.startswith("[") and "," in kind:
            members = tuple(FieldFact(name, source=source) for name in split(kind[1:-1], ","))
        elif kind.startswith("["):
            types = (f"list[{kind[1:-1]}]",)
        elif kind:
            types = SCALARS.get(kind, (kind,))
        yield FieldFact(wire, types=types, required=not optional, source=source, members=members, needs=needs)


def paragraphs(text: str) -> Iterator[tuple[str, str, str]]:
    """Each `**Name** [D], …: fields.` of a section: name, mark and fields. It ends where a line ends with a stop."""
    for found in re.finditer(r"^\*\*(\w+)\*\*([^:\n]*):(.*?\.)$", text, re.MULTILINE | re.DOTALL):
        yield found[1], mark_of(found[2]) or "O", " ".join(found[3].split()).rstrip(".")


SHAPE_NAMES = {name for title in ("Request shapes", "Answer shapes") for name, _, _ in paragraphs(section(title))}


def fields_in(body: str, source: str) -> Iterator[FieldFact]:
    """`Name str **y** (remark) · Other [Shape] · …`."""
    for entry in split(body, "·"):
        also = re.search(r"; in answers also (.*)", entry)
        text = entry[: also.start()] if also else entry
        pair = split(text, ",")
        if len(pair) > 1 and all(re.match(r"[A-Z]\w* str \*\*y\*\*", part) for part in pair):
            both_secret = "both secret" in text
            for part in pair:
                yield attrs.evolve(request_field(part, source), secret=both_secret)
        else:
            yield request_field(text, source)
        if also:
            mark = mark_of(also[1])
            for name in split(MARK.sub("", also[1]), ","):
                yield FieldFact(name, types=("str",), required=False, source=mark)


def request_field(text: str, source: str) -> FieldFact:
    outside, remarks = without_remarks(text)
    found = re.match(r"(\w+):?\s*(\[?\{.*\}\]?)?", outside)
    assert found is not None, f"not a field: {text}"
    wire, inner = found[1], found[2]
    own = mark_of(outside[found.end() :]) or source
    rest = MARK.sub("", outside[found.end() :])
    is_required: bool | None = "**y**" in rest
    rest = rest.replace("**y**", "").strip()
    values = tuple(values_in([rest, *remarks], source))
    members: tuple[FieldFact, ...] | None = None
    types: tuple[str, ...] | None = None
    if inner is not None:
        whole = text[text.index("{") + 1 : text.rindex("}")]
        members = tuple(fields_in(whole, source))
        if not is_required and any(member.required for member in members):
            is_required = None  # the page marks what is inside
    elif not rest:
        types = (wire,) if wire in SHAPE_NAMES else None
    elif rest.startswith("["):
        types = (f"list[{rest[1:-1]}]",)
    elif rest.startswith("`"):
        types = ("str",)
    elif rest.startswith("GB"):
        types = ("int",)
    else:
        kind = rest.split()[0]
        types = SCALARS.get(kind, (kind,))
    is_secret = inner is None and "**secret**" in text
    return FieldFact(
        wire, types=types, required=is_required, source=own, secret=is_secret, members=members, values=values
    )


def values_in(texts: list[str], source: str) -> Iterator[tuple[str, str]]:
    """The texts in backticks, each with its mark."""
    for text in texts:
        found = MARK.search(text)
        for value in re.findall(r"`([^`]+)`", text):
            yield value.strip('"'), found[1] if found else source


def shapes_of_answers() -> Iterator[ShapeFact]:
    fields: dict[str, tuple[FieldFact, ...]] = {}
    for name, source, body in paragraphs(section("Answer shapes")):
        inherited: tuple[FieldFact, ...] = ()
        if body.startswith("the same and "):
            inherited, body = fields[list(fields)[-1]], body.removeprefix("the same and ")
        facts: list[FieldFact] = []
        for entry in split(body, ","):
            facts.append(answer_field(entry, source))
            if "(ints)" in entry:
                facts = [attrs.evolve(fact, types=("int",)) if fact.types == ("str",) else fact for fact in facts]
            if each := re.search(r"\(each a list of (\w+)", entry):
                lists = [index for index, fact in enumerate(facts) if fact.types == ("str",)][-3:]
                for index in lists:
                    facts[index] = attrs.evolve(facts[index], types=(f"list[{each[1]}]",))
        fields[name] = (*inherited, *facts)
        yield ShapeFact(name, source, fields[name], "answer")


def answer_field(entry: str, source: str) -> FieldFact:
    outside, remarks = without_remarks(entry)
    found = re.match(r"(\w+):?\s*(.*)", outside)
    assert found is not None, f"not a field: {entry}"
    wire, rest = found[1], found[2]
    remark = " ".join(remarks)
    if spelt := re.search(r"spelt `(\w+)` on the wire", remark):
        return FieldFact(spelt[1], types=("str",), source=source, documented=wire)
    if like := re.search(r"as in (\w+)", remark):
        return FieldFact(wire, source=source, shape=f"{like[1]}.{wire}")
    members = types = None
    if rest[:1] in ("{", "["):
        members = tuple(answer_field(part, source) for part in split(rest[1:-1], ","))
    elif "{" in remark:
        members = tuple(answer_field(part, source) for part in split(remark, ","))
    else:
        types = SCALARS[rest or "str"]
    return FieldFact(
        wire,
        types=types,
        source=source,
        secret="secret" in remark,
        members=members,
        values=tuple(values_in(remarks, source)),
    )


def open_lists() -> Iterator[tuple[str, str, str]]:
    """The lists of values that stand apart: the description's name for each, value and mark."""
    heads = {
        "Instance types": "InstanceType",
        "Images": "OsImageName",
        "K8s versions": "K8sVersion",
        "Task status values": "TaskState",
        "Event status values": "EventState",
        "Cluster status": "ClusterStatus",
        "Node status": "NodeStatus",
    }
    for head, name in heads.items():
        found = re.search(rf"{head} \[([DOI])\]:((?:`[^`]*`|[^.`])*)\.", PAGE)
        assert found is not None, f"the page has no list of {head}"
        for value in re.findall(r"`([^`]+)`", found[2]):
            yield "K8sStatus" if value in ("Ready", "NotReady") else name, value, found[1]


@functools.cache
def further_facts() -> str:
    """The last section, which wins over what stands above it."""
    return section("Further facts [O]")


@functools.cache
def needed_with_prepaid() -> tuple[str, ...]:
    """The fields that the last section requires only with prepaid billing, by shape and wire name."""
    found = re.search(r"`(\w+)`/`(\w+)` is required only with prepaid billing", further_facts())
    assert found is not None
    return f"BillingSpec.{found[1]}", f"NodePoolBillingSpec.{found[2]}"


# ---------------------------------------------------------------------------------------------------------------------
# What the description lacks


class Checker:
    """Compares the two and notes every difference."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.notes: list[str] = []
        self.seen: set[str] = set()

    def note(self, place: str, what: str) -> None:
        self.notes.append(f"{place}: {what}")

    def compare(self, place: str, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            self.note(place, f"{what} is {ours!r}, and {theirs!r} on the page")

    def check(self) -> list[str]:
        facts = operations()
        self.compare("operations", "their set", sorted(self.description["operations"]), sorted(f.name for f in facts))
        for operation in facts:
            if operation.name in self.description["operations"]:
                self.operation(operation)
        self.results(facts)
        for shape in (*request_shapes(), *answer_shapes()):
            self.shape(shape)
        for name, value, source in open_lists():
            self.value(name, name, value, source)
        for name in self.description["shapes"].keys() - self.seen:
            self.note(name, "is not on the page")
        return self.notes

    def operation(self, fact: OperationFact) -> None:
        ours = self.description["operations"][fact.name]
        for what in ("source", "http", "action", "action_source", "kind"):
            self.compare(fact.name, what, ours.get(what), getattr(fact, what))
        self.compare(fact.name, "paged", ours.get("paged", False), fact.paged)
        if fact.request is not None:
            self.compare(fact.name, "request", ours["request"], fact.request)
        else:
            self.members(ours["request"], fact.arguments)
        if fact.result is not None:
            self.compare(fact.name, "result", ours["result"], fact.result)
        else:
            self.members(
                ours["result"], tuple(attrs.evolve(f, required=None, source=None) for f in fact.result_members)
            )
        if fact.result_source is not None:
            self.compare(fact.name, "result_source", ours["result_source"], fact.result_source)

    def results(self, facts: tuple[OperationFact, ...]) -> None:
        """Several operations may bring the same fields: the best of their marks is the fields'."""
        marks: dict[str, set[str]] = {}
        for fact in facts:
            ours = self.description["operations"].get(fact.name)
            if ours is not None and fact.result is None and fact.result_source is not None:
                marks.setdefault(ours["result"], set()).add(fact.result_source)
        for shape, sources in marks.items():
            for field in self.description["shapes"][shape]["fields"].values():
                self.compare(f"{shape}.{field['wire']}", "source", field["source"], min(sources, key="DOI".index))

    def shape(self, fact: ShapeFact) -> None:
        ours = self.description["shapes"].get(fact.name)
        if ours is None:
            self.note(fact.name, "is missing")
            return
        self.compare(fact.name, "source", ours["source"], fact.source)
        if ours["use"] not in (fact.use, "both"):
            self.note(fact.name, f"use is {ours['use']!r}, and {fact.use!r} on the page")
        self.members(fact.name, fact.fields)

    def members(self, shape: str, facts: tuple[FieldFact, ...], *, is_whole: bool = True) -> None:
        self.seen.add(shape)
        ours = {field["wire"]: field for field in self.description["shapes"][shape]["fields"].values()}
        for fact in facts:
            if fact.wire in ours:
                self.field(f"{shape}.{fact.wire}", ours[fact.wire], fact)
            else:
                self.note(f"{shape}.{fact.wire}", "is missing")
        if is_whole:
            for wire in ours.keys() - {fact.wire for fact in facts}:
                self.note(f"{shape}.{wire}", "is not on the page")

    def field(self, place: str, ours: dict[str, Any], fact: FieldFact) -> None:
        if fact.types is not None and ours["type"] not in fact.types:
            self.note(place, f"type is {ours['type']!r}, and {' or '.join(fact.types)} on the page")
        if fact.required is not None:
            required = fact.required and place not in needed_with_prepaid()
            self.compare(place, "required", ours.get("required", False), required)
        if fact.source is not None:
            self.compare(place, "source", ours["source"], fact.source)
        self.compare(place, "secret", ours.get("secret", False), fact.secret)
        self.compare(place, "documented", ours.get("documented"), fact.documented)
        if fact.shape is not None:
            shape, wire = fact.shape.split(".")
            fields = self.description["shapes"][shape]["fields"].values()
            like = next((field["type"] for field in fields if field["wire"] == wire), None)
            self.compare(place, "type", ours["type"], like)
        if fact.members is not None:
            inner = re.sub(r"list\[(\w+)\]", r"\1", ours["type"])
            if inner not in self.description["shapes"]:
                self.note(place, f"type is {ours['type']!r}, and fields on the page")
            else:
                # Answers name the fields that came; a shape that requests have as well is told whole elsewhere.
                is_told = inner in SHAPE_NAMES
                members = [attrs.evolve(f, types=None, source=None) for f in fact.members] if is_told else fact.members
                self.members(inner, tuple(members), is_whole=not is_told)
        for wire in fact.needs:
            inner_fields = self.description["shapes"][ours["type"]]["fields"]
            names = [name for name, field in inner_fields.items() if field["wire"] == wire]
            self.compare(place, "needs", ours.get("needs"), names)
        for value, source in fact.values:
            self.value(place, ours.get("values"), value, source)

    def value(self, place: str, name: str | None, value: str, source: str) -> None:
        known = self.description["values"].get(name, {"values": []})["values"] if name else []
        sources = {entry["value"]: entry["source"] for entry in known}
        if value not in sources:
            self.note(place, f"the value {value!r} is missing")
        elif place == name:
            self.compare(place, f"source of {value!r}", sources[value], source)


def differences(description: Description) -> list[str]:
    return Checker(description).check()


# ---------------------------------------------------------------------------------------------------------------------


def test_the_description_says_what_the_page_says() -> None:
    assert differences(described()) == []


def test_the_description_says_what_the_last_section_says() -> None:
    page, plain = further_facts(), described()
    values = {name: [each["value"] for each in entry["values"]] for name, entry in plain["values"].items()}
    node = re.search(
        r"`NodeType` is the node's part in the cluster, `(\w+)` or `(\w+)`.*?state \((.*?)\),", page, re.DOTALL
    )
    assert node is not None
    assert values["NodeRole"] == [node[1], node[2]]
    assert values["NodeStatus"] == re.findall(r"`(\w+)`", node[3])
    kubernetes = re.search(r"`Status` in the query is the state in Kubernetes \((.*?)\), `SchedulableStr` (\S+)", page)
    assert kubernetes is not None
    assert values["K8sStatus"] == re.findall(r"`(\w+)`", kubernetes[1])
    for shape in ("Node", "ListNodesRequest"):
        assert field_of(plain, shape, "NodeType")["values"] == "NodeRole"
        assert field_of(plain, shape, "NodeStatus")["values"] == "NodeStatus"
    assert field_of(plain, "ListNodesRequest", "Status")["values"] == "K8sStatus"
    further_types = re.search(r"further type names seen: `([^`]+)`", page)
    assert further_types is not None
    assert further_types[1] in values["InstanceType"]
    for place in needed_with_prepaid():
        shape, wire = place.split(".")
        (need,) = plain["shapes"][shape]["needed"]
        assert plain["shapes"][shape]["fields"][need["field"]]["wire"] == wire
        assert need["one_of"] == [*range(1, 13), 24, 36]


def test_the_page_is_read_whole() -> None:
    """The reading of the page can't quietly skip a part of it."""
    assert len(operations()) == len(re.findall(r"\| (?:GET|POST) \|", PAGE)) >= 23
    documented = re.search(r"The document names (\d+) \[D\]", PAGE)
    assert documented is not None
    assert sum(fact.source == "D" for fact in operations()) == int(documented[1])
    assert {shape.name: len(shape.fields) for shape in request_shapes()} == {
        "CreateClusterRequest": 14,
        "CniInfo": 4,
        "CniConfig": 6,
        "SubnetInfo": 4,
        "NodeConfig": 10,
        "BillingSpec": 4,
        "DiskInfo": 3,
        "Specifics": 1,
        "NodePoolConfig": 6,
        "AutoScaling": 6,
        "NodePoolSpec": 6,
    }
    assert {shape.name: len(shape.fields) for shape in answer_shapes()} == {
        "ClusterSummary": 17,
        "ClusterDetail": 35,
        "ClusterEvent": 7,
        "Node": 28,
        "NodePool": 15,
        "NetworkInterface": 8,
        "Event": 7,
        "ScalingGroup": 13,
    }
    assert len(list(open_lists())) == 7 + 9 + 4 + 3 + 3 + 2 + 4 + 2


def test_the_marks_of_single_fields_are_read() -> None:
    create, *_ = request_shapes()
    fields = {fact.wire: fact for fact in create.fields}
    assert fields["RuntimeType"] == FieldFact("RuntimeType", types=("str",), required=False, source="O")
    assert fields["MasterNumber"] == FieldFact("MasterNumber", types=("int", "flag"), required=True, source="D")
    assert fields["Sk"] == FieldFact("Sk", types=("str",), required=True, source="D", secret=True)
    assert fields["MasterConfig"].types == ("NodeConfig",)
    subnet = next(shape for shape in request_shapes() if shape.name == "SubnetInfo")
    assert [(fact.wire, fact.source) for fact in subnet.fields][:2] == [("SubnetId", "D"), ("AvailableZoneId", "O")]
    pool = {fact.wire: fact for fact in request_shapes()[-1].fields}
    assert pool["NodeConfig"].members is not None
    inner = {fact.wire: fact for fact in pool["NodeConfig"].members}
    assert inner["Password"].secret
    assert [(fact.wire, fact.types, fact.required) for fact in inner["BillingSpec"].members or ()] == [
        ("InstanceChargeType", ("str",), True),
        ("Period", ("int", "flag"), False),
        ("IsToMonth", ("flag",), False),
        ("AutoRenew", ("flag",), False),
    ]
    assert inner["BillingSpec"].required


CREATE, UPDATE = "CreateClusterRequest", "UpdateNodePoolConfigRequest"
Mutation = Callable[[Description], object]


def field_of(description: Description, shape: str, wire: str) -> dict[str, Any]:
    fields = description["shapes"][shape]["fields"].values()
    found: dict[str, Any] = next(field for field in fields if field["wire"] == wire)
    return found


@pytest.mark.parametrize(
    ("mutate", "place"),
    [
        (lambda d: d["operations"].pop("AddScalingNode"), "operations"),
        (lambda d: d["operations"].update(NewOne=d["operations"]["GetCluster"]), "operations"),
        (lambda d: d["operations"]["GetTaskStatus"].update(action="GetTaskStatus"), "GetTaskStatus"),
        (lambda d: d["operations"]["GetTaskStatus"].update(action_source="D"), "GetTaskStatus"),
        (lambda d: d["operations"]["UpdateNodePoolConfig"].update(source="I"), "UpdateNodePoolConfig"),
        (lambda d: d["operations"]["AddScalingNode"].update(kind="idempotent"), "AddScalingNode"),
        (lambda d: d["operations"]["ListNodes"].update(http="POST"), "ListNodes"),
        (lambda d: d["operations"]["ListNodes"].pop("paged"), "ListNodes"),
        (lambda d: d["operations"]["ListNodes"].update(result="Node"), "ListNodes"),
        (lambda d: d["operations"]["CreateCluster"].update(result_source="O"), "CreateCluster"),
        (lambda d: d["operations"]["CreateCluster"].update(result="TaskReference"), "TaskReference.ClusterId"),
        (lambda d: d["shapes"].pop("ScalingGroup"), "ScalingGroup"),
        (lambda d: d["shapes"].update(Whim=d["shapes"]["Volume"]), "Whim"),
        (lambda d: d["shapes"]["CniInfo"].update(source="O"), "CniInfo"),
        (lambda d: d["shapes"]["NodePoolSpec"].update(use="answer"), "NodePoolSpec"),
        (lambda d: d["shapes"]["ListNodesRequest"]["fields"].pop("keyword"), "ListNodesRequest.Keyword"),
        (lambda d: d["shapes"]["ClusterSubnet"]["fields"].pop("used_ip_num"), "ClusterSubnet.UsedIpNum"),
        (lambda d: d["shapes"]["Volume"]["fields"].pop("size"), "Volume.Size"),
        (lambda d: d["shapes"]["EipInfo"]["fields"].pop("ip"), "EipInfo.Ip"),
        (lambda d: d["shapes"]["EventTask"]["fields"].pop("task_type"), "EventTask.TaskType"),
        (lambda d: d["shapes"]["ClusterDetail"]["fields"].pop("cluster_name"), "ClusterDetail.ClusterName"),
        (lambda d: d["shapes"]["NodePoolList"]["fields"].pop("total"), "NodePoolList.Total"),
        (lambda d: field_of(d, "Node", "Cpu").update(wire="CPU"), "Node.Cpu"),
        (lambda d: field_of(d, "Node", "Cpu").update(type="str"), "Node.Cpu"),
        (lambda d: field_of(d, "Node", "Cpu").update(source="D"), "Node.Cpu"),
        (lambda d: field_of(d, "ListClustersRequest", "VpcId").update(required=True), "ListClustersRequest.VpcId"),
        (lambda d: field_of(d, "ListClustersRequest", "VpcId").update(source="I"), "ListClustersRequest.VpcId"),
        (lambda d: field_of(d, "GetClusterRequest", "ClusterId").pop("required"), "GetClusterRequest.ClusterId"),
        (lambda d: field_of(d, "CniConfig", "PodCidr").pop("required"), "CniConfig.PodCidr"),
        (lambda d: field_of(d, "NodeConfig", "Shell").update(required=True), "NodeConfig.Shell"),
        (lambda d: field_of(d, "NodePoolNodeConfig", "Password").pop("secret"), "NodePoolNodeConfig.Password"),
        (lambda d: field_of(d, "ClusterDetail", "Ak").pop("secret"), "ClusterDetail.Ak"),
        (lambda d: field_of(d, "ClusterDetail", "SubnetList").update(type="str"), "ClusterDetail.SubnetList"),
        (lambda d: field_of(d, "CreateClusterRequest", "Sk").pop("secret"), "CreateClusterRequest.Sk"),
        (lambda d: field_of(d, CREATE, "RuntimeType").update(source="D"), f"{CREATE}.RuntimeType"),
        (lambda d: field_of(d, "SubnetInfo", "Segment").update(source="D"), "SubnetInfo.Segment"),
        (lambda d: field_of(d, "BillingSpec", "Duration").update(type="str"), "BillingSpec.Duration"),
        (lambda d: field_of(d, "DeleteNodeRequest", "NodeIds").update(type="str"), "DeleteNodeRequest.NodeIds"),
        (lambda d: field_of(d, "NodePool", "NodeConfig").update(type="NodeConfig"), "NodePool.NodeConfig"),
        (lambda d: field_of(d, "ScalingGroup", "RovingSize").pop("documented"), "ScalingGroup.RovingSize"),
        (lambda d: field_of(d, "ScalingGroup", "Cpu").update(type="str"), "ScalingGroup.Cpu"),
        (lambda d: field_of(d, "Event", "TaskList").update(type="list[str]"), "Event.TaskList"),
        (lambda d: field_of(d, "AttachmentStatus", "Attached").update(type="str"), "AttachmentStatus.Attached"),
        (lambda d: field_of(d, UPDATE, "Config").pop("needs"), f"{UPDATE}.Config"),
        (lambda d: d["values"]["CniType"]["values"].pop(), "CniInfo.CniType"),
        (lambda d: d["values"]["InstanceType"]["values"].pop(), "InstanceType"),
        (lambda d: d["values"]["TaskState"]["values"][0].update(source="D"), "TaskState"),
        (lambda d: d["values"]["BillingMethod"]["values"].pop(), "BillingSpec.BillingMethod"),
    ],
)  # fmt: skip
def test_a_change_to_the_description_is_told(mutate: Mutation, place: str) -> None:
    description = described()
    before = copy.deepcopy(description)
    mutate(description)
    assert description != before
    assert place in {note.split(": ")[0] for note in differences(description)}


def unnoticed(change: Callable[[dict[str, Any]], object], uses: tuple[str, ...]) -> set[str]:
    """The fields that may be changed in this way without a word."""
    silent = set()
    description = described()
    for shape, body in description["shapes"].items():
        for name, whole in body["fields"].items() if body["use"] in uses else ():
            changed = dict(whole)
            change(changed)
            body["fields"][name] = changed
            if not any(note.startswith(f"{shape}.{whole['wire']}: ") for note in differences(description)):
                silent.add(f"{shape}.{whole['wire']}")
            body["fields"][name] = whole
    return silent


EVERYWHERE = ("request", "answer", "both")


def test_no_field_can_go_or_change_its_name_type_or_secrecy_unnoticed() -> None:
    assert unnoticed(lambda field: field.update(wire="Other"), EVERYWHERE) == set()
    assert unnoticed(lambda field: field.update(secret=not field.get("secret")), EVERYWHERE) == set()


def test_no_field_can_change_its_requirement_unnoticed() -> None:
    """But where the page does not say."""
    assert unnoticed(lambda field: field.update(required=not field.get("required")), ("request", "both")) == {
        "NodePoolSpec.NodeConfig",
        *("ClusterSubnet.SubnetId", "ClusterSubnet.Segment", "ClusterSubnet.UsedIpNum"),
    }


def test_no_field_can_change_its_provenance_unnoticed() -> None:
    """But where the page does not say: documented rows without a mark."""
    others = {"D": "O", "O": "I", "I": "D"}
    silent = unnoticed(lambda field: field.update(source=others[field["source"]]), EVERYWHERE)
    assert silent == {
        *("GetClusterRequest.ClusterId", "DeleteClusterRequest.ClusterId", "GetClusterEventsRequest.ClusterId"),
        *("DeleteNodeRequest.ClusterId", "DeleteNodeRequest.NodeIds"),
    }


@pytest.mark.parametrize("name", COPIES if ORIGINALS.is_dir() else [])
def test_our_copy_of_the_contract_is_the_original(name: str) -> None:
    assert (HERE / name).read_bytes() == (ORIGINALS / name).read_bytes()
