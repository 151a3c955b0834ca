"""A client that is generated from the document calls the emulator, signed by the code of the documentation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cds_eks.emulator import Emulator

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_generates_a_client_that_lists_clusters(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "openapi.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^openapi-python-client (.+)$", page, flags=re.MULTILINE)
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "openapi.json", tmp_path / "docs")
    generator = [sys.executable, "-m", "openapi_python_client", *command.split()]
    made = subprocess.run(generator, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert made.returncode == 0, made.stdout + made.stderr

    codes = re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "program.py").write_text("\n".join(codes), encoding="utf-8")
    emulator = Emulator()
    emulator.add_cluster(name="gpu-1")
    emulator.add_cluster(name="other")
    key = emulator.credentials
    with emulator.serve() as url:
        environ = {"CDS_SECRET_ID": key.access_key_id, "CDS_SECRET_KEY": key.secret_access_key, "CDS_EKS_ENDPOINT": url}
        run = subprocess.run(
            [sys.executable, "program.py"],
            cwd=tmp_path, env=os.environ | environ, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
    assert (run.stdout, run.stderr) == ("gpu-1 running\n", "")
    assert emulator.ledger.count("ListClusters", "Success") == 1
