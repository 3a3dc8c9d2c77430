"""Redaction: what looks like a credential in a text of someone else's is never kept. Pure.

Programs of users end with messages that the status, events and audit records quote. The operator reads no
Secret, but such a message may hold one.
"""

import re
from typing import Final

HIDDEN: Final = "***"

_NAMES = (
    r"pass(?:word|wd|phrase)?|pwd|secret(?:[_-]?(?:access[_-]?)?key)?|token|api[_-]?key|access[_-]?key(?:[_-]?id)?"
    r"|private[_-]?key|credentials?|authorization|signature"
)
_VALUE = r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?:(?:bearer|basic)\s+)?[^\s,;&\"'}\])]+"
_RULES: Final = (
    (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
        HIDDEN,
    ),
    (re.compile(r"(?<=://)[^/\s@]+@"), f"{HIDDEN}@"),
    (
        re.compile(rf"([A-Za-z0-9_.-]*(?:{_NAMES})[\"']?\s*(?:=>|[:=])\s*)(?:{_VALUE})", re.I),
        rf"\g<1>{HIDDEN}",
    ),
    (re.compile(r"\b((?:bearer|basic)\s+)[A-Za-z0-9+/._~=-]{8,}", re.I), rf"\g<1>{HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), HIDDEN),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|hf_|sk-|xox[abprs]-)[A-Za-z0-9_-]{16,}"), HIDDEN),
)
"""Named values, users in URLs, PEM keys (RFC 7468), JSON Web Tokens (RFC 7519), published forms of tokens."""


def redact(text: str) -> str:
    """Return the text with everything that looks like a credential replaced."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
