"""What the API accepts as a URI is never refused by the code that fetches and publishes."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.location import Location
from holdfast.validation import validate_documents
from tests.unit.api.objects import resource

_SCHEMES = st.sampled_from(["s3://", "https://", "pvc://", "configmap://"])
_PIECES = st.sampled_from(
    [
        "a",
        "bikes",
        "B",
        "1",
        "/",
        "//",
        ".",
        "..",
        "-",
        "_",
        "@",
        ":",
        ":80",
        "[::1]",
        "?",
        "#",
        "%20",
        " ",
        "\\",
    ]
)
_URIS = st.builds(lambda scheme, pieces: scheme + "".join(pieces), _SCHEMES, st.lists(_PIECES, max_size=8))


def is_accepted(kind: str, path: str, uri: str) -> bool:
    return validate_documents(yaml.safe_dump(resource(kind, {path: uri}))) == []


@given(_URIS)
@settings(max_examples=300, deadline=None)
def test_accepted_source_can_be_fetched(uri: str) -> None:
    if is_accepted("ModelDeployment", "spec.model.uri", uri):
        Location.parse(uri)


@given(_URIS)
@settings(max_examples=300, deadline=None)
def test_accepted_output_can_be_published_to(uri: str) -> None:
    if is_accepted("RetrainPolicy", "spec.output.uri", uri):
        assert not Location.parse(uri).is_model_file


@pytest.mark.parametrize(
    "uri",
    [
        "s3://models",
        "s3://models/bikes/1/",
        "s3://my.models-2/bikes/model.onnx",
        "https://models.example.com/bikes/model.onnx",
        "https://[2001:db8::1]:8443/bikes/",
        "https://models/~me/bikes%201/",
        "pvc://models",
        "pvc://models.v2/bikes/1",
        "configmap://bikes",
        "configmap://bikes/model.onnx",
    ],
)
def test_usual_source_is_accepted_and_can_be_fetched(uri: str) -> None:
    assert is_accepted("ModelDeployment", "spec.model.uri", uri)
    assert Location.parse(uri)
