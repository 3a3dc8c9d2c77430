"""Rules on what a RetrainPolicy decides by: drift tolerance and schedule."""

from holdfast_operator.api.validation_rule import matches, rule

_DIVERGENCE = (
    f"{matches('self', '^[0-9]{1,2}([.][0-9]{1,9})?$')} && double(self) > 0.0 && double(self) <= 10.0"
)
TOLERANCE_RULE = rule(_DIVERGENCE, 'tolerance must be a decimal above 0 and at most 10, such as "0.1"')
SEVERE_RULE = rule(_DIVERGENCE, 'severe must be a decimal above 0 and at most 10, such as "0.25"')
SEVERE_ABOVE_TOLERANCE_RULE = rule(
    "!has(self.severe) || double(self.severe) > double(self.tolerance)",
    "severe must be above tolerance: it is what a shorter window is enough for",
    ".severe",
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
