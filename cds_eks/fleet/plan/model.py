"""`Plan`: what a fleet is to be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any, Self

import attrs

from cds_eks.config import check_revision
from cds_eks.documents.reading import Path, not_utf8
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import ConfigurationError, SecretUnavailable
from cds_eks.fleet.items import NewItem
from cds_eks.fleet.plan.checks import checked, complaint_of
from cds_eks.fleet.plan.digests import plan_digest
from cds_eks.fleet.plan.document import ENDINGS, Document, Format, read
from cds_eks.fleet.plan.entries import SecretUse
from cds_eks.fleet.plan.faults import PlanError, PlanFault, place_of
from cds_eks.fleet.plan.merging import plain, planted_plan, with_secrets
from cds_eks.fleet.plan.specs import ClusterSpec, items_of, specs_of


def _each_once(resolve: Callable[[SecretRef], str]) -> Callable[[SecretRef], str]:
    """Return what asks for each secret once, also for one that can't be had."""
    known: dict[SecretRef, str | SecretUnavailable] = {}

    def ask(secret: SecretRef) -> str:
        if secret not in known:
            try:
                known[secret] = resolve(secret)
            except SecretUnavailable as error:
                known[secret] = error
        if isinstance(found := known[secret], SecretUnavailable):
            raise SecretUnavailable(found.reference, found.reason)
        return found

    return ask


