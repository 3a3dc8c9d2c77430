"""Reads answers of the Prometheus HTTP API, which may be hostile, into samples."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client.samples import Sample

from holdfast_operator.cluster.exposition import MalformedMetricsError

_TARGET_LABELS = ("pod", "instance")
"""Labels that Prometheus adds, of which the first that is there tells processes apart."""


def read_answer(document: bytes) -> Iterator[Sample]:
    """Yield the samples of an answer to `/api/v1/query` or `/api/v1/query_range`, series by series.

    Raises:
        MalformedMetricsError: not such an answer, or one that says that the query failed.

    Source: https://prometheus.io/docs/prometheus/latest/querying/api/.
    """
    try:
        answer = json.loads(document)
        if answer["status"] != "success":
            raise MalformedMetricsError(f"Prometheus could not answer: {str(answer.get('error'))[:200]}")
        for series in answer["data"]["result"]:
            yield from _samples(series["metric"], series.get("values") or [series["value"]])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, MalformedMetricsError):
            raise
        raise MalformedMetricsError(f"not an answer of Prometheus: {str(error)[:200]}") from error


def target_of(sample: Sample) -> str:
    """Return what tells the process that a sample is from from others."""
    found = (sample.labels[name] for name in _TARGET_LABELS if sample.labels.get(name))
    return next(found, "")


def _samples(metric: Mapping[str, str], values: Sequence[Any]) -> Iterator[Sample]:
    # One dictionary for the whole series: a month has thousands of samples of each.
    labels = {str(name): str(value) for name, value in metric.items()}
    name = labels.pop("__name__")
    for time, value in values:
        yield Sample(name, labels, float(value), float(time))
