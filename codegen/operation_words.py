"""The words of the pages on operations, in both languages; `templates/operation_page.md.jinja` has their order."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from codegen import chinese
from codegen.description import Api, Field, Operation, Shape
from codegen.docstrings import facts

__all__ = ["CHINESE", "ENGLISH", "Words"]

Pair = tuple[str, str]
"""What is said in English, and in Chinese."""

KINDS: Mapping[str, Pair] = {
    "read": ("a read; it is retried after any transient failure", "读操作：任何暂时性故障之后都会重试"),
    "idempotent": (
        "an idempotent write; it is retried after any transient failure",
        "幂等写操作：任何暂时性故障之后都会重试",
    ),
    "create": (
        "a create; it is retried only if it was certainly not carried out",
        "创建操作：只有确定没有执行时才会重试",
    ),
}
"""What is said of a kind."""

LABELS: Mapping[str, Pair] = {
    "marks": (
        "What [D], [O] and [I] mean, and what is retried: [Operations]({up}operations.md).",
        "[D]、[O]、[I] 的含义，以及哪些操作会重试：见[接口列表]({up}operations.md)。",
    ),
    "python": ("Python", "Python"),
    "async": (
        "`AsyncEksClient`; without `await` with `EksClient`",
        "用于 `AsyncEksClient`；使用 `EksClient` 时不写 `await`",
    ),
    "service": ("Service", "服务端"),
    "action": ("action", "接口名"),
    "in": ("in revision", "版本"),
    "kind": ("Kind", "类型"),
    "data": ("Answer", "返回"),
    "none": ("`data` is None", "`data` 为 None"),
    "is": ("`data` is a", "`data` 为"),
    "is list": ("`data` is a list of", "`data` 为列表，每一项是"),
    "errors": ("Errors", "错误"),
    "more": ("all in [Errors]({up}errors.md#the-error-tree)", "全部错误见[错误处理]({up}errors.md#错误层次)"),
    "request": ("Request", "请求"),
    "answer": ("Answer", "返回"),
    "nothing": ("Nothing is asked for.", "没有参数。"),
    "example": ("Example", "示例"),
    "documented": ("documented name", "接口参数"),
    "name": ("Python name", "Python 名称"),
    "type": ("type", "类型"),
    "required": ("required", "必填"),
    "description": ("description", "描述"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "if": ("if `{when}` is {values}", "`{when}` 为 {values} 时"),
    "or": (" or ", " 或 "),
    "shapes": ("Shapes", "数据结构"),
    "values": ("Values", "取值"),
    "open": ("Lists of known values; others pass.", "已知取值；也可以使用其他值。"),
    "constant": ("constant", "常量"),
    "value": ("value", "值"),
    "source": ("known from", "来源"),
    "prints": ("It prints:", "输出："),
    "list": ("list of {}", "{} 列表"),
    "map": ("map of texts to {}", "文本到 {} 的映射"),
    "flag": ("`bool`, 0 or 1", "`bool`、0 或 1"),
    "one page": ("walks all pages", "遍历所有分页"),
    "looks": (
        "looks for what a create whose response was lost may have made",
        "响应丢失后，查找创建操作可能已经创建的资源",
    ),
    "stop": (". ", "。"),
    "comma": (", ", "、"),
    "colon": (": ", "："),
    "semi": ("; ", "；"),
}
"""What stands before what, and above columns."""

ERRORS: Mapping[str, Pair] = {
    "InvalidRequestError": (
        "a field is not as the table says; nothing is sent",
        "某个字段不符合下表的要求；请求不会发出",
    ),
    "NotFound": ("what an id names is not there", "ID 所指的资源不存在"),
    "Conflict": (
        "it is busy with something else, or not in a state that allows it",
        "资源正忙，或当前状态不允许此操作",
    ),
    "QuotaExceeded": ("the account may have no more, or can't pay for it", "账号配额已满，或余额不足"),
    "AmbiguousCreate": (
        "it may have been carried out: look before you create again",
        "可能已经执行：再次创建之前请先查找",
    ),
}
"""What is said of an error that an operation may raise, by its name."""


@attrs.frozen(kw_only=True)
class Words:
    """The words of one language.

    Attributes:
        language: Which one.
        other: The name of the other language, and the folder of docs/ that has its pages.
        labels: Its part of `LABELS`.
        kinds: Its part of `KINDS`.
        errors: Its part of `ERRORS`.
    """

    language: str
    other: tuple[str, str]
    labels: dict[str, str]
    kinds: dict[str, str]
    errors: dict[str, str]

    def title(self, api: Api, group: str) -> str:
        """The heading of a group's page."""
        return api.groups[group].zh if self.language == "zh" else group.replace("_", " ").capitalize()

    def about(self, operation: Operation) -> str:
        """What an operation does."""
        if self.language == "zh":
            return f"{operation.zh}。{operation.zh_note or ''}"
        return " ".join(filter(None, (operation.doc, operation.note)))

    def about_shape(self, shape: Shape) -> str:
        """What a shape is; nothing in Chinese, where the fields that have it say it."""
        return shape.doc if self.language == "en" else ""

    def facts(self, api: Api, field: Field) -> str:
        """What is said of a field."""
        return (chinese.facts if self.language == "zh" else facts)(field, api.revisions)

    def of_type(self, words: str, container: str | None) -> str:
        """A type in words, given that of an entry."""
        pattern = {"list": self.labels["list"], "map": self.labels["map"]}.get(container or "", "{}")
        return pattern.format(words)


def words_of(language: str, other: tuple[str, str], index: int) -> Words:
    """Return the words of the language that is at an index of each pair."""
    labels, kinds, errors = ({key: pair[index] for key, pair in each.items()} for each in (LABELS, KINDS, ERRORS))
    return Words(language=language, other=other, labels=labels, kinds=kinds, errors=errors)


ENGLISH = words_of("en", ("中文", "zh"), 0)
CHINESE = words_of("zh", ("English", "en"), 1)
