"""What the containers of the serving image report to the operator, as JSON termination messages.

Kubernetes keeps at most 4,096 bytes of a termination message, so every list and string here is bounded.
"""

from enum import StrEnum
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

MAX_MESSAGE_BYTES = 4096


class ModelFailureReason(StrEnum):
    """Why a model cannot be served; the condition reasons that a user sees."""

    MODEL_NOT_FOUND = "ModelNotFound"
    """Nothing is at the URI. Check the bucket, key, claim, path or key name."""
    STORE_UNREADABLE = "StoreUnreadable"
    """The store refused or did not answer. Check the credentials Secret, endpoint and network; retried."""
    UNSUPPORTED_URI = "UnsupportedURI"
    """The URI's scheme or form is not one that Holdfast fetches."""
    DIGEST_MISMATCH = "DigestMismatch"
    """The bytes are not those that spec.model.digest pins (or that the package's manifest lists)."""
    PACKAGE_INVALID = "PackageInvalid"
    """The package's manifest or profile is malformed, or a file is missing."""
    SIGNATURE_INVALID = "SignatureInvalid"
    """The package has no ``model.sig`` that signs all of its files with the key that is required."""
    PACKAGE_TOO_LARGE = "PackageTooLarge"
    """The package exceeds the size limit."""
    NOT_ONNX = "NotONNX"
    """The file is not an ONNX model that ONNX Runtime can load."""
    EXTERNAL_DATA = "ExternalData"
    """The model refers to external data files; save it as a single file."""
    CUSTOM_OPERATORS = "CustomOperators"
    """The model needs operators from outside the ONNX and ONNX-ML domains."""
    ACCELERATOR_UNAVAILABLE = "AcceleratorUnavailable"
    """A wanted execution provider (CUDA, TensorRT) is not in the image, or finds no device."""
    CHECK_FAILED = "CheckFailed"
    """The model exceeded the memory or time bounds of the check, or its inference failed."""


RETRIED_REASONS = frozenset({ModelFailureReason.STORE_UNREADABLE, ModelFailureReason.MODEL_NOT_FOUND})
"""Reasons that may pass without an edit of the object; the operator inspects again after a while."""

EXIT_MODEL_REFUSED = 20
"""The model is bad; trying again cannot help."""
EXIT_STORE_UNREADABLE = 21
"""The store could not be read or written; trying again may help."""
EXIT_BAD_DATA = 64
"""Trainer: the data cannot be trained on; do not retry."""
EXIT_RETRY = 75
"""Trainer: a passing failure; retry (sysexits.h EX_TEMPFAIL)."""


class Message(BaseModel):
    """A JSON termination message; field names are camelCase on the wire."""

    model_config = ConfigDict(
        defer_build=True,  # takes milliseconds, and a server reports nothing
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        alias_generator=lambda name: _camel(name),
    )

    def to_json(self) -> str:
        """Return the message, at most 4,096 bytes."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


class TensorSignature(Message):
    """Name, Open Inference Protocol datatype and shape (-1: any) of an input or output."""

    name: str = Field(max_length=128)
    datatype: str
    shape: list[int]


class Failure(Message):
    """Why the container could not do its work."""

    reason: str
    message: str = Field(max_length=1024)


class InspectionResult(Message):
    """What the inspection Job found: a digest and signature, or a failure."""

    digest: str | None = None
    size_bytes: int | None = None
    profile_hash: str | None = None
    inputs: list[TensorSignature] = Field(default_factory=list, max_length=16)
    outputs: list[TensorSignature] = Field(default_factory=list, max_length=16)
    failure: Failure | None = None


class DataLookResult(Message):
    """What a look at data found: a digest of the listing, or a failure."""

    digest: str | None = None
    objects: int = Field(default=0, ge=0)
    total_bytes: int = Field(default=0, ge=0)
    newest_time: str | None = Field(default=None, max_length=32)
    failure: Failure | None = None


class MetricComparison(Message):
    """One metric of champion and candidate on the same holdout, with a paired bootstrap interval.

    ``regression`` is how much worse the candidate is, in the metric's units (negative: better), and
    ``regression_low``/``regression_high`` bound it with 95 % confidence.
    """

    name: str
    champion: float | None = None
    candidate: float
    regression: float | None = None
    regression_low: float | None = None
    regression_high: float | None = None


class SliceMetric(NamedTuple):
    """One metric of the rows with one value of a slice column; an array on the wire, which is short.

    ``rows`` are those that the metric is made of: of a true positive rate, only the positive ones. Without
    ``candidate`` it is not defined for them; ``low`` and ``high`` bound how much worse the candidate is.
    """

    metric: str
    column: str
    value: str
    rows: int
    champion: float | None = None
    candidate: float | None = None
    low: float | None = None
    high: float | None = None


class GapMetric(NamedTuple):
    """The largest difference of a metric between slices, and how much wider it has become.

    ``key`` says which terms it answers (``SliceTerms.key``). ``lowest`` and ``highest`` are the two slices
    that the candidate's gap lies between, with its ``rate`` there: the metric, or the one of its two rates
    that differs most. ``not_judged`` counts slices that have too few rows.
    """

    metric: str
    key: str
    champion: float | None
    candidate: float | None
    low: float | None
    high: float | None
    increase_low: float | None
    increase_high: float | None
    rate: str
    lowest: tuple[str, float] | None
    highest: tuple[str, float] | None
    not_judged: int


class EvaluationResult(Message):
    """What the evaluator reports: the published candidate and the comparison, or a failure.

    ``holdout_overlap`` is the share of holdout rows that are among the training rows, where the trainer has
    declared them. ``left_out`` counts figures that did not fit, ``decisive_left_out`` those of them that the
    gate would have needed.
    """

    digest: str | None = None
    uri: str | None = None
    size_bytes: int | None = None
    profile_hash: str | None = None
    champion_digest: str | None = None
    holdout_rows: int = 0
    signature: Literal["Identical", "Compatible", "Incompatible"] | None = None
    metrics: list[MetricComparison] = Field(default_factory=list, max_length=24)
    slices: list[SliceMetric] = Field(default_factory=list, max_length=64)
    gaps: list[GapMetric] = Field(default_factory=list, max_length=16)
    holdout_overlap: float | None = None
    left_out: int | None = None
    decisive_left_out: int | None = None
    data_digest: str | None = None
    parameters: dict[str, str] = Field(default_factory=dict, max_length=16)
    failure: Failure | None = None
