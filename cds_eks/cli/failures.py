"""What a failure is to a script: its exit code, and its JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from cds_eks import errors
from cds_eks.cli.hints import HINTS, NO_PROFILE, names_no_profile
from cds_eks.cli.language import is_chinese, say
from cds_eks.cli.open_creates import find_command, look_line
from cds_eks.cli.options import Options
from cds_eks.cli.signals import Terminated
from cds_eks.cli.summaries import summary_of
from cds_eks.cli.waits.plan import Pending

DONE = 0
OF_THE_EXTRA = ("jmespath", "platformdirs", "rich", "yaml")
"""What the extra `cli` brings beside click."""

FAILED = 1
USAGE = 2
NOT_FOUND = 3
AUTHENTICATION = 4
UNKNOWN_CREATE = 5
CONFLICT = 6
THROTTLED = 7
TIMED_OUT = 124
INTERRUPTED = 130
SIGNALLED = 128


class Incomplete(click.ClickException):
    """A command has printed its result, and yet not all was done.

    Args:
        message: What was not.
        exit_code: The exit code.
        kind: What the JSON calls it: the name of a class of errors.
        outcome: As errors have it; None if no request is open.
        hint: What to do.
        more: Further facts for the JSON.
    """

    def __init__(
        self,
        message: str,
        exit_code: int,
        *,
        kind: str,
        outcome: str | None = None,
        hint: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code_of_exit: int = exit_code
        self.kind = kind
        self.what_is_known = outcome
        self.hint = hint
        self.more: Mapping[str, Any] = more or {}


CODES: tuple[tuple[type[BaseException], int], ...] = (
    (errors.AmbiguousCreate, UNKNOWN_CREATE),  # it is also what went wrong, so it comes first
    (errors.NotFound, NOT_FOUND),
    (errors.AuthenticationError, AUTHENTICATION),
    (errors.PermissionDenied, AUTHENTICATION),
    (errors.CredentialsError, AUTHENTICATION),
    (errors.Conflict, CONFLICT),
    (errors.DuplicateFound, CONFLICT),
    (errors.Throttled, THROTTLED),
    (errors.QuotaExceeded, THROTTLED),
    (errors.WaitTimeout, TIMED_OUT),
    (errors.InvalidRequestError, USAGE),
    (errors.ConfigurationError, USAGE),
    (click.UsageError, USAGE),
    (click.FileError, USAGE),
    (KeyboardInterrupt, INTERRUPTED),
    (click.Abort, INTERRUPTED),
)
"""The exit code of each class of error: the first that fits."""


class ResultNotPrinted(errors.EksError):
    """A write was carried out, but its result could not be printed: the ids are here, so that nothing is lost."""

    code_of_exit = FAILED

    def __init__(self, reason: str, *, action: str, ids: Mapping[str, Any], request_id: str | None) -> None:
        words = f"it was done, but the result can't be printed: {reason}"
        super().__init__(words, action=action, request_id=request_id, outcome="accepted")
        self.ids: dict[str, Any] = dict(ids)


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error."""
    if isinstance(error, (Incomplete, ResultNotPrinted)):
        return error.code_of_exit
    if isinstance(error, Terminated):
        return SIGNALLED + error.number
    return next((code for kind, code in CODES if isinstance(error, kind)), FAILED)


def is_interrupted(error: BaseException) -> bool:
    """Whether it was not the command that failed, but somebody who ended it: Ctrl-C, SIGTERM or SIGHUP."""
    return isinstance(error, (KeyboardInterrupt, click.Abort))


def hint_of(error: BaseException, *, is_for_people: bool = False) -> str | None:
    """Return what to do about an error, or None. For people it is in their language."""
    if isinstance(error, Incomplete):
        return error.hint
    if isinstance(error, errors.InvalidRequestError):
        hint = getattr(error, "hint", ("", ""))  # of one of the command line's own
    elif names_no_profile(error):
        hint = NO_PROFILE
    elif isinstance(error, click.UsageError) and error.ctx is not None:
        path = error.ctx.command_path
        hint = f"see `{path} --help`", f"见 `{path} --help`"
    else:
        hint = next((words for kind, words in HINTS if isinstance(error, kind)), ("", ""))
    return (say(*hint) if is_for_people else hint[0]) or None


def message_of(error: BaseException) -> str:
    """Return what went wrong in words, without what the JSON has beside it."""
    if isinstance(error, errors.EksError):
        return error.message
    if isinstance(error, click.MissingParameter):
        return " ".join(error.format_message().split())  # click lists choices below each other
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, Terminated):
        return f"terminated by {error}"
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return "interrupted"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror or type(error).__name__)
    if isinstance(error, ModuleNotFoundError) and error.name in OF_THE_EXTRA:  # another extra has brought click
        return f"{error.name} is not installed: pip install 'cds-eks[cli]'"
    return f"an error in cds-eks itself ({type(error).__name__}); --debug shows where"


def can_go_on(error: BaseException) -> bool:
    """Whether what was waited for when an error ended that may still come."""
    return not isinstance(error, (errors.TaskFailed, errors.NotFound))


