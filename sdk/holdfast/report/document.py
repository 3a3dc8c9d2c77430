"""The content of ``report.json``: everything that the evaluator found, as data. Pure."""

from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from holdfast.expected_loss import ExpectedLoss
from holdfast.gate import Outcome
from holdfast.manifest import first_problem

SCHEMA_VERSION: Final = 2
MAX_REPORT_BYTES: Final = 16 * 1024**2
"""What is read of a report; one that the evaluator writes is far smaller."""

Name: TypeAlias = Annotated[str, Field(max_length=512)]
Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class ReportError(ValueError):
    """The content is no report that can be shown."""


class Part(BaseModel):
    """A part of the report; names are camelCase in JSON, and unknown ones are passed over."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, alias_generator=to_camel, defer_build=True
    )


class Trigger(Part):
    """Why the run was started."""

    type: Name = "Manual"
    reason: str = Field(default="", max_length=4096)
    evidence: dict[Name, Name] = Field(default_factory=dict, max_length=64)


class Holdout(Part):
    """The rows that both models were judged by."""

    rows: Count = 0
    groups: Count = Field(default=0, description="Independent groups of rows, such as days or users.")
    overlap: Share | None = Field(default=None, description="Share that was also trained on, if known.")
    columns_left_out: list[Name] = Field(default_factory=list, description="Slice columns not looked at.")


class Champion(Part):
    """The package that served when the candidate was judged; without a digest there was none."""

    digest: Name | None = None
    signature: Literal["Identical", "Compatible", "Incompatible"] | None = Field(
        default=None, description="The candidate's beside the champion's."
    )


class Check(Part):
    """One bound of the gate, with its numbers, as in ``status.evaluation`` of the RetrainRun."""

    metric: Name
    slice: Name | None = Field(default=None, description="COLUMN=VALUE of the rows; of a gap, the column.")
    threshold: Name = Field(description="The bound in words, such as max 45 or maxRegression 0.")
    outcome: Outcome
    champion: Finite | None = None
    candidate: Finite | Name | None = None
    regression: Finite | None = Field(default=None, description="How much worse the candidate is.")
    low: Finite | None = Field(default=None, description="Lower end of the 95 % interval.")
    high: Finite | None = Field(default=None, description="Upper end of the 95 % interval.")
    note: str | None = Field(default=None, max_length=4096, description="For whom, or why it is undecided.")


class Metric(Part):
    """One metric of both models; ``rows``: those that it is made of, where they are fewer than all."""

    name: Name
    champion: Finite | None = None
    candidate: Finite
    regression: Finite | None = Field(default=None, description="How much worse the candidate is.")
    regression_low: Finite | None = Field(default=None, description="Lower end of its 95 % interval.")
    regression_high: Finite | None = Field(default=None, description="Upper end of its 95 % interval.")
    higher_is_better: bool | None = Field(default=None, description="Absent: neither is better.")
    rows: Count | None = None


class Slice(Part):
    """The rows with one value of a slice column."""

    name: Name
    value: Name
    rows: Count
    min_rows: Count = Field(default=0, description="Fewer rows are not judged.")
    metrics: list[Metric] = Field(default_factory=list, max_length=32)


class Gap(Part):
    """The largest difference of a metric between the slices of a column."""

    column: Name
    metric: Name
    champion: Finite | None = None
    candidate: Finite | None = Field(default=None, description="Absent: fewer than two slices can be judged.")
    low: Finite | None = Field(default=None, description="What the gap certainly exceeds.")
    high: Finite | None = Field(default=None, description="What the gap certainly does not exceed.")
    increase_low: Finite | None = Field(default=None, description="How much wider, lower end.")
    increase_high: Finite | None = Field(default=None, description="How much wider, upper end.")
    rate: Name = Field(description="The rate that differs most.")
    lowest: tuple[Name, Finite] | None = Field(default=None, description="The slice where it is lowest.")
    highest: tuple[Name, Finite] | None = Field(default=None, description="The slice where it is highest.")
    not_judged: Count = Field(default=0, description="Slices with too few rows.")


class Histogram(Part):
    """Errors (prediction - truth) of a regression; both ends hold everything that lies beyond."""

    edges: list[Finite] = Field(min_length=2, max_length=65)
    candidate: list[Count] = Field(max_length=64)
    champion: list[Count] | None = Field(default=None, max_length=64)


class Point(Part):
    """Rows with like predictions: their mean prediction, and what was true."""

    predicted: Finite
    actual: Finite
    rows: Count


class Curve(Part):
    """A curve of each model, at most 65 points (x, y)."""

    candidate: list[tuple[Finite, Finite]] = Field(max_length=65)
    champion: list[tuple[Finite, Finite]] | None = Field(default=None, max_length=65)


class Calibration(Part):
    """Mean prediction beside the truth, in tenths of the rows by prediction."""

    candidate: list[Point] = Field(max_length=20)
    champion: list[Point] | None = Field(default=None, max_length=20)


class ClassRecall(Part):
    """Share of the rows of a class that each model finds."""

    name: Name
    rows: Count
    candidate: Share
    champion: Share | None = None


class Distributions(Part):
    """How the predictions of both models are distributed, by task."""

    residuals: Histogram | None = None
    calibration: Calibration | None = None
    roc: Curve | None = Field(default=None, description="False positive rate and true positive rate.")
    classes: list[ClassRecall] = Field(default_factory=list, max_length=20)


class FeatureImportance(Part):
    """How much worse a metric becomes when a feature is shuffled among rows."""

    name: Name
    candidate: Finite
    champion: Finite | None = None


class Importance(Part):
    """Permutation importance of the features, the most important of the candidate first."""

    metric: Name
    rows: Count
    features: list[FeatureImportance] = Field(max_length=64)
    left_out: Count = Field(default=0, description="Features there was no room or time for.")


class Tensor(Part):
    """An input or output of the model."""

    name: Name
    datatype: Name
    shape: list[int] = Field(max_length=32)


class ProfileFacts(Part):
    """The profile that drift will be measured against."""

    hash: Name
    rows: Count


class Energy(Part):
    """What the judgement took, by CodeCarbon's estimate; only from the evaluator with extras."""

    energy_kilowatt_hours: Finite
    emissions_kilograms: Finite | None = None
    country: Name | None = Field(default=None, description="Whose mix of electricity, ISO 3166-1 alpha-3.")


