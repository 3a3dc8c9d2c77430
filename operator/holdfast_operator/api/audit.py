"""Audit: the chain of records of a RetrainPolicy's finished runs."""

from pydantic import Field

from holdfast_operator.api.resource import ApiModel, Digest, Word


class AuditRecord(ApiModel):
    """The place of a finished run in the chain of its RetrainPolicy; final."""

    sequence: int = Field(ge=1, json_schema_extra={"format": "int64"}, description="Counts from 1.")
    digest: Digest = Field(description="Of everything that the run says and of the record before it.")
    previous_digest: Digest | None = Field(default=None, description="Of the record before it.")


class AuditHead(AuditRecord):
    """The last record of the chain; the next is made only after the run has taken this one over."""

    run: Word = Field(description="The RetrainRun that was recorded.")
    uid: Word = Field(description="Its uid: another run of the same name is another run.")


class Cost(ApiModel):
    """What the containers of a run took, retries included; whole seconds."""

    trainer_seconds: int = Field(default=0, ge=0, description="Time that trainers ran.")
    evaluator_seconds: int = Field(default=0, ge=0, description="Time that the judgement took.")
    requested_cpu_seconds: int = Field(
        default=0, ge=0, json_schema_extra={"format": "int64"}, description="CPU that was reserved meanwhile."
    )
