"""An `h11.Connection` of a server that takes a short way for plain requests.

A plain request has come whole, in one piece and alone, in the form that clients write: nearly every one does. It is
read by one regular expression, and its answer is written out, in the very events and bytes that h11 has for them. All
else is h11's: what is odd in a request, and one whose answer turns out to need more than the short way knows of.
"""

from __future__ import annotations

import re
from collections import deque

import h11

__all__ = ["PlainRequests"]

_HEAD = re.compile(
    rb"(GET|POST) (/[\x21-\x7e]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+: [\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\r\n)+)\r\n"
)
_SPECIAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})
_LONGEST = 64 * 1024
"""How many bytes a plain request may have."""


class PlainRequests:
    """Has what uvicorn's protocol uses of an `h11.Connection`.

    Args:
        connection: The connection, new.
    """

    def __init__(self, connection: h11.Connection) -> None:
        self._h11 = connection
        self._raw = b""
        """The plain request that is being answered; empty if h11 has all."""
        self._later = b""
        """What has come behind it."""
        self._events: deque[h11.Event] = deque()
        self._response: h11.Response | None = None
        self._head = b""
        """What is still to be sent of the head of its answer."""
        self._sent, self._length = 0, 0
        """How many bytes of the body of its answer were sent, and how many there are."""
        self._is_done = False

    @property
    def our_state(self) -> object:
        """The state of the answer."""
        if not self._raw or self._is_unread:
            return self._h11.our_state
        if self._is_done:
            return h11.DONE
        return h11.SEND_RESPONSE if self._response is None else h11.SEND_BODY

    @property
    def their_state(self) -> object:
        """The state of the request."""
        if not self._raw or self._is_unread:
            return self._h11.their_state
        return h11.SEND_BODY if self._events else h11.DONE

    @property
    def _is_unread(self) -> bool:
        return bool(self._events) and isinstance(self._events[0], h11.Request)

    @property
    def they_are_waiting_for_100_continue(self) -> bool:
        """Whether the client waits before it sends the body."""
        return not self._raw and self._h11.they_are_waiting_for_100_continue

    def receive_data(self, data: bytes) -> None:
        """Take what has come."""
        if self._raw:
            self._later += data
            return
        is_between = self._h11.their_state is h11.IDLE and not self._h11.trailing_data[0]
        events = _plain(data) if is_between else None
        if events is None:
            self._h11.receive_data(data)
        else:
            self._raw, self._events = data, events

    def next_event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        """Return the next event, or that there is none yet."""
        if not self._raw:
            return self._h11.next_event()
        if self._events:
            return self._events.popleft()
        return h11.PAUSED if self._later else h11.NEED_DATA

    def send(self, event: h11.Event) -> bytes | None:
        """Return an event of the answer as bytes. The head comes with the first piece of the body."""
        if self._raw and not self._is_done:
            if type(event) is h11.Response and self._response is None and (length := _length(event)) is not None:
                lines = b"".join([b"%s: %s\r\n" % header for header in event.headers.raw_items()])
                self._head = b"HTTP/1.1 %d %s\r\n%s\r\n" % (event.status_code, event.reason, lines)
                self._response, self._sent, self._length = event, 0, length
                return b""
            if self._response is not None:
                if type(event) is h11.Data and self._sent + len(event.data) <= self._length:
                    self._sent += len(event.data)
                    return self._take_head() + event.data
                if type(event) is h11.EndOfMessage and self._sent == self._length and not event.headers:
                    self._is_done = True
                    return self._take_head()
        if not self._raw:
            return self._h11.send(event)
        head = self._hand_over()
        sent = self._h11.send(event)
        return head + sent if sent is not None else None

    def start_next_cycle(self) -> None:
        """Go on to the next request."""
        if not self._raw:
            self._h11.start_next_cycle()
            return
        later = self._later
        self._raw, self._later, self._response, self._is_done = b"", b"", None, False
        if later:
            self.receive_data(later)

    def _take_head(self) -> bytes:
        head, self._head = self._head, b""
        return head

    def _hand_over(self) -> bytes:
        """Have h11 do all that was done of a plain request, and go on from there. Returns what is to be sent of it."""
        self._h11.receive_data(self._raw + self._later)
        while not isinstance(self._h11.next_event(), h11.EndOfMessage):
            pass
        done: list[h11.Event] = []
        if self._response is not None:
            done = [self._response, h11.Data(data=bytes(self._sent))]
        if self._is_done:
            done.append(h11.EndOfMessage())
        self._raw, self._later, self._response, self._is_done = b"", b"", None, False
        for each in done:
            self._h11.send(each)
        return self._take_head()


def _plain(data: bytes) -> deque[h11.Event] | None:
    """Return the events of a plain request, or None for anything else."""
    if len(data) > _LONGEST or (match := _HEAD.match(data)) is None:
        return None
    method, target, lines = match.groups()
    headers: list[tuple[bytes, bytes]] = []
    hosts, lengths = 0, [b"0"]
    for line in lines[:-2].split(b"\r\n"):
        name, _, value = line.partition(b": ")
        lower = name.lower()
        if lower == b"host":
            hosts += 1
        elif lower == b"content-length":
            lengths.append(value)
        elif lower in _SPECIAL or (lower == b"connection" and value.lower() != b"keep-alive"):
            return None
        headers.append((name, value))
    length = lengths[-1]
    if hosts != 1 or len(lengths) > 2 or len(length) > 5 or not length.isdigit():
        return None
    if len(data) != match.end() + int(length):
        return None
    events: deque[h11.Event] = deque([h11.Request(method=method, target=target, headers=headers)])
    if len(data) > match.end():
        events.append(h11.Data(data=data[match.end() :]))
    events.append(h11.EndOfMessage())
    return events


def _length(response: h11.Response) -> int | None:
    """Return how long the body of a response is; None if it is not one whose head is sent just as it is."""
    length = None
    for name, value in response.headers:
        if name in (b"connection", b"transfer-encoding") or (name == b"content-length" and length is not None):
            return None
        if name == b"content-length":
            length = int(value)
    return None if response.status_code in (204, 304) else length
