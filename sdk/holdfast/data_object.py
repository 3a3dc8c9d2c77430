"""What is known of one piece of data without reading it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, order=True)
class DataObject:
    """One object or file, with a mark that changes when its content does."""

    name: str
    size_bytes: int
    mark: str
    modified: datetime | None = None
