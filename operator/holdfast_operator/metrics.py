"""The operator's own metrics."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from holdfast.release import VERSION

# They would double the number of series and help nobody.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types

REGISTRY: Final = CollectorRegistry()
"""What /metrics shows; beside ours the process's CPU, memory and open files."""
ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

BUILD_INFO: Final = Gauge(
    "holdfast_operator_build_info", "Always 1; the operator's version.", ["version"], registry=REGISTRY
)
BUILD_INFO.labels(VERSION).set(1)
LEADER: Final = Gauge(
    "holdfast_operator_leader", "1 while this process holds the Lease, else 0.", registry=REGISTRY
)
QUEUE_DEPTH: Final = Gauge(
    "holdfast_operator_queue_depth", "Objects that wait for a worker.", registry=REGISTRY
)
QUEUE_PROCESSING: Final = Gauge(
    "holdfast_operator_queue_processing", "Objects that are being reconciled.", registry=REGISTRY
)
OBJECTS: Final = Gauge(
    "holdfast_operator_objects", "Objects of each kind that are known.", ["kind"], registry=REGISTRY
)
RECONCILE_SECONDS: Final = Histogram(
    "holdfast_operator_reconcile_duration_seconds",
    "Time to observe, decide and enact once.",
    ["kind"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
RECONCILE_ERRORS: Final = Counter(
    "holdfast_operator_reconcile_errors_total",
    "Reconciliations that failed and are tried again, by the API server's reason or the error's name.",
    ["kind", "reason"],
    registry=REGISTRY,
)
WRITES: Final = Counter(
    "holdfast_operator_writes_total",
    "Requests that write objects of users and their children, by verb; none while nothing changes.",
    ["verb", "kind"],
    registry=REGISTRY,
)
SCRAPE_SECONDS: Final = Histogram(
    "holdfast_operator_scrape_duration_seconds",
    "Time to read one server pod.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
    registry=REGISTRY,
)
SCRAPE_ERRORS: Final = Counter(
    "holdfast_operator_scrape_errors_total", "Scrapes that failed.", ["reason"], registry=REGISTRY
)
QUERY_ERRORS: Final = Counter(
    "holdfast_operator_query_errors_total",
    "Queries of rollouts that Prometheus did not answer.",
    ["reason"],
    registry=REGISTRY,
)
ALERTS: Final = Counter(
    "holdfast_operator_alerts_total",
    "Alerts received, by what became of them; one for each policy that waits for it.",
    ["outcome"],
    registry=REGISTRY,
)
ALERT_REQUESTS: Final = Counter(
    "holdfast_operator_alert_requests_total",
    "Notifications received, by the status they were answered with.",
    ["status"],
    registry=REGISTRY,
)
SIGNAL_ERRORS: Final = Counter(
    "holdfast_operator_signal_errors_total",
    "Answers to signal triggers that say nothing.",
    ["reason"],
    registry=REGISTRY,
)
DRIFT_PSI: Final = Gauge(
    "holdfast_operator_drift_psi",
    "Debiased population stability index of a feature or output within the last window.",
    ["namespace", "policy", "model", "kind", "name"],
    registry=REGISTRY,
)
DRIFT_ROWS: Final = Gauge(
    "holdfast_operator_drift_window_rows",
    "Rows that the last drift decision saw.",
    ["namespace", "policy", "model"],
    registry=REGISTRY,
)
DRIFT_ALARMS: Final = Gauge(
    "holdfast_operator_drift_alarms",
    "Alarms that stand, by tier: Fault (broken input), Severe, Confirmed, Suspected.",
    ["namespace", "policy", "model", "tier"],
    registry=REGISTRY,
)
WATCH_PROBE_SECONDS: Final = Gauge(
    "holdfast_operator_watch_probe_seconds",
    "Time that the last change of the probe object took to come back through the watch.",
    registry=REGISTRY,
)
EVENTS: Final = Counter(
    "holdfast_operator_watch_events_total", "Watch events received.", ["kind"], registry=REGISTRY
)
