"""Names on the wire, the revisions that have them, and what the SDK says of the service as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from descriptions import TEXT, at, faults_of, operation, shape, with_entries

from cds_eks.signing import COMMON_PARAMETERS

pytestmark = pytest.mark.slow

OLDER, NEWER = "2025-09-08", "2025-10-11"
REVISIONS = f'revisions: {{"{OLDER}": D, "{NEWER}": O}}'
NEEDS_NAMES = (
    f"must have a name for each revision that has it, the oldest first: {OLDER}, {NEWER} "
    "(what only some have says so by `revisions`)"
)
NO_REVISION = "is empty: no revision has it (leave it out if all have it)"


@pytest.mark.parametrize(
    ("before", "after", "words", "reason"),
    [
        ("\npath: /eks/v1\n", "\npath: /eks/v2\n", "path", "'/eks/v2' is not what is sent: API_PATH of cds_eks/config"),
        (
            '\nversion: "2019-08-08"\n',
            '\nversion: "2019-08-09"\n',
            "version",
            "'2019-08-09' is not what is sent: API_VERSION of cds_eks/signing.py, '2019-08-08'",
        ),
        ('\nversion: "2019-08-08"\n', "\nversion: 2019-08-08\n", "version", "datetime.date(2019, 8, 8) is no str"),
    ],
)
def test_path_and_version_are_what_the_sdk_sends(
    tmp_path: Path, before: str, after: str, words: str, reason: str
) -> None:
    text = TEXT.replace(before, after)
    assert text != TEXT
    [told] = faults_of(tmp_path, text)
    assert told.startswith(at(text, f"{words}:", "\nrevisions:", f"{words}: "))
    assert reason in told


@pytest.mark.parametrize(
    ("revisions", "given"),
    [
        (f'revisions: {{"{OLDER}": D}}', OLDER),
        (f'revisions: {{"{NEWER}": O}}', NEWER),
        (f'revisions: {{"{OLDER}": D, "2025-10-12": O}}', f"{OLDER}, 2025-10-12"),
        (f'revisions: {{"{NEWER}": O, "{OLDER}": D}}', f"{NEWER}, {OLDER}"),
        (f'revisions: {{"{OLDER}": D, "{NEWER}": O, "2026-01-01": O}}', f"{OLDER}, {NEWER}, 2026-01-01"),
        ("revisions: {}", "none"),
    ],
)
def test_a_revision_that_is_gone_or_new_is_told_once(tmp_path: Path, revisions: str, given: str) -> None:
    text = TEXT.replace(REVISIONS, revisions)
    assert text != TEXT
    reason = (
        f"{given}, but the SDK speaks {OLDER}, {NEWER}, in this order: API_REVISIONS of cds_eks/schema/revisions.py"
    )
    assert faults_of(tmp_path, text) == [at(text, "revisions:", "\nrevisions:", f"revisions: {reason}")]


def field(tmp_path: Path, wire: str, use: str = "request") -> tuple[str, list[str]]:
    """The description with a field of another wire name, and what is told of it."""
    made = shape("Spares", use=use, wire=wire)
    text = with_entries(operation(**{"request" if use == "request" else "result": "Spares"}), shapes=made)
    return text, faults_of(tmp_path, text)


@pytest.mark.parametrize("wire", [*sorted(COMMON_PARAMETERS), "action", "TIMESTAMP"])
def test_an_argument_has_no_name_of_the_signature(tmp_path: Path, wire: str) -> None:
    text, found = field(tmp_path, wire)
    reason = f"{wire} is a parameter of the signature (COMMON_PARAMETERS of cds_eks/signing.py)"
    assert found == [at(text, "size: {wire", "  Spares:", f"shapes.Spares.size.wire: {reason}")]


@pytest.mark.parametrize("use", ["request", "answer"])
@pytest.mark.parametrize("wire", ["", " ", "A B", "1st", "Größe", 'A"', "A\\\\"])
def test_a_name_on_the_wire_is_plain(tmp_path: Path, wire: str, use: str) -> None:
    quoted = f"'{wire}'"
    text, found = field(tmp_path, quoted, use)
    reason = f"{wire!r} is no name on the wire: a letter, then letters, digits and any of _ . -"
    assert found == [at(text, "size: {wire", "  Spares:", f"shapes.Spares.size.wire: {reason}")]


@pytest.mark.parametrize(
    ("wire", "key", "reason"),
    [
        (f'{{"{OLDER}": Size}}', "wire", NEEDS_NAMES),
        (f'{{"{NEWER}": Size}}', "wire", NEEDS_NAMES),
        (f'{{"{NEWER}": Size, "{OLDER}": Sum}}', "wire", NEEDS_NAMES),
        ("Size, revisions: []", "revisions", NO_REVISION),
        (
            f'Size, revisions: ["{NEWER}", "{OLDER}"]',
            "revisions",
            f"must name each revision once, the oldest first: {OLDER}, {NEWER}",
        ),
        (
            f'Size, revisions: ["{NEWER}", "{NEWER}"]',
            "revisions",
            f"must name each revision once, the oldest first: {NEWER}",
        ),
        (
            f'{{"{OLDER}": Size}}, revisions: ["{NEWER}"]',
            "wire",
            NEEDS_NAMES.replace(f"{OLDER}, ", ""),
        ),
        (f'{{"{OLDER}": Size, "{NEWER}": 7}}', "wire", f"a name, or a mapping from revision to name, not {{'{OLDER}'"),
    ],
)
def test_a_field_has_a_name_in_each_revision_that_has_it(tmp_path: Path, wire: str, key: str, reason: str) -> None:
    text, found = field(tmp_path, wire)
    assert len(found) == 1
    assert found[0].startswith(at(text, "size: {wire", "  Spares:", f"shapes.Spares.size.{key}: {reason}"))


@pytest.mark.parametrize(
    ("before", "after", "key", "reason"),
    [
        ("action: ListSpares", 'action: ""', "action", "'' is no name on the wire"),
        ("action: ListSpares", f'action: {{"{OLDER}": ListSpares}}', "action", NEEDS_NAMES),
        ("source: I", "source: I\n    revisions: []", "revisions", NO_REVISION),
    ],
)
def test_an_operation_has_an_action_in_each_revision_that_has_it(
    tmp_path: Path, before: str, after: str, key: str, reason: str
) -> None:
    text = with_entries(operation().replace(before, after, 1))
    [told] = faults_of(tmp_path, text)
    assert told.startswith(at(text, f"{key}:", "  ListSpares:", f"operations.ListSpares.{key}: {reason}"))


@pytest.mark.parametrize(
    ("more", "key", "reason"),
    [
        ("revisions: []", "revisions", NO_REVISION),
        (f'wire: {{"{OLDER}": VXLAN}}', "wire", NEEDS_NAMES),
        ('wire: ""', "", "FlannelBackendType.vxlan: is empty"),
        ("wire: {}", "wire", NEEDS_NAMES),
    ],
)
def test_a_value_is_spelt_in_each_revision_that_has_it(tmp_path: Path, more: str, key: str, reason: str) -> None:
    text = TEXT.replace("[{value: vxlan, source: D}]", f"[{{value: vxlan, source: D, {more}}}]")
    place = f"values.FlannelBackendType.values.0{f'.{key}' if key else ''}"
    assert faults_of(tmp_path, text) == [at(text, "values: [{value: vxlan", "", f"{place}: {reason}")]


@pytest.mark.parametrize(
    ("before", "after", "key", "reason"),
    [
        ("- wire: Password", "- wire: Version", "wire", "Version is a parameter of the signature"),
        ("- wire: Password", '- wire: ""', "wire", "'' is no name on the wire"),
        (f'revisions: ["{NEWER}"]\n        path', "revisions: []\n        path", "revisions", NO_REVISION),
    ],
)
def test_what_is_said_once_has_a_name_in_a_revision(
    tmp_path: Path, before: str, after: str, key: str, reason: str
) -> None:
    text = TEXT.replace(before, after)
    assert text != TEXT
    told = f"shapes.CreateClusterRequest.hoisted.0.{key}: {reason}"
    assert any(fault.startswith(at(text, f"{key}:", "hoisted:\n", told)) for fault in faults_of(tmp_path, text))


NO_DEFAULT = "is a list of values; for a shape, a mapping from field to that, or `any`"


@pytest.mark.parametrize(
    ("before", "after", "place", "reason"),
    [
        *(
            (
                "default_values: [vxlan]",
                f"default_values: {given}",
                "CniConfig.flannel_backend_type.default_values",
                NO_DEFAULT,
            )
            for given in ("vxlan", "7", "{a: [vxlan]}", "[[vxlan]]", "any")
        ),
        *(
            (": {enable: [false]", f": {{enable: {given}", "NodePoolConfig.auto_scaling.default_values", NO_DEFAULT)
            for given in ("7", "none", "{a: 1}", "[[false]]", "[null]", "[GET]", "[0]")
        ),
        (
            "disk_feature: {wire:",
            "disk_feature: {default_values: [ssd], wire:",
            "DiskInfo.disk_feature.default_values",
            "means nothing here: `default_values` is for what a revision lacks",
        ),
        (
            "disk_feature: {wire:",
            "disk_feature: {in_parent: true, note: x., wire:",
            "DiskInfo.disk_feature.in_parent",
            "means nothing here: `in_parent` is for what a revision lacks",
        ),
        (
            f'only: {{"{NEWER}": product_name}}',
            f'only: {{"{NEWER}": product_name}}, repeat: {{"{NEWER}": number}}',
            "NodeConfig.specifics.repeat",
            f"revision {NEWER} has `only` as well",
        ),
        (
            f'repeat: {{"{NEWER}": number}}',
            f'repeat: {{"{NEWER}": disk_feature}}',
            "NodeConfig.data_disk.repeat",
            "DiskInfo.disk_feature is no number",
        ),
        (
            f'wire: {{"{OLDER}": Specifics, "{NEWER}": InstanceTypeIds}}',
            f'wire: Specifics, revisions: ["{OLDER}"]',
            "NodeConfig.specifics.only",
            f"means nothing here: revision {NEWER} lacks the field",
        ),
    ],
)
def test_what_differs_in_a_revision_has_a_meaning(
    tmp_path: Path, before: str, after: str, place: str, reason: str
) -> None:
    text = TEXT.replace(before, after)
    assert text != TEXT
    field_name = place.split(".")[1]
    told = at(text, f"  {field_name}:", f"  {place.split('.')[0]}:\n", f"shapes.{place}: {reason}")
    assert told in faults_of(tmp_path, text)
