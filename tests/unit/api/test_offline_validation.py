"""`holdfast validate` says offline what the API server would say (tests/integration/api asks the server)."""

from pathlib import Path

import pytest
import yaml

from holdfast.custom_resource_schema import Schema, validator
from holdfast.validation import Problem, validate_documents
from holdfast.validation_rules import broken_rules, rules_of_the_server_alone
from tests.unit.api.bad_gate import BAD_GATES
from tests.unit.api.bad_objects import BAD_OBJECTS, BadObject
from tests.unit.api.bad_performance import BAD_PERFORMANCE
from tests.unit.api.bad_rollouts import BAD_ROLLOUTS
from tests.unit.api.bad_traffic import BAD_TRAFFIC
from tests.unit.api.bad_triggers import BAD_TRIGGERS
from tests.unit.api.bad_workload import BAD_WORKLOADS
from tests.unit.api.objects import resource

SAMPLES = sorted((Path(__file__).parents[3] / "docs/examples").glob("*.yaml"))
GOOD = yaml.safe_dump(resource("ModelDeployment"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_samples_are_valid(sample: Path) -> None:
    assert validate_documents(sample.read_text()) == []


@pytest.mark.parametrize(
    "bad",
    [*BAD_OBJECTS, *BAD_GATES, *BAD_PERFORMANCE, *BAD_ROLLOUTS, *BAD_TRAFFIC, *BAD_TRIGGERS, *BAD_WORKLOADS],
)
def test_problem_names_the_field_and_the_remedy(bad: BadObject) -> None:
    problems = validate_documents(yaml.safe_dump(bad.resource()))
    assert any(problem.field == bad.names and bad.says in problem.message for problem in problems), problems


def test_only_immutability_is_left_to_the_server() -> None:
    assert rules_of_the_server_alone() == [
        "modelDeploymentRef is immutable: make another RetrainPolicy",
        "spec is immutable except for spec.approval: make another RetrainRun",
        "spec.approval comes too late: the run has ended and is on record; make another RetrainRun",
        "spec.approval is final: make another RetrainRun",
    ]


def test_problems_carry_the_number_of_their_document() -> None:
    bad = yaml.safe_dump(resource("RetrainRun", {"spec.policyRef.name": "A"}))
    problems = validate_documents(f"# nothing\n---\n{GOOD}---\n{bad}---\n{bad}")
    assert [(problem.document, problem.field) for problem in problems] == [
        (2, "spec.policyRef.name"),
        (3, "spec.policyRef.name"),
    ]


def test_misspelled_field_is_named_with_the_likely_one() -> None:
    text = yaml.safe_dump(resource("ModelDeployment", {"spec.server.replica": 2}))
    assert validate_documents(text) == [
        Problem(1, "spec.server.replica", "is not a known field; did you mean replicas?")
    ]


def test_field_like_no_other_is_named_alone() -> None:
    text = yaml.safe_dump(resource("ModelDeployment", {"spec.xyz": 2}))
    assert validate_documents(text) == [Problem(1, "spec.xyz", "is not a known field")]


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        pytest.param("just text", "", "is not an object", id="text"),
        pytest.param("kind: ModelDeployment", "apiVersion", "is required", id="no-apiVersion"),
        pytest.param("apiVersion: holdfast.dev/v1alpha1", "kind", "is required", id="no-kind"),
        pytest.param("apiVersion: holdfast.dev/v1\nkind: ModelDeployment", "kind", "known are", id="version"),
        pytest.param("apiVersion: holdfast.dev/v1alpha1\nkind: Model", "kind", "not known", id="kind"),
        pytest.param(GOOD.replace("name: bikes", "labels: {}"), "metadata.name", "is required", id="no-name"),
        pytest.param(GOOD.replace("metadata:", "other:"), "metadata.name", "is required", id="no-metadata"),
        pytest.param("a: [1", "", "is not valid YAML", id="open-bracket"),
        pytest.param("a: 1\nb: 2\na: 3", "", "a occurs twice in line 3, column 1", id="key-twice"),
        pytest.param("a: \x00", "", "is not valid YAML", id="control-character"),
    ],
)
def test_document_that_is_no_object_of_ours_is_a_problem(text: str, field: str, message: str) -> None:
    (problem,) = validate_documents(text)
    assert (problem.document, problem.field) == (1, field)
    assert message in problem.message


def test_yaml_error_names_its_document() -> None:
    (problem,) = validate_documents("---\na: 1\n---\nb: [1")
    assert problem.document == 2


def test_generated_names_are_judged_with_their_suffix() -> None:
    made = resource("ModelDeployment")
    made["metadata"] = {"generateName": f"{'a' * 47}-"}
    (problem,) = validate_documents(yaml.safe_dump(made))
    assert problem.field == "metadata.name"


def test_objects_in_a_list_are_judged() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [resource("ModelDeployment"), {"kind": "X"}]}
    (problem,) = validate_documents(yaml.safe_dump(listed))
    assert problem.field == "items[1].apiVersion"


def test_objects_of_others_and_written_status_are_passed_over() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: store}\nstringData: {a: b}\n"
    assert validate_documents(f"{secret}---\n{GOOD}status: {{anything: 1}}\n") == []


def test_dates_stay_text_as_for_kubectl() -> None:
    run = yaml.safe_dump(resource("RetrainRun"))
    assert validate_documents(f"{run}  trigger: {{reason: 2026-01-31}}\n") == []


def test_null_takes_the_default_where_there_is_one() -> None:
    text = yaml.safe_dump(resource("ModelDeployment", {"spec.server": None, "spec.suspend": None}))
    assert validate_documents(text) == []


def test_null_without_a_default_is_a_problem_as_in_server_side_apply() -> None:
    text = yaml.safe_dump(resource("ModelDeployment", {"spec.server.threads": None}))
    assert [problem.field for problem in validate_documents(text)] == ["spec.server.threads"]


def test_rule_that_cannot_be_evaluated_does_not_hold() -> None:
    schema = {"x-kubernetes-validations": [{"rule": "quantity(self) == 'x'", "message": "no"}]}
    assert list(broken_rules("not a quantity", schema, "here")) == [("here", "no")]


def test_fields_without_a_schema_have_no_rules() -> None:
    assert list(broken_rules({"anything": 1}, {})) == []


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        pytest.param({"minimum": 0, "exclusiveMinimum": True}, 1, 0, id="exclusive-minimum"),
        pytest.param({"maximum": 9, "exclusiveMaximum": True}, 8, 9, id="exclusive-maximum"),
        pytest.param({"minimum": 0}, 0, -1, id="minimum"),
        pytest.param({"pattern": "^a$"}, "a", "a\n", id="pattern-ends-with-the-text"),
    ],
)
def test_bounds_mean_what_they_mean_to_the_api_server(
    schema: Schema, good: int | str, bad: int | str
) -> None:
    assert validator(schema).is_valid(good)
    assert not validator(schema).is_valid(bad)
