"""A small runner of GitHub's workflows: the `run` steps of one job, in order, with files, masks and expressions."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

__all__ = ["Job"]

WAIT_TIMEOUT = 50.0


class Job:
    """The job of a workflow, carried out once.

    Attributes:
        log: What its steps wrote, with what they have masked by then masked.
        raw: The same, unmasked.
        results: `success`, `failure` or `skipped` of each step that has a name.
        codes: The exit codes of those that were run.
        outputs: The outputs of each step that has an id.
    """

    def __init__(
        self, workflow: Path, *, workspace: Path, temp: Path, secrets: dict[str, str], run_id: str = "1"
    ) -> None:
        (self._job,) = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
        self._temp, self._workspace, self._secrets = temp, workspace, secrets
        temp.mkdir(exist_ok=True)
        self._environment = {"RUNNER_TEMP": str(temp), "GITHUB_RUN_ID": run_id}
        self._masks = set(secrets.values())
        self.log, self.raw = "", ""
        self.results: dict[str, str] = {}
        self.codes: dict[str, int] = {}
        self.outputs: dict[str, dict[str, str]] = {}

    @property
    def summary(self) -> str:
        """What the steps wrote for the page of the run."""
        return self._file("summary").read_text(encoding="utf-8")

    def run(self, *, leave_out: tuple[str, ...] = (), during: dict[str, Callable[[int], None]] | None = None) -> str:
        """Run it and return its result.

        Args:
            leave_out: Steps that are not run, by name.
            during: What to do while a step runs, by its name; is given the id of its process.
        """
        result = "success"
        for step in self._job["steps"]:
            if "run" not in step or (name := step["name"]) in leave_out:
                continue
            if result != "success" and step.get("if") != "always()":
                self.results[name] = "skipped"
                continue
            self.codes[name] = self._run(step, (during or {}).get(name))
            self.results[name] = "failure" if self.codes[name] else "success"
            if self.codes[name]:
                result = "failure"
        return result

    def _run(self, step: dict[str, Any], during: Callable[[int], None] | None) -> int:
        script = self._temp / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        environment = {**os.environ, **self._environment}
        for env in (self._job.get("env", {}), step.get("env", {})):
            environment |= {name: self._evaluate(str(value)) for name, value in env.items()}
        for variable, name in (("ENV", "env"), ("OUTPUT", "output"), ("STEP_SUMMARY", "summary")):
            self._file(name).touch()
            environment[f"GITHUB_{variable}"] = str(self._file(name))
        with subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=self._workspace, env=environment, start_new_session=True,
        ) as process:  # fmt: skip
            try:
                if during is not None:
                    during(process.pid)
                written, _ = process.communicate(timeout=WAIT_TIMEOUT)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        self._note(written)
        self._environment |= self._taken("env")
        self.outputs[step.get("id", step["name"])] = self._taken("output")
        return process.returncode

    def _note(self, written: str) -> None:
        self.raw += written
        for line in written.splitlines():
            if line.startswith("::add-mask::"):
                self._masks.add(line.removeprefix("::add-mask::"))
                self.log += "::add-mask::***\n"
                continue
            for secret in self._masks:
                line = line.replace(secret, "***")
            self.log += line + "\n"

    def _evaluate(self, text: str) -> str:
        return re.sub(r"\$\{\{ *(\S+?) *\}\}", lambda found: self._value(found[1]), text)

    def _value(self, path: str) -> str:
        match path.split("."):
            case ["secrets", name]:
                return self._secrets[name]
            case ["steps", step, "outputs", name]:
                return self.outputs.get(step, {}).get(name, "")
        raise AssertionError(f"an expression that this runner does not know: {path}")

    def _file(self, name: str) -> Path:
        return self._temp / f"github-{name}"

    def _taken(self, name: str) -> dict[str, str]:
        text = self._file(name).read_text(encoding="utf-8")
        self._file(name).write_text("", encoding="utf-8")
        return dict(line.split("=", 1) for line in text.splitlines())
