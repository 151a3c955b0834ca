"""A headless Chromium, driven over a pipe by its DevTools protocol: it needs the standard library and the browser.

The site's checks and the tests of pages use it: keys are pressed as a person presses them, not simulated by a script.
"""

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

__all__ = ["CHROMIUM", "Browser", "BrowserError", "Message", "Tab", "open_browser"]

Message = dict[str, Any]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""The browser's program, if there is one."""

FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
]  # fmt: skip

TIMEOUT = 60.0
"""Seconds within which the browser must answer, and a page be loaded."""

_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39,
         "ArrowDown": 40}  # fmt: skip
_TEXTS = {"Enter": "\r", " ": " "}
_SHIFT = 8


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
            BrowserError: It refuses, or does not answer.
        """
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + TIMEOUT
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

    @property
    def console(self) -> list[str]:
        """What the console has got since a page was opened: errors that nobody caught and failed requests too."""
        found = []
        for event in self._browser.events:
            params = event.get("params", {})
            match event["method"]:
                case "Log.entryAdded":
                    found.append(params["entry"]["text"])
                case "Runtime.exceptionThrown":
                    found.append(json.dumps(params["exceptionDetails"]))
                case "Runtime.consoleAPICalled":
                    found.append(json.dumps(params["args"]))
        return found

    def show_as(self, width: int, height: int, scheme: str, language: str | None = None) -> None:
        """Have a screen of a size, a preference for light or dark colours, and a reader's language."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        if language is not None:
            agent = self.call("Browser.getVersion")["userAgent"]
            self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    def open(self, url: str) -> None:
        """Load a page and its scripts.

        Raises:
            BrowserError: It is not loaded.
        """
        self._browser.events.clear()
        self.call("Page.navigate", url=url)
        if not self._browser.wait(lambda event: event.get("method") == "Page.loadEventFired", TIMEOUT):
            raise BrowserError(f"{url} is not loaded")

    def settle(self) -> list[Message]:
        """Wait until the page is drawn and still, and return what happened since it was opened."""
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

    def until(self, expression: str, seconds: float = 30.0) -> Any:
        """Wait until an expression is true, and return it.

        Raises:
            BrowserError: It throws, or does not become true.
        """
        deadline = time.monotonic() + seconds
        while not (value := self.evaluate(expression)):
            if time.monotonic() >= deadline:
                raise BrowserError(f"it does not become true: {expression}\n{self.console}")
            time.sleep(0.02)
        return value

    def press(self, *keys: str, shift: bool = False) -> None:
        """Press keys, one after the other."""
        modifiers = _SHIFT if shift else 0
        for key in keys:
            code = {"key": key, "windowsVirtualKeyCode": _KEYS[key], "code": "Space" if key == " " else key}
            text = {"text": _TEXTS[key]} if key in _TEXTS else {}
            self.call("Input.dispatchKeyEvent", type="keyDown", modifiers=modifiers, **code, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **code)

    def write(self, text: str) -> None:
        """Write a text where the focus is."""
        self.call("Input.insertText", text=text)

    def screenshot(self, path: Path) -> None:
        """Write what is seen to a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium, and end it.

    Raises:
        BrowserError: There is none.
    """
    if CHROMIUM is None:
        raise BrowserError("there is no chromium: install Debian's package of that name")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # It reads from file descriptor 3 and writes to 4: a shell puts the ends of the pipes there.
        command = ["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", CHROMIUM, *FLAGS]
        process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(ours_out, ours_in)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(ours_out)
            os.close(ours_in)
