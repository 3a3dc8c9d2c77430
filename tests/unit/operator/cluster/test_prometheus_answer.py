"""Answers of the Prometheus HTTP API become samples, or an error that says what is wrong."""

import json
from typing import Any

import pytest
from prometheus_client.samples import Sample

from holdfast_operator.cluster.exposition import MalformedMetricsError
from holdfast_operator.cluster.prometheus_answer import read_answer, read_value, target_of
from holdfast_operator.core.step_evidence import QueryAnswer

METRIC = {"__name__": "holdfast_rows_total", "model": "bikes", "pod": "bikes-1"}
LABELS = {"model": "bikes", "pod": "bikes-1"}


def answer(*series: dict[str, Any]) -> bytes:
    return json.dumps({"status": "success", "data": {"result": series}}).encode()


def test_every_point_of_a_range_is_a_sample() -> None:
    found = read_answer(answer({"metric": METRIC, "values": [[1.5, "50"], [2.5, "100"]]}))
    assert list(found) == [
        Sample("holdfast_rows_total", LABELS, 50.0, 1.5),
        Sample("holdfast_rows_total", LABELS, 100.0, 2.5),
    ]


def test_moment_has_one_sample_of_each_series() -> None:
    found = read_answer(answer({"metric": METRIC, "value": [1.5, "50"]}))
    assert list(found) == [Sample("holdfast_rows_total", LABELS, 50.0, 1.5)]


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        ({"pod": "bikes-1", "instance": "10.0.0.1:8080"}, "bikes-1"),
        ({"instance": "10.0.0.1:8080"}, "10.0.0.1:8080"),
        ({}, ""),
    ],
)
def test_processes_are_told_apart_by_pod_or_else_by_instance(labels: dict[str, str], target: str) -> None:
    assert target_of(Sample("up", labels, 1.0)) == target


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<html>", "not an answer of Prometheus"),
        (b"[" * 60_000, "not an answer of Prometheus"),
        (b"[]", "not an answer of Prometheus"),
        (b'{"status": "success"}', "not an answer of Prometheus"),
        (answer({"metric": {}, "value": [1, "2"]}), "not an answer of Prometheus"),
        (answer({"metric": METRIC}), "not an answer of Prometheus"),
        (answer({"metric": METRIC, "value": [1, "many"]}), "not an answer of Prometheus"),
        (b'{"status": "error", "error": "query timed out"}', "could not answer: query timed out"),
    ],
)
def test_what_is_no_answer_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(MalformedMetricsError, match=why):
        list(read_answer(document))


def value(kind: str, result: Any) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode()


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (value("scalar", [1.5, "50"]), QueryAnswer(50.0)),
        (value("vector", [{"metric": {}, "value": [1.5, "0.25"]}]), QueryAnswer(0.25)),
        (value("vector", [{"metric": {}, "value": [1.5, "+Inf"]}]), QueryAnswer(float("inf"))),
        (value("vector", []), QueryAnswer(None, "the query has no values, not one number")),
        (
            value("vector", [{"metric": METRIC, "value": [1.5, "1"]}] * 2),
            QueryAnswer(None, "the query has several values, not one number"),
        ),
        (value("matrix", []), QueryAnswer(None, "the query's value is a matrix, not one number")),
    ],
)
def test_value_of_a_query_is_one_number_or_none(document: bytes, found: QueryAnswer) -> None:
    assert read_value(document) == found


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<html>", "not an answer of Prometheus"),
        (b"[" * 60_000, "not an answer of Prometheus"),
        (b'{"status": "success"}', "not an answer of Prometheus"),
        (value("scalar", []), "not an answer of Prometheus"),
        (value("vector", [{"metric": {}, "value": [1, "many"]}]), "not an answer of Prometheus"),
        (b'{"status": "error", "error": "parse error"}', "could not answer: parse error"),
    ],
)
def test_what_is_no_value_is_refused(document: bytes, why: str) -> None:
    with pytest.raises(MalformedMetricsError, match=why):
        read_value(document)
