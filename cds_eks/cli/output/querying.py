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
        reason = str(error).partition("\n")[0]
    raise click.UsageError(f"--query is no JMESPath: {reason}")


def apply(query: str, value: Any) -> Any:
    """Return what a query selects.

    Raises:
        UsageError: A function of it does not take what it is given.
    """
    import jmespath.exceptions

    try:
        return compiled(query).search(value)
    except jmespath.exceptions.JMESPathError as error:
        reason = str(error).partition("\n")[0]
    raise click.UsageError(f"--query: {reason}")
