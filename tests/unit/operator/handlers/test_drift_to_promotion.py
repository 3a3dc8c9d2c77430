"""From counters to a better model: the closed loop in memory."""

from datetime import timedelta
from typing import Any

from holdfast.count_table import Series
from holdfast.profile import NumericColumn, Profile
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN
from tests.simulated_node import CANDIDATE
from tests.unit.operator.handlers.test_crashes import MODEL, POLICY
from tests.unit.operator.loop import Loop

AGE = NumericColumn(
    kind="feature", name="age", tensor="x", index=0, missing=0, counts=(250, 250, 250, 250),
    edges=(1.0, 2.0, 3.0), minimum=0.0, maximum=4.0, median=2.0,
)  # fmt: skip
PROFILE = Profile(rows=1000, columns=(AGE,))
ALIKE, MOVED = (250, 250, 250, 250), (20, 80, 300, 600)
DRIFT_POLICY = {
    **POLICY,
    "spec": {**POLICY["spec"], "triggers": {"drift": {"windowSeconds": 480, "minSamples": 500}}},
}


class Traffic:
    """Rows that the stable revision's only pod counts."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.counts: dict[str, list[int]] = {}
        self.started: dict[str, float] = {}

    async def flow(self, bins: tuple[int, ...], seconds: int) -> None:
        """Send rows of that distribution, scraped and looked at every 15 s."""
        for _ in range(0, seconds, 15):
            (model,) = self.loop.cluster.of_kind(MODEL_DEPLOYMENT)
            revision = model["status"]["stableRevision"]["name"]
            before = self.counts.setdefault(revision, [0] * len(bins))
            self.counts[revision] = [total + rows for total, rows in zip(before, bins, strict=True)]
            self.started.setdefault(revision, self.loop.time.timestamp())
            self.loop.time += timedelta(seconds=15)
            self._scrape(revision)
            await self.loop.settle()

    def _scrape(self, revision: str) -> None:
        counts = self.counts[revision]
        values: dict[Series, int] = {("rows",): sum(counts)}
        values |= {("bin", "feature", "age", str(index)): rows for index, rows in enumerate(counts)}
        counters = ServerCounters(self.started[revision], {(revision, "p1"): values})
        pod = f"pod of {revision}"
        self.loop.drift.set_profile("team", "credit", "p1", PROFILE)
        self.loop.drift.record("team", "credit", pod, counters, self.loop.time)
        self.loop.drift.finish_round({pod}, self.loop.time)


async def serving() -> tuple[Loop, Traffic]:
    loop = Loop()
    loop.cluster.put(MODEL)
    loop.cluster.put(DRIFT_POLICY)
    await loop.settle()
    return loop, Traffic(loop)


def conditions(loop: Loop) -> dict[str, Any]:
    (policy,) = loop.cluster.of_kind(RETRAIN_POLICY)
    return {each["type"]: each for each in policy["status"]["conditions"]}


async def test_rows_like_the_reference_start_nothing() -> None:
    loop, traffic = await serving()
    await traffic.flow(ALIKE, 1200)
    assert conditions(loop)["DriftConfirmed"]["status"] == "False"
    assert loop.cluster.of_kind(RETRAIN_RUN) == []


async def test_rows_that_moved_lead_to_a_new_stable_revision() -> None:
    loop, traffic = await serving()
    await traffic.flow(ALIKE, 600)
    (model,) = loop.cluster.of_kind(MODEL_DEPLOYMENT)
    champion = model["status"]["stableRevision"]["name"]
    await traffic.flow(MOVED, 600)
    (run,) = loop.cluster.of_kind(RETRAIN_RUN)
    assert run["metadata"]["name"].startswith("nightly-drift-")
    assert run["spec"]["trigger"]["type"] == "Drift"
    (model,) = loop.cluster.of_kind(MODEL_DEPLOYMENT)
    stable = model["status"]["stableRevision"]
    assert stable["digest"] == CANDIDATE
    assert stable["name"] != champion


async def test_silence_decides_nothing() -> None:
    loop, traffic = await serving()
    await traffic.flow((0, 0, 0, 0), 1200)
    assert conditions(loop)["DriftConfirmed"]["status"] == "Unknown"
    assert conditions(loop)["DriftConfirmed"]["reason"] == "NotEnoughSamples"
    assert loop.cluster.of_kind(RETRAIN_RUN) == []
