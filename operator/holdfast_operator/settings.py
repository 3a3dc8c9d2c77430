"""Settings of the operator's process, read from ``HOLDFAST_OPERATOR_*`` environment variables."""

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

PREFIX = "HOLDFAST_OPERATOR_"


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


NameList = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Names; in the environment a comma-separated string."""


class OperatorSettings(BaseModel):
    """What a cluster administrator can choose; the Helm chart sets these variables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server_image: str = Field(description="image of the model server, the inspection Job and the fetching")
    evaluator_image: str = Field(description="image of the evaluator container of training Jobs")
    gpu_server_image: str | None = Field(
        default=None, description="image of serving pods with CUDA or TensorRT; unset: the model server's"
    )
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = Field(
        default="IfNotPresent", description="pull policy of those images"
    )
    pod_image_pull_secrets: NameList = Field(
        default=(), description="names of image pull Secrets of the pods made, comma-separated"
    )
    watch_namespaces: NameList = Field(
        default=(), description="namespaces to serve, comma-separated; empty: all"
    )
    gateway_api: bool = Field(
        default=False, description="make HTTPRoutes where spec.rollout.traffic asks for them"
    )
    engines: NameList = Field(
        default=(),
        description="kinds of training workloads that policies may have made, comma-separated, such as "
        "pytorchjobs.kubeflow.org",
    )
    alert_token_file: Path | None = Field(
        default=None,
        description="file with the bearer token of Alertmanager, or several, one a line; unset: no alerts",
    )
    alert_port: int = Field(
        default=8082, ge=0, le=65535, description="port that Alertmanager posts to, at /alertmanager"
    )
    alert_certificate_file: Path | None = Field(
        default=None, description="certificate (PEM) for TLS on that port; unset: plain HTTP"
    )
    alert_key_file: Path | None = Field(default=None, description="its private key")
    signal_allowed_hosts: NameList = Field(
        default=(),
        description="hosts, or HOST:PORT, that signal triggers may ask beside the Services of their own "
        "namespace, comma-separated",
    )
    scrape_interval_seconds: float = Field(
        default=15, ge=0.2, le=300, description="pause between two scrapes of a server's counters"
    )
    prometheus_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/?#\s]+(/[^?#\s]*)?$",
        description="read the servers' counters from this Prometheus instead of from their pods",
    )
    prometheus_token_file: Path | None = Field(
        default=None, description="file with a bearer token for it, read anew for every question"
    )
    prometheus_queries: bool = Field(
        default=False,
        description="ask it the queries that rollouts are judged on: who may write a ModelDeployment can "
        "then read any figure it has",
    )
    resync_seconds: float = Field(
        default=300, ge=5, le=3600, description="pause between full listings, varied by ±20 %"
    )
    workers: int = Field(default=8, ge=1, le=256, description="objects that are reconciled at once")
    lease_name: str = Field(default="holdfast-operator", description="Lease that only one operator holds")
    lease_namespace: str = Field(default="default", description="namespace of the Lease: the operator's own")
    lease_duration_seconds: float = Field(
        default=15, ge=1, description="another operator takes over when the Lease was not renewed for so long"
    )
    lease_renew_deadline_seconds: float = Field(
        default=10, ge=0.5, description="the process exits when it could not renew for so long"
    )
    lease_retry_seconds: float = Field(default=2, ge=0.1, description="pause between renewals and attempts")
    identity: str = Field(
        default_factory=socket.gethostname, description="holder of the Lease; default: the host (pod) name"
    )
    watch_probe_seconds: float = Field(
        default=20, ge=0.2, description="pause between two changes of the probe object"
    )
    watch_probe_deadline_seconds: float = Field(
        default=60, ge=1, description="/healthz fails when such a change did not come back within"
    )
    health_port: int = Field(default=8080, ge=0, le=65535, description="port of /healthz and /readyz")
    metrics_port: int = Field(default=8081, ge=0, le=65535, description="port of /metrics")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least severity that is logged"
    )
    log_format: Literal["json", "text"] = Field(default="json", description="one JSON object a line, or text")

    @model_validator(mode="after")
    def _check_certificate(self) -> Self:
        if (self.alert_certificate_file is None) != (self.alert_key_file is None):
            raise ValueError("alert_certificate_file and alert_key_file are set together or not at all")
        return self

    @model_validator(mode="after")
    def _check_queries(self) -> Self:
        if self.prometheus_queries and self.prometheus_url is None:
            raise ValueError("prometheus_queries needs prometheus_url: nobody else is asked")
        return self

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; an empty variable counts as unset.

        Raises:
            pydantic.ValidationError: a value is missing, unknown or out of bounds.
        """
        values = {
            name.removeprefix(PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(PREFIX) and value != ""
        }
        return cls.model_validate(values)
