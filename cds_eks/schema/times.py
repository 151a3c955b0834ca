"""The service's times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
"""The zone of the times in answers, which name none [I]: the service is in China, which has this one alone."""


def parse_beijing_time(text: str | None) -> datetime | None:
    """Return a time of an answer (`YYYY-MM-DD HH:MM:SS`) in UTC, or None if it is none."""
    try:
        local = datetime.strptime(text or "", "%Y-%m-%d %H:%M:%S")
        return local.replace(tzinfo=BEIJING).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
