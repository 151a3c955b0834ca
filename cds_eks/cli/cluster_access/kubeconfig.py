"""Merging one context of a kubeconfig into another kubeconfig: pure, text in and text out.

The YAML is taken as it was parsed, value by value, so that nothing is lost or read another way: fields that nobody here
knows stay, and so do texts that look like something else. Comments go, as they do when `kubectl config` writes.
"""

from __future__ import annotations

from pathlib import Path

from yaml import MappingNode, Node

from cds_eks.cli.cluster_access.yaml_values import (
    child,
    dumped,
    entries,
    loaded,
    mapping,
    put,
    scalar,
    sequence,
    text_of,
)
from cds_eks.errors import ConfigurationError

LISTS = (("clusters", "cluster"), ("users", "user"), ("contexts", "context"))
"""The lists of named entries, and the key of what each entry holds."""

PATHS = (
    ("cluster", "certificate-authority"),
    ("user", "client-certificate"),
    ("user", "client-key"),
    ("user", "tokenFile"),
)
"""What names a file: relative to the kubeconfig that it stands in."""


def merged(existing: str, fetched: str, alias: str, *, folder: Path, use: bool = False, overwrite: bool = False) -> str:
    """Return a kubeconfig with the current context of another one, whose cluster, user and context get a name.

    Args:
        existing: The text of the kubeconfig; empty if there is none.
        fetched: The text of the other one. Its current context is taken, or the only one.
        alias: The name.
        folder: Where the other one's relative paths begin: they become absolute.
        use: Whether it becomes the current context; else that stays as it is.
        overwrite: Whether cluster, user and context of that name may be replaced, if they belong together and no other
            context uses them.

    Raises:
        ConfigurationError: A text is no kubeconfig, or the name is taken. Nothing that the texts hold is shown.
    """
    if not alias or not alias.isprintable() or alias != alias.strip():
        raise ConfigurationError("the alias must be a text without spaces around it")
    new = _entries_of(_kubeconfig(fetched, "the fetched kubeconfig"), alias, folder)
    config = _kubeconfig(existing, "the existing kubeconfig")
    _check_free(config, alias, overwrite=overwrite)
    for (name, _), entry in zip(LISTS, new, strict=True):
        put(config, name, sequence([*_others(config, name, alias), entry]))
    if use:
        put(config, "current-context", scalar(alias))
    return dumped(config)


def server_of(fetched: str) -> str | None:
    """Return the address of the API server that a kubeconfig's current context, or its only one, leads to.

    Raises:
        ConfigurationError: It is no kubeconfig, or has no such context.
    """
    cluster, _, _ = _entries_of(_kubeconfig(fetched, "the fetched kubeconfig"), "it", Path())
    return text_of(child(child(cluster, "cluster"), "server"))


def _kubeconfig(text: str, what: str) -> MappingNode:
    """Read a kubeconfig; an empty text is an empty one."""
    config = loaded(text, what)
    if config is None:
        return mapping({"apiVersion": scalar("v1"), "kind": scalar("Config")})
    if not isinstance(config, MappingNode) or text_of(child(config, "kind", what)) not in (None, "Config"):
        raise ConfigurationError(f"{what} is no kubeconfig: its kind must be Config")
    names = ("kind", "apiVersion", "current-context", *(name for name, _ in LISTS))
    if config.value and all(child(config, name, what) is None for name in names):
        raise ConfigurationError(f"{what} is no kubeconfig: it has none of {', '.join(names)}")
    for name, key in LISTS:
        for entry in entries(config, name, what):
            if text_of(child(entry, "name", what)) is None or not isinstance(child(entry, key, what), MappingNode):
                raise ConfigurationError(f"{what} is no kubeconfig: each of its {name} must have `name` and `{key}`")
    return config


def _named(config: MappingNode, name: str, wanted: str | None) -> MappingNode | None:
    """Return what the entry of a list with a name holds."""
    key = dict(LISTS)[name]
    for entry in entries(config, name):
        held = child(entry, key)
        if text_of(child(entry, "name")) == wanted and isinstance(held, MappingNode):
            return held
    return None


def _entries_of(fetched: MappingNode, alias: str, folder: Path) -> tuple[Node, Node, Node]:
    """Return cluster, user and context of the one that is taken, under their new name."""
    names = [text_of(child(entry, "name")) for entry in entries(fetched, "contexts")]
    current = text_of(child(fetched, "current-context")) or (names[0] if len(names) == 1 else None)
    if not current:
        raise ConfigurationError("the fetched kubeconfig has no current context: kubectl config use-context sets it")
    context = _named(fetched, "contexts", current)
    if context is None:
        raise ConfigurationError("the fetched kubeconfig has no context of the name that its current-context says")
    held = {}
    for name, key in LISTS[:2]:
        found = _named(fetched, name, text_of(child(context, key)))
        if found is None:
            raise ConfigurationError(f"the context of the fetched kubeconfig names a {key} that is not there")
        held[key] = _with_absolute_paths(found, key, folder)
    moved = MappingNode(context.tag, list(context.value), flow_style=context.flow_style)
    put(moved, "cluster", scalar(alias))
    put(moved, "user", scalar(alias))
    held["context"] = moved
    cluster, user, own = (mapping({key: held[key], "name": scalar(alias)}) for _, key in LISTS)
    return cluster, user, own


def _with_absolute_paths(held: MappingNode, kind: str, folder: Path) -> MappingNode:
    """Return what a cluster or user holds with the paths of files made absolute: it moves to another folder."""
    moved = MappingNode(held.tag, list(held.value), flow_style=held.flow_style)
    for key in (name for of, name in PATHS if of == kind):
        if path := text_of(child(moved, key)):
            put(moved, key, scalar(str(folder / path)))
    program = child(moved, "exec")
    if isinstance(program, MappingNode):
        command = text_of(child(program, "command")) or ""
        if "/" in command:  # one without is looked for in PATH
            changed = MappingNode(program.tag, list(program.value), flow_style=program.flow_style)
            put(changed, "command", scalar(str(folder / command)))
            put(moved, "exec", changed)
    return moved


def _check_free(config: MappingNode, alias: str, *, overwrite: bool) -> None:
    """Refuse a name that something else has."""
    there = [key for name, key in LISTS if _named(config, name, alias) is not None]
    if not there:
        return
    if not overwrite:
        raise ConfigurationError(
            f"the kubeconfig has a {there[0]} {alias!r} already: choose another --alias, or replace it with --overwrite"
        )
    for entry in entries(config, "contexts"):
        context = child(entry, "context")
        own = text_of(child(entry, "name")) == alias
        uses = [text_of(child(context, key)) == alias for key in ("cluster", "user")]
        if own != all(uses) or (not own and any(uses)):
            raise ConfigurationError(
                f"cluster, user and context {alias!r} of the kubeconfig do not belong together alone: they are not "
                "overwritten; choose another --alias"
            )


def _others(config: MappingNode, name: str, alias: str) -> list[MappingNode]:
    return [entry for entry in entries(config, name) if text_of(child(entry, "name")) != alias]
