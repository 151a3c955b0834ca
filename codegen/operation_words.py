"""The words of the pages on operations, in both languages; `templates/operation_page.md.jinja` has their order."""

from __future__ import annotations

import attrs

from codegen import chinese
from codegen.description import Api, Field, Operation, Shape
from codegen.docstrings import facts

__all__ = ["CHINESE", "ENGLISH", "Words"]

KINDS_ZH = {
    "read": "读操作：任何暂时性故障之后都会重试",
    "idempotent": "幂等写操作：任何暂时性故障之后都会重试",
    "create": "创建操作：只有确定没有执行时才会重试",
}

KINDS_EN = {
    "read": "a read; it is retried after any transient failure",
    "idempotent": "an idempotent write; it is retried after any transient failure",
    "create": "a create; it is retried only if it was certainly not carried out",
}


@attrs.frozen(kw_only=True)
class Words:
    """The words of one language.

    Attributes:
        language: Which one.
        other: The name of the other language, and the folder of docs/ that has its pages.
        labels: What stands before what, and above columns.
        kinds: What is said of a kind.
        errors: What is said of an error that an operation may raise, by its name.
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


ENGLISH = Words(
    language="en",
    other=("中文", "zh"),
    labels={
        "marks": "What [D], [O] and [I] mean, and what is retried: [Operations]({up}operations.md).",
        "python": "Python", "async": "`AsyncEksClient`; without `await` with `EksClient`", "service": "Service",
        "action": "action", "in": "in revision", "kind": "Kind", "data": "Answer", "none": "`data` is None",
        "is": "`data` is a", "is list": "`data` is a list of", "errors": "Errors",
        "more": "all in [Errors]({up}errors.md#the-error-tree)",
        "request": "Request", "answer": "Answer", "nothing": "Nothing is asked for.", "example": "Example",
        "documented": "documented name", "name": "Python name", "type": "type", "required": "required",
        "description": "description", "yes": "yes", "no": "no", "if": "if `{when}` is {values}", "or": " or ",
        "shapes": "Shapes", "values": "Values", "open": "Lists of known values; others pass.",
        "constant": "constant", "value": "value", "source": "known from", "prints": "It prints:",
        "list": "list of {}", "map": "map of texts to {}", "flag": "`bool`, 0 or 1", "one page": "walks all pages",
        "looks": "looks for what a create may have made whose answer was lost",
        "stop": ". ", "comma": ", ", "colon": ": ", "semi": "; ",
    },
    kinds=KINDS_EN,
    errors={
        "InvalidRequestError": "a field is not as the table says; nothing is sent",
        "NotFound": "what an id names is not there",
        "Conflict": "it is busy with something else, or not in a state that allows it",
        "QuotaExceeded": "the account may have no more, or can't pay for it",
        "AmbiguousCreate": "it may have been carried out: look before you create again",
    },
)  # fmt: skip

CHINESE = Words(
    language="zh",
    other=("English", "en"),
    labels={
        "marks": "[D]、[O]、[I] 的含义，以及哪些操作会重试：见[接口列表]({up}operations.md)。",
        "python": "Python", "async": "用于 `AsyncEksClient`；使用 `EksClient` 时不写 `await`", "service": "服务端",
        "action": "接口名", "in": "版本", "kind": "类型", "data": "返回", "none": "`data` 为 None",
        "is": "`data` 为", "is list": "`data` 为列表，每一项是", "errors": "错误",
        "more": "全部错误见[错误处理]({up}errors.md#错误层次)",
        "request": "请求", "answer": "返回", "nothing": "没有参数。", "example": "示例",
        "documented": "接口参数", "name": "Python 名称", "type": "类型", "required": "必填",
        "description": "描述", "yes": "是", "no": "否", "if": "`{when}` 为 {values} 时", "or": " 或 ",
        "shapes": "数据结构", "values": "取值", "open": "已知取值；也可以使用其他值。",
        "constant": "常量", "value": "值", "source": "来源", "prints": "输出：",
        "list": "{} 列表", "map": "文本到 {} 的映射", "flag": "`bool`、0 或 1", "one page": "遍历所有分页",
        "looks": "响应丢失后，查找创建操作可能已经创建的资源",
        "stop": "。", "comma": "、", "colon": "：", "semi": "；",
    },
    kinds=KINDS_ZH,
    errors={
        "InvalidRequestError": "某个字段不符合下表的要求；请求不会发出",
        "NotFound": "ID 所指的资源不存在",
        "Conflict": "资源正忙，或当前状态不允许此操作",
        "QuotaExceeded": "账号配额已满，或余额不足",
        "AmbiguousCreate": "可能已经执行：再次创建之前请先查找",
    },
)  # fmt: skip
