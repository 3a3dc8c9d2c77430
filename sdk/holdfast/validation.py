"""Checks YAML files against the CRDs without a cluster, with the API server's rules.

What lies in metadata besides the name, and what only the operator can see, is not checked here.
"""

import difflib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import yaml
from jsonschema.exceptions import ValidationError

from holdfast.custom_resource_schema import Schema, schemas, validator, with_defaults
from holdfast.labels import GROUP
from holdfast.validation_rules import broken_rules

# After one of these the API server evaluates no rules any more, because they could not rely on the types.
_BLOCKING = frozenset(
    {"additionalProperties", "enum", "maxItems", "maxLength", "maxProperties", "required", "type"}
)
_GENERATED_SUFFIX = "xxxxx"
_MAX_GENERATED_BASE = 58


@dataclass(frozen=True)
class Problem:
    """Why a document would be refused: its number (from 1), the field, and what is wrong with it."""

    document: int
    field: str
    message: str


def validate_documents(text: str) -> list[Problem]:
    """Return every problem of the YAML documents in TEXT; none: the API server would accept them.

    Objects of other groups are passed over. An object in a ``kind: List`` counts to the List's document.
    """
    try:
        documents = list(yaml.load_all(text, Loader=_KubernetesLoader))
    except yaml.MarkedYAMLError as error:
        return [_unreadable(text, error)]
    except yaml.YAMLError as error:  # a character that YAML does not allow
        return [Problem(1, "", f"is not valid YAML: {' '.join(str(error).split())}")]
    return [
        Problem(number, path, message)
        for number, document in enumerate(documents, start=1)
        if document is not None
        for path, message in _document_problems(document)
    ]


def _unreadable(text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark
    before = text.splitlines()[: mark.line] if mark else []
    number = 1 + sum(line.startswith("---") for line in before[1:])
    place = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return Problem(number, "", f"is not valid YAML: {error.problem}{place}")


def _document_problems(document: object) -> Iterator[tuple[str, str]]:
    if not isinstance(document, dict):
        yield "", "is not an object with apiVersion, kind, metadata and spec"
    elif document.get("kind") == "List" and isinstance(document.get("items"), list):
        for index, item in enumerate(document["items"]):
            for path, message in _document_problems(item):
                yield f"items[{index}].{path}", message
    else:
        yield from _object_problems(document)


def _object_problems(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    api_version, kind = resource.get("apiVersion"), resource.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        yield ("kind" if isinstance(api_version, str) else "apiVersion"), "is required and must be a string"
    elif (api_version, kind) in schemas():
        yield from _resource_problems(resource, schemas()[api_version, kind])
    elif api_version.split("/")[0] == GROUP:
        known = ", ".join(f"{kind} in {version}" for version, kind in schemas())
        yield "kind", f"{kind} in {api_version} is not known; known are {known}"


def _resource_problems(resource: Mapping[str, Any], schema: Schema) -> Iterator[tuple[str, str]]:
    name = _name(resource.get("metadata"))
    if name is None:
        yield "metadata.name", "is required and must be a string"
        return
    # The API server ignores a status that is written with the spec.
    given = {key: value for key, value in resource.items() if key != "status"}
    completed = with_defaults({**given, "metadata": {"name": name}}, schema)
    errors = list(validator(_without_metadata(schema)).iter_errors(completed))
    for error in errors:
        yield from _described(error)
    if not any(error.validator in _BLOCKING for error in errors):
        for path, message in broken_rules(completed, schema):
            yield path.removeprefix("."), message


def _name(metadata: object) -> str | None:
    """Return the object's name, or one such as the API server would generate."""
    if not isinstance(metadata, dict):
        return None
    if isinstance(metadata.get("generateName"), str) and not metadata.get("name"):
        return f"{metadata['generateName'][:_MAX_GENERATED_BASE]}{_GENERATED_SUFFIX}"
    return metadata["name"] if isinstance(metadata.get("name"), str) and metadata["name"] else None


def _without_metadata(schema: Schema) -> Schema:
    """Return SCHEMA with the metadata left open: the CRD leaves it to the API server."""
    return {**schema, "properties": {**schema["properties"], "metadata": {"type": "object"}}}


def _described(error: ValidationError) -> Iterator[tuple[str, str]]:
    path = _field_path(error)
    if error.validator == "additionalProperties":
        known = cast(Schema, error.schema)["properties"]
        for name in sorted(cast(Schema, error.instance).keys() - known.keys()):
            yield _joined(path, name), f"is not a known field{_suggestion(name, list(known))}"
    elif error.validator == "required":
        missing = (
            name for name in cast(list[str], error.validator_value) if error.message.startswith(repr(name))
        )
        yield _joined(path, next(missing)), "is required"
    else:
        yield path, error.message


def _field_path(error: ValidationError) -> str:
    """Return the path as `kubectl explain` spells it, with list indexes in brackets."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return "".join(steps).removeprefix(".")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _suggestion(name: str, known: list[str]) -> str:
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


class _KubernetesLoader(yaml.SafeLoader):
    """Reads YAML as kubectl does: dates stay text, and a key that occurs twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value} occurs twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


# Assigned here and not in the class, because the stubs declare an attribute of instances.
_KubernetesLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
