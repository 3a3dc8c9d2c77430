"""What the triggers that look beyond the model have seen; written only when it changes."""

from typing import Literal

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


class SignalFailure(ApiModel):
    """Why the last answer says nothing."""

    reason: Word
    message: Text = ""
    time: Time = Field(description="Of the first answer that failed so.")


class SignalStatus(ApiModel):
    """Whether the external signal is out of bounds."""

    key: Word = Field(description="Of url, path and bound: of others nothing is known.")
    is_raised: bool = False
    value: Word = Field(default="", description="When it was raised or cleared.")
    changed_time: Time | None = Field(default=None, description="When it was raised or cleared.")
    is_answered: bool = Field(default=False, description="A run was started since it was raised.")
    failure: SignalFailure | None = None


class AlertRecord(ApiModel):
    """An alert that has come, and what became of it."""

    fingerprint: Word
    starts_at: Word = Field(description="In UTC, with microseconds.")
    name: Word = ""
    received_time: Time
    state: Literal["Waiting", "Answered", "Expired", "Resolved"] = Field(
        default="Waiting", description="Answered: a run was started since it came."
    )


class AlertStatus(ApiModel):
    """The alerts that have come last; each starts a run once at most."""

    recent: list[AlertRecord] = Field(default_factory=list, max_length=64)
    forgotten_until: Word | None = Field(
        default=None, description="Alerts that began until then and are not listed came before."
    )
