"""Metric names, labels and help that the server exposes and the operator reads, as data."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Metric:
    """Definition of one metric; the server makes its collectors from it, the operator its queries."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str


REQUESTS: Final = Metric(
    "holdfast_requests_total", "counter", ("model", "revision", "code"), "Inference requests by HTTP status."
)
REQUEST_SECONDS: Final = Metric(
    "holdfast_request_duration_seconds",
    "histogram",
    ("model", "revision"),
    "Time from the last byte of a request to its answer.",
)
INFERENCE_SECONDS: Final = Metric(
    "holdfast_inference_duration_seconds",
    "histogram",
    ("model", "revision"),
    "Time of a run of ONNX Runtime, for one request or a batch of them.",
)
ROWS: Final = Metric(
    "holdfast_rows_total",
    "counter",
    ("model", "revision", "profile"),
    "Rows counted in the distributions below; grows in blocks, never row by row.",
)
DISTRIBUTION_ROWS: Final = Metric(
    "holdfast_distribution_rows_total",
    "counter",
    ("model", "revision", "profile", "kind", "name", "bin"),
    "Rows by feature, output or residual (kind) and reference-quantile bin or category (index from 0).",
)
ANOMALOUS_ROWS: Final = Metric(
    "holdfast_anomalous_rows_total",
    "counter",
    ("model", "revision", "profile", "kind", "name", "anomaly"),
    "Rows missing, below or above the reference range, far off it (by its width), or of an unseen category.",
)
MODEL_INFO: Final = Metric(
    "holdfast_model_info",
    "gauge",
    ("model", "revision", "profile", "digest"),
    "Always 1; which package and profile this process serves.",
)
_SLICED: Final = ("model", "revision", "slice", "value")
FEEDBACK: Final = Metric(
    "holdfast_feedback_total",
    "counter",
    ("model", "revision", "result"),
    "Prediction ids that came back with labels to this revision's pods, by what became of them.",
)
LABELLED_ROWS: Final = Metric(
    "holdfast_labelled_rows_total",
    "counter",
    _SLICED,
    "Rows whose labels came back; slice and value are empty for all rows, else a feature and its bin.",
)
CORRECT_ROWS: Final = Metric(
    "holdfast_correct_rows_total", "counter", _SLICED, "Labelled rows whose predicted class was right."
)
ERROR_SUM: Final = Metric(
    "holdfast_error_sum_total",
    "counter",
    (*_SLICED, "direction"),
    "Sum of absolute errors of a regression; over: the prediction was at or above the label, under: below.",
)
SQUARED_ERROR_SUM: Final = Metric(
    "holdfast_squared_error_sum_total", "counter", _SLICED, "Sum of squared errors of a regression."
)
ERROR_ROWS: Final = Metric(
    "holdfast_error_rows_total",
    "counter",
    ("model", "revision", "direction", "bin"),
    "Labelled rows of a regression by error: bins 0 to 6 up to 1, 2, 5, 10, 20, 50, 100 % of the scale.",
)
ERROR_SCALE: Final = Metric(
    "holdfast_error_scale",
    "gauge",
    ("model", "revision"),
    "Unit of the error bins: the range of the middle 80 % of reference predictions, 1 without a profile.",
)
HOLDOUT_METRIC: Final = Metric(
    "holdfast_holdout_metric",
    "gauge",
    ("model", "revision", "metric"),
    "What the package's report says: accuracy, mae or rmse on its holdout; groups: independent rows of it.",
)
EXPECTED_LOSS: Final = Metric(
    "holdfast_expected_loss",
    "gauge",
    ("model", "revision", "metric", "name", "bin"),
    "Mean loss of holdout rows by the bin of one output (name): mae, or errorRate; for estimates only.",
)
REGRESSION_METRICS: Final = (ERROR_SUM, SQUARED_ERROR_SUM, ERROR_ROWS, ERROR_SCALE)
"""Of models that predict numbers."""

