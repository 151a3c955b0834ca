"""Requests of what commands were given: all faults at once, secrets by reference or asked for without echo."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from cds_eks.cli.context import is_terminal
from cds_eks.cli.description import Field, Operation
from cds_eks.cli.documents import Document, Path
from cds_eks.documents.secrets import SecretRef
from cds_eks.errors import InvalidRequestError, SecretUnavailable
from cds_eks.fleet.plan.faults import PlanFault
from cds_eks.redaction import is_secret_name
from cds_eks.schema.validators import Rule, ValidationFailure
from cds_eks.schema.walk import Walk, path_text


class RequestFaults(InvalidRequestError):
    """A request has faults, so that nothing was sent.

    Attributes:
        hint: What to do about it, in English and in Chinese; empty texts if nothing is known.
    """

    def __init__(self, faults: Sequence[PlanFault], hint: tuple[str, str] = ("", "")) -> None:
        ordered = tuple(sorted(faults, key=lambda fault: fault.line or 0))
        first = ordered[0]
        super().__init__(first.field, first.message)
        self._of_request = ordered
        self.hint: tuple[str, str] = hint
        self.message: str = f"{len(faults)} faults, the first: {first}" if len(faults) > 1 else str(first)

    @property
    def faults(self) -> tuple[PlanFault, ...]:
        """All of them, each with its field, and its line if it is in a file."""
        return self._of_request

    def __reduce__(self) -> tuple[type[RequestFaults], tuple[tuple[PlanFault, ...], tuple[str, str]]]:
        return type(self), (self.faults, self.hint)


def secret_paths(fields: Sequence[Field], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Field, bool]]:
    """Yield the secret fields with their paths, and whether the request can't do without them."""
    for field in fields:
        if field.secret:
            yield (*path, field.name), field, field.required
        elif field.type == "shape" and not field.is_list:
            for below, each, required in secret_paths(field.fields, (*path, field.name)):
                yield below, each, required and field.required


def ask_for_secrets(operation: Operation, data: dict[str, Any]) -> None:
    """Ask for the secrets that are missing, without echo, if there is a terminal."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        return
    from cds_eks.cli.fields import put

    for path, field, is_required in secret_paths(operation.fields):
        there: Any = data
        for step in path:
            there = there.get(step) if isinstance(there, Mapping) else None
        if is_required and there is None:
            told = f"{'.'.join(path)} ({field.help.rstrip('.')})"
            put(data, path, click.prompt(told, hide_input=True, err=True))


def with_references(data: Any, fields: Sequence[Field], base: str) -> Any:
    """Return plain data in which each secret is a `SecretRef`; an inline one too, so that it is never shown."""
    if isinstance(data, list):
        return [with_references(each, fields, base) for each in data]
    if not isinstance(data, Mapping):
        return data
    by_name = {field.name: field for field in fields}
    made: dict[str, Any] = {}
    for name, value in data.items():
        field = by_name.get(name)
        is_secret = field.secret if field is not None else is_secret_name(name)
        if is_secret and isinstance(value, str):
            made[name] = SecretRef.of(value, base)
        else:
            made[name] = with_references(value, field.fields if field is not None else (), base)
    return made


def faults_of(operation: Operation, data: Mapping[str, Any], document: Document, *, resolves: bool) -> list[PlanFault]:
    """Return all that is wrong with a request.

    Args:
        operation: What it asks for.
        data: Its fields, with secrets as references.
        document: The file that it is of, for lines.
        resolves: Whether secrets are looked up, to be checked; a command is not run for that.
    """
    from cds_eks import models

    found: list[PlanFault] = []

    def tell(path: Path, message: str) -> None:
        source = document.source if path[:1] and document.line_of(path) is not None else ""
        line = document.line_of(path) if source else None
        found.append(PlanFault(message=message, field=path_text(path), file=source, line=line))

    def meet(path: Path, secret: SecretRef, rule: Rule) -> None:
        try:
            text = secret.look() if resolves else None
            if text is not None:
                rule.check(text)
        except SecretUnavailable as error:
            tell(path, str(error.message))
        except ValidationFailure as failure:
            tell(path, failure.rule)

    Walk(tell=tell, meet=meet, reference=SecretRef).shape(getattr(models, operation.request), data, ())
    return found


def revision_faults_of(
    operation: Operation, data: Mapping[str, Any], document: Document, revision: str
) -> list[PlanFault]:
    """Return the first field of a request, which is sound otherwise, that a revision of the API can't carry.

    Args:
        operation: What it asks for.
        data: Its fields, with secrets as references.
        document: The file that it is of, for lines.
        revision: The revision.
    """
    from cds_eks import models
    from cds_eks.fleet.plan.merging import with_secrets
    from cds_eks.fleet.plan.revisions import fault_of

    shape = getattr(models, operation.request)
    found = fault_of(lambda resolve: shape.from_dict(with_secrets(data, resolve)), revision)
    if found is None:
        return []
    path, rule = found
    line = document.line_of(path)
    return [PlanFault(message=rule, field=path_text(path), file=document.source, line=line)]


def _hint_of(operation: Operation, document: Document) -> tuple[str, str]:
    """Return what to do for who has given no file to a command that takes a whole request, or the plan of a fleet."""
    if {"version", "clusters"} <= document.data.keys():
        command = f"cds-eks plan check {shlex.quote(document.source) if document.base else '-'}"
        return f"it looks like the plan of a fleet: {command}", f"这似乎是集群计划：{command}"
    if document.source or not operation.takes_request:
        return "", ""
    command = f"cds-eks {operation.group.replace('_', '-')} {operation.command} --skeleton yaml > FILE"
    return f"a file to fill in: {command}", f"待填写的文件：{command}"


def request_of(operation: Operation, given: dict[str, Any], document: Document) -> Any:
    """Return the model of a request.

    Raises:
        RequestFaults: It has faults; all are told.
        SecretUnavailable: A secret can't be had.
    """
    from cds_eks import models

    data = with_references(given, operation.fields, document.base)
    if faults := faults_of(operation, data, document, resolves=True):
        raise RequestFaults(faults, _hint_of(operation, document))
    return getattr(models, operation.request).from_dict(resolved(data))


def resolved(data: Any) -> Any:
    """Return plain data with the secrets that its references lead to."""
    if isinstance(data, SecretRef):
        return data.resolve()
    if isinstance(data, Mapping):
        return {name: resolved(value) for name, value in data.items()}
    return [resolved(value) for value in data] if isinstance(data, list) else data
