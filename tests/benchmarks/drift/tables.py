"""A run's results as Markdown: the targets, then a table for each question."""

from collections.abc import Iterable, Sequence
from math import isinf

from tests.benchmarks.drift.digits import GRID
from tests.benchmarks.drift.results import Results, alarm_share
from tests.benchmarks.drift.rules import Rate, information_bound, true_psi
from tests.benchmarks.drift.targets import Target
from tests.benchmarks.drift.traffic import CHANGES, CORRELATION_LOST, NULLS, Change
from tests.benchmarks.drift.window_suite import WINDOW_ROWS, Windows

NULL_NOTE = """\
Retrains in 30 days of 30 unchanged features, none within a day of another, so at most 30; in brackets the
exact 95 % interval of the rate. PSI is looked at every minute; the peers look every hour at that hour's
rows (NannyML at each 500, river at each row), in the first days of the same rows."""
DELAY_NOTE = """\
Median rows from the change to the first alarm at 60 rows/min, and how many times the bound that is; "-": in
half of the runs or more none came within 48 hours (peers: 12). What alarms without a change is fast here as
well: see the table before. Drift below the tolerance is not confirmed, by design, and a look that confirms
is at a whole day. The bound, ln(looks x features) / KL, is for one false alarm in a month of looks each
minute."""
WINDOW_NOTE = """\
Share of windows with an alarm. Holdfast tests no column on fewer than 20 rows for each bin."""
REAL_NOTE = """\
The Victorian columns, constant for 363 days, then not. Holdfast looks after each half-hour, at windows up
to a fortnight; the others at every week (river at each row)."""


def report(results: Results, targets: Sequence[Target]) -> str:
    """Return the whole report."""
    parts = [
        ("Targets", "", _targets(targets)),
        ("False retrains without a change", NULL_NOTE, _nulls(results)),
        ("Delay after a change", DELAY_NOTE, _delays(results)),
        ("Power on digits (the grid of *Failing Loudly*)", WINDOW_NOTE, _by_rows(results.digits)),
        ("Power on digits by kind of shift, windows of 200 rows", "", _by_kind(results.digits)),
        ("Only the correlation lost", WINDOW_NOTE, _by_rows(results.correlation)),
        ("Rows until a lost correlation is told in a stream", "", _lost(results)),
        ("A real change: Elec2 from row 17,424 on", REAL_NOTE, _real(results)),
        ("CPU time of a row with 30 features", "", _costs(results)),
    ]
    return "\n\n".join(f"### {title}\n\n{_noted(note)}{found}" for title, note, found in parts) + "\n"


def _noted(note: str) -> str:
    return f"{note}\n\n" if note else ""


def _targets(targets: Sequence[Target]) -> str:
    rows = [[each.title, each.wanted, each.found, f"**{each.verdict}**"] for each in targets]
    return table(["target", "wanted", "found", ""], rows)


def _nulls(results: Results) -> str:
    heading = ["", *(each.title for each in NULLS), "days each"]
    rows = []
    for rule in results.null_rules():
        rates = [results.rate(rule, traffic) for traffic in NULLS]
        days = next((f"{rate.days:g}" for rate in rates if rate is not None), "")
        rows.append([rule, *map(_rate, rates), days])
    return table(heading, rows)


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return ""
    low, high = rate.interval
    return f"{rate.mean:.2g} ({low:.2g}-{high:.2g})"


def _delays(results: Results) -> str:
    heading = ["", *(each.title for each in CHANGES)]
    psi = ["*PSI*", *(f"{true_psi(each):.3f}" for each in CHANGES)]
    bound = ["*bound, rows*", *(f"{information_bound(each):,.0f}" for each in CHANGES)]
    rules = dict.fromkeys(each.rule for each in results.delays)
    rows = [[rule, *(_delay(results, rule, each) for each in CHANGES)] for rule in rules]
    return table(heading, [psi, bound, *rows])


def _delay(results: Results, rule: str, change: Change) -> str:
    rows = results.delay(rule, change)
    if rows is None:
        return ""
    times = rows / information_bound(change)
    return "-" if isinf(rows) else f"{rows:,.0f} ({times:,.{1 if times < 10 else 0}f} x)"


def _lost(results: Results) -> str:
    rules = dict.fromkeys(each.rule for each in results.delays if each.change == CORRELATION_LOST)
    found = [(rule, results.delay(rule, CORRELATION_LOST)) for rule in rules]
    rows = [[rule, "-" if late is None or isinf(late) else f"{late:,.0f}"] for rule, late in found]
    return table(["", "median rows"], rows)


def _by_rows(windows: Sequence[Windows]) -> str:
    heading = [
        "",
        *(f"no shift, {rows} rows" for rows in WINDOW_ROWS),
        *(f"shifts, {rows} rows" for rows in WINDOW_ROWS),
    ]
    lines = []
    for rule in dict.fromkeys(each.rule for each in windows):
        own = [each for each in windows if each.rule == rule]
        cells = [
            _share(each for each in own if each.rows == rows and (each.case is not None) == is_shifted)
            for is_shifted in (False, True)
            for rows in WINDOW_ROWS
        ]
        lines.append([rule, *cells])
    return table(heading, lines)


def _by_kind(windows: Sequence[Windows]) -> str:
    kinds = list(dict.fromkeys(each.title for each in GRID))
    some = [each for each in windows if each.rows == 200]
    rows = [
        [rule, *(_share(each for each in some if (each.rule, each.case) == (rule, kind)) for kind in kinds)]
        for rule in dict.fromkeys(each.rule for each in some)
    ]
    return table(["", *kinds], rows)


def _share(found: Iterable[Windows]) -> str:
    share = alarm_share(found)
    return "" if share is None else f"{share:.0%}"


def _real(results: Results) -> str:
    rows = [
        [each.rule, f"{each.early} of {each.looks}", "-" if each.rows is None else f"{each.rows}"]
        for each in results.real
    ]
    return table(["", "looks with an alarm before", "half-hours until the first alarm"], rows)


def _costs(results: Results) -> str:
    rows = [[each.what, f"{each.microseconds:,.2f}"] for each in results.row_costs()]
    return table(["", "µs"], rows)


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
