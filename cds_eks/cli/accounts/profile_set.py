"""`cds-eks profiles set`: a profile added or changed. Keys are referred to, or asked for without echo."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cds_eks.cli.completing import files, profiles
from cds_eks.cli.context import Context, is_terminal, pass_context
from cds_eks.cli.groups import Command
from cds_eks.cli.language import say
from cds_eks.cli.param_type import Number, ParamType

if TYPE_CHECKING:
    from cds_eks.cli.accounts.key_stores import Store
    from cds_eks.signing import Credentials

SCHEMES = ("env", "file", "cmd", "keyring")
REMOVABLE = ("keys", "endpoint", "api_revision", "backend", "tls", "user_agent", "credentials_max_age", "timeouts",
             "retry", "limits")  # fmt: skip
KEYS = ("secret_id", "secret_key")


class Reference(ParamType[str]):
    """Where a key is. A key itself is refused, and not repeated."""

    name = "reference"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it; a relative path begins in the working directory."""
        scheme, colon, rest = str(value).partition(":")
        if not colon or scheme not in SCHEMES or not rest.strip():
            ways = ", ".join(f"{each}:…" for each in SCHEMES)
            self.fail(
                f"it takes where the key is ({ways}), never the key: others can read arguments in the list of "
                "processes, and what you typed is now in your shell's history. On a terminal keys are asked for.",
                param,
                ctx,
            )
        if scheme != "file" or rest.strip().startswith("~"):
            return str(value)
        return f"file:{Path(rest.strip()).absolute()}"


@pass_context
def _set(context: Context, /, words: tuple[str, ...], **said: Any) -> None:
    if len(words) != 1:
        raise click.UsageError("it takes one NAME, and keys are never arguments: on a terminal they are asked for")
    from cds_eks.cli.accounts import key_stores
    from cds_eks.cli.accounts.profile_edits import put_default, put_profile, refers, values_of
    from cds_eks.cli.accounts.profile_file import as_data, columns, rewrite
    from cds_eks.config.config_file import read_config_text
    from cds_eks.config.profiles import read_profiles
    from cds_eks.documents.config_path import config_path

    context.check_columns(columns())
    (name,) = words
    path = config_path()
    found = read_config_text(path)
    text = "" if found is None else found.text
    before = values_of(text, name, path)
    values = _changed(before, context, said)
    put_profile(text, name, values, path)  # it can be used: else nothing is asked for
    _check_said(values, before, said)
    old = key_stores.store_of(name, before)
    store: Store = said["store"] or old or "file"
    credentials = _asked(values, said)
    if credentials is not None:
        values = _without_keys(values) | key_stores.references(store, name)
        if old != store:
            key_stores.check_free(store, name, path.parent)

    def change(text: str, path: Path) -> str:
        nonlocal values
        values = _changed(values_of(text, name, path), context, said)  # another process may have changed it
        if credentials is not None:
            values = _without_keys(values) | key_stores.references(store, name)
        text = put_profile(text, name, values, path)
        return put_default(text, name, path) if said["use"] else text

    try:
        if credentials is not None:
            key_stores.put(store, name, credentials, path.parent)
        rewrite(change)
    except BaseException:
        if credentials is not None and old != store:
            key_stores.remove(store, name, path.parent)
        raise
    if (
        old is not None
        and key_stores.store_of(name, values) != old
        and not refers(text, key_stores.references(old, name), path, but=name)
    ):
        key_stores.remove(old, name, path.parent)
    file = read_profiles()
    context.emit(as_data(file.profile(name), is_default=name == file.default), id="name")
    _tell(context, values, name, is_default=name == file.default)


