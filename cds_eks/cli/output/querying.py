"""`--query`: JMESPath."""

from __future__ import annotations

from typing import Any

import click


def compiled(query: str) -> Any:
    """Return a query, ready to search.

    Raises:
        UsageError: It is no JMESPath.
    """
    import jmespath
    import jmespath.exceptions

    try:
        return jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        first = str(error).partition("\n")[0].removeprefix("Invalid jmespath expression: ")
        reason = first.removesuffix(", for expression:").rstrip(":. ")
    raise click.UsageError(f"--query is no JMESPath: {reason[:1].lower()}{reason[1:]}, in {query!r}")


def apply(query: str, value: Any) -> Any:
    """Return what a query selects.

    Raises:
        UsageError: A function of it does not take what it is given.
    """
    try:
        return compiled(query).search(value)
    except click.UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - its functions raise what Python's raise: TypeError, OverflowError, …
        reason = str(error).partition("\n")[0] or type(error).__name__
    raise click.UsageError(f"--query: {reason}")
