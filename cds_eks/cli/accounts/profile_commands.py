"""`cds-eks profiles`: list, use, show and remove; `set` is in `profile_set.py`."""

from __future__ import annotations

import os
from typing import Any

import click

from cds_eks.cli.completing import profiles
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.groups import Command, Group
from cds_eks.cli.language import say

HERE = "cds_eks.cli.accounts.profile_commands"
COLUMNS = ("name", "active", "default", "endpoint", "secret_id", "secret_key", "fault")
FIELDS = ("name", "active", "default", "secret_id", "secret_key", "endpoint", "api_revision", "backend", "fault")


def group() -> Group:
    """Return the group."""
    return Group(
        "profiles",
        help=say(
            "Accounts and their settings by name, in one file that the SDK reads too.\n\nIt is the file that "
            "CDS_CONFIG_FILE names, else cds-eks/config.toml among the user's settings. Keys are given as references: "
            "env:NAME, "
            "file:PATH, cmd:COMMAND or keyring:SERVICE/USER.",
            "按名称保存的账号及其设置，放在一个文件中，SDK 也读取它。\n\n该文件由 CDS_CONFIG_FILE 指定，"
            "否则为用户设置目录中的 "
            "cds-eks/config.toml。密钥用引用表示：env:NAME、file:PATH、cmd:COMMAND 或 keyring:SERVICE/USER。",
        ),
        lazy={
            "list": (f"{HERE}:list_command", "List the profiles.", "列出配置档。"),
            "use": (f"{HERE}:use_command", "Make one the default.", "将其设为默认。"),
            "show": (f"{HERE}:show_command", "Show one.", "显示一个配置档。"),
            "set": ("cds_eks.cli.accounts.profile_set:command", "Add or change one.", "新增或修改配置档。"),
            "remove": (f"{HERE}:remove_command", "Remove one.", "删除配置档。"),
        },
    )


@pass_context
def _list(context: Context) -> None:
    from cds_eks.cli.accounts.profile_file import as_data
    from cds_eks.config.profiles import read_profiles
    from cds_eks.errors import ConfigFileError

    file = read_profiles()
    active = _active(context)
    if general := tuple(fault for fault in file.faults if fault.profile is None and fault.field != "default"):
        raise ConfigFileError(general)
    rows: list[dict[str, Any]] = []
    for name in file.names:
        row: dict[str, Any] = {"name": name, "active": name == active, "default": name == file.default}
        if name in file.profiles:
            row |= as_data(file.profiles[name], is_default=name == file.default)
        else:
            row["file"] = str(file.path)
            row["fault"] = "; ".join(f"{each.field}: {each.message}" for each in file.faults if each.profile == name)
        rows.append(row)
    if not file.exists:
        context.tell(say(f"there is no file {file.path} yet: cds-eks profiles set NAME makes it",
                         f"尚无文件 {file.path}：用 cds-eks profiles set NAME 创建"))  # fmt: skip
    context.emit(rows, columns=COLUMNS, fields=FIELDS, id="name")


def _active(context: Context) -> str | None:
    """Return the name of the profile that a command would use now."""
    from cds_eks.cli.clients import resolved_settings
    from cds_eks.errors import ConfigurationError

    try:
        return resolved_settings(context.options).profile
    except ConfigurationError:
        return None


@pass_context
def _use(context: Context, name: str) -> None:
    from cds_eks.cli.accounts.profile_edits import put_default
    from cds_eks.cli.accounts.profile_file import check_named, rewrite
    from cds_eks.config.profiles import read_profiles

    check_named(read_profiles(), name, "profiles use")
    context.check_columns(("name", "default", "file"))
    path = rewrite(lambda text, path: put_default(text, name, path))
    context.emit({"name": name, "default": True, "file": str(path)}, id="name")
    tell_if_not_active(context, name)


