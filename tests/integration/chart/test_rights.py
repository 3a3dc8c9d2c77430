"""RBAC: all that the operator uses, nothing more, and the users' roles."""

from itertools import product
from typing import Any

import pytest

from holdfast_operator.cluster.kinds import (
    CHILDREN,
    CONFIG_MAP,
    EVENT,
    HTTP_ROUTE,
    LEASE,
    POD,
    RESOURCES,
    RETRAIN_RUN,
)
from tests.integration.chart.conftest import NAMESPACE, Render
from tests.integration.chart.values import (
    NO_CLUSTER_SCOPE,
    WATCHED,
    Objects,
    Values,
    each_set_of_values,
    of_kind,
)

pytestmark = pytest.mark.integration

CLUSTER_SCOPED = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
}
AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-"
DANGEROUS = {"*", "secrets", "pods/exec", "escalate", "bind", "impersonate", "nodes"}

Right = tuple[str, str, str]


def roles(objects: Objects) -> Objects:
    return [*of_kind(objects, "ClusterRole"), *of_kind(objects, "Role")]


def is_for_users(role: dict[str, Any]) -> bool:
    return any(label.startswith(AGGREGATE_TO) for label in role["metadata"]["labels"])


def rights(role_list: Objects) -> set[Right]:
    """Every (group, resource, verb) that the roles grant."""
    return {
        right
        for role in role_list
        for rule in role["rules"]
        for right in product(rule["apiGroups"], rule["resources"], rule["verbs"])
    }


@each_set_of_values
def test_nothing_is_granted_by_wildcard_and_no_secret_can_be_read(values: Values, render: Render) -> None:
    granted = {word for right in rights(roles(render(**values))) for word in right}
    assert not granted & DANGEROUS


def test_the_operator_is_granted_exactly_what_it_uses(render: Render) -> None:
    reading, writing = ("get", "list", "watch"), ("create", "patch", "delete")
    children = {(kind.group, kind.plural, verb) for kind, verb in product(CHILDREN, (*reading, *writing))}
    watched = {(kind.group, kind.plural, verb) for kind, verb in product((*RESOURCES, POD), reading)}
    status = {
        (kind.group, f"{kind.plural}/status", verb) for kind, verb in product(RESOURCES, ("update", "patch"))
    }
    finalizers = {(kind.group, f"{kind.plural}/finalizers", "update") for kind in RESOURCES}
    runs = {(RETRAIN_RUN.group, RETRAIN_RUN.plural, verb) for verb in ("create", "delete")}
    events = {(EVENT.group, EVENT.plural, verb) for verb in ("list", "create", "patch")}
    # Found by the name that it gave them; nobody else's are ever listed.
    kept = {(CONFIG_MAP.group, CONFIG_MAP.plural, verb) for verb in ("get", "create", "patch")}
    lease = {(LEASE.group, LEASE.plural, verb) for verb in ("get", "create", "update", "patch")}
    own = [role for role in roles(render()) if not is_for_users(role)]
    assert rights(own) == children | watched | status | finalizers | runs | events | kept | lease


def test_routes_are_the_operators_only_where_it_is_asked_to_make_them(render: Render) -> None:
    wanted = {
        (HTTP_ROUTE.group, HTTP_ROUTE.plural, verb)
        for verb in ("get", "list", "watch", "create", "patch", "delete")
    }
    for scope in ({}, {"watchNamespaces": WATCHED}):
        assert not wanted & rights(roles(render(**scope)))
        more = rights(roles(render(**scope, gatewayApi={"enabled": True}))) - rights(roles(render(**scope)))
        assert more == wanted | {("discovery.k8s.io", "endpointslices", "list")}


def test_an_engine_that_is_enabled_can_be_made_looked_at_and_stopped(render: Render) -> None:
    engines = ["pytorchjobs.kubeflow.org", "jobsets.jobset.x-k8s.io"]
    more = rights(roles(render(engines=engines))) - rights(roles(render()))
    kinds = (("kubeflow.org", "pytorchjobs"), ("jobset.x-k8s.io", "jobsets"))
    assert more == {(*kind, verb) for kind, verb in product(kinds, ("get", "create", "delete"))}


def test_the_lease_is_the_only_one_that_can_be_changed(render: Render) -> None:
    (role,) = of_kind(render(), "Role")
    (changing,) = [rule for rule in role["rules"] if "update" in rule["verbs"]]
    assert role["metadata"]["namespace"] == NAMESPACE
    assert changing["resourceNames"] == ["hf-holdfast"]


def test_watched_namespaces_get_roles_and_the_cluster_gets_nothing(render: Render) -> None:
    objects = render(**NO_CLUSTER_SCOPE)
    assert not CLUSTER_SCOPED & {each["kind"] for each in objects}
    places = {each["metadata"]["namespace"] for each in of_kind(objects, "RoleBinding")}
    assert places == {*WATCHED, NAMESPACE}


@each_set_of_values
def test_every_namespaced_object_names_its_namespace(values: Values, render: Render) -> None:
    for each in render(**values):
        is_spaced = "namespace" in each["metadata"]
        assert is_spaced != (each["kind"] in CLUSTER_SCOPED), each["metadata"]["name"]


@each_set_of_values
def test_every_binding_is_to_a_role_of_the_chart_and_the_operators_account(
    values: Values, render: Render
) -> None:
    objects = render(**values)
    (deployment,) = of_kind(objects, "Deployment")
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    known = {(role["kind"], role["metadata"]["name"]) for role in roles(objects)}
    for binding in (*of_kind(objects, "RoleBinding"), *of_kind(objects, "ClusterRoleBinding")):
        assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) in known
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}]


def test_viewers_see_and_editors_change_the_three_kinds(render: Render) -> None:
    by_verb = {name: rights([role]) for role in roles(render()) for name in aggregated(role)}
    plurals = {kind.plural for kind in RESOURCES}
    assert {resource.split("/")[0] for _, resource, _ in by_verb["view"]} == plurals
    assert {verb for _, _, verb in by_verb["view"]} == {"get", "list", "watch"}
    assert {("holdfast.dev", plural, "create") for plural in plurals} <= by_verb["edit"]
    assert not any(resource.endswith("/status") for _, resource, _ in by_verb["edit"])


def test_approving_is_a_right_of_its_own_that_administrators_have(render: Render) -> None:
    by_verb = {name: rights([role]) for role in roles(render()) for name in aggregated(role)}
    answer = {("holdfast.dev", "retrainruns", verb) for verb in ("update", "patch")}
    assert by_verb["admin"] == answer
    assert not answer & by_verb["edit"]


def aggregated(role: dict[str, Any]) -> list[str]:
    """The least of the cluster's roles that this one is added to."""
    labels = role["metadata"]["labels"]
    return [name for name in ("view", "edit", "admin") if f"{AGGREGATE_TO}{name}" in labels][:1]