class DataColumn(Part):
    """A feature as a data tool sees it; drift is that of held-out rows beside training rows."""

    name: Name
    missing: Share | None = Field(default=None, description="Share of held-out rows without a value.")
    method: Name | None = Field(default=None, description="How drift was measured.")
    score: Finite | None = None
    threshold: Finite | None = None
    is_drifted: bool | None = None


class DataReport(Part):
    """What a data tool says about training rows and held-out rows; only from the evaluator with extras."""

    tool: Name
    rows: Count
    reference_rows: Count | None = Field(default=None, description="Absent: the trainer gives no rows.")
    columns: list[DataColumn] = Field(default_factory=list, max_length=64)


class ReportDocument(Part):
    """``report.json``."""

    schema_version: Literal[2] = SCHEMA_VERSION
    run: Name
    task: Name = ""
    verdict: Outcome
    trigger: Trigger | None = None
    holdout: Holdout = Holdout()
    champion: Champion = Champion()
    checks: list[Check] = Field(default_factory=list, max_length=4096)
    metrics: list[Metric] = Field(default_factory=list, max_length=32)
    slices: list[Slice] = Field(default_factory=list, max_length=512)
    gaps: list[Gap] = Field(default_factory=list, max_length=64)
    distributions: Distributions = Distributions()
    importance: Importance | None = None
    expected_loss: ExpectedLoss | None = Field(
        default=None, description="Mean loss of the candidate by what it predicts, to estimate live losses."
    )
    inputs: list[Tensor] = Field(default_factory=list, max_length=64)
    outputs: list[Tensor] = Field(default_factory=list, max_length=64)
    profile: ProfileFacts | None = None
    parameters: dict[Name, Name] = Field(default_factory=dict, max_length=64)
    trainer: dict[Name, Name] = Field(
        default_factory=dict, max_length=64, description="What else the trainer says in metadata.json."
    )
    data_digest: Name | None = None
    data: DataReport | None = None
    energy: Energy | None = None

    def metric(self, name: str) -> Metric | None:
        """Return an overall metric by name."""
        return next((each for each in self.metrics if each.name == name), None)

    def to_json(self) -> bytes:
        """Return the content of ``report.json``."""
        return self.model_dump_json(by_alias=True, exclude_none=True, indent=2).encode() + b"\n"

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read the content of a ``report.json``.

        Raises:
            ReportError: it is too large, of another version, or malformed; with what is wrong.
        """
        if len(content) > MAX_REPORT_BYTES:
            raise ReportError(f"report.json is larger than {MAX_REPORT_BYTES} bytes")
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise ReportError(f"report.json: {first_problem(error)}") from None


def document_schema() -> dict[str, Any]:
    """Return the JSON schema of ``report.json``."""
    return ReportDocument.model_json_schema(by_alias=True)
