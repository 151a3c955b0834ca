"""The file of profiles, edited: what is not meant stays as it was, to the byte."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_eks.cli.accounts.profile_edits import put_default, put_profile, remove_profile, write_profiles
from cds_eks.errors import ConfigFileError, ConfigurationError

PATH = Path("/c/config.toml")
WORK = {"secret_id": "env:W_ID", "secret_key": "file:w.key"}
HOME = {"secret_id": "env:H_ID", "secret_key": "env:H_KEY"}

FILE = """\
# my accounts

default = "work"  # the one for every day

# for work
[profiles.work]
# the key is in the vault
secret_id = "env:W_ID"
secret_key = "file:w.key"  # mode 0600
endpoint = 'https://w.test'

# at home
[profiles.home]   # seldom
secret_id = "env:H_ID"
secret_key = "env:H_KEY"

[profiles.home.timeouts]
read = 3

# the end
"""


def test_the_first_profile_makes_the_file() -> None:
    text = put_profile("", "work", {**WORK, "timeouts": {"read": 3.5, "total": 60}, "allow_inline": False}, PATH)
    assert text == (
        '[profiles.work]\nsecret_id = "env:W_ID"\nsecret_key = "file:w.key"\n'
        "timeouts = { read = 3.5, total = 60 }\nallow_inline = false\n"
    )


def test_a_profile_is_added_at_the_end() -> None:
    assert put_profile(FILE, "ann@test", HOME, PATH) == (
        f'{FILE}\n[profiles."ann@test"]\nsecret_id = "env:H_ID"\nsecret_key = "env:H_KEY"\n'
    )


def test_a_profile_is_changed_line_by_line() -> None:
    values = {"secret_id": "env:W_ID", "secret_key": "cmd:vault key", "user_agent": "x/1"}
    assert put_profile(FILE, "work", values, PATH) == FILE.replace(
        """secret_key = "file:w.key"  # mode 0600
endpoint = 'https://w.test'
""",
        """secret_key = "cmd:vault key"  # mode 0600
user_agent = "x/1"
""",
    )
    same = {**WORK, "endpoint": "https://w.test"}
    assert put_profile(FILE, "work", same, PATH) == FILE


def test_a_profile_of_several_tables_is_written_anew_where_it_was() -> None:
    assert put_profile(FILE, "home", {**HOME, "backend": "native"}, PATH) == FILE.replace(
        """[profiles.home]   # seldom
secret_id = "env:H_ID"
secret_key = "env:H_KEY"

[profiles.home.timeouts]
read = 3
""",
        """[profiles.home]
secret_id = "env:H_ID"
secret_key = "env:H_KEY"
backend = "native"
""",
    )


def test_a_profile_is_removed_and_no_comment_of_the_rest() -> None:
    assert remove_profile(FILE, "home", PATH) == FILE.replace(
        """[profiles.home]   # seldom
secret_id = "env:H_ID"
secret_key = "env:H_KEY"

[profiles.home.timeouts]
read = 3

