"""Which captured files are too old. Pure."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final

_OWN_FILE: Final = re.compile(r"date=(\d{4}-\d{2}-\d{2})/[A-Za-z0-9._-]+-\d{8}T\d{6}Z-[0-9a-f]{8}\.parquet")


def file_name(revision: str, pod: str, now: datetime, suffix: str) -> str:
    """Return the name of a file that is written ``now`` (UTC); ``suffix`` is 8 hex digits."""
    who = re.sub(r"[^A-Za-z0-9._-]", "_", f"{revision}-{pod}")
    return f"date={now:%Y-%m-%d}/{who}-{now:%Y%m%dT%H%M%SZ}-{suffix}.parquet"


def expired(names: Iterable[str], today: date, days: int) -> list[str]:
    """Return which of ``names`` are files of ours from more than so many days ago; all else is let alone."""
    oldest = (today - timedelta(days=days)).isoformat()
    matches = ((name, _OWN_FILE.fullmatch(name)) for name in names)
    return sorted(name for name, match in matches if match is not None and match.group(1) < oldest)
