"""Rules on what a RetrainPolicy decides by: drift tolerance, schedule and gate checks."""

from holdfast_operator.api.validation_rule import DECIMAL_PATTERN, matches, rule

_SHARE_PATTERN = "^-?(0([.][0-9]+)?|1([.]0+)?)$"
_COSTS = "['latencyP95Milliseconds', 'packageBytes']"
_SHARES = "['accuracy', 'balancedAccuracy', 'f1', 'auc']"
_CAN_BE_NEGATIVE = "['r2']"

TOLERANCE_RULE = rule(
    f"{matches('self', '^[0-9]{1,2}([.][0-9]{1,9})?$')} && double(self) > 0.0 && double(self) <= 10.0",
    'tolerance must be a decimal above 0 and at most 10, such as "0.1"',
)


def _cron_field(value: str) -> str:
    """Return the pattern of one cron field: a list of values, ranges and steps."""
    term = f"([*]|({value})(-({value}))?)(/[1-9][0-9]?)?"
    return f"{term}(,{term})*"


_CRON_PATTERN = " +".join(
    _cron_field(value)
    for value in (
        "[0-5]?[0-9]",
        "[01]?[0-9]|2[0-3]",
        "0?[1-9]|[12][0-9]|3[01]",
        "0?[1-9]|1[0-2]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec",
        "[0-7]|sun|mon|tue|wed|thu|fri|sat",
    )
)
CRON_RULE = rule(
    matches("self", f"(?i)^{_CRON_PATTERN}$"),
    'cron must have five fields (minute, hour, day of month, month, day of week), such as "0 3 * * 0"',
)


def _set_implies(bound: str, consequence: str) -> str:
    return f"(!has(self.{bound}) || {consequence})"


def _is_share(bound: str) -> str:
    return _set_implies(bound, matches(f"self.{bound}", _SHARE_PATTERN))


def _is_not_negative(bound: str) -> str:
    return _set_implies(bound, f"!self.{bound}.startsWith('-')")


GATE_CHECK_RULES = (
    rule(
        "has(self.max) || has(self.min) || has(self.maxRegression)",
        "set at least one of max, min and maxRegression: without a bound nothing is checked",
    ),
    rule(
        f"!(self.metric in {_COSTS}) || (!has(self.min) && !has(self.maxRegression))",
        "latencyP95Milliseconds and packageBytes take only max: leave out min and maxRegression",
    ),
    rule(
        f"!(self.metric in {_SHARES}) || "
        f"({' && '.join(_is_share(bound) for bound in ('max', 'min', 'maxRegression'))})",
        "max, min and maxRegression of accuracy, balancedAccuracy, f1 and auc are shares of 1: "
        'write "0.9" for 90 %',
    ),
    rule(
        f"self.metric in {_CAN_BE_NEGATIVE} || ({_is_not_negative('max')} && {_is_not_negative('min')})",
        "max and min must not be negative: only r2 can be",
    ),
    rule(
        f"!has(self.min) || !has(self.max) || !{matches('self.min', DECIMAL_PATTERN)} || "
        f"!{matches('self.max', DECIMAL_PATTERN)} || double(self.min) <= double(self.max)",
        "min must not exceed max: lower min or raise max",
        ".min",
    ),
)
"""On each check of spec.gate.checks."""
