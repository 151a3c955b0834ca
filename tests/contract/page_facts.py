"""The contract page (our copy) as facts: operations, shapes with their fields, and open lists of values.

The page is prose for people. It is read here as it is: the rows of its Operations table, and the paragraphs of its
shapes, field by field.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import attrs

from contract.page_text import MARK, PAGE, SHAPE_NAMES, mark_of, paragraphs, section, split, without_remarks

SCALARS = {"str": ("str",), "int": ("int", "flag"), "bool": ("bool",), "map": ("map[str]",), "0/1": ("flag",)}


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
