"""`cds-eks completion`: the script by which a shell completes command lines."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from cds_eks.cli.groups import Command
from cds_eks.cli.language import say
from cds_eks.cli.root import COMPLETION, Root
from cds_eks.cli.streams import write_out

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


def _completion(shell: str) -> None:
    # Not `source()` of the class: that of bash starts a bash, to look whether it is new enough.
    write_out(ShellComplete.source(SHELLS[shell](Root({}), {}, "cds-eks", COMPLETION)) + "\n")


def command() -> Command:
    """Return the command."""
    return Command(
        "completion",
        callback=_completion,
        help=say(
            "Print the script that lets a shell complete command lines: commands, options, their values, profiles and "
            "files.\n\nTo install it, put the matching line into the shell's own file:\n\n"
            '\b\n  ~/.bashrc   eval "$(cds-eks completion bash)"     (bash 4.4 or later)\n'
            '  ~/.zshrc    eval "$(cds-eks completion zsh)"      (after compinit)\n'
            "  fish        cds-eks completion fish > ~/.config/fish/completions/cds-eks.fish",
            "输出 shell 的补全脚本：补全命令、选项、取值、配置档名称和文件。\n\n"
            "安装方法，将对应的一行写入 shell 的配置文件："
            '\n\n\b\n  ~/.bashrc   eval "$(cds-eks completion bash)"     （bash 4.4 及以上）\n'
            '  ~/.zshrc    eval "$(cds-eks completion zsh)"      （在 compinit 之后）\n'
            "  fish        cds-eks completion fish > ~/.config/fish/completions/cds-eks.fish",
        ),
        params=[click.Argument(["shell"], type=click.Choice(tuple(SHELLS)))],
    )
