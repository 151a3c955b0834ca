"""The extra `emulator`: it starts, as an object and as a process, and answers."""

from __future__ import annotations

import subprocess
import sys

from cds_eks import EksClient
from cds_eks.emulator import Emulator

emulator = Emulator()
with emulator.serve() as url, EksClient(emulator.credentials, endpoint=url) as eks:
    assert eks.clusters.list().data == []
assert emulator.ledger.count(action="ListClusters") == 1
command = [sys.executable, "-m", "cds_eks.emulator", "--port", "0"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
    assert process.stdout is not None
    said = process.stdout.readline()
    process.terminate()
assert "127.0.0.1" in said, said
