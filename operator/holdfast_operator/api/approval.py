"""Approval: whether a person has to agree to a retrained model, and what the person said."""

from typing import Literal

from pydantic import Field

from holdfast_operator.api.resource import ApiModel, Text, Time


class Approval(ApiModel):
    """Whether a candidate that has passed the gate waits for a person."""

    mode: Literal["Automatic", "Manual"] = Field(
        default="Automatic",
        description="Automatic: a candidate that passes every check is rolled out; one that could not be "
        "decided asks a person. Manual: every candidate asks a person.",
    )
    expire_seconds: int = Field(
        default=604800, ge=5, le=7776000, description="Without an answer by then the candidate is rejected."
    )
    four_eyes: bool = Field(
        default=False, description="Whoever started the run by hand may not be the one who approves it."
    )


class ApprovalDecision(ApiModel):
    """What a person decided about the candidate of a run; final."""

    decision: Literal["Approved", "Rejected"] = Field(description="Roll the candidate out, or do not.")
    approver: Text = Field(
        min_length=1,
        description="Who decides: must be the user name under which this is written (kubectl auth whoami).",
    )
    comment: str = Field(default="", max_length=1024, description="Why, in a sentence.")


class ApprovalStatus(ApiModel):
    """That a person was asked, and what came of it."""

    requested_time: Time
    expire_time: Time = Field(description="Without an answer by then the candidate is rejected.")
    four_eyes: bool = False
    decision: Literal["Approved", "Rejected", "Expired"] | None = None
    approver: Text | None = None
    comment: str = Field(default="", max_length=1024)
    time: Time | None = Field(default=None, description="When the decision was seen.")
