"""Reads answers of the Prometheus HTTP API, which may be hostile, into samples."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from prometheus_client.samples import Sample

from holdfast_operator.cluster.exposition import MalformedMetricsError
from holdfast_operator.core.step_evidence import QueryAnswer

_TARGET_LABELS = ("pod", "instance")
"""Labels that Prometheus adds, of which the first that is there tells processes apart."""


def read_answer(document: bytes) -> Iterator[Sample]:
    """Yield the samples of an answer to `/api/v1/query` or `/api/v1/query_range`, series by series.

    Raises:
        MalformedMetricsError: not such an answer, or one that says that the query failed.

    Source: https://prometheus.io/docs/prometheus/latest/querying/api/.
    """
    with _refused_unless_an_answer():
        for series in _data(document)["result"]:
            yield from _samples(series["metric"], series.get("values") or [series["value"]])


def read_value(document: bytes) -> QueryAnswer:
    """Return the one number of an answer to `/api/v1/query`, or why there is not one.

    Raises:
        MalformedMetricsError: not such an answer, or one that says that the query failed.
    """
    with _refused_unless_an_answer():
        data = _data(document)
        kind, result = data["resultType"], data["result"]
        if kind == "scalar":
            return QueryAnswer(float(result[1]))
        if kind != "vector":
            return QueryAnswer(None, f"the query's value is a {kind}, not one number"[:200])
        if len(result) != 1:
            return QueryAnswer(None, f"the query has {'several' if result else 'no'} values, not one number")
        return QueryAnswer(float(result[0]["value"][1]))


def target_of(sample: Sample) -> str:
    """Return what tells the process that a sample is from from others."""
    found = (sample.labels[name] for name in _TARGET_LABELS if sample.labels.get(name))
    return next(found, "")


@contextmanager
def _refused_unless_an_answer() -> Iterator[None]:
    try:
        yield
    except MalformedMetricsError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise MalformedMetricsError(f"not an answer of Prometheus: {str(error)[:200]}") from error


def _data(document: bytes) -> Any:
    answer = json.loads(document)
    if answer["status"] != "success":
        raise MalformedMetricsError(f"Prometheus could not answer: {str(answer.get('error'))[:200]}")
    return answer["data"]


def _samples(metric: Mapping[str, str], values: Sequence[Any]) -> Iterator[Sample]:
    # One dictionary for the whole series: a month has thousands of samples of each.
    labels = {str(name): str(value) for name, value in metric.items()}
    name = labels.pop("__name__")
    for time, value in values:
        yield Sample(name, labels, float(value), float(time))
