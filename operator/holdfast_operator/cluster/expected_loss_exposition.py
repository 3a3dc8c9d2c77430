"""How wrong a server's model is by what it predicts, out of the samples of a scrape, which may be hostile."""

from collections import defaultdict

from prometheus_client.samples import Sample
from pydantic import ValidationError

from holdfast.expected_loss import ExpectedLoss
from holdfast.metrics import EXPECTED_LOSS
from holdfast.profile import MAX_CATEGORIES


class ExpectedLossSamples:
    """Collects the samples about expected losses of one scrape, by revision."""

    def __init__(self) -> None:
        self._found: defaultdict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)

    def take(self, sample: Sample) -> bool:
        """Take a sample of the model; return whether it is about expected losses."""
        if sample.name != EXPECTED_LOSS.name:
            return False
        labels = sample.labels
        losses = self._found[labels.get("revision", ""), labels.get("metric", ""), labels.get("name", "")]
        if len(losses) <= MAX_CATEGORIES:
            losses[labels.get("bin", "")] = float(sample.value)
        return True

    def by_revision(self) -> dict[str, ExpectedLoss]:
        """Return what was found in its form; the rest is of no use, and harms nothing."""
        found: dict[str, ExpectedLoss] = {}
        for (revision, metric, output), losses in self._found.items():
            try:
                values = [losses[str(index)] for index in range(len(losses))]
                parts = {"metric": metric, "output": output, "mean": 0.0, "losses": values}
                found[revision] = ExpectedLoss.model_validate(parts)
            except (KeyError, ValidationError):
                continue
        return found
