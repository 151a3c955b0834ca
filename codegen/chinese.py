"""What the Chinese page of fields says of a field; `codegen.docstrings.facts` is the same in English."""

from __future__ import annotations

from collections.abc import Mapping

from codegen import revision_differences
from codegen.description import Field

RULES = {
    "name": "1 至 26 个字母、数字或连字符，首尾不能是连字符 [O]。",
    "password": "8 至 30 个字符，须含大写字母、小写字母、数字和特殊字符 [O]。",
    "cidr": "例如 `10.0.0.0/16`。",
}

UNITS = {"months": "月", "percent": "%"}


def facts(field: Field, sources: Mapping[str, str]) -> str:
    """What the page says of a field: its description, allowed values, unit, default, revisions and provenance.

    The vendor's own description may name some of these already; it is quoted as it is, and they are not said again.
    """
    text = field.zh or field.doc
    words = [text if text.endswith(("。", ".")) else f"{text}。"]
    if field.one_of and not all(f"{number}:" in text for number in field.one_of):
        words.append(
            f"可选值：{'、'.join(map(str, field.one_of))}{f' [{field.one_of_source}]' if field.one_of_source else ''}。"
        )
    if field.min is not None and field.max is not None:
        words.append(f"{field.min} 至 {field.max}。")
    elif field.min is not None:
        words.append(f"至少为 {field.min}。")
    elif field.max is not None:
        words.append(f"至多为 {field.max}。")
    if field.unit and "单位" not in text:
        words.append(f"单位：{UNITS.get(field.unit, field.unit)}。")
    if field.rule:
        words.append(RULES[field.rule])
    if field.values:
        words.append(f"取值见 `{field.values}`，也可以使用其他值。")
    if field.default and "默认" not in text:
        words.append(f"不填时为 {field.zh_default or field.default}。")
    if field.secret:
        words.append("机密。")
    if field.documented:
        words.append(f"文档中的名称为 {field.documented}。")
    words += _revisions(field, sources)
    if field.zh_note:
        words.append(f"注：{field.zh_note}")
    return f"{''.join(words)} [{field.source}]"


def _revisions(field: Field, sources: Mapping[str, str]) -> list[str]:
    said = []
    names = field.wire if isinstance(field.wire, Mapping) else {}
    for revision, wire in list(names.items())[1:]:
        more = f"，只发送其 `{only}`" if (only := field.only.get(revision)) else ""
        if often := field.repeat.get(revision):
            more = f"，每一项按其 `{often}` 重复列出"
        said.append(f"{revision} 版 [{sources[revision]}] 中为 `{wire}`{more}。")
    if field.revisions is not None and not field.in_parent:
        default = revision_differences.default_in_words(field.default_values, " 或 ", "、")
        but = f"；其他版本只接受默认值（{default}）" if default else ""
        said.append(f"仅 {'、'.join(field.revisions)} 版有此字段{but}。")
    return said
