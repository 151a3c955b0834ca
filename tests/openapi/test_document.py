"""docs/openapi.json is valid, and says all that the description says: in both revisions, with its sources."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from cds_eks.emulator.protocol.envelope import STATUSES
from cds_eks.schema.text_rules import NAMED_RULES
from codegen.description import Api
from codegen.loading import load
from codegen.openapi import PAGE, document
from codegen.openapi.fields import RULES
from support.contract_files import observed_body

ROOT = Path(__file__).resolve().parents[2]
OLDER, NEWER = "2025-09-08", "2025-10-11"


@pytest.fixture(scope="module")
def api() -> Api:
    return load()


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / PAGE).read_text(encoding="utf-8"))
    return found


def operations(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its path and its method."""
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def body_of(told: dict[str, Any], action: str) -> tuple[Draft202012Validator, dict[str, Any]]:
    """What judges the body of an operation, and its examples."""
    content = told["paths"][f"/eks/v1#Action={action}"]["post"]["requestBody"]["content"]["application/json"]
    return Draft202012Validator(content["schema"] | {"components": told["components"]}), content.get("examples", {})


def test_it_is_what_the_description_gives(api: Api, told: dict[str, Any]) -> None:
    assert told == document(api)


def test_it_is_valid(told: dict[str, Any]) -> None:
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []


def test_it_has_every_operation_under_each_of_its_names(api: Api, told: dict[str, Any]) -> None:
    expected = {
        (f"{api.path}#Action={operation.action_in(revision)}", operation.http.lower(), name)
        for name, operation in api.operations.items()
        for revision in api.revisions
    }
    assert {(path, method, operation["operationId"]) for path, method, operation in operations(told)} == expected


def test_action_and_version_are_parameters_as_generators_need_them(api: Api, told: dict[str, Any]) -> None:
    for path, _, operation in operations(told):
        action, version = operation["parameters"][:2]
        assert (action["name"], action["schema"]["const"]) == ("Action", path.partition("=")[2])
        assert (version["name"], version["schema"]["const"]) == ("Version", api.version)


def test_every_argument_is_there_in_every_revision(api: Api, told: dict[str, Any]) -> None:
    for _, method, operation in operations(told):
        shape = api.shapes[api.operations[operation["operationId"]].request]
        if method == "get":
            names = {each["name"] for each in operation["parameters"][2:]}
            assert names == {field.wire_in(OLDER) for field in shape.fields.values()}
            continue
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        references = [each["$ref"].rpartition("/")[2] for each in schema.get("oneOf", [schema])]
        for reference, revision in zip(references, api.revisions, strict=False):
            found = set(told["components"]["schemas"][reference]["properties"])
            hoisted = {each.wire for each in shape.hoisted if revision in each.revisions}
            wires = {field.wire_in(revision) for field in shape.fields.values()} - {None}
            assert found == wires | hoisted


def test_both_revisions_are_there_where_they_differ(told: dict[str, Any]) -> None:
    schemas = told["components"]["schemas"]
    assert {name for name, schema in schemas.items() if schema.get("x-revision") == NEWER} == {
        f"{name}_2025_10_11"
        for name in (
            "CreateClusterRequest", "CniInfo", "CniConfig", "NodeConfig", "BillingSpec", "DiskInfo", "NodePoolConfig",
            "AddClusterSubnetRequest",
        )
    }  # fmt: skip
    assert schemas["NodePoolConfig_2025_10_11"]["required"] == ["Name", "NodeType", "NodeConfig"]
    assert "Password" in schemas["CreateClusterRequest_2025_10_11"]["required"]


def test_fields_have_their_source_and_secrets_their_mark(api: Api, told: dict[str, Any]) -> None:
    schemas = told["components"]["schemas"]
    for name, shape in api.shapes.items():
        for field in shape.fields.values():
            found = schemas.get(name, {"properties": {}})["properties"].get(field.wire_in(OLDER))
            if found is not None:
                assert found["x-provenance"] == field.source, (name, field.name)
                assert found.get("x-secret", False) == field.secret, (name, field.name)
    assert {"D", "O", "I"} == {
        schemas[name]["properties"][field]["x-provenance"]
        for name, field in (
            ("CreateClusterRequest", "VpcId"), ("ClusterSummary", "VpcId"), ("CreateNetworkInterfaceRequest", "VpcId"),
        )
    }  # fmt: skip
    assert schemas["CreateClusterRequest_2025_10_11"]["properties"]["SourceEip"]["x-provenance"] == "O"


