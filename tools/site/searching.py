"""Asks the built site's search, in a browser, for what a stranger looks for: `python -m tools.site search`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.chromium import Tab, open_browser
from tools.site.serving import serve

__all__ = ["TASKS", "faults_of", "search"]

TASKS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "list my clusters": "how-to/list-clusters.html",
        "keep two accounts apart": "profiles.html",
        "create a cluster": "how-to/create-a-cluster.html",
        "create a cluster and wait until it runs": "how-to/create-a-cluster.html",
        "delete cluster": "how-to/create-a-cluster.html",
        "create timed out": "how-to/ambiguous-create.html",
        "corporate proxy private CA": "how-to/proxies-and-tls.html",
        "test provisioning function without account": "testing.html",
        "scale a node pool to 8": "how-to/scale-a-node-pool.html",
        "create 500 clusters from one plan": "fleet.html",
        "resume a killed fleet on PostgreSQL": "how-to/resume-a-fleet.html",
        "resume": "how-to/resume-a-fleet.html",
        "many machines": "how-to/fleet-many-machines.html",
        "PostgreSQL": "how-to/fleet-many-machines.html",
        "destroy": "how-to/change-a-fleet.html",
        "report": "how-to/fleet-report.html",
        "traces opentelemetry": "tracing.html",
        "Go client": "how-to/from-go.html",
        "ScalingNodePool": "reference/operations/node_pools.html",
        "FastAPI": "recipes/fastapi.html",
        "uwsgi": "recipes/wsgi.html",
        "jupyter": "recipes/jupyter.html",
        "move to revision 2025-10-11": "revisions.html",
        "benchmarks": "speed.html",
        "pagination": "how-to/list-clusters.html",
        "paging": "how-to/list-clusters.html",
        "qps": "configuration.html",
        "requests per second": "configuration.html",
        "connection pool size": "configuration.html",
        "AK SK": "profiles.html",
        "docker": "how-to/install.html",
        "list of extras": "how-to/install.html",
        "python version": "how-to/install.html",
        "idempotent create": "explanation/creates.html",
        "fault kinds": "emulator.html",
        "async client": "how-to/list-clusters.html",
        "asyncio": "how-to/list-clusters.html",
        "list nodes": "how-to/list-clusters.html",
        "dry run": "cli.html",
        "shell completion": "cli.html",
        "tab completion": "cli.html",
        "kubeconfig": "cli.html",
        "kubectl": "cli.html",
        "exit codes": "cli.html",
        "json output": "cli.html",
        "jq": "cli.html",
        "429 too many requests": "errors.html",
        "SignatureDoesNotMatch": "errors.html",
        "RequestExpired": "errors.html",
        "403 forbidden": "errors.html",
        "502 bad gateway": "errors.html",
        "NotFoundError": "errors.html",
        "connection reset": "errors.html",
        "clock skew": "errors.html",
        "quota exceeded": "errors.html",
        "retry": "errors.html",
        "retries": "errors.html",
        "exceptions": "errors.html",
        "error codes": "errors.html",
        "proxy": "how-to/proxies-and-tls.html",
        "ssl certificate verify failed": "how-to/proxies-and-tls.html",
        "self signed certificate": "how-to/proxies-and-tls.html",
        "custom ca": "how-to/proxies-and-tls.html",
        "ca bundle": "how-to/proxies-and-tls.html",
        "kill -9": "how-to/resume-a-fleet.html",
        "sigkill": "how-to/resume-a-fleet.html",
        "logging": "logging.html",
        "debug log": "logging.html",
        "mock": "testing.html",
        "pytest": "testing.html",
        "rate limit": "configuration.html",
        "environment variables": "configuration.html",
        "endpoint": "configuration.html",
        "base url": "configuration.html",
        "user agent": "configuration.html",
        "custom headers": "configuration.html",
        "middleware": "configuration.html",
        "fork": "configuration.html",
        "multiprocessing": "configuration.html",
        "event loop is closed": "configuration.html",
        "close client": "configuration.html",
        "gevent": "configuration.html",
        "node pool autoscaling": "how-to/scale-a-node-pool.html",
        "autoscaling": "how-to/scale-a-node-pool.html",
        "cancel": "how-to/timeouts.html",
        "timeout": "how-to/timeouts.html",
        "connection timeout": "how-to/timeouts.html",
        "keyboard interrupt": "how-to/timeouts.html",
        "ctrl-c": "how-to/timeouts.html",
        "sqlite": "how-to/fleet-journal.html",
        "backup": "how-to/fleet-journal.html",
        "export csv": "how-to/fleet-report.html",
        "windows": "profiles.html",
        "password": "profiles.html",
        "rotate keys": "profiles.html",
        "changelog": "project/changelog.html",
        "release notes": "project/changelog.html",
        "version": "how-to/install.html",
        "thread safe": "recipes/threads.html",
        "threads": "recipes/threads.html",
        "ThreadPoolExecutor": "recipes/threads.html",
        "gunicorn": "recipes/wsgi.html",
        "flask": "recipes/wsgi.html",
        "django": "recipes/wsgi.html",
        "celery": "recipes/celery.html",
        "airflow": "recipes/airflow.html",
        "github actions": "recipes/github-actions.html",
        "notebook": "recipes/jupyter.html",
        "getting started": "tutorial/zero-to-fleet.html",
        "quickstart": "tutorial/zero-to-fleet.html",
        "hello world": "tutorial/zero-to-fleet.html",
        "install": "how-to/install.html",
        "license": "index.html",
        "security": "project/security.html",
        "contributing": "project/contributing.html",
        "AmbiguousCreate": "how-to/ambiguous-create.html",
        "lost response": "how-to/ambiguous-create.html",
        "duplicate cluster": "how-to/ambiguous-create.html",
        "metrics": "tracing.html",
        "prometheus metrics": "tracing.html",
        "performance": "speed.html",
        "memory": "speed.html",
        "swagger": "openapi.html",
        "openapi": "openapi.html",
        "emulator": "emulator.html",
        "fault injection": "emulator.html",
        "polling interval": "waiting.html",
        "callback": "waiting.html",
        "import existing clusters": "how-to/change-a-fleet.html",
        "adopt": "how-to/change-a-fleet.html",
        "delete a fleet": "how-to/change-a-fleet.html",
        "protect": "how-to/change-a-fleet.html",
        "dask": "how-to/fleet-many-machines.html",
        "fleet yaml": "fleet.html",
        "raw response": "calls.html",
        "trio": "backends.html",
        "async list clusters": "how-to/list-clusters.html",
        "profiles multiple accounts": "profiles.html",
        "create timeout duplicate": "how-to/ambiguous-create.html",
        "request timed out was it created": "how-to/ambiguous-create.html",
        "pytest emulator inject failure": "testing.html",
        "resize nodes": "how-to/scale-a-node-pool.html",
        "find out whether the cluster exists after a timeout": "how-to/ambiguous-create.html",
        "create timed out does the cluster exist": "how-to/ambiguous-create.html",
        "two accounts": "profiles.html",
        "proxy with private CA certificate": "how-to/proxies-and-tls.html",
        "test my code with pytest without an account": "testing.html",
        "create hundreds of clusters from a plan file": "fleet.html",
        "resume fleet after crash postgres": "how-to/resume-a-fleet.html",
        "fleet postgresql resume after crash": "how-to/resume-a-fleet.html",
        "httpx": "backends.html",
        "aiohttp": "backends.html",
        "progress bar": "examples/progress.py.html",
        "open telemetry": "tracing.html",
        "jaeger": "tracing.html",
        "api version": "revisions.html",
        "yaml request": "calls.html",
        "log level": "logging.html",
        "no credentials": "profiles.html",
        "unknown field": "calls.html",
        "download examples": "how-to/install.html",
    },
    "zh": {
        "列出集群": "zh/how-to/list-clusters.html",
        "多个账号": "zh/profiles.html",
        "创建集群并等待": "zh/how-to/create-a-cluster.html",
        "创建超时": "zh/how-to/ambiguous-create.html",
        "企业代理 私有 CA": "zh/how-to/proxies-and-tls.html",
        "单元测试": "zh/testing.html",
        "节点池扩容": "zh/how-to/scale-a-node-pool.html",
        "批量创建集群": "zh/fleet.html",
        "恢复集群群组 PostgreSQL": "zh/how-to/resume-a-fleet.html",
        "多机运行": "zh/how-to/fleet-many-machines.html",
        "删除集群群组": "zh/how-to/change-a-fleet.html",
        "报告": "zh/how-to/fleet-report.html",
        "链路追踪": "zh/tracing.html",
        "Go 客户端": "zh/how-to/from-go.html",
        "FastAPI": "zh/recipes/fastapi.html",
        "迁移到新版本": "zh/revisions.html",
        "异步": "zh/how-to/list-clusters.html",
        "分页": "zh/how-to/list-clusters.html",
        "qps": "zh/configuration.html",
        "每秒请求数": "zh/configuration.html",
        "连接池大小": "zh/configuration.html",
        "安装": "zh/how-to/install.html",
        "docker": "zh/how-to/install.html",
        "舰队": "zh/fleet.html",
        "机群": "zh/fleet.html",
        "批量集群": "zh/fleet.html",
        "中断后继续 PostgreSQL": "zh/how-to/resume-a-fleet.html",
        "批量任务报告 失败原因": "zh/how-to/fleet-report.html",
        "创建集群": "zh/how-to/create-a-cluster.html",
        "删除集群": "zh/how-to/create-a-cluster.html",
        "限流": "zh/configuration.html",
        "并发": "zh/configuration.html",
        "重试": "zh/errors.html",
        "超时": "zh/how-to/timeouts.html",
        "取消": "zh/how-to/timeouts.html",
        "签名错误": "zh/errors.html",
        "错误码": "zh/errors.html",
        "鉴权失败": "zh/errors.html",
        "证书错误": "zh/how-to/proxies-and-tls.html",
        "代理": "zh/how-to/proxies-and-tls.html",
        "命令行": "zh/cli.html",
        "补全": "zh/cli.html",
        "退出码": "zh/cli.html",
        "导出": "zh/cli.html",
        "日志": "zh/logging.html",
        "脱敏": "zh/logging.html",
        "测试": "zh/testing.html",
        "mock": "zh/testing.html",
        "模拟器": "zh/emulator.html",
        "幂等": "zh/explanation/creates.html",
        "重复创建": "zh/explanation/creates.html",
        "断点续跑": "zh/how-to/resume-a-fleet.html",
        "线程安全": "zh/configuration.html",
        "多进程": "zh/configuration.html",
        "环境变量": "zh/configuration.html",
        "中间件": "zh/configuration.html",
        "密钥": "zh/configuration.html",
        "账号": "zh/profiles.html",
        "扩容": "zh/how-to/scale-a-node-pool.html",
        "缩容": "zh/how-to/scale-a-node-pool.html",
        "版本": "zh/revisions.html",
        "升级": "zh/revisions.html",
        "同步": "zh/how-to/list-clusters.html",
        "教程": "zh/tutorial/zero-to-fleet.html",
        "快速开始": "zh/tutorial/zero-to-fleet.html",
        "定时任务": "zh/recipes/airflow.html",
        "流水线": "zh/recipes/github-actions.html",
        "备份": "zh/how-to/fleet-journal.html",
        "指标": "zh/tracing.html",
        "性能": "zh/speed.html",
        "弹性网卡": "zh/reference/operations/network_interfaces.html",
        "余额不足": "zh/errors.html",
        "公司代理": "zh/how-to/proxies-and-tls.html",
        "从Go客户端迁移": "zh/how-to/from-go.html",
    },
}
"""For each language: the page that is to be found first, by what is typed."""

FIRST = """(async () => {
    const input = document.querySelector("[data-md-component=search-query]");
    const link = () => document.querySelector(".md-search-result__item a");
    const ask = async (words) => {
        input.focus();
        input.value = words;
        input.dispatchEvent(new KeyboardEvent("keyup", {bubbles: true}));
        for (let last = null, same = 0, i = 0; same < 8 && i < 80; i++) {
            await new Promise(done => setTimeout(done, 50));
            const now = link()?.href ?? "";
            same = now === last ? same + 1 : 0;
            last = now;
        }
        return link() ? new URL(link().href).pathname.slice(1) : "";
    };
    await ask("");
    return await ask(%s);
})()"""
"""The page that is found first: asked until it has not changed for 0.4 s."""


def search(site: Path) -> list[str]:
    """Type each query into the search of its language, and return where another page is found first."""
    found: dict[str, dict[str, str]] = {}
    with serve(site) as url, open_browser() as browser:
        tab = Tab(browser)
        tab.show_as(1280, 900, "light")
        for language, tasks in TASKS.items():
            tab.open(f"{url}/index.html" if language == "en" else f"{url}/{language}/index.html")
            tab.settle()
            tab.evaluate(FIRST % json.dumps("EKS"))  # loads the index
            found[language] = {query: tab.evaluate(FIRST % json.dumps(query)) for query in tasks}
    return list(faults_of(found))


def faults_of(found: Mapping[str, Mapping[str, str]], wanted: Mapping[str, Mapping[str, str]] = TASKS) -> Iterator[str]:
    """Yield the queries that find another page first than they are to."""
    for language, tasks in wanted.items():
        for query, page in tasks.items():
            first = found[language][query]
            if first != page:
                yield f"{query}: {first or 'nothing'} is found first, not {page}"
