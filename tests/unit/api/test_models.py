"""Objects as the API server returns them become models, and models become what the API server stores."""

import pytest
from pydantic import ValidationError

from holdfast_operator.api.model_deployment import ModelDeployment, ModelDeploymentSpec
from holdfast_operator.api.resource import ApiModel
from holdfast_operator.api.retrain_policy import RetrainPolicySpec
from tests.unit.api.objects import resource
from tests.unit.api.statuses import STATUSES


def test_whole_numbers_are_quantities() -> None:
    made = resource("ModelDeployment", {"spec.server.resources": {"limits": {"cpu": 2, "memory": "1Gi"}}})
    spec = ModelDeploymentSpec.model_validate(made["spec"])
    assert spec.server.resources.limits == {"cpu": "2", "memory": "1Gi"}


@pytest.mark.parametrize("amount", [1.5, True, None, ["1"]], ids=repr)
def test_nothing_else_is_a_quantity(amount: object) -> None:
    made = resource("ModelDeployment", {"spec.server.resources": {"limits": {"cpu": amount}}})
    with pytest.raises(ValidationError):
        ModelDeploymentSpec.model_validate(made["spec"])


def test_fields_of_newer_versions_are_dropped() -> None:
    made = resource("RetrainPolicy", {"spec.triggers.weather": {}})
    assert not hasattr(RetrainPolicySpec.model_validate(made["spec"]).triggers, "weather")


def test_unseen_object_has_an_empty_status() -> None:
    made = resource("ModelDeployment") | {"status": {"observedGeneration": -1}}
    made["metadata"]["namespace"] = "default"
    assert ModelDeployment.model_validate(made).status.observed_generation == -1


@pytest.mark.parametrize("status", STATUSES)
def test_status_survives_the_way_to_the_api_server_and_back(status: ApiModel) -> None:
    written = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert type(status).model_validate(written) == status


def test_policy_without_anything_that_trains_says_so() -> None:
    spec = {"modelDeploymentRef": {"name": "credit"}, "output": {"uri": "s3://models/credit"}}
    with pytest.raises(ValueError, match="neither trainer nor workload"):
        _ = RetrainPolicySpec.model_validate(spec).training
