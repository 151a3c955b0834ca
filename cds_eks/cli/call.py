"""`cds-eks call`: any action of the service, also one that this version does not know."""

from __future__ import annotations

from typing import Any, Literal

import click

from cds_eks.cli.completing import actions, files
from cds_eks.cli.context import Context, pass_context
from cds_eks.cli.documents import read
from cds_eks.cli.groups import Command
from cds_eks.cli.invoking import field_of
from cds_eks.cli.language import say
from cds_eks.cli.redacting import redacted


@pass_context
def _call(context: Context, action: str, method: str, params: tuple[str, ...], file: str | None, dry_run: bool) -> None:
    given: dict[str, Any] = {}
    if file is not None:
        from cds_eks.cli.requests import resolved, with_references

        document = read(file)
        given = resolved(with_references(document.data, (), document.base))
    given |= {name: value for text in params for name, value in [field_of(text, "--param")]}
    sent = {"params": given or None} if method == "GET" else {"body": given or None}
    with context.client(is_for_write=method != "GET") as eks:
        if dry_run:
            context.emit(_dry_run(action, method, sent, eks.endpoint))
            return
        verb: Literal["GET", "POST"] = "POST" if method == "POST" else "GET"
        answer = redacted(eks.call(action, method=verb, timeout=context.options.timeout, **sent))
    if method == "GET":
        context.emit(answer)
        return
    data = answer.get("Data")
    ids = {name: value for name, value in data.items() if name.endswith("Id")} if isinstance(data, dict) else {}
    with context.printing_write(action, ids, answer.get("RequestId")):
        context.emit(answer)


def _dry_run(action: str, method: str, sent: dict[str, Any], endpoint: str) -> dict[str, Any]:
    """Return the request as it would be sent, without its secrets."""
    from cds_eks import codec
    from cds_eks.client.encoder import operation_of
    from cds_eks.config import service_url

    url = service_url(endpoint)
    made = codec.encode_call(operation_of(action, method), sent.get("params"), sent.get("body"), url=url, headers={})
    return {"dry_run": True, "action": action, "method": method, "url": url, **redacted(sent, made.secrets)}


def command() -> Command:
    """Return the command."""
    return Command(
        "call",
        callback=_call,
        help=say(
            "Call any action of the service by its name on the wire; the answer is printed as it came.\n\nA POST is "
            "taken for a create: it is sent again only if it can't have been carried out.",
            "按接口上的名称调用服务的任意 Action；原样输出响应。\n\nPOST 视为创建操作：确定未执行时才会再次发送。",
        ),
        params=[
            click.Argument(["action"], shell_complete=actions),
            click.Option(
                ["-X", "--method"], type=click.Choice(("GET", "POST"), case_sensitive=False), default="GET",
                help=say(
                    "GET (arguments in the query) or POST (in a JSON body).",
                    "GET（参数在查询串）或 POST（参数在 JSON 正文）。",
                ),
            ),
            click.Option(
                ["--param", "params"], multiple=True, metavar="NAME=TEXT",
                help=say("An argument: NAME=TEXT, or NAME:=JSON.", "参数：NAME=TEXT 或 NAME:=JSON。"),
            ),
            click.Option(
                ["-f", "--file"], metavar="FILE", shell_complete=files,
                help=say("A file with arguments.", "含参数的文件。"),
            ),
            click.Option(
                ["--dry-run"], is_flag=True,
                help=say("Show the request without secrets, and send nothing.", "显示请求（机密已脱敏），但不发送。"),
            ),
        ],
    )  # fmt: skip
