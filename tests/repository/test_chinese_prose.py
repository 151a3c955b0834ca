"""The Chinese pages: signs and blanks by one rule, one word for each thing, and the English word of some terms."""

from __future__ import annotations

import pytest
from chinese_prose import avoided_words, faults_of, lacks_english
from doc_pages import CHINESE, read

VENDOR = ("docs/zh/cli-reference.md", "docs/zh/reference/operations/")
"""Pages that quote the vendor's document word by word."""

PAGES = [page for page in CHINESE if not page.startswith(VENDOR)]


@pytest.mark.parametrize("page", PAGES)
def test_signs_blanks_and_words_are_by_the_rules(page: str) -> None:
    assert list(faults_of(read(page), avoided_words(read("CONTRIBUTING.md")))) == []


@pytest.mark.parametrize(("chinese", "english"), [("执行记录", "journal"), ("运行器", "runner"), ("租约", "lease")])
def test_a_term_has_its_english_word_where_a_page_has_it_first(chinese: str, english: str) -> None:
    assert [page for page in PAGES if lacks_english(read(page), chinese, english)] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("重试,然后结束。", "a half-width sign beside Chinese"),
        ("重试（见下文)。", "a half-width sign beside Chinese"),
        ("重试.", "a half-width full stop"),
        ("使用SDK。", "no blank between Chinese and Latin"),
        ("使用`eks`。", "no blank between Chinese and Latin"),
        ("等待 5秒。", "no blank between Chinese and Latin"),
        ("重试 之后。", "a blank between Chinese"),
        ("重试， 然后结束。", "a blank between Chinese"),
        ("见 `eks` 。", "a blank beside a full-width sign"),
        ("**重试。**然后结束。", "bold that GitHub does not end"),
        ("使用应答。", "应答"),
        ("## 重试。", "the heading ends with a full stop"),
    ],
)
def test_each_fault_is_found(line: str, fault: str) -> None:
    assert [fault in found for found in faults_of(line, ["应答"])] == [True]


def test_code_comments_and_targets_of_links_are_no_prose() -> None:
    text = "见[重试](a.md#重试,x)：`a,中`，**重试。** 然后。<!-- 重试,x -->\n\n```sh\nls # 重试,x\n```\n"
    assert list(faults_of(text, ["重试,"])) == []


def test_the_table_of_terms_is_read() -> None:
    assert {"应答", "遮盖", "隐去"} <= set(avoided_words(read("CONTRIBUTING.md")))


def test_the_english_word_is_wanted_once_and_first() -> None:
    assert not lacks_english("# 执行记录\n\n**执行记录**（journal）在磁盘上，执行记录可以备份。", "执行记录", "journal")
    assert not lacks_english("```sh\nls  # 执行记录\n```", "执行记录", "journal")
    assert lacks_english("执行记录在磁盘上。执行记录（journal）可以备份。", "执行记录", "journal")
