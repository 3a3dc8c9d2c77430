"""Rules on the triggers that look beyond the model."""

from holdfast_operator.api.validation_rule import matches, rule

_HOST = r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"

ALERT_LABELS_RULE = rule(
    f"!('namespace' in self) && self.all(k, {matches('k', '^[a-zA-Z_][a-zA-Z0-9_]*$')})",
    "keys of matchLabels must be label names of Prometheus, such as alertname; leave out namespace, which is "
    "always that of the policy",
)
SIGNAL_URL_RULE = rule(
    matches("self", rf"^https?://{_HOST}(/[^\x00-\x20\x7f\\#]*)?$"),
    "url must be http://HOST/PATH or https://HOST/PATH without user name and fragment: "
    "nothing secret belongs into it",
)
JSON_PATH_RULE = rule(
    "!self.startsWith('$')",
    "path must be a JMESPath expression, which begins with a key instead of $: metrics[0].value",
)
SIGNAL_BOUND_RULE = rule(
    "(has(self.above) ? 1 : 0) + (has(self.below) ? 1 : 0) + (has(self.equals) ? 1 : 0) == 1",
    "set exactly one of above, below and equals",
)
