"""Every bound of the server and what happens beyond it, from the settings and the code that keep to it."""

from typing import Final

from holdfast.manifest import MAX_FILES
from holdfast.onnx_file import MAX_NODES
from holdfast.profile import MAX_BINS, MAX_CATEGORIES, MAX_COLUMNS, MAX_NAME_LENGTH
from holdfast.settings import FetchSettings, ServerSettings
from holdfast.signature import MAX_TENSORS
from holdfast_serving.feedback.inbox import MAX_ITEMS
from holdfast_serving.feedback.prediction_ids import MAX_ID_LENGTH, MAX_ROWS, MAX_SLICES
from holdfast_serving.grpc.grpc_server import CONNECTION_AGE_MILLISECONDS, MAX_METADATA_BYTES
from holdfast_serving.grpc.message_bounds import MAX_PARTS
from holdfast_serving.http.connections import IDLE_SECONDS, MAX_HEADER_BYTES, UNREAD_SECONDS
from holdfast_serving.inference.tensors import MAX_DIMENSIONS
from holdfast_serving.shadow.shadow import MAX_PENDING_BYTES

ADJUSTABLE: Final = (
    ("max_body_bytes", "bytes of a body, compressed or not", "413, unread; gRPC: RESOURCE_EXHAUSTED"),
    (
        "max_connections",
        "open HTTP connections of a worker; gRPC calls",
        "closed at once; RESOURCE_EXHAUSTED",
    ),
    ("max_in_flight", "unanswered inference requests of a worker", "503 with `retry-after`"),
    ("header_timeout_seconds", "seconds for a request's header", "408, or closed if nothing came"),
    ("body_timeout_seconds", "seconds for a request's body", "408"),
    ("request_timeout_seconds", "seconds until an inference is answered, also after the drain", "504"),
    ("batch_max_rows", "rows that are run together", "another batch"),
    ("drain_seconds", "seconds after SIGTERM in which all is answered", "no new connections"),
    ("shadow_max_in_flight", "copies that are not yet answered", "dropped and counted"),
    ("capture_max_rows_per_hour", "rows captured in an hour", "dropped and counted"),
)
FIXED: Final[tuple[tuple[str, float, str], ...]] = (
    ("bytes of request line and header", MAX_HEADER_BYTES, "431"),
    ("bytes of gRPC metadata", MAX_METADATA_BYTES, "RESOURCE_EXHAUSTED"),
    ("parts of a gRPC message above 64 KiB, beside elements", MAX_PARTS, "INVALID_ARGUMENT"),
    ("minutes that a gRPC connection is kept", CONNECTION_AGE_MILLISECONDS // 60_000, "GOAWAY"),
    ("seconds that a connection may be idle", IDLE_SECONDS, "closed"),
    ("seconds without a client reading its answer", UNREAD_SECONDS, "closed"),
    ("dimensions of a tensor, and depth of nested data", MAX_DIMENSIONS, "400"),
    ("inputs or outputs of a model", MAX_TENSORS, "refused by `inspect`"),
    ("nodes of a model, functions unfolded", MAX_NODES, "refused by `inspect`"),
    (
        "bytes of a package",
        int(FetchSettings.model_fields["max_package_bytes"].default),
        "refused by `fetch`",
    ),
    ("files of a package", MAX_FILES, "refused by `fetch`"),
    ("columns of a profile", MAX_COLUMNS, "refused by `inspect`"),
    ("bins of a numeric column", MAX_BINS, "refused by `inspect`"),
    ("categories of a column, beside all others together", MAX_CATEGORIES, "refused by `inspect`"),
    ("characters of a column's name", MAX_NAME_LENGTH, "refused by `inspect`"),
    ("rows of an answer that gets a prediction id", MAX_ROWS, "an answer without an id"),
    ("characters of a prediction id", MAX_ID_LENGTH, "refused"),
    ("predictions in one request for feedback", MAX_ITEMS, "400"),
    ("features by which labels are counted", MAX_SLICES, "the server does not start"),
    ("bytes of tensors that wait for their shadow copy", MAX_PENDING_BYTES, "dropped and counted"),
)


def limits() -> list[tuple[str, str, str, str]]:
    """Return rows of what is bounded, by how much, the setting if there is one, and what happens beyond."""
    fields = ServerSettings.model_fields
    adjustable = [
        (what, str(fields[name].default), _variable(name), beyond) for name, what, beyond in ADJUSTABLE
    ]
    return [*adjustable, *((what, str(value), "", beyond) for what, value, beyond in FIXED)]


def _variable(name: str) -> str:
    return f"`HOLDFAST_{name.upper()}`"
