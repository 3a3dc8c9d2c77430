"""Scrapes of label counters become evidence, over restarts, churn and late labels."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.performance import NO_LOSSES
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.cluster.label_exposition import Group, RevisionLabels
from holdfast_operator.cluster.label_watch import MAX_REVISIONS, LabelWatch
from holdfast_operator.core.label_evidence import LabelEvidence, LabelTest, evidence_of, label_test_of
from holdfast_operator.core.reasons import WindowProblem
from tests.unit.operator.cluster.label_scrapes import ALL, Pod
from tests.unit.operator.core.label_windows import MAE, trigger_of

POLICY = Key(RETRAIN_POLICY, "team", "nightly")
TEST = label_test_of(trigger_of())


def at(seconds: float) -> datetime:
    # A multiple of a minute: looks are at 0, 60, 120…
    return datetime.fromtimestamp(1_800_000_000 + seconds, UTC)


def pod(uid: str = "pod-1", started: float = 0, revision: str = "credit-1") -> Pod:
    return Pod(uid, at(started).timestamp(), revision)


class Watched:
    """A watch of one policy, scraped every 15 seconds."""

    def __init__(self, test: LabelTest = TEST) -> None:
        self.watch = LabelWatch(timedelta(seconds=75))
        self.watch.follow(POLICY, "credit", test, at(0))
        self.seconds = 0.0

    def scrape(self, *pods: Pod, rounds: int = 1) -> list[Key]:
        due: list[Key] = []
        for _ in range(rounds):
            self.seconds += 15
            for each in pods:
                self.watch.record("team", "credit", each.process, each.scrape(), at(self.seconds))
            due += self.watch.finish_round({each.uid for each in pods}, at(self.seconds))
        return due

    def state(self, revision: str = "credit-1", group: Group = ALL) -> LabelEvidence:
        window = self.watch.window(POLICY, revision, at(self.seconds))
        assert window is not None
        (found,) = [each.state for each in window.groups if (each.slice, each.value) == group]
        return found


def test_labels_of_all_pods_are_counted_once_per_look() -> None:
    watched, one, two = Watched(), pod(), pod("pod-2")
    one.label(100, 5)
    two.label(60, 3)
    assert watched.scrape(one, two) == [POLICY], "the first round is a look"
    one.label(40, 2)
    assert watched.scrape(one, two) == [], "the next look is not due"
    assert watched.scrape(one, two, rounds=4) == [POLICY]
    assert watched.scrape(one, two, rounds=8) == [], "a look that finds nothing new wakes nobody"
    state = watched.state()
    assert (state.first.rows, state.first.total) == (200, 10)


def test_restarted_pod_and_a_new_one_count_in_full_and_a_gone_one_keeps_what_it_had() -> None:
    watched, one = Watched(), pod()
    one.label(100, 5)
    watched.scrape(one, rounds=5)
    again, new = pod(started=70), pod("pod-2", started=70)
    again.label(30, 1)
    new.label(20, 1)
    watched.scrape(again, new, rounds=5)
    watched.scrape(new, rounds=5)
    assert watched.state().labels == 150


def test_labels_from_before_the_policy_do_not_count_but_every_later_one_does() -> None:
    watched, old = Watched(), pod(started=-1000)
    old.label(5000, 2500)
    watched.scrape(old, rounds=5)
    old.label(10, 1)
    old.label(7, 1, ("age", "0"))
    watched.scrape(old, rounds=5)
    assert watched.state().first.rows == 10
    assert watched.state(group=("age", "0")).first.rows == 7, "a series that is new in an old process"


def test_late_labels_count_for_the_revision_that_predicted_wherever_they_come() -> None:
    watched, successor = Watched(), pod(revision="credit-2")
    older = Pod(revision="credit-1")
    older.label(50, 2)
    labels = {**successor.scrape(), **older.scrape()}
    watched.watch.record("team", "credit", successor.process, labels, at(10))
    watched.watch.finish_round({"pod-1"}, at(61))
    watched.seconds = 61
    assert watched.state("credit-1").labels == 50
    assert watched.state("credit-2").labels == 0


def test_package_is_compared_with_from_the_first_label_on() -> None:
    watched, one = Watched(), pod()
    one.holdout = {"accuracy": 0.95, "groups": 5000}
    one.label(300, 90)
    watched.scrape(one, rounds=5)
    state = watched.state()
    assert (state.first, state.tested.rows) == (NO_LOSSES, 300)
    assert evidence_of(TEST, state, 1.0) == 1
    window = watched.watch.window(POLICY, "credit-1", at(watched.seconds))
    assert window is not None
    assert window.package is not None
    assert window.package.rows == 5000


def test_errors_of_numbers_are_watched_by_their_sums() -> None:
    watched = Watched(label_test_of(trigger_of(MAE)))
    figures = {"rows": 100.0, "errors": 3270.0, "squares": 200_000.0}
    labels = {"credit-1": RevisionLabels({ALL: figures})}
    watched.watch.record("team", "credit", ("pod-1", at(0).timestamp()), labels, at(10))
    watched.watch.finish_round({"pod-1"}, at(61))
    watched.seconds = 61
    first = watched.state().first
    assert (first.rows, first.total, first.squares) == (100, 3270, 200_000)


@pytest.mark.parametrize(
    ("spec", "figures", "says"),
    [
        pytest.param({}, {"rows": 5.0, "errors": 1.0, "squares": 1.0}, "of classes", id="a regression"),
        pytest.param(MAE, {"rows": 5.0, "correct": 4.0}, "of numbers", id="a classifier"),
    ],
)
def test_metric_that_the_servers_do_not_count_is_a_problem(
    spec: dict[str, str], figures: dict[str, float], says: str
) -> None:
    watched = Watched(label_test_of(trigger_of(spec) if spec else trigger_of()))
    labels = {"credit-1": RevisionLabels({ALL: figures})}
    watched.watch.record("team", "credit", ("pod-1", at(0).timestamp()), labels, at(10))
    window = watched.watch.window(POLICY, "credit-1", at(20))
    assert window is not None
    assert window.problem is WindowProblem.OTHER_METRIC
    assert says in window.problem_message


def test_servers_that_cannot_be_read_are_a_problem_when_it_lasts() -> None:
    watched, one = Watched(), pod()
    assert watched.watch.window(POLICY, "credit-1", at(0)) is None
    watched.watch.record_failure("team", "credit", "credit-1", "Timeout: no answer")
    failed = watched.watch.window(POLICY, "credit-1", at(1))
    assert failed is not None
    assert (failed.problem, failed.problem_message) == (WindowProblem.SCRAPE_FAILED, "Timeout: no answer")
    watched.scrape(one)
    watched.watch.record_failure("team", "credit", "credit-1", "Unreachable: refused")
    soon, later = (watched.watch.window(POLICY, "credit-1", at(seconds)) for seconds in (60, 91))
    assert soon is not None
    assert later is not None
    assert (soon.problem, later.problem) == (None, WindowProblem.SCRAPE_FAILED)


def test_server_that_has_no_labels_at_all_is_not_judged() -> None:
    watched = Watched()
    watched.watch.record("team", "credit", ("pod-1", 0.0), {"credit-1": RevisionLabels({})}, at(10))
    assert watched.watch.window(POLICY, "credit-1", at(20)) is None
    assert watched.watch.window(Key(RETRAIN_POLICY, "team", "other"), "credit-1", at(20)) is None


def test_other_bounds_begin_the_evidence_anew_but_keep_the_first_labels() -> None:
    watched, one = Watched(), pod()
    one.label(200, 10)
    one.label(5, 1, ("age", "0"))
    watched.scrape(one, rounds=5)
    one.label(300, 90)
    watched.scrape(one, rounds=5)
    assert evidence_of(TEST, watched.state(), 0.5) == 1
    tighter = label_test_of(trigger_of(maxDrop="0.01", slices=["sex"]))
    watched.watch.follow(POLICY, "credit", tighter, at(watched.seconds))
    assert evidence_of(tighter, watched.state(), 1.0) == 0
    assert watched.state().first.rows == 200
    window = watched.watch.window(POLICY, "credit-1", at(watched.seconds))
    assert window is not None
    assert [group.slice for group in window.groups] == [""], "slices that are no longer watched go"
    watched.watch.follow(POLICY, "credit", tighter, at(watched.seconds))
    assert watched.state().first.rows == 200
    watched.watch.follow(POLICY, "credit", label_test_of(trigger_of(MAE)), at(watched.seconds))
    assert watched.watch.window(POLICY, "credit-1", at(watched.seconds)) is None


def test_policy_that_no_longer_watches_is_forgotten() -> None:
    watched = Watched()
    watched.watch.unfollow(POLICY)
    watched.watch.unfollow(POLICY)
    assert watched.watch.model_deployments() == set()
    watched.watch.record("team", "credit", ("pod-1", 0.0), pod().scrape(), at(10))
    assert watched.watch.window(POLICY, "credit-1", at(20)) is None


def test_revisions_are_bounded_and_the_one_without_labels_for_longest_goes() -> None:
    watched = Watched()
    for number in range(MAX_REVISIONS + 2):
        each = pod(revision=f"credit-{number}")
        each.label(10, 1)
        watched.scrape(each, rounds=5)
    kept = {
        number
        for number in range(MAX_REVISIONS + 2)
        if watched.watch.window(POLICY, f"credit-{number}", at(0)) is not None
    }
    assert kept == set(range(2, MAX_REVISIONS + 2))


def test_more_revisions_in_one_scrape_than_are_kept_are_left_out() -> None:
    watched = Watched()
    labels = {
        f"credit-{number}": RevisionLabels({ALL: {"rows": 5.0, "correct": 5.0}}) for number in range(20)
    }
    watched.watch.record("team", "credit", ("pod-1", at(0).timestamp()), labels, at(10))
    watched.watch.finish_round({"pod-1"}, at(61))
    kept = [name for name in labels if watched.watch.window(POLICY, name, at(61)) is not None]
    assert len(kept) == MAX_REVISIONS
