"""Settings that the operator hands to the containers of the serving image, as environment variables.

The operator writes what the server reads through the same classes, so the two sides cannot disagree.
"""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

MODEL_DIR = "/mnt/model"
CREDENTIALS_DIR = "/etc/holdfast/credentials"
HTTP_PORT = 8080
GRPC_PORT = 8081


class ContainerSettings(BaseModel):
    """Settings that travel as ``HOLDFAST_*`` environment variables."""

    # Building a validator takes milliseconds, and a container uses one of these classes.
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), defer_build=True)

    def to_env(self) -> list[dict[str, str]]:
        """Return Kubernetes ``env`` entries, sorted by name, without those that have their default.

        So a setting that is new changes no pod that does not use it.
        """
        values = self.model_dump(mode="json", exclude_defaults=True)
        return [{"name": f"HOLDFAST_{name.upper()}", "value": str(values[name])} for name in sorted(values)]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; unknown ``HOLDFAST_*`` variables are left alone.

        Raises:
            pydantic.ValidationError: a value is missing or out of bounds.
        """
        names = {name: f"HOLDFAST_{name.upper()}" for name in cls.model_fields}
        return cls.model_validate({name: environ[key] for name, key in names.items() if key in environ})


class FetchSettings(ContainerSettings):
    """What the fetching container needs: where the model is and which bytes to accept."""

    model_uri: str = Field(description="URI of the model package or of a single .onnx file")
    model_digest: str | None = Field(
        default=None, description="sha256:… of the package's manifest; other bytes are refused"
    )
    model_dir: str = Field(default=MODEL_DIR, description="folder that the package is written to")
    credentials_dir: str | None = Field(
        default=None, description="folder with one file per key of the credentials Secret"
    )
    max_package_bytes: int = Field(
        default=2 * 1024**3, ge=1, description="larger packages are refused, in bytes"
    )
    verification_key_file: str | None = Field(
        default=None, description="PEM public key that must have signed the package (OpenSSF model signing)"
    )


class InspectionSettings(FetchSettings):
    """What the inspection Job needs: the fetch, and bounds on the check of the ONNX file."""

    check_timeout_seconds: int = Field(default=120, ge=1, description="time limit of the check, in seconds")
    termination_message_path: str = Field(default="/dev/termination-log", description="where the result goes")


class ServerSettings(ContainerSettings):
    """What the model server needs."""

    model_name: str = Field(description="name in URLs and metric labels: the ModelDeployment's name")
    model_revision: str = Field(description="name of the revision, in metric labels and answers")
    model_dir: str = Field(default=MODEL_DIR, description="folder that holds the verified package")
    port: int = Field(default=HTTP_PORT, ge=1, le=65535, description="HTTP port")
    grpc_port: int | None = Field(
        default=None, ge=1, le=65535, description="gRPC port; absent: gRPC is not served"
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="processes that share the ports, each with the model"
    )
    threads: int | None = Field(
        default=None, ge=1, le=256, description="ONNX Runtime intra-op threads; default: the CPU limit"
    )
    execution_providers: str = Field(
        default="CPU", description="comma-separated, in order of preference: CPU, CUDA, TensorRT"
    )
    batching: Literal["Auto", "Disabled"] = Field(
        default="Auto",
        description="run requests that wait at the same time as one batch, where warm-up has proved it exact",
    )
    batch_max_rows: int = Field(default=256, ge=1, le=65536, description="rows of a batch at most")
    batch_max_delay_milliseconds: float = Field(
        default=0, ge=0, le=1000, description="how long a request may wait for others; 0: not at all"
    )
    max_body_bytes: int = Field(default=16 * 1024**2, ge=1024, description="larger bodies are answered 413")
    max_connections: int = Field(
        default=4096, ge=1, le=65536, description="open HTTP connections of a worker; further ones are closed"
    )
    max_in_flight: int = Field(
        default=512, ge=1, le=65536, description="unanswered inference requests of a worker; more get 503"
    )
    header_timeout_seconds: float = Field(
        default=10, gt=0, le=600, description="a request's header must be complete by then, else 408"
    )
    body_timeout_seconds: float = Field(
        default=30, gt=0, le=3600, description="a request's body must be complete by then, else 408"
    )
    request_timeout_seconds: float = Field(
        default=60, gt=0, le=3600, description="an inference must be answered by then, else 504"
    )
    check_timeout_seconds: int = Field(
        default=0,
        ge=0,
        le=3600,
        description="time limit of a check as by inspect, before the model is loaded; 0: none",
    )
    drain_seconds: float = Field(
        default=5, ge=0, le=300, description="after SIGTERM: not ready, but still answering, for so long"
    )
    feature_monitoring: bool = Field(default=True, description="count features and predictions for drift")
    flush_block_rows: int = Field(
        default=50, ge=1, description="rows are published in blocks of at least this many"
    )
    feedback: bool = Field(default=True, description="answer with prediction ids and accept labels for them")
    feedback_key: str | None = Field(
        default=None, min_length=16, description="secret of the prediction ids, the same for every replica"
    )
    feedback_key_file: str | None = Field(
        default=None, description="file with that secret instead, at least 16 bytes"
    )
    feedback_max_age_days: int = Field(
        default=30, ge=1, le=3650, description="labels for older predictions are refused"
    )
    feedback_slices: str = Field(
        default="",
        description="comma-separated profile features by whose bins or categories labels are counted",
    )
    shadow_url: str | None = Field(
        default=None, description="base URL of another revision's server that gets a copy of requests"
    )
    shadow_percent: int = Field(default=100, ge=1, le=100, description="share of requests that are copied")
    shadow_max_in_flight: int = Field(
        default=64, ge=1, le=4096, description="unanswered copies; further ones are dropped and counted"
    )
    capture_uri: str | None = Field(
        default=None, description="s3://… or file:///… folder that gets sampled requests as Parquet"
    )
    capture_percent: int = Field(default=1, ge=1, le=100, description="share of requests that are captured")
    capture_max_rows_per_hour: int = Field(
        default=100_000, ge=1, description="further rows of the hour are dropped and counted"
    )
    capture_retention_days: int = Field(
        default=30, ge=1, le=3650, description="captured files of this model that are older are deleted"
    )
    capture_exclude: str = Field(
        default="",
        description="comma-separated columns (tensor or tensor[i] or feature) that are never captured",
    )
    capture_credentials_dir: str | None = Field(
        default=None, description="credentials for capture_uri, one file per key"
    )


class DataLookSettings(ContainerSettings):
    """What a Job needs that looks whether data has changed."""

    data_uri: str = Field(description="what to look at: s3://…, https://… or pvc://…")
    credentials_dir: str | None = Field(
        default=None, description="folder with one file per key of the credentials Secret"
    )
    termination_message_path: str = Field(default="/dev/termination-log", description="where the result goes")


class CollectionSettings(ContainerSettings):
    """What the container needs that fetches the output of a training workload, before it is evaluated."""

    source_uri: str = Field(description="folder that the workload wrote to: s3://… or pvc://…")
    output_dir: str = Field(default="/mnt/output", description="folder that it is copied to")
    credentials_dir: str | None = Field(default=None, description="credentials for source_uri")
    max_output_bytes: int = Field(default=8 * 1024**3, ge=1, description="larger outputs are refused")
    termination_message_path: str = Field(default="/dev/termination-log", description="where a failure goes")


class EvaluationSettings(ContainerSettings):
    """What the evaluator container of a training Job needs."""

    candidate_dir: str = Field(default="/mnt/output", description="what the trainer wrote")
    champion_dir: str | None = Field(default=None, description="the serving package; absent: no champion")
    champion_digest: str | None = Field(default=None, description="digest of the champion package")
    output_uri: str = Field(description="where the candidate package is published: s3://… or pvc://…")
    credentials_dir: str | None = Field(default=None, description="credentials for output_uri")
    run: str = Field(description="name of the RetrainRun")
    gate: str = Field(default="{}", description="what the gate asks for, as JSON: spec.gate of the policy")
    report_sections: str = Field(
        default="",
        pattern=r"^((data|energy)(,(data|energy))*)?$",
        description="comma-separated optional sections of the report, for the image with extras: data "
        "(Evidently), energy (CodeCarbon)",
    )
    energy_country: str | None = Field(
        default=None,
        pattern=r"^[A-Z]{3}$",
        description="whose mix of electricity emissions are of, as ISO 3166-1 alpha-3; absent: energy only",
    )
    trigger: str = Field(default="{}", description="why the run was started, as JSON; shown in the report")
    max_package_bytes: int = Field(default=2 * 1024**3, ge=1, description="larger packages are refused")
    termination_message_path: str = Field(default="/dev/termination-log", description="where the result goes")
