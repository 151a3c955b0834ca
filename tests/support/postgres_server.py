"""A PostgreSQL server of the tests' own: from Debian's package, in a folder of its own, on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from support.eventually import WAIT_TIMEOUT

MISSING = "initdb is not found: apt-get install postgresql"


def find_programs() -> Path | None:
    """Return the folder of `initdb` and `postgres`, or None: Debian has them outside of PATH."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    found += sorted((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)
    return next((folder for folder in found if (folder / "postgres").exists()), None)


class PostgresServer:
    """A server; it runs as another user if the tests run as root, which PostgreSQL refuses.

    Args:
        fsync: Whether it waits for the disk; what a killed server has committed survives without, too.
    """

    def __init__(self, *, fsync: bool = False) -> None:
        programs = find_programs()
        assert programs is not None, MISSING
        self._programs = programs
        self._fsync = fsync
        self._folder = Path(tempfile.mkdtemp(prefix="cds-eks-postgres-"))
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            names = {each.pw_name for each in pwd.getpwall()}
            user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._reusable: list[str] = []
        self._run(
            "initdb",
            "--pgdata",
            "data",
            "--username=fleet",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "fsync": "on" if self._fsync else "off",
            "max_connections": 50,
            "autovacuum": "off",  # the databases of tests live for milliseconds
            "jit": "off",  # what it knows of new tables has it compile queries that take no time
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", "data", *options],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._user,
            )
        give_up = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < give_up, (self._folder / "log").read_text()
            assert self._process.poll() is None, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it; `immediate`: without finishing anything, as in a crash."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
            self._process.wait(WAIT_TIMEOUT)
            self._process = None

    def close(self) -> None:
        """Stop it, and remove its folder."""
        self.stop()
        shutil.rmtree(self._folder)

    def new_database(self) -> str:
        """Create an empty database, and return its address."""
        name = f"fleet_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    def empty_database(self) -> str:
        """Return the address of an empty database: a recycled one, or a new one, which takes ten times as long."""
        return self._reusable.pop() if self._reusable else self.new_database()

    def recycle(self, address: str) -> None:
        """Empty a database that nobody uses any more, for another test. It must have no settings of its own."""
        self.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public", address)
        self._reusable.append(address)

    def address(self, database: str) -> str:
        return f"postgresql://fleet@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str, address: str | None = None) -> list[Any]:
        """Run a statement, by default in no particular database, and return its rows."""
        import psycopg

        with psycopg.connect(address or self.address("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _answers(self) -> bool:
        import psycopg

        try:
            self.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [self._programs / program, *args], cwd=self._folder, capture_output=True, text=True, **self._user
        )
        assert done.returncode == 0, done.stderr