def as_data(
    error: BaseException,
    pending: Pending | None = None,
    options: Options = Options(),  # noqa: B008
) -> dict[str, Any]:
    """Return an error as plain data. The first seven keys are always there.

    Args:
        error: The error.
        pending: What was waited for, if it was in a wait.
        options: Those of the command.
    """
    said: dict[str, Any] = {
        "class": type(error).__name__,
        "code": getattr(error, "code", None) or None,
        "message": message_of(error),
        "outcome": "not_sent" if isinstance(error, click.ClickException) else None,
        "ids": {},
        "request_id": None,
        "hint": hint_of(error),
    }
    if isinstance(error, Incomplete):
        said |= {"class": error.kind, "outcome": error.what_is_known, **_plain(error.more)}
    if isinstance(error, errors.EksError):
        said |= {"class": public_name(error), "outcome": _outcome_of(error, pending), "ids": _plain(error.ids)}
        said |= {"request_id": error.request_id, "action": error.action, "call_id": error.call_id}
        said |= {"attempts": error.attempts, "field": getattr(error, "field", None)}
        if isinstance(error, errors.AmbiguousCreate):
            said["natural_key"] = _plain(error.natural_key)
            said["find_with"] = find_command(error.action or "", error.natural_key, options)
        said["faults"] = [fault_as_data(fault) for fault in getattr(error, "faults", ())]
        optional = ("action", "call_id", "attempts", "field", "faults")
        said = {name: value for name, value in said.items() if value or name not in optional}
    if pending is not None:
        said["ids"] = _plain(pending.ids) | said["ids"]
        if pending.result is not None:  # whatever has become of the wait
            said |= {"outcome": "accepted", "result": _plain(pending.result)}
        if can_go_on(error):
            said["continue_with"] = pending.command
    return said | {"exit_code": exit_code(error)}


def _outcome_of(error: errors.EksError, pending: Pending | None) -> str | None:
    """Return the outcome of an error: none of a wait for what this command has not begun, and not seen."""
    is_unseen = isinstance(error, errors.NotFound) or (isinstance(error, errors.WaitTimeout) and error.last is None)
    return None if is_unseen and pending is not None and pending.result is None else error.outcome


def public_name(error: errors.EksError) -> str:
    """Return the name of the class that is documented: one that is not is a kind of one that is."""
    kinds = type(error).__mro__
    documented = [kind.__name__ for kind in kinds if kind.__name__ in errors.__all__ and kind is not errors.EksError]
    return next(iter(documented), type(error).__name__)


def fault_as_data(fault: Any) -> dict[str, Any]:
    """Return a fault of a file as plain data."""
    return {"field": fault.field, "message": fault.message, "file": fault.file or None, "line": fault.line}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def _summary(error: BaseException) -> str | None:
    """Return what happened in the language of those who read it, if the text itself is in another."""
    if not is_chinese():
        return None
    return "操作已执行，但结果无法输出" if isinstance(error, ResultNotPrinted) else summary_of(error)


def as_lines(
    error: BaseException,
    pending: Pending | None = None,
    options: Options = Options(),  # noqa: B008
) -> list[str]:
    """Return an error in a few lines for people; see `as_data`. In Chinese a summary comes first."""
    code = f" ({code})" if (code := getattr(error, "code", None)) and isinstance(code, str) else ""
    action = f"{error.action}: " if isinstance(error, errors.EksError) and error.action else ""
    lines = [f"error: {action}{message_of(error)}{code}"]
    if len(faults := getattr(error, "faults", ())) > 1:
        lines = [f"error: {len(faults)} faults", *(f"  {fault}" for fault in faults)]
    if (summary := _summary(error)) is not None:
        lines = [f"错误：{summary}", *lines]
    facts = _plain(pending.ids) if pending is not None else {}
    if isinstance(error, errors.EksError):
        facts = {**facts, **error.ids, "request_id": error.request_id, "outcome": _outcome_of(error, pending)}
        if isinstance(error, (errors.InvalidRequestError, errors.ConfigurationError)):
            facts = {}  # nothing was sent: there is nothing to look up
    if pending is not None and pending.result is not None:
        facts["outcome"] = "accepted"  # whatever has become of the wait
    told = ", ".join(f"{name}={value}" for name, value in facts.items() if value)
    lines += [f"  {told}"] if told else []
    if isinstance(error, errors.AmbiguousCreate) and error.natural_key:
        lines.append("  " + ", ".join(f"{name}={value}" for name, value in error.natural_key.items()))
    hint = hint_of(error, is_for_people=True)
    lines += [f"{say('hint', '提示')}: {hint}"] if hint else []
    if isinstance(error, errors.AmbiguousCreate):
        command = find_command(error.action or "", error.natural_key, options)
        lines += [] if command is None else [look_line(command)]
    if pending is not None and can_go_on(error):
        lines.append(f"{say('go on waiting', '继续等待')}: {pending.command}")
    return lines
