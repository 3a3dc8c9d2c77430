"""What the Gateways say of the route, and so whether the shares in it are those that requests get."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from holdfast_operator.api.gateway import ParentRef
from holdfast_operator.core.children import find_child
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason as Reason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.core.route import gateway_of, has_endpoints, routed_revisions, wanted_route
from holdfast_operator.core.route_status import is_behind, is_current, parents, shares
from holdfast_operator.manifests.metadata import Manifest

LOOK_AGAIN_SECONDS: Final = 10.0
"""A Gateway's answer brings us back by a watch, but not where the kind came after the operator's start."""
_ASPECTS: Final = frozenset({"Accepted", "ResolvedRefs"})
_PASSING: Final = frozenset({"BackendNotFound", "Pending"})
"""Reasons that time alone may cure: a Gateway may see the route before its Services."""


class RouteState(StrEnum):
    """What all Gateways together say of the route as it should be now."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REFUSED = "Refused"


@dataclass(frozen=True)
class RouteAnswer:
    """What they say, and in which words."""

    state: RouteState
    note: Note


_ACCEPTED: Final = RouteAnswer(
    RouteState.ACCEPTED, Note(Reason.ROUTE_ACCEPTED, "Every Gateway has accepted the route with its shares.")
)


def assess_route(observation: ModelDeploymentObservation, progress: Progress) -> RouteAnswer | None:
    """Return what the Gateways say of the shares that there should be now; None: no route is wanted.

    The shares count when every Gateway has accepted them: what one has said of an older generation of the
    route counts as no answer (Gateway API, RouteParentStatus). How it then programs its proxies is not told.
    """
    gateway, wanted = gateway_of(observation.resource), wanted_route(observation, progress)
    if gateway is None or wanted is None:
        return None
    live = find_child(observation.children, "HTTPRoute", wanted["metadata"]["name"])
    if live is None or shares(live) != shares(wanted):
        return _pending("The route is being written.")
    answers = [_answer_of(parent, live) for parent in gateway.parent_refs]
    not_yet = [answer for answer in answers if answer.state is not RouteState.ACCEPTED]
    refused = [answer for answer in not_yet if answer.state is RouteState.REFUSED]
    return next(iter(refused + not_yet), _ACCEPTED)


def may_route_to_others(observation: ModelDeploymentObservation, progress: Progress) -> bool:
    """Whether requests may still come to revisions that have left: some Gateway knows an older route only.

    One that has said nothing at all brings no requests; one that falls silent may bring them for ever.
    """
    wanted = wanted_route(observation, progress)
    name = observation.resource.metadata.name
    live = find_child(observation.children, "HTTPRoute", name)
    if wanted is None or live is None:
        return False
    is_known = any(entry.get("conditions") for entry in parents(live))
    return is_known and (shares(live) != shares(wanted) or is_behind(live))


def obstacle_to_requests(observation: ModelDeploymentObservation, progress: Progress) -> str:
    """Return why the candidate cannot be given requests yet, or more of them; empty: it can.

    A step begins, and a candidate takes over, when the Gateways have accepted the shares of the step before.
    """
    if not routed_revisions(observation, progress) or progress.candidate is None:
        return ""
    if not has_endpoints(observation, progress.candidate):
        return "its Service has no endpoints yet"
    answer = assess_route(observation, progress)
    if answer is None or answer.state is RouteState.ACCEPTED:
        return ""
    return answer.note.message


def _answer_of(parent: ParentRef, route: Manifest) -> RouteAnswer:
    namespace = route["metadata"]["namespace"]
    name = f"Gateway {parent.namespace or namespace}/{parent.name}"
    answers = [entry for entry in parents(route) if _names(entry["parentRef"], parent, namespace)]
    said = [each for entry in answers for each in entry.get("conditions") or () if each["type"] in _ASPECTS]
    if not said:
        return _pending(f"{name} has said nothing: it must exist, and its controller must run.")
    if not all(is_current(each, route) for each in said):
        return _pending(f"{name} has not answered for the newest shares yet.")
    return next((_denied(name, each) for each in said if each["status"] != "True"), _ACCEPTED)


def _denied(name: str, condition: Mapping[str, Any]) -> RouteAnswer:
    said = f"{name} says {condition['reason']}: {condition.get('message', '')}"
    if condition["reason"] in _PASSING:
        return _pending(said)
    return RouteAnswer(
        RouteState.REFUSED, Note(Reason.ROUTE_REFUSED, with_remedy(Reason.ROUTE_REFUSED, said))
    )


def _names(reference: Mapping[str, Any], parent: ParentRef, namespace: str) -> bool:
    named = (reference["name"], reference.get("namespace", namespace))
    listener = (reference.get("sectionName"), reference.get("port"))
    return (named, listener) == (
        (parent.name, parent.namespace or namespace),
        (parent.section_name, parent.port),
    )


def _pending(message: str) -> RouteAnswer:
    return RouteAnswer(RouteState.PENDING, Note(Reason.ROUTE_PENDING, message))
