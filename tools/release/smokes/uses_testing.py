"""The extra `testing`: pytest finds the plugin, and a test has its fixtures."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

TEST = """
def test_a_list(eks_emulator, eks_sync_client):
    assert eks_sync_client.clusters.list().data == []
    assert eks_emulator.ledger.count(action="ListClusters") == 1
"""

with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "test_it.py").write_text(TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
