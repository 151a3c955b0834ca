"""The checklist of a release: what its steps find, on texts and lists made for that. Nothing is built or installed."""

from __future__ import annotations

import re
import tomllib
import zipfile
from datetime import date
from email.message import Message
from pathlib import Path

import attrs
import pytest
from packaging.version import Version

from tools.release.__main__ import main
from tools.release.building import difference
from tools.release.changelog import changelog_faults, notes_of
from tools.release.checklist import STEPS, Outcome, Step, by_hand, carry_out, table
from tools.release.commands import Broken, Environment, output_of
from tools.release.contents import metadata_faults, metadata_of, sdist_faults, wheel_faults, wheel_sizes
from tools.release.install_steps import SLICE, smoke_of
from tools.release.pages import page_faults, python_faults
from tools.release.project import TOGETHER, Project, status_of, version_faults
from tools.release.sbom import published, sbom_faults, unlicensed
from tools.release.work import Work

ROOT = Path(__file__).parents[2]
PROJECT = Project.read(ROOT)
TODAY = date(2025, 9, 8)
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ADDRESSES = dict.fromkeys(("Changelog", "Documentation", "Issues", "Source"), "https://host.invalid")


def project(**changes: object) -> Project:
    return attrs.evolve(PROJECT, **changes)  # type: ignore[arg-type]


def test_the_extras_of_users_are_known_and_each_has_a_program_that_uses_it() -> None:
    extras = PROJECT.runtime_extras
    assert {"cli", "emulator", "testing"} <= set(extras)
    assert not {"bench", "dev", "docs", "release", "types"} & set(extras)
    missing = [name for name in extras if name != "all" and not smoke_of(name).is_file()]
    assert not missing, f"write {smoke_of(missing[0]).name}, which uses the extra, in tools/release/smokes"


def test_an_extra_is_used_with_those_that_it_refers_to() -> None:
    assert set(PROJECT.members("all")) == {"all", "cli", "emulator", "fleet", "native", "otel", "speed"}
    assert set(PROJECT.members("testing")) == {"testing", "emulator"}
    assert PROJECT.members("native") == ["native"]
    assert PROJECT.members(TOGETHER) == PROJECT.runtime_extras


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("0.1.0", "3 - Alpha"),
        ("1.0.0a1", "3 - Alpha"),
        ("1.0.0rc1", "4 - Beta"),
        ("0.9.0b1", "4 - Beta"),
        ("1.0.0", "5 - Production/Stable"),
    ],
)
def test_the_status_goes_by_the_version(version: str, status: str) -> None:
    assert status_of(Version(version)) == status
    fitting = project(version=version, classifiers=[f"Development Status :: {status}"])
    assert version_faults(fitting) == []
    assert len(version_faults(attrs.evolve(fitting, classifiers=["Development Status :: 1 - Planning"]))) == 1


@pytest.mark.parametrize("version", ["1.0.0-rc1", "1.0.0.dev1", "1.0.0+local", "soon"])
def test_a_version_that_is_not_to_be_released_is_found(version: str) -> None:
    assert version_faults(project(version=version))


GOOD = """# Changelog

## [Unreleased]

## [1.0.0] - 2025-09-08

### Added

- Something.

### Fixed

- Something else.

## [0.9.0] - 2025-01-01

### Added

- All.

[Unreleased]: https://host.invalid/compare/v1.0.0...HEAD
[1.0.0]: https://host.invalid/compare/v0.9.0...v1.0.0
[0.9.0]: https://host.invalid/v0.9.0
"""


