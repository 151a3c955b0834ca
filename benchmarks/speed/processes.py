"""The processes of a run: stubs on one core, contenders on the other."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.speed.contenders import INSTALL
from benchmarks.speed.machine import CLIENT_CORE, SERVER_CORE
from benchmarks.speed.plan import Settings, stub_command

__all__ = ["Failed", "Stubs", "Worker"]

ROOT = Path(__file__).parents[2]

SECURE = ("tls", "cold-tls")
"""The stubs that speak TLS."""

WAIT_TIMEOUT = 240.0
"""Seconds that a process has for one answer."""


class Failed(Exception):
    """A process did not do what it should; the text says why."""


class _Process:
    """A process that is told things on a line, and answers on a line.

    Args:
        arguments: What Python runs.
        environment: Variables beside those of this process.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=ROOT,
            env={**_environment(), **environment},
        )
        self.pid = self._process.pid

    def tell(self, line: str) -> None:
        """Write a line."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed(self._reason()) from None

    def answer(self) -> str:
        """Return the next line.

        Raises:
            Failed: There is none.
        """
        assert self._process.stdout is not None
        late = threading.Timer(WAIT_TIMEOUT, self._process.kill)
        late.start()
        line = self._process.stdout.readline()
        late.cancel()
        if not line:
            raise Failed(self._reason())
        return line

    def _reason(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"its process ended with {code}"

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()


def _environment() -> dict[str, str]:
    """The environment without what would lead calls elsewhere."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith(("CDS_", "EKS_API_", "AWS_", "TENCENTCLOUD_"))
    }


class Worker(_Process):
    """A contender's process, ready to measure.

    Args:
        job: What it is to do.
        environment: Variables beside those of this process.

    Raises:
        Failed: It could not get ready.
    """

    def __init__(self, job: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        super().__init__(["benchmarks.speed.worker", str(CLIENT_CORE)], environment)
        try:
            self.tell(json.dumps(job))
            self.answer()
        except Failed:
            self.close()
            raise

    def measure(self) -> dict[str, Any]:
        """Have it measure, and return what it says.

        Raises:
            Failed: It could not.
        """
        self.tell("")
        result: dict[str, Any] = json.loads(self.answer())
        return result


class Stubs:
    """The stubs, each started when it is needed for the first time, until the end of the `with` block.

    Args:
        settings: How much they hold.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._started: dict[str, tuple[_Process, str]] = {}
        self._folder = tempfile.TemporaryDirectory()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process, _ in self._started.values():
            process.close()
        self._folder.cleanup()

    def at(self, stub: str) -> tuple[str, int]:
        """Return a stub's URL and process id.

        Raises:
            Failed: It can't be started.
        """
        if stub not in self._started:
            command = [*stub_command(stub, self._settings), "--core", str(SERVER_CORE)]
            if stub in SECURE:
                command += ["--certificate", str(self._certificate())]
            process = _Process(command, {})
            try:
                self._started[stub] = process, process.answer().strip()
            except Failed:
                process.close()
                raise
        process, url = self._started[stub]
        return url, process.pid

    def environment(self, stub: str | None) -> dict[str, str]:
        """Return the variables with which a client trusts a stub."""
        return {"SSL_CERT_FILE": str(Path(self._folder.name) / "authority.pem")} if stub in SECURE else {}

    def _certificate(self) -> Path:
        folder = Path(self._folder.name)
        if (folder / "stub.pem").exists():
            return folder / "stub.pem"
        try:
            import trustme
        except ImportError:
            raise Failed(f"there is no trustme; {INSTALL}") from None
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(folder / "stub.pem")
        return folder / "stub.pem"
