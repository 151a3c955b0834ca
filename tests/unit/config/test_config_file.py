"""Where the file of profiles is, and who may write to it."""

from __future__ import annotations

import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cds_eks.config.config_file import read_config_text
from cds_eks.documents.config_path import config_path
from cds_eks.errors import ConfigFileError
from cds_eks.errors.faults import ConfigFault

from .files import write


@pytest.mark.parametrize("xdg", [None, "", "  ", "/somewhere/else"])
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_the_file_is_where_platformdirs_would_put_it(
    system: str, xdg: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("platformdirs")
    from platformdirs.macos import MacOS
    from platformdirs.unix import Unix

    monkeypatch.delenv("XDG_CONFIG_HOME")
    if xdg is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", xdg)
    there = {"linux": Unix, "darwin": MacOS}[system]("cds-eks", appauthor=False)
    assert config_path(os.environ, system) == Path(there.user_config_dir) / "config.toml"


@pytest.mark.skipif(os.name != "posix", reason="the other test is for the system itself")
def test_on_windows_it_is_in_the_local_application_data(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("platformdirs")
    from platformdirs import windows

    monkeypatch.setenv("LOCALAPPDATA", "/users/ann/local")
    monkeypatch.setattr(windows, "get_win_folder", windows.get_win_folder_from_env_vars)
    there = windows.Windows("cds-eks", appauthor=False)
    assert config_path(os.environ, "win32") == Path(there.user_config_dir) / "config.toml"
    assert config_path({}, "win32") == Path.home() / "AppData" / "Local" / "cds-eks" / "config.toml"


def test_on_this_system_it_is_where_platformdirs_puts_it() -> None:
    platformdirs = pytest.importorskip("platformdirs")
    assert config_path() == platformdirs.user_config_path("cds-eks", appauthor=False) / "config.toml"


def test_a_relative_folder_is_ignored() -> None:
    assert config_path({"XDG_CONFIG_HOME": "here"}, "linux") == Path.home() / ".config/cds-eks/config.toml"


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_a_variable_says_where_it_is(system: str) -> None:
    assert config_path({"CDS_CONFIG_FILE": "~/x.toml", "XDG_CONFIG_HOME": "/y"}, system) == Path.home() / "x.toml"


def test_no_file_is_nothing(tmp_path: Path) -> None:
    assert read_config_text(tmp_path / "none.toml") is None
    write(tmp_path / "file", "")
    assert read_config_text(tmp_path / "file" / "none.toml") is None


@pytest.mark.parametrize(("mode", "private"), [(0o600, True), (0o400, True), (0o644, False), (0o640, False)])
def test_a_file_that_only_its_owner_may_write_to_is_read(tmp_path: Path, mode: int, *, private: bool) -> None:
    text = read_config_text(write(tmp_path / "c.toml", "default = 'x'\n", mode))
    assert text is not None
    assert (text.text, text.is_private) == ("default = 'x'\n", private)
    assert "default" not in repr(text)


@pytest.mark.parametrize("mode", [0o660, 0o602, 0o666])
def test_a_file_that_others_may_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path / "c.toml", "", mode)
    with pytest.raises(ConfigFileError, match=rf"c\.toml: has the mode {mode:04o}.*: chmod go-w"):
        read_config_text(path)


def test_the_file_of_another_user_is_refused_but_that_of_the_administrator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "c.toml", "")
    fstat = os.fstat

    def owned_by(owner: int) -> None:
        def facts(number: int) -> os.stat_result:
            values = list(fstat(number))
            values[stat.ST_UID] = owner
            return os.stat_result(values)

        monkeypatch.setattr(os, "fstat", facts)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for owner in (1000, 0):
        owned_by(owner)
        assert read_config_text(path) is not None
    owned_by(1001)
    with pytest.raises(ConfigFileError, match="belongs to another user"):
        read_config_text(path)


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(number: int) -> os.stat_result:
        raise OSError(5, "Input/output error")

    path = write(tmp_path / "c.toml", "")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", broken)
        with pytest.raises(ConfigFileError, match=r"can't be read \(OSError\)"):
            read_config_text(path)


def test_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "real.toml", "a = 1")
    (tmp_path / "c.toml").symlink_to("real.toml")
    text = read_config_text(tmp_path / "c.toml")
    assert text is not None
    assert text.text == "a = 1"


@pytest.mark.parametrize("what", ["folder", "pipe", "nul"])
def test_what_is_no_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "c.toml"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path = Path("a\0b")
    with pytest.raises(ConfigFileError, match=r"is no regular file|can't be opened"):
        read_config_text(path)


def test_what_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes("a = 'é'\nb = 'é'\n".encode() + b"c = '\xe9'\n")
    path.chmod(0o600)
    with pytest.raises(ConfigFileError, match=r"c\.toml:3: is not UTF-8"):
        read_config_text(path)


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileError, match="is longer than 1 MiB"):
        read_config_text(write(tmp_path / "c.toml", "#" * (1024 * 1024 + 1)))


def test_an_error_can_be_pickled() -> None:
    fault = ConfigFault(message="m", field="f", file="x.toml", line=3)
    error = pickle.loads(pickle.dumps(ConfigFileError((fault,))))
    assert error.faults == (fault,)
    assert str(error) == "x.toml:3: f: m [outcome=not_sent]"


def test_a_client_without_profiles_does_not_load_what_reads_them() -> None:
    script = (
        "import sys, cds_eks; cds_eks.AsyncEksClient; import cds_eks.sync.client, cds_eks.config;"
        "cds_eks.AsyncEksClient(cds_eks.Credentials('a', 'b'), endpoint='http://127.0.0.1:1');"
        "print({'tomllib', 'cds_eks.config.profiles', 'cds_eks.documents.secrets'} & sys.modules.keys())"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