def test_no_response_has_the_password_of_a_request(told: dict[str, Any]) -> None:
    results = [schema for name, schema in told["components"]["schemas"].items() if "additionalProperties" not in schema]
    assert results
    assert not [schema for schema in results if "Password" in schema["properties"]]


def test_the_examples_are_as_the_document_has_them_and_keep_the_rules(told: dict[str, Any]) -> None:
    validator, examples = body_of(told, "CreateCluster")
    assert set(examples) == {"document", "newer"}
    for example in examples.values():
        assert [error.message for error in validator.iter_errors(example["value"])] == []
    sent = observed_body("CreateCluster", OLDER)
    own = examples["document"]["value"]
    same = ("ClusterName", "VpcId", "NatId", "SourceEipId", "DestinationEipId", "MasterNumber")
    assert {name: own[name] for name in same} == {name: sent[name] for name in same}
    assert own["NodePoolConfig"]["AutoScaling"] == sent["NodePoolConfig"]["AutoScaling"]


@pytest.mark.parametrize(
    "change",
    [
        {"ClusterName": "-a"},
        {"MasterNumber": 4},
        {"Sk": ""},
        {"Unknown": 1},
        {"SourceEip": "eip-1"},  # of the other revision
        {"Cni": None},
    ],
    ids=str,
)
def test_a_faulty_body_breaks_the_rules(told: dict[str, Any], change: dict[str, Any]) -> None:
    validator, examples = body_of(told, "CreateCluster")
    assert not validator.is_valid(examples["document"]["value"] | change)


def test_rules_of_several_fields_are_told(told: dict[str, Any]) -> None:
    schemas = told["components"]["schemas"]
    assert schemas["AutoScaling"]["x-ordered"] == [{"least": "MinReplicas", "most": "MaxReplicas", "x-provenance": "I"}]
    billing = Draft202012Validator(schemas["NodePoolBillingSpec"])
    assert billing.is_valid({"InstanceChargeType": "PrePaid", "Period": 12})
    assert billing.is_valid({"InstanceChargeType": "PostPaid"})
    assert not billing.is_valid({"InstanceChargeType": "PrePaid"})
    assert not billing.is_valid({"InstanceChargeType": "PrePaid", "Period": 13})
    bare = Draft202012Validator(schemas["NodePoolSpec"]["allOf"][0])
    assert not bare.is_valid({"NodeType": "bms", "NodeConfig": {"SystemVolume": {}}})
    assert bare.is_valid({"NodeType": "ecs", "NodeConfig": {"SystemVolume": {}}})


def test_the_rules_for_texts_are_those_of_the_models() -> None:
    assert RULES.keys() == NAMED_RULES.keys()
    for name, rule in NAMED_RULES.items():
        schema = Draft202012Validator({"type": "string", **RULES[name]})
        assert [text for text in rule.good if not schema.is_valid(text)] == []
    names = Draft202012Validator(RULES["name"])
    assert [text for text in NAMED_RULES["name"].bad if names.is_valid(text)] == ["a\n"]  # `$` of Python, not of ECMA


def test_an_operation_with_another_name_in_a_revision_has_a_path_for_each(api: Api) -> None:
    renamed = attrs.evolve(api.operations["GetTaskStatus"], action={OLDER: "TaskStatus", NEWER: "TaskState"})
    told = document(attrs.evolve(api, operations=api.operations | {"GetTaskStatus": renamed}))
    found = [told["paths"][f"/eks/v1#Action={action}"]["get"] for action in ("TaskStatus", "TaskState")]
    assert [each["operationId"] for each in found] == ["GetTaskStatus", "GetTaskStatus_2025_10_11"]
    assert [each["x-revisions"] for each in found] == [[OLDER], [NEWER]]
    assert list(OpenAPIV31SpecValidator(told).iter_errors()) == []


def test_every_error_of_the_emulator_is_told(told: dict[str, Any]) -> None:
    errors = told["components"]["responses"].values()
    codes = {code for error in errors for code in error["x-codes"]}
    assert codes >= set(STATUSES)
    for _, _, operation in operations(told):
        assert set(operation["responses"]) >= {"200", "405", "500", *(str(status) for status in STATUSES.values())}


def test_signing_is_described(told: dict[str, Any]) -> None:
    assert told["security"] == [{"signature": []}]
    scheme = told["components"]["securitySchemes"]["signature"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "query", "Signature")
    assert set(scheme["x-signing"]["parameters"]) == {
        "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp", "Version",
    }  # fmt: skip
