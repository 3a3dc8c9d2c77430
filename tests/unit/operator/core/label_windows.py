"""Windows of labels, made by the real test from blocks of labels that came one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.performance import Losses
from holdfast_operator.api.performance import PerformanceTrigger
from holdfast_operator.core.label_evidence import (
    LabelEvidence,
    LabelTest,
    PackageBaseline,
    Step,
    budget_shares,
    given_baseline,
    label_test_of,
    take_block,
)
from holdfast_operator.core.observation import LabelGroup, LabelWindow
from tests.unit.operator.core.builders import at

ACCURACY: Mapping[str, Any] = {"metric": "accuracy", "maxDrop": "0.02", "minSamples": 200}
MAE: Mapping[str, Any] = {"metric": "mae", "maxIncrease": "10", "minSamples": 200}
LABELS = {"performance": ACCURACY}
GOOD, BAD = 0.05, 0.3
"""Error rates."""
BLOCK_SECONDS = 60.0

Blocks = Sequence[Losses]
YOUNG, OLD = ("age", "0"), ("age", "1")
"""Slices."""


def trigger_of(spec: Mapping[str, Any] = ACCURACY, **changes: Any) -> PerformanceTrigger:
    return PerformanceTrigger.model_validate({**spec, **changes})


def wrong(share: float, rows: int = 100) -> Losses:
    """Return a block of labels of which that share was predicted wrong."""
    count = round(share * rows)
    return Losses(rows, count, count)


def off(mean: float, rows: int = 100) -> Losses:
    """Return a block of labels that are off by that much on average, and as often by twice as by nothing."""
    return Losses(rows, mean * rows, 2 * mean**2 * rows)


ALL_GOOD = [wrong(GOOD)] * 12
ALL_BAD = [wrong(GOOD)] * 6 + [wrong(BAD)] * 6


def evidence_after(
    test: LabelTest, blocks: Blocks, package: PackageBaseline | None = None, share: float = 1.0
) -> LabelEvidence:
    """Return the state after a block of labels each minute."""
    state = LabelEvidence(last_step=at(0).timestamp())
    for index, block in enumerate(blocks, start=1):
        end = at(index * BLOCK_SECONDS).timestamp()
        state = take_block(test, state, block, Step(end, given_baseline(test, package), share))
    return state


def label_window(
    spec: Mapping[str, Any] = ACCURACY,
    blocks: Blocks = (),
    slices: Mapping[tuple[str, str], Blocks] | None = None,
    **fields: Any,
) -> LabelWindow:
    """Return the window after all blocks: of all rows, and of each slice."""
    test, given = label_test_of(trigger_of(spec)), slices or {}
    share, slice_share = budget_shares(len(given))
    everything = LabelGroup("", "", evidence_after(test, blocks, fields.get("package"), share))
    others = [
        LabelGroup(*name, evidence_after(test, each, share=slice_share)) for name, each in given.items()
    ]
    values: dict[str, Any] = {
        "revision": "champion",
        "end": at(max((len(each) for each in (blocks, *given.values())), default=0) * BLOCK_SECONDS),
        "groups": (everything, *others),
    }
    return LabelWindow(**(values | fields))


def degraded_labels(**fields: Any) -> LabelWindow:
    """Return a window in which the first labels were good and the last ones are not."""
    return label_window(blocks=ALL_BAD, **fields)


def good_labels(**fields: Any) -> LabelWindow:
    return label_window(blocks=ALL_GOOD, **fields)


def performance(status: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the figures of a policy's status."""
    assert status is not None
    found: Mapping[str, Any] = status["performance"]
    return found
