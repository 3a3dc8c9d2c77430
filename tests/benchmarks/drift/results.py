"""Everything that one run found."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.benchmarks.drift.cost_suite import Cost
from tests.benchmarks.drift.delay_suite import Delay, median_rows
from tests.benchmarks.drift.null_suite import NullMonth, PeerNull
from tests.benchmarks.drift.real_suite import RealDelay
from tests.benchmarks.drift.rules import MONTH_DAYS, Rate
from tests.benchmarks.drift.traffic import Change, Traffic
from tests.benchmarks.drift.window_suite import Windows


@dataclass
class Results:
    """What was found, in the order in which it was."""

    months: list[NullMonth] = field(default_factory=list)
    peer_nulls: list[PeerNull] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)
    digits: list[Windows] = field(default_factory=list)
    correlation: list[Windows] = field(default_factory=list)
    real: list[RealDelay] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)

    def rate(self, rule: str, traffic: Traffic) -> Rate | None:
        """Return the false retrains of a rule; None: it was not measured."""
        months = [each for each in self.months if each.traffic == traffic and rule in each.retrains]
        if months:
            return Rate(sum(each.retrains[rule] for each in months), MONTH_DAYS * len(months))
        for each in self.peer_nulls:
            if each.traffic == traffic and rule in each.titles():
                return Rate(each.titles()[rule], each.peer.null_days)
        return None

    def null_rules(self) -> list[str]:
        """Return the rules that watched unchanged streams."""
        ours = (rule for each in self.months for rule in each.retrains)
        return list(dict.fromkeys([*ours, *(rule for each in self.peer_nulls for rule in each.titles())]))

    def delay(self, rule: str, change: Change) -> float | None:
        """Return the median rows until an alarm: infinite if half or more had none; None: not measured."""
        found = [each for each in self.delays if (each.rule, each.change) == (rule, change)]
        return median_rows(found) if found else None

    def row_costs(self) -> list[Cost]:
        """Return what a row costs everywhere, at 60 rows a minute."""
        peers = (
            Cost(f"{each.peer.title}, {each.peer.looks}", each.cost)
            for each in self.peer_nulls
            if each.traffic.rows_per_minute == 60 and not each.traffic.is_dependent
        )
        return [*self.costs, *peers]


def alarm_share(found: Iterable[Windows]) -> float | None:
    """Return the share of windows with an alarm; None without windows."""
    some = list(found)
    windows = sum(each.windows for each in some)
    return sum(each.alarms for each in some) / windows if windows else None
