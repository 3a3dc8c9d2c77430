"""Times as Kubernetes spells them: RFC 3339, UTC, whole seconds."""

from datetime import UTC, datetime


def format_time(moment: datetime) -> str:
    """Return the moment in UTC without fractions of a second, such as ``2026-11-21T09:30:00Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """Return the moment, time zone aware.

    Raises:
        ValueError: the text is not RFC 3339.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
