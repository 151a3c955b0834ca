"""What is typed into the search for a page that says it in other words, or that has the words further down."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SEARCH_WORDS"]

SEARCH_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "backends.md": ("aiohttp", "httpx"),
        "calls.md": ("raw response", "YAML"),
        "cli.md": ("dry run", "shell completion", "tab completion", "kubeconfig", "kubectl"),
        "configuration.md": (
            "QPS",
            "requests per second",
            "connection pool size",
            "environment variables",
            "endpoint",
            "base URL",
            "user agent",
            "headers",
            "keep alive",
            "close client",
            "multiprocessing",
        ),
        "errors.md": (
            "exceptions",
            "retry",
            "NotFoundError",
            "429 too many requests",
            "502 bad gateway",
            "connection reset",
            "clock skew",
            "quota exceeded",
        ),
        "explanation/creates.md": ("idempotent",),
        "fleet.md": ("TOML", "YAML"),
        "how-to/ambiguous-create.md": ("lost response", "duplicate"),
        "how-to/change-a-fleet.md": ("adopt", "import"),
        "how-to/create-a-cluster.md": ("create a cluster",),
        "how-to/fleet-journal.md": ("SQLite",),
        "how-to/fleet-report.md": ("reason of a failure", "export CSV"),
        "how-to/install.md": ("extras", "Python version", "Docker"),
        "how-to/list-clusters.md": ("pagination", "paging", "async client", "asyncio"),
        "how-to/resume-a-fleet.md": ("SIGKILL", "kill"),
        "how-to/scale-a-node-pool.md": ("autoscaling",),
        "how-to/timeouts.md": ("KeyboardInterrupt", "Ctrl-C", "connection timeout"),
        "openapi.md": ("Swagger",),
        "profiles.md": ("rotate keys", "password"),
        "project/changelog.md": ("release notes",),
        "recipes/threads.md": ("ThreadPoolExecutor",),
        "recipes/wsgi.md": ("Flask", "Django"),
        "revisions.md": ("API version",),
        "speed.md": ("memory", "performance"),
        "testing.md": ("pytest", "mock"),
        "tracing.md": ("open telemetry", "Jaeger", "Prometheus"),
        "tutorial/zero-to-fleet.md": ("getting started", "quickstart", "hello world"),
        "waiting.md": ("polling", "callback"),
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
