"""A finished RetrainRun as OpenLineage run events: what it read, what it made, how it ended. Pure.

Source: OpenLineage 2-0-2, https://openlineage.io/spec/2-0-2/OpenLineage.json, and the facets named below.
"""

from collections.abc import Mapping
from typing import Any, Final

from holdfast.audit import Record
from holdfast.release import VERSION

PRODUCER: Final = f"https://holdfast.dev/v{VERSION}"
_SCHEMA: Final = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS: Final = "https://openlineage.io/spec/facets"
_ENDS: Final = {"Failed": "FAIL", "RolledBack": "ABORT"}
"""Conditions of a run and the event that it ends with; a rejected candidate is a run that did its work."""


def lineage_events(record: Record) -> list[dict[str, Any]]:
    """Return the event of the start, if the run was started, and that of the end."""
    status = record.content.get("status") or {}
    ended = _event(record, _end_of(status), status.get("completionTime"))
    ended["outputs"] = _outputs(status)
    ended["run"]["facets"] = _run_facets(record.content, status)
    if "startTime" not in status:
        return [ended]
    return [_event(record, "START", status["startTime"]), ended]


def _event(record: Record, type_: str, time: object) -> dict[str, Any]:
    content = record.content
    status = content.get("status") or {}
    return {
        "eventType": type_,
        "eventTime": time,
        "producer": PRODUCER,
        "schemaURL": _SCHEMA,
        "run": {"runId": content.get("uid"), "facets": {}},
        "job": {
            "namespace": _namespace(content),
            "name": f"{record.policy.rpartition('/')[2]}.retrain",
            "facets": {"jobType": _job_type()},
        },
        "inputs": _inputs(record, status),
        "outputs": [],
    }


def _end_of(status: Mapping[str, Any]) -> str:
    held = {each["type"] for each in status.get("conditions") or () if each.get("status") == "True"}
    return next((event for type_, event in _ENDS.items() if type_ in held), "COMPLETE")


def _inputs(record: Record, status: Mapping[str, Any]) -> list[dict[str, Any]]:
    inputs = []
    if digest := status.get("dataDigest"):
        name = f"{record.policy.rpartition('/')[2]}/training-data"
        inputs.append(_dataset(_namespace(record.content), name, digest))
    if champion := status.get("champion"):
        inputs.append(_package(champion))
    return inputs


def _outputs(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    candidate = status.get("candidate")
    return [_package(candidate)] if candidate else []


def _package(package: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model package as a dataset, named after its store as OpenLineage names objects in stores."""
    scheme, _, rest = str(package["uri"]).partition("://")
    place, _, path = rest.partition("/")
    return _dataset(f"{scheme}://{place}", path or "/", package["digest"])


def _dataset(namespace: str, name: str, version: object) -> dict[str, Any]:
    facet = _facet("1-0-1/DatasetVersionDatasetFacet.json", datasetVersion=version)
    return {"namespace": namespace, "name": name, "facets": {"version": facet}}


def _run_facets(content: Mapping[str, Any], status: Mapping[str, Any]) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    stalled = next((each for each in status.get("conditions") or () if _is_failure(each)), None)
    if stalled is not None:
        facets["errorMessage"] = _facet(
            "1-0-1/ErrorMessageRunFacet.json",
            message=f"{stalled['reason']}: {stalled.get('message', '')}",
            programmingLanguage="Python",
        )
    verdict = {
        key: value
        for key, value in (
            ("trigger", (content.get("spec") or {}).get("trigger")),
            ("evaluation", status.get("evaluation")),
            ("approval", status.get("approval")),
        )
        if value
    }
    if verdict:
        facets["holdfast_retraining"] = {"_producer": PRODUCER, "_schemaURL": _RETRAINING, **verdict}
    return facets


_RETRAINING: Final = f"{PRODUCER}/docs/reference/api.md#retrainrun"
"""Custom facets name where their fields are described."""


def _is_failure(condition: Mapping[str, Any]) -> bool:
    return condition.get("type") == "Stalled" and condition.get("status") == "True"


def _facet(schema: str, **fields: object) -> dict[str, Any]:
    name = schema.rpartition("/")[2].removesuffix(".json")
    return {"_producer": PRODUCER, "_schemaURL": f"{_FACETS}/{schema}#/$defs/{name}", **fields}


def _job_type() -> dict[str, Any]:
    return _facet(
        "2-0-4/JobTypeJobFacet.json", processingType="BATCH", integration="HOLDFAST", jobType="TRAINING"
    )


def _namespace(content: Mapping[str, Any]) -> str:
    return f"holdfast://{content.get('namespace')}"
