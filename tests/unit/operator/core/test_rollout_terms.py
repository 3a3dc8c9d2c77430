"""What spec.rollout means where it leaves something out."""

import pytest

from holdfast_operator.api.rollout import Analysis, Canary, Rollout, Shadow, StepCheck


@pytest.mark.parametrize(
    ("canary", "weights"),
    [
        pytest.param(Canary(), (10, 20, 30, 40, 50), id="defaults"),
        pytest.param(Canary(steps=[5, 40]), (5, 40), id="steps"),
        pytest.param(Canary(step_weight_percent=20), (20, 40, 50), id="last-step-is-shorter"),
        pytest.param(Canary(step_weight_percent=60, max_weight_percent=30), (30,), id="one-step"),
    ],
)
def test_weights_of_a_canary(canary: Canary, weights: tuple[int, ...]) -> None:
    assert canary.weights == weights


def test_steps_are_judged_on_errors_and_latency_unless_the_spec_says_more() -> None:
    usual = Rollout().judged_by
    assert [check.metric for check in usual.effective_checks] == ["errorRate", "latencyP95Milliseconds"]
    check = StepCheck(metric="predictionShift", max="0.2")
    assert Rollout(analysis=Analysis(checks=[check])).judged_by.effective_checks == (check,)


@pytest.mark.parametrize(
    ("rollout", "mirrors"),
    [
        (Rollout(), False),
        (Rollout(strategy="Canary"), False),
        (Rollout(strategy="Shadow"), True),
        (Rollout(strategy="Canary", shadow=Shadow()), True),
    ],
)
def test_requests_are_mirrored_where_the_spec_asks_for_a_shadow(rollout: Rollout, mirrors: bool) -> None:
    assert rollout.mirrors is mirrors
