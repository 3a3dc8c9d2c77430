"""Times and durations in as few characters as kubectl uses."""

from datetime import UTC, datetime

_UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


def parse_time(text: str | None) -> datetime | None:
    """Return an RFC 3339 time of the API, or None when there is none or it is malformed."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def format_duration(seconds: float) -> str:
    """Return a duration with one or two units, such as 45s, 3m20s, 5h or 12d."""
    whole = max(0, int(seconds))
    for size, unit in _UNITS:
        if whole >= size:
            return f"{whole // size}{unit}{_rest(whole % size, size, whole // size)}"
    return f"{whole}s"


def _rest(rest: int, size: int, count: int) -> str:
    """Return the smaller unit while the larger one alone would say too little."""
    if count >= 10 or rest == 0:
        return ""
    smaller = {86400: (3600, "h"), 3600: (60, "m"), 60: (1, "s")}[size]
    return f"{rest // smaller[0]}{smaller[1]}" if rest >= smaller[0] else ""


def format_age(text: str | None, now: datetime) -> str:
    """Return how long ago a time of the API was; empty when there is none."""
    moment = parse_time(text)
    return "" if moment is None else format_duration((now - moment).total_seconds())


def format_until(text: str | None, now: datetime) -> str:
    """Return how far ahead a time of the API is; empty when there is none."""
    moment = parse_time(text)
    return "" if moment is None else format_duration((moment - now).total_seconds())
