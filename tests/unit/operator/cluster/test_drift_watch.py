"""What scrapes found becomes windows, or a reason why there is none."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.count_table import Series
from holdfast.drift_settings import DriftSettings
from holdfast.profile import NumericColumn, Profile
from holdfast_operator.cluster.drift_watch import MAX_PROFILES, NO_PROFILE, DriftWatch, WindowFailure
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY
from holdfast_operator.core.observation import DriftWindow
from holdfast_operator.core.reasons import WindowProblem

POLICY = Key(RETRAIN_POLICY, "team", "nightly")
WINDOW = 480
SETTINGS = DriftSettings(window_seconds=WINDOW)
AGE = NumericColumn(
    kind="feature", name="age", tensor="x", index=0, missing=10, counts=(40, 50), edges=(1.0,),
    minimum=0.0, maximum=2.0, median=1.0,
)  # fmt: skip
PROFILE = Profile(rows=100, columns=(AGE,))


def at(seconds: float) -> datetime:
    # A multiple of the window's stride, so that looks are at 0, 120, 240…
    return datetime.fromtimestamp(1_800_000_000 + seconds, UTC)


def scrape(rows: int, started: float = 0, revision: str = "credit-1", profile: str = "p1") -> ServerCounters:
    values: dict[Series, int] = {
        ("rows",): rows,
        ("bin", "feature", "age", "0"): rows // 4,
        ("bin", "feature", "age", "1"): rows // 2,
        ("anomaly", "feature", "age", "missing"): rows // 4,
        ("anomaly", "feature", "age", "above"): 2,
    }
    return ServerCounters(at(started).timestamp(), {(revision, profile): values})


@pytest.fixture
def watch() -> DriftWatch:
    watch = DriftWatch(scrape_interval_seconds=15)
    watch.follow(POLICY, "credit", SETTINGS, at(0))
    watch.set_profile("team", "credit", "p1", PROFILE)
    return watch


def window(watch: DriftWatch, seconds: float, revision: str = "credit-1") -> DriftWindow:
    """Finish a round of scrapes, and return what is known then."""
    watch.finish_round({"pod-1", "pod-2"}, at(seconds))
    found = watch.window(POLICY, revision, at(seconds))
    assert found is not None
    return found


def test_rows_of_all_pods_are_summed_until_the_last_look(watch: DriftWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100), at(10))
    watch.record("team", "credit", "pod-2", scrape(60), at(110))
    watch.record("team", "credit", "pod-1", scrape(1000), at(125))
    found = window(watch, 130)
    assert (found.start, found.end) == (at(10), at(120))
    assert found.rows == 160
    (age,) = found.columns
    assert age.counts == (40, 80)
    assert age.reference == (40, 50)


def test_window_does_not_change_until_the_next_look(watch: DriftWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100), at(10))
    watch.record("team", "credit", "pod-1", scrape(100), at(119))
    before = window(watch, 121)
    watch.record("team", "credit", "pod-1", scrape(5000), at(200))
    assert window(watch, 200) == before
    watch.record("team", "credit", "pod-1", scrape(5000), at(239))
    assert watch.window(POLICY, "credit-1", at(241)) == before, "not before the round is over"
    assert window(watch, 241).rows == 5000


def test_rows_older_than_the_window_do_not_count(watch: DriftWatch) -> None:
    for second, rows in ((0, 100), (300, 150), (700, 160), (959, 160)):
        watch.record("team", "credit", "pod-1", scrape(rows), at(second))
    found = window(watch, 961)
    assert (found.start, found.end) == (at(480), at(960))
    assert found.rows == 10


def test_revisions_are_apart(watch: DriftWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100), at(10))
    watch.record("team", "credit", "pod-2", scrape(40, revision="credit-2"), at(100))
    watch.record("team", "credit", "pod-1", scrape(100), at(110))
    assert window(watch, 121).rows == 100
    assert window(watch, 121, "credit-2").rows == 40
    assert window(watch, 121, "credit-2").start == at(100)


def test_nothing_is_known_before_the_first_scrape(watch: DriftWatch) -> None:
    assert watch.window(POLICY, "credit-1", at(10)) is None
    assert watch.window(Key(RETRAIN_POLICY, "team", "other"), "credit-1", at(10)) is None


def test_what_is_counted_before_the_profile_is_read_is_counted_later(watch: DriftWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100, profile="p2"), at(10))
    assert not watch.has_profile("team", "credit", "p2")
    assert watch.window(POLICY, "credit-1", at(20)) is None
    watch.set_profile("team", "credit", "p2", PROFILE)
    assert watch.window(POLICY, "credit-1", at(20)) is None
    watch.record("team", "credit", "pod-1", scrape(130, profile="p2"), at(100))
    assert window(watch, 121).rows == 130


def test_servers_that_cannot_be_read_are_a_problem(watch: DriftWatch) -> None:
    watch.record_failure("team", "credit", "credit-1", "Timeout: no answer")
    found = window(watch, 10)
    assert (found.problem, found.problem_message) == (WindowProblem.SCRAPE_FAILED, "Timeout: no answer")


def test_single_failed_scrape_is_no_problem_but_lasting_ones_are(watch: DriftWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100), at(100))
    watch.record_failure("team", "credit", "credit-1", "Unreachable: refused")
    assert window(watch, 130).problem is None
    assert window(watch, 180).problem is WindowProblem.SCRAPE_FAILED
    watch.record("team", "credit", "pod-1", scrape(100), at(190))
    assert window(watch, 191).problem is None


@pytest.mark.parametrize(
    ("profile", "answer", "problem"),
    [
        pytest.param("", None, WindowProblem.NO_PROFILE, id="package without a profile"),
        pytest.param("p9", NO_PROFILE, WindowProblem.NO_PROFILE, id="server says there is none"),
        pytest.param(
            "p9",
            WindowFailure(WindowProblem.PROFILE_INVALID, "other hash"),
            WindowProblem.PROFILE_INVALID,
            id="profile that cannot be used",
        ),
    ],
)
def test_missing_profile_is_a_problem(
    watch: DriftWatch, profile: str, answer: WindowFailure | None, problem: WindowProblem
) -> None:
    watch.record("team", "credit", "pod-1", scrape(100, profile=profile), at(10))
    if answer:
        watch.set_profile("team", "credit", profile, answer)
    assert window(watch, 20).problem is problem


def test_other_bounds_begin_anew_and_the_same_do_not(watch: DriftWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100), at(10))
    watch.follow(POLICY, "credit", SETTINGS, at(20))
    assert watch.window(POLICY, "credit-1", at(20)) is not None
    watch.follow(POLICY, "credit", DriftSettings(window_seconds=WINDOW * 2), at(30))
    assert watch.window(POLICY, "credit-1", at(30)) is None


def test_other_tolerance_judges_what_was_counted_anew(watch: DriftWatch) -> None:
    for second in range(0, 600, 15):
        watch.record("team", "credit", "pod-1", scrape(1000 + second * 100), at(second))
        watch.finish_round({"pod-1"}, at(second))
    assert [str(each.tier) for each in window(watch, 601).alarms] == ["Fault"]
    watch.follow(POLICY, "credit", DriftSettings(window_seconds=WINDOW, features=("none",)), at(601))
    found = window(watch, 602)
    assert (found.alarms, found.rows) == ((), 48_000)


def test_profiles_are_remembered_up_to_a_limit(watch: DriftWatch) -> None:
    for number in range(MAX_PROFILES):
        watch.set_profile("team", "credit", f"hash-{number}", NO_PROFILE)
    assert not watch.has_profile("team", "credit", "p1")
    assert watch.has_profile("team", "credit", "hash-0")


def test_policy_that_no_longer_watches_is_forgotten(watch: DriftWatch) -> None:
    watch.unfollow(POLICY)
    watch.unfollow(POLICY)
    assert watch.model_deployments() == set()
    assert not watch.has_profile("team", "credit", "p1")


def test_each_look_is_due_once(watch: DriftWatch) -> None:
    assert [watch.finish_round(set(), at(second)) for second in (1, 15, 119, 120, 130)] == [
        [POLICY], [], [], [POLICY], [],
    ]  # fmt: skip


def test_revision_that_is_gone_is_dropped_when_its_rows_are_old(watch: DriftWatch) -> None:
    watch.record("team", "credit", "pod-1", scrape(100), at(10))
    watch.record_failure("team", "credit", "credit-1", "Unreachable: gone")
    watch.finish_round(set(), at(10) + timedelta(seconds=WINDOW * 2))
    assert watch.window(POLICY, "credit-1", at(10) + timedelta(seconds=WINDOW * 2)) is None
