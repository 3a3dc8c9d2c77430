"""What the triggers that look beyond the model have seen; written only when it changes."""

from pydantic import Field

from holdfast_operator.api.resource import ApiModel, Text, Time, Uri, Word


class LookFailure(ApiModel):
    """Why the last look at the data came to nothing."""

    reason: Word
    message: Text = ""
    attempts: int = Field(default=1, description="Failed looks in a row; each pause is twice the last.")
    time: Time
    job: Word = ""


class DataStatus(ApiModel):
    """The data as it was seen last."""

    uri: Uri
    digest: Word | None = Field(default=None, description="Of the listing or the DVC file; unset: not seen.")
    trained_digest: Word | None = Field(
        default=None, description="What the last run was started for, or what was seen first."
    )
    objects: int = Field(default=0, json_schema_extra={"format": "int64"})
    total_bytes: int = Field(default=0, json_schema_extra={"format": "int64"})
    newest_time: Time | None = None
    changed_time: Time | None = Field(default=None, description="When the digest was first seen.")
    failure: LookFailure | None = None


class CodeStatus(ApiModel):
    """spec.trainer as it is."""

    digest: Word
    trained_digest: Word = Field(description="Of the last run, or what was seen first.")
    changed_time: Time = Field(description="When the digest was first seen.")


class SignalStatus(ApiModel):
    """Whether the external signal is out of bounds."""

    is_raised: bool = False
    value: Word = Field(default="", description="When it was raised or cleared.")
    changed_time: Time
    is_answered: bool = Field(default=False, description="A run was started since it was raised.")


class AlertStatus(ApiModel):
    """An alert that has come and not been resolved."""

    fingerprint: Word
    starts_at: Word = Field(description="As Alertmanager spells it.")
    name: Word = ""
    received_time: Time
    is_answered: bool = Field(default=False, description="A run was started since it came.")
