"""Requests and their times, counted in the metric store."""

from collections.abc import Iterable
from typing import Final

from holdfast.metrics import IN_FLIGHT, INFERENCE_SECONDS, MODEL_INFO, REQUEST_SECONDS, REQUESTS
from holdfast_serving.telemetry.metric_store import MetricStore

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

LATENCY_BUCKETS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10),
)
"""Seconds; those of OpenTelemetry's http.server.request.duration, and finer ones for small models."""

STATUSES: Final = (200, 400, 404, 405, 408, 411, 413, 415, 422, 429, 431, 500, 501, 503, 504)
"""HTTP statuses that inference requests are answered with; any other is counted as "other"."""


class Telemetry:
    """Counts requests and times; ``store`` is where everything else of this process is counted, too."""

    def __init__(self, model: str, revision: str, store: MetricStore | None = None) -> None:
        self.store: Final = store or MetricStore()
        self.labels: Final = {"model": model, "revision": revision}
        self.in_flight: Final = self.store.gauge(IN_FLIGHT, self.labels)
        """Inference requests that wait for their answer; whoever answers them sets it."""
        self._by_status = {
            status: self.store.counter(REQUESTS, {**self.labels, "code": str(status)}) for status in STATUSES
        }
        self._other_status = self.store.counter(REQUESTS, {**self.labels, "code": "other"})
        self._request_seconds = self.store.histogram(REQUEST_SECONDS, self.labels, LATENCY_BUCKETS)
        self._inference_seconds = self.store.histogram(INFERENCE_SECONDS, self.labels, LATENCY_BUCKETS)

    def set_model(self, digest: str, profile_hash: str | None) -> None:
        """Say which package and profile this process serves."""
        labels = {**self.labels, "profile": profile_hash or "", "digest": digest}
        self.store.gauge(MODEL_INFO, labels, "max").set(1)

    def count_request(self, status: int, seconds: float) -> None:
        """Count an inference request by its HTTP status and the time from its last byte to its answer."""
        self._by_status.get(status, self._other_status).add()
        self._request_seconds.observe(seconds)

    def count_inference(self, seconds: float) -> None:
        """Count the time that ONNX Runtime took for a request."""
        self._inference_seconds.observe(seconds)

    def render(self, names: Iterable[str] = ()) -> bytes:
        """Return all metrics as Prometheus text (0.0.4), or those with one of ``names`` if any are given."""
        return self.store.render(names)
