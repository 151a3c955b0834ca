"""What happened, in one line of Chinese for each class of errors: it stands above the error's own text.

That stays English, since it is what people search for.
"""

from __future__ import annotations

import click

from cds_eks import errors

SUMMARIES: tuple[tuple[type[BaseException], str], ...] = (
    (errors.AmbiguousCreate, "创建结果未知：资源可能已创建，也可能没有"),
    (errors.DuplicateFound, "存在多个同名资源"),
    (errors.IncompleteList, "列表不完整，无法据此判断"),
    (errors.AuthenticationError, "身份验证失败：密钥或签名未被接受"),
    (errors.PermissionDenied, "没有权限执行此操作"),
    (errors.NotFound, "资源不存在"),
    (errors.Conflict, "与资源的当前状态冲突"),
    (errors.BadArgument, "服务端拒绝了请求中的参数"),
    (errors.QuotaExceeded, "超出配额"),
    (errors.Throttled, "请求过于频繁，已被限流"),
    (errors.ServerFault, "服务端内部错误"),
    (errors.ServiceError, "服务端返回错误"),
    (errors.ConnectFailed, "无法连接到服务，请求未发送"),
    (errors.ConnectionLost, "连接中断，未收到响应"),
    (errors.DeadlineExceeded, "调用超时"),
    (errors.TransportError, "网络传输失败，未收到可用的响应"),
    (errors.UnreadableResponse, "响应无法识别，可能并非来自该服务"),
    (errors.TaskFailed, "所等待的操作失败"),
    (errors.WaitTimeout, "等待超时，操作可能仍在进行"),
    (errors.CredentialsError, "没有可用的密钥"),
    (errors.ConfigFileError, "配置档文件有误，或其中没有所需的内容"),
    (errors.SecretUnavailable, "无法取得引用的机密"),
    (errors.ConfigurationError, "配置有误"),
    (errors.InvalidRequestError, "请求的内容有误，未发送"),
    (errors.EksError, "操作未成功"),
    (click.UsageError, "命令用法有误"),
)
"""The first that fits counts."""


def summary_of(error: BaseException) -> str | None:
    """Return what happened in Chinese; None for what is said in Chinese by itself."""
    return next((text for kind, text in SUMMARIES if isinstance(error, kind)), None)
