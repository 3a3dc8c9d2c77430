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


def seconds_until(moment: datetime | None, now: datetime) -> float | None:
    """Return how long to wait for the moment, at least a tenth of a second; None: it does not come."""
    return None if moment is None else max((moment - now).total_seconds(), 0.1)
