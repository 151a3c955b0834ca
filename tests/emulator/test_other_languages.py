"""What the page of the documentation shows for other languages' clients is carried out, as it stands there."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cds_eks.emulator.control.app import ENDPOINTS
from support.eventually import WAIT_TIMEOUT

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("curl") is None or os.name != "posix", reason="there is no curl, or no shell"),
]


def section() -> str:
    text = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
    return text.partition("## From other languages\n")[2].partition("\n## ")[0]


def answers_of(output: str) -> list[dict[str, Any]]:
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(output):
        answer, at = decoder.raw_decode(output, at)
        found.append(answer)
    return found


def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    codes = FENCED.findall(section())
    [world] = [code for language, code in codes if language == "toml"]
    start, use = [code for language, code in codes if language == "sh"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "world.toml").write_text(world, encoding="utf-8")
    script = f"set -e\ntrap 'kill %1; wait' EXIT\n{start}{use}".replace("8080", str(port))
    script = script.replace("python -m", f"'{sys.executable}' -m").replace(
        "--retry-delay 1 ", "--retry-delay 1 -o health "
    )
    run = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=WAIT_TIMEOUT, cwd=tmp_path, check=False,
        env={**os.environ, "NO_PROXY": "*", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    health = json.loads((tmp_path / "health").read_text(encoding="utf-8"))
    assert (health["status"], health["revision"], health["resets"]) == ("ok", None, 0)
    assert f"export CDS_API_HOST=127.0.0.1:{port}\n" in (tmp_path / "emulator.env").read_text(encoding="utf-8")
    off, first, second, faults, cleared, clock, speed, part, ledger, reset = answers_of(run.stdout)
    assert (off["fault"], off["enabled"]) == ("read:status:probability=0.1:status=503", False)
    assert [each["fault"] for each in faults["faults"]] == [off["fault"], first["fault"], second["fault"]]
    assert cleared["faults"] == []
    assert (clock["speed"], speed["speed"]) == (60, 600)
    assert clock["next_change"] is None
    assert [each["name"] for each in part["rows"]] == ["gpu-1", "gpu-2", "gpu-3"]
    assert (part["counts"]["node_pools"], part["counts"]["nodes"]) == (6, 27)
    assert ledger == {"requests": [], "resources": []}
    assert reset["resets"] == 1


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")
def test_the_suite_in_node_passes() -> None:
    suite = ROOT / "examples" / "emulator_suite.test.mjs"
    run = subprocess.run(
        ["node", "--test", str(suite)], capture_output=True, text=True, timeout=WAIT_TIMEOUT, check=False,
        env={**os.environ, "NO_PROXY": "*", "PYTHONPATH": str(ROOT), "PYTHON": sys.executable},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "pass 4\n" in run.stdout


def test_the_page_names_every_endpoint() -> None:
    rows = dict(re.findall(r"^\| `(/[\w/]*)` \| ([A-Z, ]+) \|", section(), re.MULTILINE))
    assert rows.pop("/faults/N") == "POST, DELETE"
    assert rows == {path: ", ".join(methods) for path, methods in ENDPOINTS.items()}