@attrs.frozen(kw_only=True, repr=False, eq=False)
class Plan:
    """A fleet as it is to be: read it with `load`, `loads` or `from_dict`, and see with `check` what is wrong with it.

    It holds secrets by reference only, unless the plan itself allows inline ones: such a plan does not show them and is
    not pickled.

    Attributes:
        source: The file that it was read from; empty for Python values.
        folder: The folder that relative paths of its secrets begin in.
    """

    source: str
    folder: str
    _faults: tuple[PlanFault, ...] = attrs.field(alias="faults")
    _uses: tuple[SecretUse, ...] = attrs.field(alias="uses")
    _data: Mapping[str, Any] = attrs.field(alias="data")
    _clusters: tuple[ClusterSpec, ...] = attrs.field(alias="clusters")
    _digest: str = attrs.field(alias="digest")
    _inline: tuple[PlanFault, ...] = attrs.field(alias="inline", default=())
    _lines: Mapping[Path, int] = attrs.field(alias="lines", factory=dict)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file: TOML, YAML or JSON, by the ending of its name.

        Args:
            path: The file. Relative paths of secrets in it begin in its folder.

        Raises:
            ConfigurationError: The ending is another one, or the format needs what is not installed.
            OSError: The file can't be read.
        """
        file = FilePath(path)
        if (format := ENDINGS.get(file.suffix.lower())) is None:  # noqa: A001 - as `loads` calls it
            raise ConfigurationError(f"a plan's file ends with {', '.join(ENDINGS)}; got {file.name!r}")
        content = file.read_bytes()
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            fault = PlanFault(message=not_utf8(content), field="", file=str(path), line=line)
            return cls._of(Document(data={}, source=str(path), faults=(fault,)), file.parent)
        return cls._of(read(text, format, str(path)), file.parent)

    @classmethod
    def loads(cls, text: str, format: Format = "toml", source: str = "") -> Self:  # noqa: A002 - the plain word
        """Read a text.

        Args:
            text: The text.
            format: Its format: `toml`, `yaml` or `json`.
            source: What faults call it. Relative paths of secrets begin in its folder.

        Raises:
            ConfigurationError: There is no such format, or it needs what is not installed.
        """
        return cls._of(read(text, format, source), FilePath(source).parent)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, folder: str | os.PathLike[str] = "") -> Self:
        """Make a plan of Python values: those that a file would have; models may stand for their fields.

        Args:
            data: The plan.
            folder: Where relative paths of secrets begin; the current folder if none is given.
        """
        try:
            document = Document(data=plain(data))
        except RecursionError:
            fault = PlanFault(message="is nested too deeply, or within itself", field="", file="")
            document = Document(data={}, faults=(fault,))
        return cls._of(document, FilePath(folder))

    @classmethod
    def _of(cls, document: Document, folder: FilePath) -> Self:
        begins_in = str(folder.absolute())
        document = attrs.evolve(document, data=planted_plan(document.data, begins_in))
        found = checked(document)
        if found.faults:
            return cls(
                source=document.source,
                folder=begins_in,
                faults=found.faults,
                uses=found.uses,
                data={},
                clusters=(),
                digest="",
            )
        clusters = tuple(specs_of(found.entries))
        return cls(
            source=document.source,
            folder=begins_in,
            faults=(),
            uses=found.uses,
            inline=found.inline,
            data=document.data,
            lines=document.lines,
            clusters=clusters,
            digest=plan_digest(clusters, found.uses),
        )

    @property
    def clusters(self) -> tuple[ClusterSpec, ...]:
        """All clusters, one by one.

        Raises:
            PlanError: The plan has faults (those of secrets aside).
        """
        self._refuse_faults()
        return self._clusters

    @property
    def digest(self) -> str:
        """A digest of all that the plan asks for, with the references of its secrets, without the secrets.

        Raises:
            PlanError: The plan has faults (those of secrets aside).
        """
        self._refuse_faults()
        return self._digest

    @property
    def runs_commands(self) -> bool:
        """Whether a secret comes from a command (`cmd:`)."""
        return any(use.secret.source == "cmd" for use in self._uses)

    def check(self, *, run_commands: bool = False, api_revision: str | None = None) -> list[PlanFault]:
        """Return all that is wrong with the plan, by line; nothing if it can be carried out.

        Secrets are looked for where they are now. What they are is not kept.

        Args:
            run_commands: Run the commands of secrets (`cmd:`) as well, each once; that takes their time.
            api_revision: The revision of the API that it is to be carried out in; None to leave that open.

        Raises:
            ConfigurationError: There is no such revision.
        """
        faults = [*self._faults]
        look = _each_once(SecretRef.resolve) if run_commands else SecretRef.look
        for use in self._uses:
            try:
                secret = look(use.secret)
                message = None if secret is None else complaint_of(use.rule, secret)
            except SecretUnavailable as error:
                message, told = error.reason, error.reference
            else:
                told = use.secret.reference
            if message is not None:
                told = told if use.secret.source != "redacted" else "the secret"
                fault = PlanFault(message=f"{told}: {message}", field=use.field, file=self.source, line=use.line)
                faults.append(fault)
        if api_revision is not None:
            faults += self._not_in(check_revision(api_revision))
        return sorted(faults, key=place_of)

    def _not_in(self, revision: str) -> Iterable[PlanFault]:
        """Return what a revision can't carry of a plan that is sound otherwise."""
        if self._faults:
            return ()
        from cds_eks.fleet.plan.revisions import revision_faults  # only those who ask need what writes requests

        document = Document(data=self._data, lines=self._lines, source=self.source)
        return revision_faults(self._clusters, document, revision)

    def inline_secrets(self) -> list[PlanFault]:
        """Return where the plan has a secret itself in place of a reference, as what keeps it from being saved."""
        return sorted(self._inline, key=place_of)

    def known_secrets(self) -> set[str]:
        """Return its secrets, as far as they can be had now and without running a command, so that they are hidden."""
        found: dict[tuple[str, str, str], SecretRef] = {}
        with_secrets(self._data, lambda secret: found.setdefault((secret.source, secret.text, secret.base), secret))
        known: set[str] = set()
        for secret in found.values():
            with suppress(SecretUnavailable):
                known.add(secret.look() or "")
        return known - {""}

    def items(self) -> list[NewItem]:
        """Return what the journal keeps of it: each cluster, followed by its pools, the first one too.

        Raises:
            PlanError: The plan has faults (those of secrets aside).
        """
        return list(items_of(self.clusters))

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as `from_dict` takes it; an inline secret is left out, and `redacted:` stands for it.

        Raises:
            PlanError: The plan has faults (those of secrets aside), so that nobody knows what in it is secret.
        """
        self._refuse_faults()
        return dict(with_secrets(self._data, lambda secret: secret.reference))

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON Schema of a plan, for editors."""
        from cds_eks.fleet.plan.json_schema import plan_schema

        return plan_schema()

    def _refuse_faults(self) -> None:
        if self._faults:
            raise PlanError(self._faults)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan):
            return NotImplemented
        return (self._digest, self._clusters, self._faults) == (other._digest, other._clusters, other._faults)

    def __repr__(self) -> str:
        what = f"{len(self._faults)} faults" if self._faults else f"{len(self._clusters)} clusters"
        return f"<Plan {self.source or 'of Python values'}: {what}>"
