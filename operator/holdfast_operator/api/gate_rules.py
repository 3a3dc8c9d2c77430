"""Rules on the checks of a gate."""

from pydantic.config import JsonDict

from holdfast_operator.api.validation_rule import DECIMAL_PATTERN, matches, rule

_SHARE_PATTERN = "^-?(0([.][0-9]+)?|1([.]0+)?)$"
_COSTS = "['latencyP95Milliseconds', 'packageBytes']"
_BETWEEN_SLICES = "['demographicParityDifference', 'equalizedOddsDifference']"
_SHARES = (
    "['accuracy', 'balancedAccuracy', 'f1', 'auc', 'brier', 'ndcgAt10', 'selectionRate', 'truePositiveRate', "
    "'falsePositiveRate', 'demographicParityDifference', 'equalizedOddsDifference']"
)
_CAN_BE_NEGATIVE = "['r2']"
_BOUNDS = ("max", "min", "maxRegression", "maxGap", "maxGapIncrease")


def _set_implies(bound: str, consequence: str) -> str:
    return f"(!has(self.{bound}) || {consequence})"


def _is_share(bound: str) -> str:
    return _set_implies(bound, matches(f"self.{bound}", _SHARE_PATTERN))


def _is_not_negative(bound: str) -> str:
    return _set_implies(bound, f"!self.{bound}.startsWith('-')")


def unique(field: str) -> JsonDict:
    """Return the rule that a list has no entry twice."""
    return rule("self.all(p, self.exists_one(q, q == p))", f"{field} must not repeat one")


GATE_CHECK_RULES = (
    rule(
        " || ".join(f"has(self.{bound})" for bound in _BOUNDS),
        "set at least one of max, min, maxRegression, maxGap and maxGapIncrease: "
        "without a bound nothing is checked",
    ),
    rule(
        f"!(self.metric in {_COSTS}) || (!has(self.min) && !has(self.maxRegression) && !has(self.slice))",
        "latencyP95Milliseconds and packageBytes take only max: leave out min, maxRegression and slice",
    ),
    rule(
        f"!(self.metric in {_SHARES}) || ({' && '.join(_is_share(bound) for bound in _BOUNDS)})",
        'bounds of accuracy, auc, f1 and other shares are shares of 1: write "0.9" for 90 %',
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
    rule(
        "self.metric != 'selectionRate' || !has(self.maxRegression)",
        "a higher selectionRate is neither better nor worse: use max, min, maxGap or maxGapIncrease instead "
        "of maxRegression",
    ),
    rule(
        "has(self.slice) || (!has(self.maxGap) && !has(self.maxGapIncrease))",
        "maxGap and maxGapIncrease compare the slices of a column: set slice.column",
    ),
    rule(
        f"!(self.metric in {_BETWEEN_SLICES}) || "
        "(has(self.slice) && !has(self.min) && !has(self.maxGap) && !has(self.maxGapIncrease))",
        "demographicParityDifference and equalizedOddsDifference are gaps between slices: set slice.column, "
        "and only max and maxRegression",
    ),
    rule(
        f"{_is_not_negative('maxGap')}",
        "maxGap must not be negative: a gap is at least 0",
        ".maxGap",
    ),
    rule(
        f"!(has(self.maxGap) || has(self.maxGapIncrease) || self.metric in {_BETWEEN_SLICES}) || "
        "!has(self.slice) || !has(self.slice.values) || self.slice.values.size() > 1",
        "a gap is between two slices or more: add to slice.values, or leave it out to compare all",
    ),
)
"""On each check of spec.gate.checks."""

OVERLAP_RULE = rule(
    matches("self", "^(0([.][0-9]+)?|1([.]0+)?)$"),
    'maxHoldoutOverlap must be a share of 1 from 0 to 1, such as "0.01" for 1 %',
)
