"""A headless Chromium, driven over a pipe by its DevTools protocol: it needs the standard library and the browser."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

__all__ = ["Browser", "BrowserError", "Tab", "open_browser"]

Message = dict[str, Any]

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
]  # fmt: skip


class BrowserError(RuntimeError):
    """There is no browser, or it does not do what it is asked for."""


class Browser:
    """The browser's process, and the messages that it sends."""

    def __init__(self, to: int, of: int) -> None:
        self._to = to
        self._of = of
        self._left = b""
        self._number = 0
        self.events: list[Message] = []

    def call(self, method: str, session: str | None = None, **params: Any) -> Message:
        """Ask for something, and return the answer; what happens meanwhile is put into `events`.

        Raises:
            BrowserError: It refuses, or does not answer for half a minute.
        """
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 30
        while True:
            found = self._read(deadline - time.monotonic())
            if found is None:
                raise BrowserError(f"{method}: no answer")
            if found.get("id") == self._number:
                if "error" in found:
                    raise BrowserError(f"{method}: {found['error']['message']}")
                answer: Message = found["result"]
                return answer
            self.events.append(found)

    def wait(self, is_wanted: Callable[[Message], bool], seconds: float) -> bool:
        """Wait until an event has come; False if it does not."""
        deadline = time.monotonic() + seconds
        looked_at = 0
        while True:
            while looked_at < len(self.events):
                looked_at += 1
                if is_wanted(self.events[looked_at - 1]):
                    return True
            found = self._read(deadline - time.monotonic())
            if found is None:
                return False
            self.events.append(found)

    def _read(self, seconds: float) -> Message | None:
        while b"\0" not in self._left:
            if seconds <= 0 or not select([self._of], [], [], seconds)[0]:
                return None
            chunk = os.read(self._of, 1 << 20)
            if not chunk:
                raise BrowserError("the browser has ended")
            self._left += chunk
        first, _, self._left = self._left.partition(b"\0")
        message: Message = json.loads(first)
        return message


class Tab:
    """A tab of the browser."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Message:
        """Ask the tab for something."""
        return self._browser.call(method, self._session, **params)

    def show_as(self, width: int, height: int, scheme: str) -> None:
        """Have a screen of a size, and a preference for light or dark colours."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url: str) -> list[Message]:
        """Load a page, and return the events until it has been loaded and is still.

        Raises:
            BrowserError: It is not loaded.
        """
        self._browser.events.clear()
        self.call("Page.navigate", url=url)
        if not self._browser.wait(lambda event: event.get("method") == "Page.loadEventFired", 30):
            raise BrowserError(f"{url} is not loaded")
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
        return list(self._browser.events)

    def evaluate(self, expression: str) -> Any:
        """Return what an expression gives, awaited.

        Raises:
            BrowserError: It throws.
        """
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Write what is seen to a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium, and end it.

    Raises:
        BrowserError: There is none.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise BrowserError("there is no chromium: install Debian's package of that name")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # It reads from file descriptor 3 and writes to 4: a shell puts the ends of the pipes there.
        command = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", program, *FLAGS]
        process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}"], pass_fds=(theirs_in, theirs_out), stderr=subprocess.DEVNULL
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(ours_out, ours_in)
        finally:
            process.terminate()
            process.wait(10)
            os.close(ours_out)
            os.close(ours_in)
