"""Local variables in the frames of tracebacks: error reporters send them along with an error, and they may be secret.

What lies below a boundary (a call's, a model's) is cleared there when an error of ours comes by: the lines of the
traceback stay, the values go, and with them the memory that they would hold for as long as the error lives. The
boundary itself still runs, so it lets go of what may be secret, or has it `Masked` from the start.
"""

from __future__ import annotations

import contextlib
from types import FrameType, TracebackType
from typing import Any, TypeVar

E = TypeVar("E", bound=BaseException)

OURS = __name__.partition(".")[0]


class Masked:
    """Holds a value that may be or hold a secret, and does not show it."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value: Any = value

    def __repr__(self) -> str:
        return "Masked(***)"


def masked(value: Any) -> Any:
    """Return a value so that it is not shown; nothing, and what is masked already, as it is."""
    return value if value is None or isinstance(value, Masked) else Masked(value)


def masked_data(value: Any) -> Any:
    """Return plain data, passed in place of a model, so that they are not shown; a model hides its own secrets."""
    return Masked(value) if isinstance(value, (dict, list, tuple, set, str, bytes)) else value


def unmasked(value: Any) -> Any:
    """Return the value itself."""
    return value.value if isinstance(value, Masked) else value


def clear_frames(error: E) -> E:
    """Return an error after its frames of ours have let go of their local variables.

    So have those of the errors that it came from, and of the earlier attempts. Frames that still run are left alone;
    so are those of others: of the application, its middlewares and its transports. And so is the frame that caught an
    error from which this one came: it may be another task's, which cancelled this one from its `except` clause, and to
    clear the frame of a coroutine that waits would close it. If it is of this call, it has this error's traceback too.
    """
    _clear(error.__traceback__)
    seen = {id(error)}
    rest = _origins(error)
    while rest:
        origin = rest.pop()
        if id(origin) not in seen:
            seen.add(id(origin))
            _clear(origin.__traceback__ and origin.__traceback__.tb_next)
            rest += _origins(origin)
    return error


def _origins(error: BaseException) -> list[BaseException]:
    """Return the errors that an error came from, and those of the earlier attempts."""
    found = (error.__cause__, error.__context__, *getattr(error, "previous", ()))
    return [each for each in found if each is not None]


def drop_frames(error: E) -> E:
    """Return an error without the frames that it, and what it came of, went through: they would keep what they hold."""
    error.__context__ = None
    return error.with_traceback(None)


def remove_causes(error: BaseException, packages: frozenset[str]) -> None:
    """Take the errors of some packages out of what an error came of: they may repeat what a server sent."""
    while (inner := error.__context__) is not None:
        if type(inner).__module__.partition(".")[0] not in packages:
            error = inner
            continue
        if error.__cause__ is inner:
            error.__cause__ = None
        error.__context__ = inner.__context__
        inner.__traceback__ = None  # its frames may hold it, and a connection


def _clear(traceback: TracebackType | None) -> None:
    while traceback is not None:
        if _is_ours(traceback.tb_frame):
            with contextlib.suppress(RuntimeError):  # it still runs
                traceback.tb_frame.clear()
        traceback = traceback.tb_next


def _is_ours(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and name.partition(".")[0] == OURS
