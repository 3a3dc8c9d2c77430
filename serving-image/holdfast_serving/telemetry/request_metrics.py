"""Prometheus metrics of the server, made from the definitions that the operator reads by."""

from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from holdfast.metrics import INFERENCE_SECONDS, MODEL_INFO, REQUEST_SECONDS, REQUESTS, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

LATENCY_BUCKETS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
)
"""Seconds; those of OpenTelemetry's http.server.request.duration, and finer ones for small models."""

Exposition = Callable[[frozenset[str]], str]
"""Text of the metrics of the given names (none given: all), as the exposition format wants it."""


class Telemetry:
    """Counts requests and times; renders them with the hand-built text of other collectors.

    Children of labelled metrics are looked up once: a look-up per request costs more than the count itself.
    """

    def __init__(self, model: str, revision: str) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves it unannotated
        self._registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self._registry)
        self._labels = (model, revision)
        self._requests = Counter(*_definition(REQUESTS), registry=self._registry)
        self._info = Gauge(*_definition(MODEL_INFO), registry=self._registry)
        self._request_seconds = self._histogram(REQUEST_SECONDS)
        self._inference_seconds = self._histogram(INFERENCE_SECONDS)
        self._by_status: dict[int, Counter] = {}
        self._expositions: list[Exposition] = []

    def set_model(self, digest: str, profile_hash: str | None) -> None:
        """Say which package and profile this process serves."""
        self._info.labels(*self._labels, profile_hash or "", digest).set(1)

    def add(self, exposition: Exposition) -> None:
        """Append the text of ``exposition`` to every scrape."""
        self._expositions.append(exposition)

    def count_request(self, status: int, seconds: float) -> None:
        """Count an inference request by its HTTP status and the time from its last byte to its answer."""
        child = self._by_status.get(status)
        if child is None:
            child = self._by_status[status] = self._requests.labels(*self._labels, str(status))
        child.inc()
        self._request_seconds.observe(seconds)

    def count_inference(self, seconds: float) -> None:
        """Count the time that ONNX Runtime took for a request."""
        self._inference_seconds.observe(seconds)

    def render(self, names: Iterable[str] = ()) -> bytes:
        """Return the metrics as Prometheus text (0.0.4), of the sample ``names`` only if any are given."""
        wanted = frozenset(names)
        registry = self._registry.restricted_registry(wanted) if wanted else self._registry
        text = generate_latest(registry)
        return text + "".join(exposition(wanted) for exposition in self._expositions).encode()

    def _histogram(self, metric: Metric) -> Histogram:
        histogram = Histogram(*_definition(metric), buckets=LATENCY_BUCKETS, registry=self._registry)
        child: Histogram = histogram.labels(*self._labels)
        return child


def _definition(metric: Metric) -> tuple[str, str, tuple[str, ...]]:
    return metric.name, metric.help, metric.labels
