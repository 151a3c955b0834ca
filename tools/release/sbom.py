"""A bill of materials (CycloneDX) for the bare package and for each extra, with the versions of tools/dev.txt."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from tools.release.commands import Broken, Environment, output_of
from tools.release.project import TOGETHER
from tools.release.work import Work

__all__ = ["published", "sbom", "sbom_faults", "unlicensed"]


def sbom(work: Work) -> list[str]:
    """Write `sbom/*.cdx.json` beside the wheel: what is installed with it, with each extra, and with all of them."""
    target = work.dist / "sbom"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    names = ["", *work.project.runtime_extras, TOGETHER]
    faults: list[str] = []
    for number, extra in enumerate(names, 1):
        work.say(f"{extra or 'no extra'} ({number} of {len(names)})")
        try:
            faults += _written(work, extra)
        except Broken as error:
            faults.append(f"{extra or 'no extra'}: {error}")
    return faults


def _written(work: Work, extra: str) -> list[str]:
    name = "-".join([work.project.name, *extra.split()])
    environment = Environment(work.scratch / f"sbom-{name}")
    listed = ",".join(work.project.runtime_extras if extra == TOGETHER else [extra])
    requirement = f"{work.project.name}[{listed}]" if extra else work.project.name
    environment.install(f"{requirement} @ {work.wheel.as_uri()}", constraints=work.root / "tools/dev.txt")
    installed = environment.installed()
    file = work.dist / "sbom" / f"{name}-{work.project.version}.cdx.json"
    command = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "environment",
        "--output-reproducible",
        "--short-PURLs",
        "--of",
        "JSON",
    ]
    output_of(
        [*command, "--output-file", file, environment.python],
        folder=work.scratch,
        variables={"SOURCE_DATE_EPOCH": work.git("log", "-1", "--format=%ct")},
    )
    document = published(json.loads(file.read_text(encoding="utf-8")), work.project.name)
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.rmtree(environment.folder)
    for package in unlicensed(document):
        work.say(f"{package} declares no licence: look it up")
    return [f"{file.name}: {fault}" for fault in sbom_faults(document, installed, work.project.name)]


def published(document: Mapping[str, Any], project: str) -> dict[str, Any]:
    """Return a document whose subject is the package, without the path that its wheel was installed from.

    Args:
        document: What cyclonedx-py wrote of an environment.
        project: The package's name.
    """
    own = next((each for each in document["components"] if each["name"] == project), None)
    if own is None:
        return dict(document)
    others = [each for each in document["components"] if each is not own]
    subject = {key: value for key, value in own.items() if key != "externalReferences"}
    return {**document, "metadata": {**document["metadata"], "component": subject}, "components": others}


def sbom_faults(document: Mapping[str, Any], installed: Mapping[str, str], project: str) -> list[str]:
    """Return what a bill of materials lacks.

    Args:
        document: The bill.
        installed: The version of each distribution that is there.
        project: The package's name.
    """
    faults = []
    subject = document["metadata"].get("component", {})
    if (subject.get("name"), subject.get("version")) != (project, installed.get(project)):
        faults.append(f"its subject is {subject.get('name')} {subject.get('version')}")
    listed = {each["name"].lower().replace("_", "-"): each for each in document["components"]}
    others = {name: version for name, version in installed.items() if name != project}
    faults += [f"{name} is not in it" for name in sorted(others.keys() - listed.keys())]
    faults += [f"{name} is in it, and not installed" for name in sorted(listed.keys() - others.keys())]
    for name, each in sorted(listed.items()):
        if name in others and each.get("version") != others[name]:
            faults.append(f"{name} is {others[name]}, not {each.get('version')}")
        if not each.get("purl"):
            faults.append(f"{name} has no package URL")
    return faults


def unlicensed(document: Mapping[str, Any]) -> list[str]:
    """Return the packages of a bill of materials that declare no licence, which is theirs to mend."""
    return [each["name"] for each in document["components"] if not each.get("licenses")]
