"""What to do about each class of errors, in English and in Chinese."""

from __future__ import annotations

from cds_eks import errors
from cds_eks.cli.open_creates import UNKNOWN_HINT

HINTS: tuple[tuple[type[BaseException], tuple[str, str]], ...] = (
    (errors.AmbiguousCreate, UNKNOWN_HINT),
    (
        errors.NotFound,
        ("check the id, the endpoint and the account (--profile)", "请检查 ID、接入点和账号（--profile）"),
    ),
    (
        errors.SecretUnavailable,
        (
            "see that the command, the file or the keyring gives it; cds-eks doctor tries the keys of a profile",
            "请确认该命令、文件或钥匙串能给出它；cds-eks doctor 可检查配置档的密钥",
        ),
    ),
    (
        errors.CredentialsError,
        (
            "set CDS_SECRET_ID and CDS_SECRET_KEY, or set up a profile: cds-eks profiles set NAME",
            "请设置 CDS_SECRET_ID 和 CDS_SECRET_KEY，或配置一个配置档：cds-eks profiles set NAME",
        ),
    ),
    (
        errors.AuthenticationError,
        (
            "check CDS_SECRET_ID and CDS_SECRET_KEY or the profile, and this machine's clock: cds-eks doctor",
            "请检查 CDS_SECRET_ID 和 CDS_SECRET_KEY 或配置档，以及本机时钟：cds-eks doctor",
        ),
    ),
    (
        errors.PermissionDenied,
        (
            "the key is valid but may not do this: ask who manages the account",
            "密钥有效，但没有此操作的权限：请联系账号管理员",
        ),
    ),
    (
        errors.Conflict,
        ("look at the present state of the resource, then try again", "请查看资源的当前状态，然后重试"),
    ),
    (errors.DuplicateFound, ("several have this name: go by id", "存在多个同名资源：请使用 ID")),
    (errors.Throttled, ("wait a little, then try again", "请稍候再试")),
    (
        errors.QuotaExceeded,
        ("delete what is no longer needed, or ask for a larger quota", "请删除不再需要的资源，或申请更大的配额"),
    ),
    (
        errors.WaitTimeout,
        ("it may still come: wait again, with a longer --timeout", "可能仍会完成：请用更长的 --timeout 再次等待"),
    ),
    (
        errors.ConnectFailed,
        (
            "check the network, the proxy and --endpoint: cds-eks doctor tries each, certificates as well",
            "请检查网络、代理和 --endpoint：cds-eks doctor 会逐项检查，包括证书",
        ),
    ),
)
"""The first that fits counts."""

NO_PROFILE = (
    "cds-eks profiles list shows those that are there; cds-eks profiles set NAME makes one",
    "cds-eks profiles list 列出已有的配置档；cds-eks profiles set NAME 可新建配置档",
)
"""Where a profile is named that is not there."""


def names_no_profile(error: BaseException) -> bool:
    """Whether an error is that a profile is not there; others of the file of profiles say what is wrong in it."""
    faults = error.faults if isinstance(error, errors.ConfigFileError) else ()
    return any(" names the profile " in fault.message for fault in faults)
