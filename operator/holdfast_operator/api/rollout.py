"""Rollout of a ModelDeployment: how a new revision replaces the old one."""

from typing import Literal

from pydantic import Field

from holdfast_operator.api.gateway import Traffic
from holdfast_operator.api.resource import ApiModel


class Rollout(ApiModel):
    """How a new revision replaces the old one."""

    strategy: Literal["RollingUpdate"] = Field(
        default="RollingUpdate", description="The new revision takes over when all its pods are ready."
    )
    progress_deadline_seconds: int = Field(
        default=600, ge=10, le=86400, description="A revision that is not ready by then is given up."
    )
    traffic: Traffic | None = Field(
        default=None,
        description="How requests reach the model besides its Service; unset: by the Service alone.",
    )
