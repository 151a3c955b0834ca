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
        "cli.md": ("dry run", "试运行", "导出"),
        "configuration.md": (
            "QPS",
            "每秒请求数",
            "连接池大小",
            "环境变量",
            "多进程",
            "线程安全",
            "中间件",
            "中间件与签名器",
        ),
        "errors.md": ("错误码", "鉴权失败"),
        "explanation/creates.md": ("幂等",),
        "fleet.md": ("批量集群", "机群", "舰队"),
        "how-to/change-a-fleet.md": ("删除集群群组",),
        "how-to/create-a-cluster.md": ("删除集群", "删除一个集群"),
        "how-to/fleet-report.md": ("任务报告", "失败原因"),
        "how-to/install.md": ("安装", "Docker"),
        "how-to/list-clusters.md": ("异步", "同步", "分页", "翻页"),
        "how-to/proxies-and-tls.md": ("证书错误", "证书校验失败", "SSL"),
        "how-to/resume-a-fleet.md": ("中断后继续",),
        "how-to/timeouts.md": ("超时",),
        "logging.md": ("脱敏",),
        "profiles.md": ("AK SK",),
        "recipes/airflow.md": ("定时任务",),
        "revisions.md": ("升级",),
        "testing.md": ("mock", "打桩"),
        "tutorial/zero-to-fleet.md": ("教程", "入门", "快速开始"),
    },
}
"""For each language: words by page, for the search alone; how much they count is said in en.yml and zh.yml."""
