"""One model's feedback as its server has it: ids go out, labels come back, counts are read as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from prometheus_client.parser import text_string_to_metric_families

from holdfast.metrics import Metric
from holdfast.profile import Profile
from holdfast.settings import ServerSettings
from holdfast_serving.feedback.inbox import Outcome
from holdfast_serving.feedback.loop import FeedbackLoop, feedback_loop
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.telemetry.metric_store import MetricStore
from tests.unit.serving.trained_models import Rows, TrainedModel

SECRET = "0123456789abcdef"


@dataclass
class Served:
    """A server's feedback for one model."""

    model: TrainedModel
    loop: FeedbackLoop
    store: MetricStore

    def answer(self, rows: Rows) -> tuple[str | None, Mapping[str, NDArray[Any]]]:
        """Return the id that an answer for these rows has, and its outputs."""
        outputs = self.model.session().run(rows)
        return self.loop.issuer.issue(InferenceRequest(dict(rows)), outputs), outputs

    def first(self, count: int) -> str:
        """Return the id of an answer for the model's first rows."""
        identifier, _ = self.answer({name: values[:count] for name, values in self.model.rows.items()})
        assert identifier is not None
        return identifier

    def accept(self, identifier: str, labels: list[Any]) -> Outcome:
        return self.loop.inbox.accept({"prediction_id": identifier, "labels": labels})[0]

    def samples(self, metric: Metric, **labels: str) -> dict[tuple[str, ...], float]:
        """Return the samples that have these labels, by the values of their other labels."""
        text = self.store.render({metric.name}).decode()
        families = text_string_to_metric_families(text)
        found = [
            sample
            for family in families
            for sample in family.samples
            if labels.items() <= sample.labels.items()
        ]
        others = [name for name in metric.labels if name not in labels]
        return {tuple(sample.labels[name] for name in others): sample.value for sample in found}

    def value(self, metric: Metric, **labels: str) -> float:
        (value,) = self.samples(metric, **labels).values()
        return value


def served(
    model: TrainedModel, revision: str = "m-1", store: MetricStore | None = None, **settings: Any
) -> Served:
    """Return the feedback of a server; the same key unless the settings say otherwise."""
    given = ServerSettings(model_name="m", model_revision=revision, **{"feedback_key": SECRET, **settings})
    store = store or MetricStore()
    profile = Profile.parse(model.profile_json())
    loop = feedback_loop(given, model.session().signature, profile, None, store)
    assert loop is not None
    return Served(model, loop, store)
