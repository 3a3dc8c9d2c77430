"""Settings that the operator hands to the containers of the serving image, as environment variables.

The operator writes what the server reads through the same classes, so the two sides cannot disagree.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

MODEL_DIR = "/mnt/model"
CREDENTIALS_DIR = "/etc/holdfast/credentials"
HTTP_PORT = 8080


class ContainerSettings(BaseModel):
    """Settings that travel as ``HOLDFAST_*`` environment variables."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    def to_env(self) -> list[dict[str, str]]:
        """Return Kubernetes ``env`` entries, sorted by name, without those that are unset."""
        values = self.model_dump(mode="json", exclude_none=True)
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
    threads: int | None = Field(
        default=None, ge=1, le=256, description="ONNX Runtime intra-op threads; default: the CPU limit"
    )
    max_body_bytes: int = Field(default=16 * 1024**2, ge=1024, description="larger bodies are answered 413")
    drain_seconds: float = Field(
        default=5, ge=0, le=300, description="after SIGTERM: not ready, but still answering, for so long"
    )
    feature_monitoring: bool = Field(default=True, description="count features and predictions for drift")
    flush_block_rows: int = Field(
        default=50, ge=1, description="rows are published in blocks of at least this many"
    )


class EvaluationSettings(ContainerSettings):
    """What the evaluator container of a training Job needs."""

    candidate_dir: str = Field(default="/mnt/output", description="what the trainer wrote")
    champion_dir: str | None = Field(default=None, description="the serving package; absent: no champion")
    champion_digest: str | None = Field(default=None, description="digest of the champion package")
    output_uri: str = Field(description="where the candidate package is published: s3://… or pvc://…")
    credentials_dir: str | None = Field(default=None, description="credentials for output_uri")
    run: str = Field(description="name of the RetrainRun")
    metrics: str = Field(default="", description="comma-separated metrics that the gate asks for")
    signature: str = Field(default="Compatible", description="Identical or Compatible")
    max_package_bytes: int = Field(default=2 * 1024**3, ge=1, description="larger packages are refused")
    termination_message_path: str = Field(default="/dev/termination-log", description="where the result goes")