PROCESS_START: Final = Metric(
    "process_start_time_seconds",
    "gauge",
    (),
    "When the process (with several workers, their supervisor) started, in seconds since the epoch.",
)
PROCESS_CPU_SECONDS: Final = Metric(
    "process_cpu_seconds_total", "counter", (), "CPU time of all workers, those that have ended too."
)
RESIDENT_BYTES: Final = Metric(
    "process_resident_memory_bytes",
    "gauge",
    (),
    "Memory of all workers; what they share is counted in each.",
)
VIRTUAL_BYTES: Final = Metric("process_virtual_memory_bytes", "gauge", (), "Address space of all workers.")
OPEN_FILES: Final = Metric(
    "process_open_fds", "gauge", (), "Open files and connections of the worker that has most."
)
OPEN_FILES_LIMIT: Final = Metric(
    "process_max_fds", "gauge", (), "Files and connections that a worker may have open."
)
WORKERS: Final = Metric("holdfast_workers", "gauge", (), "Worker processes that run.")
IN_FLIGHT: Final = Metric(
    "holdfast_in_flight_requests",
    "gauge",
    ("model", "revision"),
    "Inference requests that are not yet answered.",
)
CONNECTIONS: Final = Metric("holdfast_connections", "gauge", (), "Open HTTP connections.")

SHADOW_REQUESTS: Final = Metric(
    "holdfast_shadow_requests_total",
    "counter",
    ("model", "revision", "outcome"),
    "Copies of requests for another revision: answered and compared, refused, failed, incomparable, dropped.",
)
SHADOW_ROWS: Final = Metric(
    "holdfast_shadow_rows_total",
    "counter",
    ("model", "revision", "output"),
    "Rows of this output that both revisions have given.",
)
SHADOW_DISAGREEING_ROWS: Final = Metric(
    "holdfast_shadow_disagreeing_rows_total",
    "counter",
    ("model", "revision", "output"),
    "Rows that differ: unequal whole numbers, texts or truth values, or floats finite on one side only.",
)
SHADOW_DIFFERENCE: Final = Metric(
    "holdfast_shadow_difference",
    "histogram",
    ("model", "revision", "output", "direction"),
    "How much higher (or equal) or lower the other revision's floats are, in shares of the profile's range.",
)
SHADOW_SQUARED_DIFFERENCE: Final = Metric(
    "holdfast_shadow_squared_difference",
    "histogram",
    ("model", "revision", "output"),
    "Squares of the same differences; their sum is what counts.",
)
CAPTURED_ROWS: Final = Metric(
    "holdfast_captured_rows_total",
    "counter",
    ("model", "revision", "outcome"),
    "Sampled rows: written to the store, or dropped by the limit of the hour, of memory or by the store.",
)
CAPTURE_FAILURES: Final = Metric(
    "holdfast_capture_failures_total",
    "counter",
    ("model", "revision"),
    "Attempts to write captured rows or delete old ones that the store did not take; they are repeated.",
)

SHADOW_METRICS: Final = (
    SHADOW_REQUESTS,
    SHADOW_ROWS,
    SHADOW_DISAGREEING_ROWS,
    SHADOW_DIFFERENCE,
    SHADOW_SQUARED_DIFFERENCE,
)
"""Exposed by servers that have a shadow_url."""
CAPTURE_METRICS: Final = (CAPTURED_ROWS, CAPTURE_FAILURES)
"""Exposed by servers that have a capture_uri."""
SERVER_METRICS: Final = (
    REQUESTS,
    REQUEST_SECONDS,
    INFERENCE_SECONDS,
    ROWS,
    DISTRIBUTION_ROWS,
    ANOMALOUS_ROWS,
    MODEL_INFO,
    FEEDBACK,
    LABELLED_ROWS,
    CORRECT_ROWS,
    *REGRESSION_METRICS,
    HOLDOUT_METRIC,
    EXPECTED_LOSS,
    *SHADOW_METRICS,
    *CAPTURE_METRICS,
    WORKERS,
    CONNECTIONS,
    IN_FLIGHT,
    PROCESS_START,
    PROCESS_CPU_SECONDS,
    RESIDENT_BYTES,
    VIRTUAL_BYTES,
    OPEN_FILES,
    OPEN_FILES_LIMIT,
)
DRIFT_METRICS: Final = (ROWS, DISTRIBUTION_ROWS, ANOMALOUS_ROWS)
"""What the operator asks for when it scrapes (``/metrics?name[]=…``), beside process_start_time_seconds."""