""",
        "\n",
    )


def test_the_default_goes_with_its_profile() -> None:
    text = remove_profile(FILE, "work", PATH)
    assert "default" not in tomllib.loads(text)
    assert "# at home" in text
    assert remove_profile(put_profile("", "a", HOME, PATH), "a", PATH) == ""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_default_is_changed_in_its_line(end: str) -> None:
    text = FILE.replace("\n", end)
    assert put_default(text, "home", PATH) == text.replace('default = "work"', 'default = "home"')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[profiles.a]\n", 'default = "a"\n\n[profiles.a]\n'),
        ("# a's\n[profiles.a]\n", 'default = "a"\n\n# a\'s\n[profiles.a]\n'),
        ("# mine\n\n[profiles.a]\n", '# mine\n\ndefault = "a"\n\n[profiles.a]\n'),
        ('default = "gone"\n[profiles.a]\n', 'default = "a"\n[profiles.a]\n'),
    ],
)
def test_a_default_that_there_was_not_is_put_before_all_tables(before: str, after: str) -> None:
    assert put_default(before, "a", PATH) == after


IN_A_TABLE = '[profiles]\nwork = { secret_id = "env:A", secret_key = "env:B" }\n'
DOTTED = 'profiles.work.secret_id = "env:A"\nprofiles.work.secret_key = "env:B"\n'
IN_A_TEXT = """\
[profiles]
[profiles.other]
user_agent = \'\'\'
[profiles.work]
\'\'\'
[profiles . "work"]
secret_id="env:A"
secret_key=\'\'\'
env:B\'\'\'
"""


@pytest.mark.parametrize("text", [IN_A_TABLE, DOTTED, IN_A_TEXT])
@pytest.mark.parametrize("edit", [lambda text: put_profile(text, "work", WORK, PATH),
                                  lambda text: remove_profile(text, "work", PATH)])  # fmt: skip
def test_what_can_not_be_cut_out_by_lines_is_left_alone(text: str, edit: Callable[[str], str]) -> None:
    with pytest.raises(ConfigurationError, match=r"config\.toml: it is written in a way that is not edited here"):
        edit(text)


def test_what_else_is_in_the_file_is_no_hindrance() -> None:
    text = (
        '[profiles.a]\nuser_agent = """\nx"""\nbackend = \'native\'\n'
        '[[profiles.odd.list]]\n[profiles.more]\nuser_agent = """\n[no header]\n"""\n'
    )
    edited = put_profile(text, "a", {"user_agent": "y", "backend": "native"}, PATH)
    assert edited == '[profiles.a]\nuser_agent = "y"\nbackend = "native"\n' + text[text.index("[[") :]
    assert remove_profile(text, "odd", PATH) == text.replace("[[profiles.odd.list]]\n", "")


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("a b", WORK, "a profile's name has"),
        ("a", {"endpoint": "ftp://x"}, r"config\.toml: profiles\.a\.endpoint: must begin with https"),
        ("a", {"secret_id": "env:A"}, "half of the credentials"),
        ("a", {"secret_id": "AKID", "secret_key": "env:B"}, r"profiles\.a\.secret_id: is no reference"),
        ("a", {"nonsense": 1}, r"profiles\.a\.nonsense: is not known"),
    ],
)
def test_a_profile_that_could_not_be_used_is_not_written(name: str, values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        put_profile(FILE, name, values, PATH)
    assert "AKID" not in str(raised.value)


def test_a_value_that_no_profile_has_is_refused() -> None:
    with pytest.raises(TypeError, match="a profile holds no list"):
        put_profile(FILE, "a", {"tls": []}, PATH)


def test_a_profile_that_is_not_there_is_told() -> None:
    for edit in (remove_profile, put_default):
        with pytest.raises(ConfigurationError, match=r"there is no profile 'x'; there are: work, home"):
            edit(FILE, "x", PATH)


def test_a_text_that_is_no_file_of_profiles_is_not_edited() -> None:
    for text, words in (("= 1", "is not TOML"), ("nonsense = 1", "is not known")):
        with pytest.raises(ConfigFileError, match=words):
            put_profile(text, "a", WORK, PATH)


names = st.sampled_from(["a", "b", "c", "工作", "x.y", "a-1"])
texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)
values = st.fixed_dictionaries(
    {},
    optional={
        "user_agent": texts,
        "timeouts": st.fixed_dictionaries({}, optional={"read": st.integers(1, 9), "total": st.floats(0.5, 9)}),
        "credentials_max_age": st.floats(0.1, 1e9),
    },
)
edits = st.lists(st.tuples(st.sampled_from(["put", "remove", "default"]), names, values), max_size=12)


@given(edits)
def test_edits_one_after_the_other_do_to_the_text_what_they_do_to_its_data(steps: list[Any]) -> None:
    text, data, default = "# head\n\n", {}, None
    for what, name, value in steps:
        if what == "put":
            text, data[name] = put_profile(text, name, value, PATH), value
        elif name not in data:
            continue
        elif what == "remove":
            text = remove_profile(text, name, PATH)
            del data[name]
            default = None if default == name else default
        else:
            text, default = put_default(text, name, PATH), name
    found = tomllib.loads(text)
    assert found.get("profiles", {}) == data
    assert found.get("default") == default
    assert text.startswith("# head\n")


def test_the_file_is_written_for_its_owner_alone_and_a_link_to_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    write_profiles(path, FILE)
    assert path.read_text(encoding="utf-8") == FILE
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (tmp_path / "link.toml").symlink_to(path)
    path.chmod(0o644)
    write_profiles(tmp_path / "link.toml", "")
    assert (tmp_path / "link.toml").is_symlink()
    assert path.read_bytes() == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"


def test_a_file_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="can't be written: "):
        write_profiles(tmp_path / "file" / "config.toml", FILE)