def test_a_changelog_that_is_ready() -> None:
    assert changelog_faults(GOOD, "1.0.0", TODAY, has_links=True) == []
    assert notes_of(GOOD, "1.0.0") == "### Added\n\n- Something.\n\n### Fixed\n\n- Something else."
    assert notes_of(GOOD, "0.9.0").endswith("- All.")
    assert notes_of(GOOD, "2.0.0") == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("## [1.0.0] - 2025-09-08", "## [1.0.0]", "is dated None"),
        ("## [1.0.0] - 2025-09-08", "## [1.0.0] - soon", "has no date"),
        ("## [1.0.0] - 2025-09-08", "## [1.0.0] - 2025-09-09", "is dated 2025-09-09"),
        ("## [1.0.0] - 2025-09-08", "## [1.0.1] - 2025-09-08", r"no section `## \[1.0.0\] - 2025-09-08`"),
        ("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- More.\n", "entries under Unreleased"),
        ("## [Unreleased]\n\n", "", "no `## .Unreleased.`"),
        ("### Fixed", "### Mended", "heading 'Mended'"),
        ("[1.0.0]: https", "[1.0]: https", r"no link `\[1.0.0\]"),
    ],
)
def test_what_a_changelog_lacks_is_found(old: str, new: str, words: str) -> None:
    faults = changelog_faults(GOOD.replace(old, new, 1), "1.0.0", TODAY, has_links=True)
    assert faults
    with pytest.raises(ValueError, match=words):
        raise ValueError("; ".join(faults))


def test_links_are_needed_where_the_repository_has_an_address() -> None:
    bare = GOOD.partition("[Unreleased]: ")[0]
    assert changelog_faults(bare, "1.0.0", TODAY, has_links=False) == []
    assert len(changelog_faults(bare, "1.0.0", TODAY, has_links=True)) == 3


def test_pages_that_are_behind_are_found() -> None:
    pages = {
        "a.md": "pip install cds-eks==1.0.0\npip install 'cds-eks[cli]==0.9.0'\n",
        "b.md": "\nUntil the first release: a clone.",
        "c.md": "首次发布之前",
        "d.md": "cds_eks-1.0.0-py3-none-any.whl, User-Agent: cds-eks-python/0.8.1 python/3.11",
    }
    faults = page_faults(pages, "1.0.0")
    assert [fault.partition(" ")[0] for fault in faults] == ["a.md:2", "b.md:2", "c.md:1", "d.md:1"]


def test_the_tables_of_pythons_agree() -> None:
    names = ("SECURITY.md", "CONTRIBUTING.md", ".ci/pythons", "noxfile.py")
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in names]
    assert python_faults(PROJECT, *texts) == []
    for index, text in enumerate(texts):
        others = [*texts[:index], text.replace("3.13", "3.10"), *texts[index + 1 :]]
        assert len(python_faults(PROJECT, *others)) == 1, names[index]
    assert python_faults(project(requires_python=">=3.12"), *texts)
    assert python_faults(project(version="9.1.0"), *texts) == [
        "the table of SECURITY.md does not begin with 9.1, which gets fixes"
    ]


SIZES = {
    "_cds_eks_pytest.py": 10,
    "cds_eks/__init__.py": 10,
    "cds_eks/py.typed": 0,
    "cds_eks-1.dist-info/METADATA": 10,
    "cds_eks-1.dist-info/entry_points.txt": 10,
    "cds_eks-1.dist-info/licenses/LICENSE": 10,
}
TRACKED = ("README.md", "_cds_eks_pytest.py", "cds_eks/__init__.py", "cds_eks/py.typed", "tests/test_it.py")


def test_the_files_of_a_wheel() -> None:
    assert wheel_faults(SIZES, 100, TRACKED) == []
    assert wheel_faults(SIZES, 10**8, TRACKED) == ["the wheel has 100,000,000 bytes; at most 1,500,000"]
    for name in ("_cds_eks_pytest.py", "cds_eks/py.typed", "cds_eks-1.dist-info/licenses/LICENSE"):
        without = {each: size for each, size in SIZES.items() if each != name}
        assert f"{name} is missing" in wheel_faults(without, 100, TRACKED)
    for name in ("tests/test_it.py", "cds_eks/tests/a.py", "cds_eks/conftest.py", "cds_eks/a.pyc", "cds_eks/.env"):
        assert f"{name} is not for users" in wheel_faults({**SIZES, name: 1}, 100, TRACKED)
    assert wheel_faults({**SIZES, "cds_eks/testing/plugin.py": 1}, 100, TRACKED) == [
        "cds_eks/testing/plugin.py does not belong there"
    ]
    assert "cds_eks/big.py has 600,000 bytes" in wheel_faults({**SIZES, "cds_eks/big.py": 600_000}, 100, TRACKED)


