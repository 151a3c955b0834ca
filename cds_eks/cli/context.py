"""What a command is given: the options, the client, and how it prints, asks and tells."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from cds_eks._runtime import clocks
from cds_eks.cli.language import say
from cds_eks.cli.options import Format, Options
from cds_eks.cli.streams import write_err

if TYPE_CHECKING:
    from cds_eks.cli.redacting import SentSecrets
    from cds_eks.cli.waits.plan import Pending
    from cds_eks.client import AsyncEksClient
    from cds_eks.outcome.open_creates import OpenCreate
    from cds_eks.pipeline import Send
    from cds_eks.sync.client import EksClient
    from cds_eks.wire import RawResponse, Request


class Context:
    """What one run of `cds-eks` shares. A command gets it by `@pass_context`.

    Attributes:
        open_creates: The creates whose outcome was open when a client was closed.
        pending: What the command waits for at the moment, or has come to without printing it yet.
        wanted_format: The format that the whole command line asks for, for what is shown before it is read.
        began: When the command began, in monotonic seconds: `--timeout` is for all of it.
    """

    def __init__(self) -> None:
        self._given: dict[str, Any] = {}
        self.open_creates: tuple[OpenCreate, ...] = ()
        self.pending: Pending | None = None
        self.wanted_format: Format = "table"
        self._writes: list[Request] = []
        self.began: float = clocks.monotonic()
        self._has_checked_columns = False
        self._sent: SentSecrets | None = None

    def note(self, name: str, value: Any) -> None:
        """Take in one of the options that every command takes."""
        self._given[name] = value

    @property
    def options(self) -> Options:
        """What was said with the options that every command takes, up to now."""
        return Options(**self._given)

    def check(self) -> None:
        """Refuse what can't be printed, before anything is sent.

        Raises:
            UsageError: `--query` is no JMESPath.
        """
        if self.options.query is not None:
            from cds_eks.cli.output.querying import compiled

            compiled(self.options.query)
        from cds_eks.cli import logs

        logs.set_up(self.options)

    def check_columns(self, known: Iterable[str]) -> None:
        """Refuse `--columns` that the result can't have, before anything is sent or changed.

        A read may leave it out: then they are checked when the result is there. A write must not.

        Args:
            known: The keys that the result may have.

        Raises:
            UsageError: There are some.
        """
        from cds_eks.cli.output import columns

        if self.options.query is None and columns.matters(self.options):
            columns.check(self.options.columns, known)
            self._has_checked_columns = True

    @contextlib.contextmanager
    def client(self, *, is_for_write: bool = False) -> Iterator[EksClient]:
        """Open the blocking client; what is open when it is closed is told if the command is interrupted.

        Args:
            is_for_write: Whether it sends one write: its ids are told whatever happens before its result is printed.
        """
        from cds_eks.cli.clients import open_client

        eks = open_client(self.options, [self._note_secrets(), *([self._note_write] if is_for_write else [])])
        try:
            yield eks
        finally:
            self.open_creates += eks.open_creates
            eks.close()

    @contextlib.asynccontextmanager
    async def async_client(self) -> AsyncIterator[AsyncEksClient]:
        """Open the async client, for commands that do many things at once."""
        from cds_eks.cli.clients import open_async_client

        eks = open_async_client(self.options, [self._note_secrets()])
        try:
            yield eks
        finally:
            self.open_creates += eks.open_creates
            await eks.aclose()

    def emit(self, value: Any, *, columns: Sequence[str] = (), id: str = "", fields: Sequence[str] = ()) -> None:  # noqa: A002
        """Print a command's result as `-o`, `--query`, `--columns` and `--quiet` ask for.

        It is called once in a command: stdout is one document.

        Args:
            value: Plain data: a mapping for one thing; a list, or an iterator that is read as it is printed, for many.
            columns: What a table shows by default; the scalar fields that are there if it is empty.
            id: The key of what `--quiet` prints; the first that is called so if it is empty.
            fields: The columns of CSV by default; those that are there if it is empty.
        """
        from cds_eks.cli.output import printing

        hints = printing.Hints(tuple(columns), id, tuple(fields), checks_columns=not self._has_checked_columns)
        if self._sent is not None:
            value = self._sent.fit_to_print(value)
        printing.emit(value, self.options, hints, is_color=self.is_color)

    def _note_secrets(self) -> SentSecrets:
        """Return the middleware that notes what the command's requests send of secrets."""
        from cds_eks.cli.redacting import SentSecrets

        if self._sent is None:
            self._sent = SentSecrets()
        return self._sent

    def emit_write(
        self,
        data: Mapping[str, Any],
        *,
        action: str,
        request_id: str | None,
        id: str = "",  # noqa: A002
        came_to: Mapping[str, Any] | None = None,
        columns: Sequence[str] = (),
    ) -> None:
        """Print the result of a write: what its answer names, and the id of the request.

        Args:
            data: The ids that the answer names.
            action: The operation.
            request_id: The service's id of the request.
            id: The key of what `--quiet` prints.
            came_to: What the write came to, if it was waited for.
            columns: What tables and CSV show by default; all of it if it is empty.

        Raises:
            ResultNotPrinted: It can't be printed; the error has the ids, so that what was made is not lost.
        """
        with self.printing_write(action, data, request_id):
            whole = {**data, "request_id": request_id, **(came_to or {})}
            self.emit(whole, id=id, columns=columns, fields=columns)

    @contextlib.contextmanager
    def printing_write(self, action: str, ids: Mapping[str, Any], request_id: str | None) -> Iterator[None]:
        """Have whatever fails while the result of a write is printed be told with its ids.

        Raises:
            ResultNotPrinted: It can't be printed.
        """
        from cds_eks.cli.failures import ResultNotPrinted, message_of

        try:
            yield
        except Exception as error:
            self.pending = None
            raise ResultNotPrinted(message_of(error), action=action, ids=ids, request_id=request_id) from error
        self.pending = None
        self._writes.clear()

    async def _note_write(self, request: Request, send: Send) -> RawResponse:
        """Note a write that is sent: its record has the answer before anything else can happen."""
        from cds_eks.wire import Kind

        if request.operation.kind is not Kind.READ:
            self._writes.append(request)
        return await send(request)

    @property
    def has_unprinted_write(self) -> bool:
        """Whether a write was carried out whose result is not printed yet."""
        return any(request.record.answer is not None for request in self._writes)

    def with_ids_of_answer(self, error: BaseException) -> BaseException:
        """Return a failure with the ids of a write that was answered before it, if nothing else tells these.

        A wait tells them by `pending`, and a create that was cut off by `open_creates`.
        """
        from cds_eks.cli.answered import ids_not_told

        if self.pending is not None or not self._writes:
            return error
        return ids_not_told(self._writes, self.open_creates, error)

    def tell(self, text: str) -> None:
        """Print a note for people on stderr: not with `--quiet`, and not if a program reads the result."""
        if self.options.quiet or self.options.is_for_machines:
            return
        if self.options.log_format == "json":
            from cds_eks.cli.logs import json_line

            write_err(f"{json_line('info', text)}\n")
            return
        from cds_eks.cli.output.text import visible

        write_err(visible(text, keep="\n") + "\n")

    def confirm(self, text: str) -> None:
        """Ask before something that can't be undone.

        Args:
            text: What will happen, as a question.

        Raises:
            UsageError: `--yes` is needed, as there is no terminal to ask on.
            Abort: The answer is no.
        """
        if self.options.yes:
            return
        if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
            told = say("needs --yes, as there is no terminal to ask on", "没有可询问的终端，需要 --yes")
            raise click.UsageError(f"{told}: {text}")
        from cds_eks.cli.output.text import visible

        if not click.confirm(visible(text), err=True):
            raise Declined

    @property
    def is_terminal(self) -> bool:
        """Whether stdout is a terminal."""
        return is_terminal(sys.stdout)

    @property
    def is_color(self) -> bool:
        """Whether stdout takes colours."""
        return self.is_terminal and not self._is_plain

    @property
    def draws_progress(self) -> bool:
        """Whether progress may be drawn, on stderr: on a terminal that can, without `--quiet` and `-o json`."""
        options = self.options
        is_asked_for = not options.quiet and not options.is_for_machines and not options.debug
        return is_asked_for and is_terminal(sys.stderr) and not self._is_plain  # it is drawn with escapes

    @property
    def _is_plain(self) -> bool:
        return self.options.no_color or bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


class Declined(Exception):
    """Who was asked said no."""


def is_terminal(stream: TextIO) -> bool:
    """Whether a stream is a terminal."""
    return stream is not None and stream.isatty()


pass_context: Callable[[Callable[..., Any]], Callable[..., Any]] = click.make_pass_decorator(Context)
"""Decorates a command's function: its first argument is the `Context`."""
