"""What `cds-eks` imports, and how it is called."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cds_eks import __version__
from cds_eks.cli.main import COMMANDS
from cds_eks.emulator import Emulator
from cli.command_line import PROCESS, CommandLine, process
from cli.imported_modules import SEEN, modules_of

HEAVY = ("httpx", "rich", "jmespath", "yaml", "asyncio", "cds_eks.client", "cds_eks.models", "cds_eks.fleet")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["clusters", "--help"], ["clusters", "create", "--help"]]
)
def test_help_imports_next_to_nothing(arguments: list[str]) -> None:
    seen = modules_of(*arguments)
    assert "click" in seen
    assert not seen & set(HEAVY)


def test_a_group_is_imported_when_it_is_entered() -> None:
    tables = {name for name in modules_of("--help") if name.startswith("cds_eks.cli.operations.")}
    assert tables == set()
    tables = {name for name in modules_of("nodes", "--help") if name.startswith("cds_eks.cli.operations.")}
    assert tables == {"cds_eks.cli.operations.nodes"}
    written_by_hand = {entry[0].partition(":")[0] for entry in COMMANDS.values()}
    assert written_by_hand
    assert not written_by_hand & modules_of("--help")


def test_completion_imports_no_more() -> None:
    seen = modules_of(_CDS_EKS_COMPLETE="bash_complete", COMP_WORDS="cds-eks clusters ", COMP_CWORD="2")
    assert not seen & (set(HEAVY) - {"asyncio"})


def test_a_shell_is_told_how_a_line_may_go_on() -> None:
    settings = {
        "_CDS_EKS_COMPLETE": "bash_complete",
        "COMP_WORDS": "cds-eks nodes list --node-status r",
        "COMP_CWORD": "4",
    }
    assert process(env=settings).stdout == "plain,running\n"


def test_a_call_with_a_table_imports_no_more_than_it_needs(cli: CommandLine) -> None:
    script = SEEN.replace("sys.stderr.write", "print(); sys.stdout.write")
    done = subprocess.run(
        [sys.executable, "-c", script, "clusters", "list"], capture_output=True, encoding="utf-8", check=True
    )
    seen = set(json.loads(done.stdout.splitlines()[-1]))
    assert "h11" in seen
    # not rich: httpx imports it, with click, if it is there
    assert not seen & {"jmespath", "yaml", "cds_eks.fleet.run", "cds_eks.fleet.journal", "cds_eks.emulator"}


def test_without_the_extra_it_says_what_to_install() -> None:
    script = "import sys; sys.modules['click'] = None\nfrom cds_eks.cli.main import main\nsys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert done.stderr == "cds-eks: the command line is not installed: pip install 'cds-eks[cli]'\n"


def test_without_a_part_of_the_extra_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['jmespath'] = None\nfrom cds_eks.cli.main import main\nsys.exit(main(sys.argv[1:]))"
    )
    words = ["clusters", "list", "--query", "[0]"]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert done.stderr == "error: jmespath is not installed: pip install 'cds-eks[cli]'\n"


def test_its_version() -> None:
    assert process("--version").stdout == f"cds-eks {__version__}\n"
    assert PROCESS[0] == sys.executable


@pytest.mark.parametrize(
    "arguments",
    [
        ["-o", "json", "clusters", "list"],
        ["clusters", "-o", "json", "list"],
        ["clusters", "list", "-o", "json"],
        ["-o", "csv", "clusters", "list", "--output", "json"],
    ],
)
def test_common_options_stand_anywhere_and_the_last_one_wins(
    cli: CommandLine, emulator: Emulator, arguments: list[str]
) -> None:
    emulator.add_cluster("c-1")
    assert cli.done(*arguments).json[0]["cluster_id"] == "c-1"


def test_an_endpoint_and_a_revision_are_the_clients(cli: CommandLine, emulator: Emulator) -> None:
    url = "http://elsewhere.invalid"
    shown = cli.done(
        "clusters", "delete", "c-1", "--dry-run", "--endpoint", url, "--api-revision", "2025-10-11", "-o", "json"
    ).json
    assert (shown["url"], shown["api_revision"]) == (f"{url}/eks/v1", "2025-10-11")


def test_a_timeout_is_the_calls(cli: CommandLine, emulator: Emulator) -> None:
    from cds_eks.emulator import Fault

    emulator.faults.add(Fault("hang_after_commit", "ListClusters"))
    told = cli("clusters", "list", "--timeout", "0.2s", "-o", "json")
    assert told.code == 1
    assert told.failure["class"] == "DeadlineExceeded"


def test_debug_logs_what_was_tried_in_text_and_in_json(cli: CommandLine, emulator: Emulator) -> None:
    emulator.add_cluster("c-1")
    text = cli.done("clusters", "get", "c-1", "--debug", "-o", "json")
    assert text.json["cluster_id"] == "c-1"
    assert "debug: cds_eks.client: GetCluster" in text.err
    lines = cli.done("clusters", "get", "c-1", "--debug", "--log-format", "json").err.splitlines()
    assert {json.loads(line)["action"] for line in lines} == {"GetCluster"}
    for err in (text.err, *lines):
        assert emulator.credentials.secret_access_key not in err
        assert "Signature" not in err
    assert cli.done("clusters", "get", "c-1").err == ""


def test_a_command_written_by_hand_has_the_async_client_and_prints(cli: CommandLine, emulator: Emulator) -> None:
    from cli import commands_by_hand

    emulator.add_cluster("c-1", name="gpu-1")
    by_hand = CommandLine(commands_by_hand.COMMANDS)
    run = by_hand.done("through-async", "-o", "csv")
    assert (run.out, run.err) == ("name\ngpu-1\n", "drawn: False\n")
    assert by_hand.done("through-async", "-o", "json").err == by_hand.done("through-async", "-q", "-o", "csv").err == ""
    assert "by the async client" in by_hand.done("--help").out.lower()