def tell_if_not_active(context: Context, name: str) -> None:
    """Say so if the environment has a say before the default."""
    from cds_eks.config.environment import credential_variables

    said = credential_variables()
    if (variable := os.environ.get("CDS_PROFILE")) and variable != name:
        context.tell(say(f"CDS_PROFILE={variable} counts before it", f"CDS_PROFILE={variable} 优先于它"))
    elif said:
        told = ", ".join(said)
        context.tell(say(f"the environment has keys ({told}), which count before it: --profile {name} is used instead",
                         f"环境变量中有密钥（{told}），优先于它：可用 --profile {name}"))  # fmt: skip


@pass_context
def _show(context: Context, name: str | None) -> None:
    from cds_eks.cli.accounts.profile_file import as_data, check_named
    from cds_eks.cli.clients import resolved_settings
    from cds_eks.config.profiles import read_profiles

    if name is None and (name := resolved_settings(context.options).profile) is None:
        raise click.UsageError("no profile is used: name one, or see `cds-eks whoami`")
    file = read_profiles()
    check_named(file, name, "profiles show")
    context.emit(as_data(file.profile(name), is_default=name == file.default), id="name")


@pass_context
def _remove(context: Context, name: str) -> None:
    from cds_eks.cli.accounts import key_stores
    from cds_eks.cli.accounts.profile_edits import refers, remove_profile, values_of
    from cds_eks.cli.accounts.profile_file import check_named, rewrite
    from cds_eks.config.config_file import read_config_text
    from cds_eks.config.profiles import read_profiles

    context.check_columns(("name", "removed", "file"))
    file = read_profiles()
    if name not in file.names:
        check_named(file, name, "profiles remove")
    found = read_config_text(file.path)
    text = "" if found is None else found.text
    store = key_stores.store_of(name, values_of(text, name, file.path))
    if store is not None and refers(text, key_stores.references(store, name), file.path, but=name):
        store = None  # they are another profile's too
    stored = "" if store is None else ", ".join(key_stores.references(store, name).values())
    keys, keys_zh = (f", and its keys ({stored})", f"及其密钥（{stored}）") if stored else ("", "")
    context.confirm(say(f"remove the profile {name!r}{keys}?", f"删除配置档 {name!r}{keys_zh}？"))
    path = rewrite(lambda text, path: remove_profile(text, name, path))
    if store is not None:
        key_stores.remove(store, name, path.parent)
    context.emit({"name": name, "removed": True, "file": str(path)}, id="name")


def list_command() -> Command:
    """Return `profiles list`."""
    return Command("list", callback=_list, help=say(
        "List the profiles: which is the default, which one a command would use now, and where their keys are.",
        "列出配置档：哪个是默认、命令当前会用哪个，以及密钥所在。"))  # fmt: skip


def use_command() -> Command:
    """Return `profiles use`."""
    return Command("use", callback=_use, params=[_name()], help=say(
        "Make a profile the default: the one that is used if neither --profile nor CDS_PROFILE names another, and the "
        "environment has no keys.",
        "将配置档设为默认：--profile 和 CDS_PROFILE 均未指定、且环境变量中没有密钥时使用。"))  # fmt: skip


def show_command() -> Command:
    """Return `profiles show`."""
    return Command("show", callback=_show, params=[_name(required=False)], help=say(
        "Show a profile: the one that a command would use now, if none is named. For keys it shows where they "
        "are, never their values.",
        "显示一个配置档；未指定名称时为命令当前会用的那个。密钥只显示其所在，从不显示内容。"))  # fmt: skip


def remove_command() -> Command:
    """Return `profiles remove`."""
    return Command("remove", callback=_remove, params=[_name()], help=say(
        "Remove a profile, with the keys that `profiles set` has asked for and stored. Other files with keys stay.",
        "删除配置档，连同 `profiles set` 询问并保存的密钥。其他存放密钥的文件保持不变。"))  # fmt: skip


def _name(*, required: bool = True) -> click.Argument:
    return click.Argument(["name"], required=required, shell_complete=profiles)
