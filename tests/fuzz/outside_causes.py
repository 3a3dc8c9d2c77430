"""What the operator reads from outside: notifications of Alertmanager, answers of tools for signals."""

import json
import math
import re
from datetime import UTC, datetime
from random import Random

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.api.trigger_statuses import AlertStatus
from holdfast_operator.cluster.alert_notification import MalformedNotificationError, read_notification
from holdfast_operator.core.alerts import take_alert
from holdfast_operator.core.signal_answer import read_answer
from tests.fuzz.json_nodes import changed_node
from tests.fuzz.target import Target, Violation, kind_of
from tests.unit.operator.cluster.notifications import alert, notification

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
START = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
TOKENS = (
    *(b"null", b"true", b"NaN", b"1e999", b"-0", b'""', b'"\\ud800"', b'"\\u0000"', b"[]", b"{}", b"[" * 200),
    *(b'"firing"', b'"resolved"', b'"4"', b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59-23:59"'),
    *(b'"namespace":"team"', b'"labels":{}', b'"alertname":"\\u001b[31m"', b'"0.5"', b'"value":', b"1" * 400),
)
SIGNALS = tuple(
    SignalTrigger.model_validate({"url": "http://tool.team.svc/", "path": path, **bound})
    for path in (
        "metrics[?starts_with(metric_name, 'Drifted')].value.share | [0]",
        "max(metrics[*].value)",
        "data.result[0].value[1]",
        "@",
    )
    for bound in ({"above": "0.5"}, {"equals": "true"})
)


def run_notification(data: bytes, _random: Random) -> str:
    """Read a notification, and remember its alerts."""
    try:
        alerts = read_notification(data)
    except MalformedNotificationError as error:
        return f"refused {kind_of(str(error))}"
    status = AlertStatus()
    for each in alerts:
        status, _ = take_alert(status, each, NOW)
    written = json.dumps(status.model_dump(mode="json", by_alias=True), ensure_ascii=False).encode()
    if len(status.recent) > 64 or len(written) > 64 * 1024:
        raise Violation(f"{len(status.recent)} alerts of {len(written)} bytes are remembered")
    for record in status.recent:
        if not START.fullmatch(record.starts_at) or not record.name.isprintable():
            raise Violation(f"{record} is remembered")
    firing = sum(each.is_firing for each in alerts)
    return f"read {len(alerts)}, firing {firing}, remembered {len(status.recent)}"


def run_answer(data: bytes, random: Random) -> str:
    """Judge an answer by one of the triggers."""
    trigger = random.choice(SIGNALS)
    answer = read_answer(trigger, data, NOW)
    if answer.problem is not None:
        if answer.is_out or answer.value or not answer.message:
            raise Violation(f"{answer}")
        return f"no figure {answer.problem}"
    if trigger.equals is None and not math.isfinite(float(answer.value)):
        raise Violation(f"{answer}")
    return f"figure for {trigger.path}, out: {answer.is_out}"


def _answers() -> list[bytes]:
    drifted = {"metric_name": "DriftedColumnsCount(drift_share=0.5)", "value": {"share": 0.6}}
    documents = [
        {"metrics": [drifted, {"metric_name": "ValueDrift(column=age)", "value": 0.01}]},
        {"metrics": [{"value": 0.7}, {"value": 0.2}], "data": {"result": [{"value": [1.5, "0.6"]}]}},
        True,
        0.25,
    ]
    return [json.dumps(each).encode() for each in documents]


ALERTS = Target(
    "alerts",
    run_notification,
    [notification(alert()), notification(alert("resolved"), alert(model="fraud")), notification()],
    TOKENS,
    changed_node,
)
ANSWERS = Target("signals", run_answer, _answers(), TOKENS, changed_node)
