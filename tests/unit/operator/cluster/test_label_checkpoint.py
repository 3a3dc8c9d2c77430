"""What is kept of labels over a restart: all that decides, and nothing is lost or counted twice."""

import base64
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast import checkpoint_text
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.cluster.label_checkpoint import load_labels
from holdfast_operator.cluster.label_watch import LabelWatch
from holdfast_operator.core.label_evidence import LabelEvidence, label_test_of
from tests.unit.operator.cluster.label_scrapes import ALL, Pod
from tests.unit.operator.core.label_windows import trigger_of

POLICY = Key(RETRAIN_POLICY, "team", "nightly")
TEST = label_test_of(trigger_of())
ROUND_SECONDS = 60


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1_800_000_000 + seconds, UTC)


class Operator:
    """An operator that can be restarted with what its last checkpoint holds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start()
        self.watch.follow(POLICY, "credit", TEST, at(0))

    def _start(self) -> None:
        self.watch = LabelWatch(timedelta(seconds=300))

    def restart(self) -> None:
        kept = self.watch.checkpoint(POLICY)
        assert kept is not None
        self._start()
        followed = load_labels(kept, at(self.seconds))
        assert followed is not None
        self.watch.resume(POLICY, followed)
        self.watch.follow(POLICY, "credit", TEST, at(self.seconds))
        assert self.watch.checkpoint(POLICY) == kept, "nothing new, nothing to write"

    def look(self, pods: Sequence[Pod], rounds: int = 1) -> list[Key]:
        due: list[Key] = []
        for _ in range(rounds):
            self.seconds += ROUND_SECONDS
            for pod in pods:
                self.watch.record("team", "credit", pod.process, pod.scrape(), at(self.seconds))
            due += self.watch.finish_round({pod.uid for pod in pods}, at(self.seconds))
        return due

    def state(self) -> LabelEvidence:
        window = self.watch.window(POLICY, "credit-1", at(self.seconds))
        assert window is not None
        return window.groups[0].state


def pod(uid: str = "pod-1", started: float = 1) -> Pod:
    return Pod(uid, at(started).timestamp(), holdout={"accuracy": 0.95, "groups": 500})


STEP = st.tuples(
    st.sampled_from(["label", "restart", "replace", "join"]), st.integers(0, 40), st.integers(0, 40)
)


@given(steps=st.lists(STEP, max_size=12))
def test_labels_are_neither_lost_nor_counted_twice_by_restarts(steps: list[tuple[str, int, int]]) -> None:
    operator, pods, labelled, wrong_rows = Operator(), [pod()], 0, 0
    for number, (what, rows, wrong) in enumerate(steps):
        wrong = min(rows, wrong)
        if what == "restart":
            operator.restart()
        elif what == "join":
            pods.append(pod(f"more-{number}", operator.seconds))
        elif what == "replace":
            operator.look(
                pods, rounds=6
            )  # What a pod counts within the last minutes of its life may be lost.
            pods[0] = pod(f"again-{number}", operator.seconds + 1)
        pods[0].label(rows, wrong)
        labelled, wrong_rows = labelled + rows, wrong_rows + wrong
        operator.look(pods)
    operator.restart()
    operator.look(pods)
    tested = operator.state().tested
    assert (tested.rows, tested.total) == (labelled, wrong_rows)


def test_evidence_goes_on_where_it_was_and_status_does_not_flicker() -> None:
    operator, one = Operator(), pod()
    one.label(300, 30)
    operator.look([one], rounds=6)
    before = operator.state()
    operator.restart()
    assert operator.state() == before
    assert before.evidence[0] > -100


def test_labels_of_a_process_older_than_the_policy_count_from_its_first_scrape_on() -> None:
    operator, old = Operator(), pod(started=-5000)
    old.label(1000, 500)
    assert operator.look([old]) == [POLICY], "where it started from is kept at once"
    old.label(20, 2)
    operator.restart()
    operator.look([old])
    assert operator.state().tested.rows == 20


def test_pending_labels_of_a_slice_and_of_another_revision_are_kept() -> None:
    operator, one, older = Operator(), pod(), Pod("pod-2", at(1).timestamp(), "credit-0")
    one.label(30, 3, ("age", "1"))
    older.label(40, 4)
    operator.look([one, older], rounds=6)
    operator.restart()
    window = operator.watch.window(POLICY, "credit-1", at(operator.seconds))
    assert window is not None
    assert [(group.slice, group.state.first.rows) for group in window.groups] == [("", 0), ("age", 30)]
    assert window.package is not None
    other = operator.watch.window(POLICY, "credit-0", at(operator.seconds))
    assert other is not None
    assert other.groups[0].state.first.rows == 40


def test_state_is_kept_every_few_minutes_and_not_while_nothing_comes() -> None:
    operator, one = Operator(), pod()
    kept = []
    for _ in range(20):
        one.label(10, 1)
        operator.look([one])
        kept.append(operator.watch.checkpoint(POLICY))
    assert 3 <= len(set(kept)) <= 6
    operator.look([one], rounds=5)
    last = operator.watch.checkpoint(POLICY)
    assert operator.look([one], rounds=20) == []
    assert operator.watch.checkpoint(POLICY) == last
    assert operator.watch.checkpoint(Key(RETRAIN_POLICY, "team", "other")) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("%%%", id="not base64"),
        pytest.param(base64.b64encode(b"text").decode(), id="not compressed"),
        pytest.param(base64.b64encode(gzip.compress(b"{}")).decode(), id="another form"),
        pytest.param(base64.b64encode(gzip.compress(b'{"version": 2}')[:12]).decode(), id="cut off"),
        pytest.param(base64.b64encode(gzip.compress(b" " * 70 * 1024**2)).decode(), id="endless"),
    ],
)
def test_text_that_is_none_of_ours_begins_anew(text: str) -> None:
    assert load_labels(text, at(0)) is None


def test_state_that_is_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_text, "MAX_CHARACTERS", 10)
    assert Operator().watch.checkpoint(POLICY) is None


def test_a_hundred_pods_with_every_slice_fit() -> None:
    operator = Operator()
    pods = [pod(f"pod-{number}") for number in range(100)]
    for number, each in enumerate(pods):
        for slice_ in range(160):
            each.label(1000 + number * slice_, slice_, (f"feature-{slice_ // 20}", str(slice_ % 20)))
        each.label(160_000, 7000, ALL)
    operator.look(pods)
    kept = operator.watch.checkpoint(POLICY)
    assert kept is not None
    assert len(kept) < 900_000
