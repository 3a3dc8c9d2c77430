"""What is copied, what is dropped, and that recording neither waits nor raises."""

import numpy as np
import pytest

from holdfast.settings import ServerSettings
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.shadow import shadow as module
from holdfast_serving.shadow.comparison import Comparison
from holdfast_serving.shadow.shadow import Shadow
from holdfast_serving.telemetry.metric_store import MetricStore

ROW = np.zeros((1, 4), np.float32)


class Shadowed:
    """A shadow whose copies nobody sends, and what it has counted."""

    def __init__(self, **settings: object) -> None:
        self._store = MetricStore()
        labels = {"model": "m", "revision": "r"}
        common = {"model_name": "m", "model_revision": "r", "shadow_url": "http://127.0.0.1:1"}
        self._shadow = Shadow(
            ServerSettings.model_validate({**common, **settings}),
            {"x": "FP32"},
            Comparison(["y"], None, self._store, labels),
            self._store,
        )

    def answer(self, *, is_copy: bool = False) -> None:
        self._shadow.record(InferenceRequest({"x": ROW}, is_copy=is_copy), {"y": ROW})

    @property
    def waiting(self) -> int:
        return self._shadow.waiting

    @property
    def dropped(self) -> int:
        line = next(line for line in self._store.render().decode().splitlines() if '"dropped"' in line)
        return int(line.split()[-1])


@pytest.mark.parametrize(("percent", "copied"), [(1, 2), (30, 60), (100, 200)])
def test_share_of_requests_is_exact(percent: int, copied: int) -> None:
    shadowed = Shadowed(shadow_percent=percent, shadow_max_in_flight=200)
    for _ in range(200):
        shadowed.answer()
    assert (shadowed.waiting, shadowed.dropped) == (copied, 0)


def test_copies_are_not_copied() -> None:
    shadowed = Shadowed()
    shadowed.answer(is_copy=True)
    assert shadowed.waiting == 0


def test_more_than_may_wait_is_dropped_and_counted() -> None:
    shadowed = Shadowed(shadow_max_in_flight=5)
    for _ in range(8):
        shadowed.answer()
    assert (shadowed.waiting, shadowed.dropped) == (5, 3)


def test_waiting_tensors_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PENDING_BYTES", 3 * 2 * ROW.nbytes)
    shadowed = Shadowed()
    for _ in range(8):
        shadowed.answer()
    assert (shadowed.waiting, shadowed.dropped) == (3, 5)
