"""What is typed into the search for a page that says it in other words, or that has the words further down."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SEARCH_WORDS"]

SEARCH_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "cli.md": ("dry run",),
        "configuration.md": ("QPS", "requests per second", "connection pool size"),
        "how-to/fleet-report.md": ("reason of a failure",),
        "how-to/install.md": ("extras", "Python version", "Docker"),
        "how-to/list-clusters.md": ("pagination", "paging", "async"),
    },
    "zh": {
        "cli.md": ("dry run", "试运行"),
        "configuration.md": ("QPS", "每秒请求数", "连接池大小"),
        "fleet.md": ("批量集群", "机群", "舰队"),
        "how-to/fleet-report.md": ("任务报告", "失败原因"),
        "how-to/install.md": ("安装", "Docker"),
        "how-to/list-clusters.md": ("异步", "分页", "翻页"),
        "how-to/resume-a-fleet.md": ("中断后继续",),
        "profiles.md": ("AK SK",),
    },
}
"""For each language: words by page, for the search alone; how much they count is said in en.yml and zh.yml."""
