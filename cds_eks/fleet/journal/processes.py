"""Whether a runner's process is gone for certain: then nobody need wait until its lease ends.

A pid alone says nothing: it may be that of another machine, of another start of this one, or of another container with
the same host name. So a runner's name also says where its pid is good: a digest of the machine's boot id and of the pid
namespace. Where these are the same as here, and the kernel knows no such process, it has ended: a namespace's number is
only given away again when no process is left in it. A pid that is in use again, and a process that is stopped or not
yet waited for, count as alive. Systems that do not tell all of this give no digest, and nothing follows.
"""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import uuid
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")


def new_runner() -> str:
    """Return a name that no other runner has: `host:pid:…:…` says where it runs, for people and for `is_gone`."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}:{pid_space()}"


def where_of(runner: str) -> str:
    """Return the `host:pid` of a runner's name."""
    return ":".join(runner.split(":")[:2])


def pid_space(boot_id: Path = BOOT_ID, namespace: Path = PID_NAMESPACE) -> str:
    """Return where the pids of this process are good; empty if that can't be told."""
    if sys.platform != "linux":
        return ""
    try:
        boot, space = boot_id.read_text().strip(), str(namespace.readlink())
    except OSError:
        return ""
    return hashlib.sha256(f"{boot} {space}".encode()).hexdigest()[:16] if boot and space else ""


def is_gone(runner: str) -> bool:
    """Whether the process of a runner has ended for certain. Only for journals that machines do not share.

    (A machine that was cloned while it ran has the boot id of the other one.)
    """
    parts = runner.split(":")
    if len(parts) != 4 or not parts[3] or parts[3] != pid_space():
        return False
    pid = int(parts[1]) if parts[1].isascii() and parts[1].isdigit() else 0
    if pid <= 1:
        return False
    try:
        os.kill(pid, 0)  # it is never done but on Linux: elsewhere it may end the process
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