def test_the_files_of_an_sdist() -> None:
    assert sdist_faults({*TRACKED, "PKG-INFO"}, 100, TRACKED) == []
    assert sdist_faults(set(TRACKED), 10**8, TRACKED) == [
        "PKG-INFO is missing",
        "the sdist has 100,000,000 bytes; at most 4,000,000",
    ]
    assert sdist_faults({*TRACKED[1:], "PKG-INFO", "secret.env"}, 100, TRACKED) == [
        "README.md is missing",
        "secret.env does not belong there",
    ]


def whole_metadata() -> Message:
    found = Message()
    fields = {"Name": PROJECT.name, "Version": PROJECT.version, "Requires-Python": PROJECT.requires_python}
    fields |= {"Summary": "What it is", "License-Expression": "Apache-2.0", "License-File": "LICENSE"}
    fields |= {"Description-Content-Type": "text/markdown"}
    for name, value in fields.items():
        found[name] = value
    for value in PROJECT.classifiers:
        found["Classifier"] = value
    for value in PROJECT.extras:
        found["Provides-Extra"] = value
    for value in ("Changelog", "Documentation", "Issues", "Source"):
        found["Project-URL"] = f"{value}, https://host.invalid"
    found.set_payload("text " * 500)
    return found


def test_what_the_index_will_show(tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("cds_eks-1.dist-info/METADATA", whole_metadata().as_string())
    assert wheel_sizes(wheel).keys() == {"cds_eks-1.dist-info/METADATA"}
    assert metadata_faults(metadata_of(wheel), PROJECT) == []


@pytest.mark.parametrize(
    "field",
    [
        *("Name", "Version", "Requires-Python", "Summary", "License-Expression", "License-File"),
        *("Description-Content-Type", "Classifier", "Provides-Extra", "Project-URL"),
    ],
)
def test_each_missing_field_is_found(field: str) -> None:
    less = whole_metadata()
    del less[field]
    assert metadata_faults(less, project(urls=ADDRESSES))


def test_a_repository_without_an_address_is_left_to_a_person() -> None:
    bare = whole_metadata()
    del bare["Project-URL"]
    assert metadata_faults(bare, project(urls={})) == []
    assert "has no address" in by_hand(project(urls={}), Path("dist"))[0]
    told = by_hand(project(urls=ADDRESSES, version="1.2.0"), Path("dist"))
    assert not [line for line in told if "address" in line or "{" in line]
    assert any("git push origin v1.2.0" in line for line in told)


def test_links_that_lead_nowhere_on_the_index_are_found() -> None:
    linked = whole_metadata()
    linked.set_payload("text " * 500 + "[a](docs/a.md), [b](https://host.invalid/b), [c](#c)")
    assert metadata_faults(linked, PROJECT) == ["the description links to docs/a.md, which is not on the index"]


def test_the_description_of_the_index_names_the_files_of_the_repository() -> None:
    settings = PYPROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    assert [each.get("path") for each in settings["fragments"]] == ["README.md", None]
    text = "[`a.py`](a.py), [B.md](B.md), [C](docs/c.md), [D](docs/d.md#e), [E](https://host.invalid/e), [F](#f)"
    for each in settings["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    assert text == "`a.py`, `B.md`, C (`docs/c.md`), D (`docs/d.md`), [E](https://host.invalid/e), [F](#f)"


def test_builds_are_compared_by_name_and_bytes(tmp_path: Path) -> None:
    files = [tmp_path / folder / "a.whl" for folder in ("1", "2")]
    for file in files:
        file.parent.mkdir()
        file.write_bytes(b"the same")
    assert difference(*files) is None
    files[1].write_bytes(b"the sAme")
    assert difference(*files) == "a.whl differs between two builds: 8 and 8 bytes, first at 5"
    assert difference(files[0], files[1].rename(tmp_path / "b.whl")) == "a.whl and b.whl"


COMPONENT = {"name": "httpx", "version": "1", "purl": "pkg:pypi/httpx@1", "licenses": [{"license": {"id": "BSD"}}]}
OWN = {"name": "cds-eks", "version": "2", "externalReferences": [{"url": "file:///somewhere"}], "bom-ref": "own"}
INSTALLED = {"cds-eks": "2", "httpx": "1"}


def test_the_subject_of_a_bill_of_materials_is_the_package() -> None:
    document = published({"metadata": {"tools": {}}, "components": [OWN, COMPONENT]}, "cds-eks")
    assert sbom_faults(document, INSTALLED, "cds-eks") == []
    assert document["metadata"]["component"]["bom-ref"] == "own"
    assert "file:" not in str(document)


@pytest.mark.parametrize("key", ["purl", "version", "name"])
def test_what_a_bill_of_materials_lacks_is_found(key: str) -> None:
    less = {**COMPONENT, key: "" if key != "name" else "other"}
    assert sbom_faults(published({"metadata": {}, "components": [OWN, less]}, "cds-eks"), INSTALLED, "cds-eks")
    assert sbom_faults({"metadata": {}, "components": [COMPONENT]}, INSTALLED, "cds-eks")


def test_a_package_without_a_licence_is_named() -> None:
    assert unlicensed({"components": [COMPONENT]}) == []
    assert unlicensed({"components": [COMPONENT, {**COMPONENT, "licenses": []}]}) == ["httpx"]


def good(_: Work) -> list[str]:
    """Is good."""
    return []


def bad(_: Work) -> list[str]:
    """Is bad."""
    return ["one\nmore", "two"]


def broken(_: Work) -> list[str]:
    """Is broken."""
    raise Broken("it broke")


def test_a_step_that_fails_does_not_keep_the_others_back(tmp_path: Path) -> None:
    told: list[str] = []
    work = Work(ROOT, tmp_path, tmp_path, told.append)
    steps = [Step(name=act.__name__, act=act) for act in (broken, bad, good)]
    outcomes = carry_out(steps, work, told.append)
    assert [each.faults for each in outcomes] == [["it broke"], ["one\nmore", "two"], []]
    assert told[0] == "[1/3] broken: Is broken."
    rows = table(outcomes).splitlines()
    assert [row.split()[0] for row in rows] == ["NOT", "NOT", "ok"]
    assert rows[1].endswith("2 to mend: one")
    assert Outcome(step=steps[2], faults=[], seconds=1).is_good


def test_a_command_that_fails_says_the_end_of_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("CDS_SECRET_KEY", "s3cret")
    shown = output_of(["env"], folder=tmp_path)
    assert "PYTHONPATH" not in shown
    assert "s3cret" not in shown
    with pytest.raises(Broken, match=r"exit code 3\nlast"):
        output_of(["sh", "-c", "echo last; exit 3"], folder=tmp_path)
    with pytest.raises(Broken, match="there is no no-such-command"):
        output_of(["no-such-command"], folder=tmp_path)


def test_an_environment_is_empty(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "venv")
    assert environment.installed() == {}
    assert Path(environment.run("-c", "import sys; print(sys.prefix)").strip()) == tmp_path / "venv"


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in shown] == [step.name for step in STEPS]
    assert all(step.what.endswith(".") and len(step.what) < 125 for step in STEPS)
    assert main(["--list", "--only", "git", "twine", "--skip", "git"]) == 0
    assert capsys.readouterr().out.startswith("twine")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="it is no checkout")
def test_a_step_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--only", "pythons"]) == 0
    shown = capsys.readouterr().out
    assert f"{len(STEPS) - 1} steps were left out" in shown
    assert "Left for you" not in shown


def test_what_is_run_from_the_sdist_is_there() -> None:
    assert all((ROOT / name).exists() for name in SLICE)
