"""What was observed about one object: the only input of the decisions, read by ``cluster.observe``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from holdfast.drift_alarms import Alarm
from holdfast.expected_loss import ExpectedLoss
from holdfast.profile import Kind
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.label_evidence import LabelEvidence, PackageBaseline
from holdfast_operator.core.reasons import LookProblem, WindowProblem
from holdfast_operator.core.step_evidence import StepEvidence
from holdfast_operator.manifests.checkpoint import Subject
from holdfast_operator.manifests.metadata import ImageSettings, Manifest


class GatewayApi(StrEnum):
    """Whether HTTPRoutes can be made."""

    OFF = "Off"
    """The operator is not allowed to; the default of the chart."""
    MISSING = "Missing"
    """The cluster does not know the kind."""
    SERVED = "Served"


@dataclass(frozen=True)
class ModelDeploymentObservation:
    """One ModelDeployment with everything that bears on it."""

    resource: ModelDeployment
    children: tuple[Manifest, ...]
    """Live objects that ``resource`` controls: Deployments, Services, Jobs and so on."""
    pods: tuple[Manifest, ...]
    """Pods of those Deployments and inspection Jobs, found by label."""
    runs: tuple[RetrainRun, ...]
    """RetrainRuns of this ModelDeployment, through any policy."""
    now: datetime
    """Time zone aware."""
    settings: ImageSettings
    foreign: tuple[Manifest, ...] = ()
    """Live objects that bear a name of a desired child but are not controlled by ``resource``. Before it
    applies a desired manifest that is not among ``children``, the cluster layer reads that name; what it
    finds there goes here, and the decision is taken again."""
    gateway_api: GatewayApi = GatewayApi.OFF
    endpoint_slices: tuple[Manifest, ...] = ()
    """Where the Services' ready pods are, as Gateways see them; read only where routes are made."""
    step_evidence: StepEvidence | None = None
    """What candidate and stable revision did since the step began, or the stable one on probation."""


@dataclass(frozen=True)
class ColumnWindow:
    """Counts of one feature, output or the residual within a window, beside those of the profile."""

    kind: Kind
    """As in the metric label."""
    name: str
    counts: tuple[int, ...]
    """Rows by bin within the window; as many as ``reference``."""
    reference: tuple[int, ...]
    """Rows by bin in the profile."""


@dataclass(frozen=True)
class DriftWindow:
    """What the servers of one revision counted, summed over pods.

    ``end`` is the last moment at which a window ended; ``start`` is windowSeconds before it, or later while
    the scraper has not watched this revision for so long. ``alarms`` are those that stand now.
    """

    revision: str
    profile: str
    start: datetime
    end: datetime
    rows: int
    columns: tuple[ColumnWindow, ...]
    alarms: tuple[Alarm, ...] = ()
    problem: WindowProblem | None = None
    """Why there is nothing to decide on, although a window was asked for."""
    problem_message: str = ""
    expected: ExpectedLoss | None = None
    """How wrong the revision is by what it predicts, where its package says so."""


@dataclass(frozen=True)
class LabelGroup:
    """What the labels of one group of rows prove; slice and value are empty for all rows."""

    slice: str
    value: str
    state: LabelEvidence


@dataclass(frozen=True)
class LabelWindow:
    """What the labels of one revision prove, summed over pods, at the last look that found new ones.

    ``groups`` has all rows first and then every slice, or is empty if there is a problem.
    """

    revision: str
    end: datetime
    groups: tuple[LabelGroup, ...] = ()
    package: PackageBaseline | None = None
    problem: WindowProblem | None = None
    """Why there is nothing to decide on, although labels were asked for."""
    problem_message: str = ""


@dataclass(frozen=True)
class SignalAnswers:
    """The last answers of the tool that a signal comes from, all alike."""

    key: str
    """Of url, path and bound."""
    time: datetime
    """Of the last one."""
    is_out: bool = False
    """The figure is out of bounds."""
    value: str = ""
    """The last figure."""
    count: int = 1
    """Answers in a row on the same side of the bound, or that failed for the same reason."""
    problem: LookProblem | None = None
    """Why there is no figure."""
    message: str = ""


@dataclass(frozen=True)
class RetrainPolicyObservation:
    """One RetrainPolicy with everything that bears on it."""

    resource: RetrainPolicy
    model_deployment: ModelDeployment | None
    runs: tuple[RetrainRun, ...]
    """RetrainRuns of this policy and of other policies of the same ModelDeployment."""
    drift: DriftWindow | None
    now: datetime
    settings: ImageSettings
    look_jobs: tuple[Manifest, ...] = ()
    """Jobs of this policy that look at data."""
    look_pods: tuple[Manifest, ...] = ()
    """Pods of those Jobs."""
    labels: LabelWindow | None = None
    kept: Mapping[Subject, str] = field(default_factory=dict)
    """What is to be kept of labels and counts over a restart."""
    checkpoints: tuple[Manifest, ...] = ()
    """The ConfigMaps in which it was kept."""
    signal: SignalAnswers | None = None
    receives_alerts: bool = True
    """Alertmanager can reach the operator."""


@dataclass(frozen=True)
class Refusal:
    """The API server's answer to a request about an object of a run that it did not grant."""

    api_version: str
    kind: str
    status: int
    """Of HTTP: 400, 403, 404 (no such kind), 413 or 422."""
    message: str


@dataclass(frozen=True)
class RetrainRunObservation:
    """One RetrainRun with everything that bears on it."""

    resource: RetrainRun
    policy: RetrainPolicy | None
    model_deployment: ModelDeployment | None
    other_runs: tuple[RetrainRun, ...]
    """The other RetrainRuns of the same ModelDeployment, through any policy."""
    job: Manifest | None
    """The Job that has the name in the status, whoever controls it."""
    pods: tuple[Manifest, ...] = field(default=())
    """Pods of that Job."""
    events: tuple[Manifest, ...] = field(default=())
    """Warnings about that Job, read only while it has no pods."""
    workload: Manifest | None = None
    """The object of another engine that the status names, whoever controls it."""
    service_account: Manifest | None = None
    """The one that the policy's workload names."""
    engines: tuple[str, ...] = ()
    """Kinds of workloads that may be made, such as pytorchjobs.kubeflow.org."""
    refusal: Refusal | None = None
    """Why the workload cannot be read, or why what was decided to be created was not: then the decision is
    taken again."""
    now: datetime = field(kw_only=True)
    settings: ImageSettings = field(kw_only=True)