def _changed(before: dict[str, Any], context: Context, said: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the profile as they will be."""
    values = dict(before)
    for key in said["unset"]:
        values = _without_keys(values) if key == "keys" else {k: v for k, v in values.items() if k != key}
    if any(said[key] for key in KEYS):
        values.pop("allow_inline", None)
    options = context.options
    given = {**{key: said[key] for key in KEYS}, "endpoint": options.endpoint, "api_revision": options.api_revision,
             "backend": options.backend, "user_agent": said["user_agent"],
             "credentials_max_age": said["credentials_max_age"]}  # fmt: skip
    if said["tls"]:
        given["tls"] = os.path.abspath(os.path.expanduser(said["tls"]))  # noqa: PTH100, PTH111 - no home is no error
    return values | {key: value for key, value in given.items() if value is not None}


def _check_said(values: dict[str, Any], before: dict[str, Any], said: dict[str, Any]) -> None:
    """Refuse a profile that would have nothing in it, where nobody can be asked for its keys.

    Raises:
        UsageError: It would.
    """
    if values or before or said["ask"] or said["store"] or (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        return
    raise click.UsageError(
        "no keys are given, and there is no terminal to ask for them: refer to them with --secret-id and --secret-key, "
        "or give an --endpoint"
    )


def _without_keys(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in (*KEYS, "allow_inline")}


def _asked(values: dict[str, Any], said: dict[str, Any]) -> Credentials | None:
    """Ask for the keys if there are none, or if that is wanted; nothing typed is none."""
    is_wanted = bool(said["ask"] or said["store"])
    if any(said[key] for key in KEYS) or not (is_wanted or "secret_id" not in values):
        return None
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        if is_wanted:
            raise click.UsageError("there is no terminal to ask on: refer to the keys with --secret-id, --secret-key")
        return None
    from cds_eks.config import check_credentials
    from cds_eks.signing import Credentials

    first = click.prompt(say("access key id (nothing for none)", "Access Key ID（留空则无）"), default="",
                         show_default=False, hide_input=True, err=True)  # fmt: skip
    if not first:
        return None
    second = click.prompt(say("access key", "Access Key Secret"), hide_input=True, err=True)
    return check_credentials(Credentials(first, second))


def _tell(context: Context, values: dict[str, Any], name: str, *, is_default: bool) -> None:
    """Say what is left to do."""
    from cds_eks.cli.accounts.profile_commands import tell_if_not_active
    from cds_eks.documents.config_path import config_path
    from cds_eks.documents.secrets import SCHEMES as KNOWN
    from cds_eks.documents.secrets import SecretRef
    from cds_eks.errors import SecretUnavailable

    for key in KEYS:
        if (text := values.get(key)) is None:
            continue
        reference = SecretRef.of(text, str(config_path().parent), (*KNOWN, "keyring"))
        try:
            reference.look()  # no command is run, no keyring asked
        except SecretUnavailable as error:
            context.tell(f"{error.reference}: {error.reason}")
    if "secret_id" not in values:
        context.tell(say("it has no keys: the environment's are used with it", "其中没有密钥：将使用环境变量中的密钥"))
    if is_default:
        tell_if_not_active(context, name)
    else:
        context.tell(say(f"used with --profile {name}, or by default after `cds-eks profiles use {name}`",
                         f"用 --profile {name} 使用，或执行 `cds-eks profiles use {name}` 设为默认"))  # fmt: skip


def command() -> Command:
    """Return the command."""
    reference = say("Where {} is: env:NAME, file:PATH, cmd:COMMAND, keyring:SERVICE/USER.",
                    "{} 的所在：env:NAME、file:PATH、cmd:COMMAND、keyring:SERVICE/USER。")  # fmt: skip
    return Command(
        "set",
        callback=_set,
        help=say(
            "Add a profile, or change what is given of one; comments and the rest of the file stay.\n\n--endpoint, "
            "--api-revision and --backend are put into it. Keys are never arguments: --secret-id and --secret-key say "
            "where they are. Without these, they are asked for on a terminal, without echo, if the profile has none, "
            "and are stored in files of mode 0600 beside the file of profiles, or in the system's keyring.",
            "新增配置档，或修改其中给出的部分；注释和文件的其余内容保持不变。\n\n--endpoint、--api-revision 和 "
            "--backend "
            "会写入其中。密钥从不作为参数：--secret-id 和 --secret-key 说明其所在。若未给出且配置档没有密钥，"
            "则在终端上提示输入"
            "（不回显），并保存到配置文件旁权限为 0600 的文件中，或系统钥匙串中。",
        ),
        params=[
            click.Argument(["words"], nargs=-1, metavar="NAME", shell_complete=profiles),
            click.Option(["--secret-id"], type=Reference(), metavar="REFERENCE",
                         help=reference.format(say("the access key's id", "Access Key ID"))),
            click.Option(["--secret-key"], type=Reference(), metavar="REFERENCE",
                         help=reference.format(say("the access key", "Access Key Secret"))),
            click.Option(["--ask"], is_flag=True, help=say("Ask for the keys even if there are some: to rotate them.",
                                                           "即使已有密钥也提示输入：用于轮换。")),
            click.Option(["--store"], type=click.Choice(("file", "keyring")), help=say(
                "Ask for the keys, and put them there; keyring needs `pip install keyring`.",
                "提示输入密钥并保存到该处；keyring 需要 `pip install keyring`。")),
            click.Option(["--tls"], metavar="PATH", shell_complete=files,
                         help=say("The certificates that are trusted.", "信任的证书。")),
            click.Option(["--user-agent"], metavar="TEXT",
                         help=say("The name of the application, for programs.", "程序的应用名称。")),
            click.Option(["--credentials-max-age"], type=Number(min=0, min_open=True), metavar="SECONDS",
                         help=say("How long keys of a file, command or keyring are used before they are asked for "
                                  "again.", "来自文件、命令或钥匙串的密钥在重新获取前使用多久。")),
            click.Option(["--unset"], type=click.Choice(REMOVABLE), multiple=True,
                         help=say("Take this out of it. May be given again.", "从中移除该项。可重复。")),
            click.Option(["--use"], is_flag=True, help=say("Make it the default.", "设为默认。")),
        ],
    )  # fmt: skip
