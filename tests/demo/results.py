"""What a run of the demo comes to: a row per revision, its errors in the months after it, and the verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.demo.conditions import is_true
from tests.demo.errors import DemoError
from tests.demo.journal import Journal
from tests.demo.narrator import error_check, number

JUDGED_MONTH = "2011-06"
UNCHANGED_AT_LEAST = 75.0
RETRAINED_AT_MOST = 45.0
SAME_PREDICTION = 1e-3


@dataclass(frozen=True)
class Row:
    """A line of the table: who, from when, why, how it was judged, and its error per month."""

    name: str
    since: str
    why: str
    judged: str
    errors: Mapping[str, float]


@dataclass(frozen=True)
class Results:
    """The table, and the figures that the demo promises."""

    months: Sequence[str]
    revisions: Sequence[Row]
    rejected: Sequence[Row]
    served: Mapping[str, float]
    unchanged: Mapping[str, float]
    requests: int
    failed: int
    seconds: float


def results_of(journal: Journal) -> Results:
    """Return the results."""
    month = journal.hour.astype("datetime64[M]").astype(str)
    months = sorted(set(month))
    return Results(
        months=months,
        revisions=[_revision_row(journal, each, months) for each in revisions_of(journal)],
        rejected=[
            _rejected_row(journal, each)
            for each in journal.resources_of("RetrainRun")
            if is_true(each, "Rejected")
        ],
        served={name: float(np.nanmean(journal.served_error[month == name])) for name in months},
        unchanged={name: float(np.mean(journal.unchanged_error[month == name])) for name in months},
        requests=len(journal.answers),
        failed=len(journal.failures),
        seconds=journal.seconds,
    )


def revisions_of(journal: Journal) -> list[Mapping[str, Any]]:
    """Return the revisions that have served, in the order in which they began to."""
    began = {each.subject: each.hour for each in journal.of("promotion")}
    [deployment] = journal.resources_of("ModelDeployment")
    status = deployment["status"]
    known = [*status.get("revisions", []), status["stableRevision"]]
    first = [each for each in known if each["origin"] == "Spec"]
    later = [each for each in known if each["name"] in began]
    return [*first, *sorted(later, key=lambda each: began[each["name"]])]


def since(journal: Journal, revision: str) -> str:
    """Return the hour of the rides from which a revision served."""
    began = {each.subject: each.hour for each in journal.of("promotion")}
    return began.get(revision, str(journal.answers[0]["hour"]))


def _revision_row(journal: Journal, revision: Mapping[str, Any], months: Sequence[str]) -> Row:
    hour = since(journal, revision["name"])
    error = np.abs(np.array(journal.predicted[revision["name"]]) - journal.count)
    after = journal.hour >= np.datetime64(hour)
    month = journal.hour.astype("datetime64[M]").astype(str)
    errors = {
        each: float(error[after & (month == each)].mean())
        for each in months
        if (after & (month == each)).any()
    }
    run = journal.resources.get(f"RetrainRun/{str(revision['origin']).removeprefix('RetrainRun/')}")
    why, judged = ("trained on January to March", "-") if run is None else (cause(run), comparison(run))
    return Row(revision["name"], hour[:10], why, judged, errors)


def _rejected_row(journal: Journal, run: Mapping[str, Any]) -> Row:
    name = run["metadata"]["name"]
    told = next((each.hour for each in journal.of("rejection") if each.subject == name), "")
    return Row("(rejected)", told[:10], cause(run), comparison(run), {})


def cause(run: Mapping[str, Any]) -> str:
    """Say why a run was started."""
    trigger = run["spec"].get("trigger", {})
    evidence = trigger.get("evidence", {})
    return f"drift of {evidence['name']}" if "name" in evidence else str(trigger.get("type", ""))


def comparison(run: Mapping[str, Any]) -> str:
    """Say what the gate saw: the errors of champion and candidate on the same held-out hours."""
    error = error_check(run)
    return f"{number(error.get('champion'))} → {number(error.get('candidate'))}"


def check(journal: Journal, results: Results) -> None:
    """See to it that the run shows what the demo promises.

    Raises:
        DemoError: it does not.
    """
    served, unchanged = results.served[JUDGED_MONTH], results.unchanged[JUDGED_MONTH]
    problems = [
        ("no candidate was rolled out", len(results.revisions) < 2),
        (f"{results.failed} requests failed: {'; '.join(journal.failures[:3])}", results.failed > 0),
        (
            f"the unchanged model is wrong by {unchanged:.1f} in June, not by {UNCHANGED_AT_LEAST:g} or more",
            unchanged < UNCHANGED_AT_LEAST,
        ),
        (
            f"the retrained one is wrong by {served:.1f} in June, not by {RETRAINED_AT_MOST:g} or less",
            served > RETRAINED_AT_MOST,
        ),
        ("the servers' answers are not those of their packages", not _answers_match(journal)),
    ]
    found = [text for text, wrong in problems if wrong]
    if found:
        raise DemoError("; ".join(found))


def _answers_match(journal: Journal) -> bool:
    """Tell whether every answer is what the package of the revision that gave it predicts here."""
    return all(
        each["revision"] in journal.predicted
        and abs(journal.predicted[each["revision"]][row] - each["predicted"]) < SAME_PREDICTION
        for row, each in enumerate(journal.answers)
        if each["predicted"] is not None
    )
