"""CEL rules that models carry, checked by the API server and offline by ``holdfast validate``.

Only standard CEL and the quantity functions are used, so that both sides can evaluate every rule. The API
server evaluates rules even when a pattern or bound of the same field is violated: rules guard themselves.
"""

from pydantic.config import JsonDict

VALIDATIONS = "x-kubernetes-validations"
DECIMAL_PATTERN = r"^-?[0-9]{1,12}(\.[0-9]{1,9})?$"


def rule(expression: str, message: str, field_path: str | None = None) -> JsonDict:
    """Return one rule: EXPRESSION must be true of ``self``, else MESSAGE names the field and the remedy.

    FIELD_PATH, such as ``.credentialsSecretName``, is where the error is reported below ``self``.
    """
    path: JsonDict = {"fieldPath": field_path} if field_path else {}
    return {"rule": expression, "message": message, **path}


def validated_by(*rules: JsonDict) -> JsonDict:
    """Return the ``json_schema_extra`` of a model or field that RULES apply to."""
    return {VALIDATIONS: list(rules)}


def matches(subject: str, pattern: str) -> str:
    """Return the CEL expression that SUBJECT matches PATTERN (RE2), quoted as CEL wants it."""
    return f"{subject}.matches('{cel_text(pattern)}')"


def cel_text(text: str) -> str:
    r"""Return TEXT as the inside of a CEL string literal in single quotes.

    >>> cel_text(r"a\.b")
    'a\\\\.b'
    """
    return text.replace("\\", "\\\\").replace("'", "\\'")


NAME_IN_LABELS_RULE = rule(
    "self.metadata.name.size() <= 63 && " + matches("self.metadata.name", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
    "metadata.name must be at most 63 lower-case letters, digits and hyphens: "
    "Jobs and labels are named after it",
    ".metadata.name",
)
