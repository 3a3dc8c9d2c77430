"""Reads the notifications that Alertmanager posts to a webhook (version 4 of its data)."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from holdfast_operator.core.alerts import Alert, spell_start

MAX_ALERTS: Final = 1000
_KNOWN_DEPTH: Final = 3


class MalformedNotificationError(ValueError):
    """What was posted is no notification; the message names the field."""


class _Alert(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, strict=True, extra="ignore")

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    starts_at: AwareDatetime
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


class _Notification(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    version: Literal["4"]
    alerts: Annotated[list[_Alert], Field(max_length=MAX_ALERTS)]


def read_notification(body: bytes) -> Sequence[Alert]:
    """Return the alerts of a notification.

    Raises:
        MalformedNotificationError: it is none.
    """
    try:
        notification = _Notification.model_validate_json(body)
        return [_alert(each) for each in notification.alerts]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        # Beyond that come keys of labels, which are the sender's and as long as it likes.
        field = ".".join(str(part) for part in first["loc"][:_KNOWN_DEPTH]) or "the body"
        raise MalformedNotificationError(f"{field}: {first['msg']}") from None
    except OverflowError:
        raise MalformedNotificationError("alerts: startsAt is no time of this calendar") from None


def _alert(alert: _Alert) -> Alert:
    return Alert(alert.fingerprint, spell_start(alert.starts_at), alert.labels, alert.status == "firing")
