"""Secrets of a plan are found in texts in every usual encoding, and what holds one is no id."""

from __future__ import annotations

import base64
import html
import json
import pickle
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_eks.fleet.hidden import Hidden, hiding
from cds_eks.fleet.items import Change
from cds_eks.fleet.plan.model import Plan
from cds_eks.redaction.echoes import STARS
from fleet.run.world import plan_of

SECRET = 'Se"cr\\et/ü+<12>'
ENCODERS: dict[str, Any] = {
    "plain": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, not in ASCII": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "URL": quote,
    "URL, whole": lambda text: quote(text, safe=""),
    "HTML": html.escape,
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "URL-safe Base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}


@pytest.mark.parametrize("encode", ENCODERS.values(), ids=ENCODERS)
@pytest.mark.parametrize("secret", [SECRET, "Secret-12345"])
def test_a_secret_is_found_in_every_encoding(encode: Any, secret: str) -> None:
    hidden = Hidden([secret, "another-one"])
    assert hidden.text(f"bad password {encode(secret)}; see another-one") == f"bad password {STARS}; see {STARS}"
    assert hidden.is_in(encode(secret))


@given(before=st.binary(max_size=8), after=st.binary(max_size=8), padded=st.booleans())
def test_a_secret_in_base64_of_a_longer_text_is_found_wherever_it_begins(
    before: bytes, after: bytes, padded: bool
) -> None:
    encoded = base64.b64encode(before + b"Secret-12345" + after).decode()
    shown = Hidden(["Secret-12345"]).text(encoded if padded else encoded.rstrip("="))
    assert STARS in shown
    first, _, rest = shown.partition(STARS)
    assert len(first) <= len(before) * 4 / 3 + 3
    assert len(rest.rstrip("=")) <= len(after) * 4 / 3 + 3


def test_a_text_that_was_cut_in_the_middle_of_a_secret_shows_nothing_of_it() -> None:
    hidden = Hidden(["Secret-12345"])
    assert hidden.text("x" * 493 + "Secret-") == "x" * 493 + STARS
    assert hidden.text("a short text ends with Secret-") == f"a short text ends with {STARS}"
    assert hidden.text("a short text has Secret- in it") == "a short text has Secret- in it"


def test_of_two_secrets_one_of_which_begins_with_the_other_nothing_is_left() -> None:
    assert Hidden(["Secret", "Secret-12345"]).text("Secret-12345, Secret") == f"{STARS}, {STARS}"


def test_what_has_no_secret_stays_as_it_is() -> None:
    hidden = Hidden(["Secret-12345", "abc"])
    assert hidden.text("abc: no secret of three letters is looked for") == (
        "abc: no secret of three letters is looked for"
    )
    assert hidden.is_in("abc")
    data = {"a": ["b", 1, None], "c": ("d",)}
    assert hidden.plain(data) == data
    assert Hidden().text("Secret-12345") == "Secret-12345"
    assert hidden.plain({"Secret-12345": ["abc", "x Secret-12345"]}) == {STARS: [STARS, f"x {STARS}"]}


def test_no_id_holds_a_secret_and_a_create_without_another_id_is_open() -> None:
    hidden = Hidden(["Secret-12345"])

    def changed(**fields: Any) -> Change:
        made = {"item_id": "i", "runner": "r", "epoch": 1, "state": "accepted", "origin": "created", **fields}
        return hidden.change(Change(**made))

    after = changed(ids={"cluster_id": "eks-1", "task_id": "Secret-12345"}, request_id="Secret-12345")
    assert (after.state, after.ids, after.request_id) == ("accepted", {"cluster_id": "eks-1"}, STARS)
    after = changed(ids={"cluster_id": "x-Secret-12345"}, error={"message": "Secret-12345", "code": ""})
    assert (after.state, after.ids, after.error) == ("unknown", {}, {"message": STARS, "code": ""})
    assert changed(ids={"task_id": "Secret-12345"}, origin=None).state == "accepted"


def test_they_are_neither_shown_nor_pickled() -> None:
    hidden = Hidden(["Secret-12345"])
    assert "Secret" not in repr(hidden)
    with pytest.raises(TypeError):
        pickle.dumps(hidden)


def test_all_secrets_of_a_plan_are_hidden_those_of_commands_once_they_were_asked_for(tmp_path: Path) -> None:
    data = plan_of(1, 1).to_dict()
    text = json.dumps(data).replace('"redacted:"', '"env:NOT_SET"')
    plan = json.loads(text)
    file = tmp_path / "sk"
    file.write_text("secret-of-a-file\n")
    file.chmod(0o600)
    plan["defaults"]["cluster"] |= {"ak": "inline-one", "sk": f"file:{file}"}
    password = f"cmd:{sys.executable} -c \"print('Printed-123')\""
    for config in (
        plan["defaults"]["cluster"]["master_config"],
        plan["defaults"]["node_pool"]["node_config"],
    ):
        config["password"] = password
    made = Plan.from_dict(plan)
    assert made.known_secrets() == {"inline-one", "secret-of-a-file"}
    with hiding(made) as hidden:
        assert hidden.text("inline-one secret-of-a-file Printed-123") == f"{STARS} {STARS} Printed-123"
        made.clusters[0].create_request()
        assert hidden.text("inline-one secret-of-a-file Printed-123") == f"{STARS} {STARS} {STARS}"
