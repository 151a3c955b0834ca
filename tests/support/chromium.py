"""A page in a real browser, driven by Chromium's DevTools protocol over a pipe: keys are pressed, not simulated."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.eventually import EVENT_TIMEOUT

__all__ = ["CHROMIUM", "Page", "opened"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

TIMEOUT = 60.0
"""Seconds within which the browser must answer."""

_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39,
         "ArrowDown": 40}  # fmt: skip
_TEXTS = {"Enter": "\r", " ": " "}
SHIFT = 8

_WITH_PIPES = """
import fcntl, os, sys
reads, writes = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3]]
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
"""Becomes the browser, which reads commands from descriptor 3 and writes answers to 4."""


class Page:
    """One page.

    Attributes:
        console: What its console has got, errors that nobody caught and requests that failed among it.
    """

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._buffer = b""
        self._number = 0
        self._loads = 0
        self._session: str | None = None
        self.console: list[str] = []

    def send(self, method: str, **params: Any) -> Any:
        """Send a command, and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer["error"]
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + TIMEOUT
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reading], [], [], max(deadline - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            piece = os.read(self._reading, 1 << 20)
            assert piece, "the browser is gone"
            self._buffer += piece
        raw, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(raw)
        params = message.get("params", {})
        if message.get("method") == "Log.entryAdded":
            self.console.append(params["entry"]["text"])
        elif message.get("method") == "Page.loadEventFired":
            self._loads += 1
        elif message.get("method") == "Runtime.exceptionThrown":
            self.console.append(json.dumps(params["exceptionDetails"]))
        elif message.get("method") == "Runtime.consoleAPICalled":
            self.console.append(json.dumps(params["args"]))
        return message

    def attach(self) -> None:
        """Take the browser's first page."""
        targets = self.send("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def look(self, *, width: int = 1300, height: int = 900, dark: bool = False, language: str = "en") -> None:
        """Be as wide as a desktop's window or a phone, in the light or dark, of a reader of some language."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.send("Emulation.setEmulatedMedia", features=features)
        agent = self.send("Browser.getVersion")["userAgent"]
        self.send("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    def go(self, url: str) -> None:
        """Open an address, and wait until the page and its scripts are loaded."""
        before = self._loads
        self.send("Page.navigate", url=url)
        while self._loads == before:
            self._next()

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript is; a promise is waited for."""
        result = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def until(self, script: str, seconds: float = 30.0) -> Any:
        """Wait until an expression is true, and return it."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < deadline, f"it never came to be: {script}\n{self.console}"
            time.sleep(0.02)
        return value

    def press(self, *keys: str, shift: bool = False) -> None:
        """Press keys, one after the other."""
        modifiers = SHIFT if shift else 0
        for key in keys:
            code = {"key": key, "windowsVirtualKeyCode": _KEYS[key], "code": "Space" if key == " " else key}
            text = {"text": _TEXTS[key]} if key in _TEXTS else {}
            self.send("Input.dispatchKeyEvent", type="keyDown", modifiers=modifiers, **code, **text)
            self.send("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **code)

    def write(self, text: str) -> None:
        """Write a text where the focus is."""
        self.send("Input.insertText", text=text)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Store a picture of what is to be seen, or of the whole page."""
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))


@contextmanager
def opened(profile: Path) -> Iterator[Page]:
    """Give a page of a browser of its own.

    Args:
        profile: A folder for the browser's own files.
    """
    assert CHROMIUM is not None
    to_read, browser_writes = os.pipe()
    browser_reads, to_write = os.pipe()
    command = [
        *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
        *("--no-proxy-server", "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_PIPES, str(browser_reads), str(browser_writes), *command],
        pass_fds=(browser_reads, browser_writes),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(browser_reads)
    os.close(browser_writes)
    try:
        page = Page(to_read, to_write)
        page.attach()
        yield page
    finally:
        process.terminate()
        try:
            process.wait(EVENT_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(to_read)
        os.close(to_write)
