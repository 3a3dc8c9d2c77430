"""The OpenAPI document and the page about a server: they say what it takes, and their examples fit."""

import re
from html import unescape
from typing import Any

import jsonschema
import orjson
import pytest

from holdfast.profile import Profile
from holdfast.results import TensorSignature
from holdfast.signature import DTYPES, Signature
from holdfast_serving.http.documentation_page import CONTENT_SECURITY_POLICY, documentation_page
from holdfast_serving.http.openapi import openapi_document
from holdfast_serving.http.v1_json import decode_prediction
from holdfast_serving.http.v2_json import decode_request
from tests.unit.serving.trained_models import TrainedModel, wine_columns_model, wine_model

EVERY = tuple(TensorSignature(name=name.lower(), datatype=name, shape=[-1, 2]) for name in DTYPES)


def document_of(model: TrainedModel) -> dict[str, Any]:
    profile = Profile.parse(model.profile_json())
    return openapi_document("wine", "wine-1", model.session().signature, profile, "1.2.3")


def content_of(document: dict[str, Any], path: str) -> dict[str, Any]:
    content: dict[str, Any] = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    return content


def fits(document: dict[str, Any], schema: str, instance: Any) -> bool:
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    return jsonschema.Draft202012Validator(whole).is_valid(instance)


@pytest.mark.parametrize("model", [wine_model(), wine_columns_model()], ids=["table", "columns"])
def test_examples_fit_their_schemas_and_the_server_reads_them(model: TrainedModel) -> None:
    document = document_of(model)
    signature = model.session().signature
    second = content_of(document, "/v2/models/wine/infer")["example"]
    first = content_of(document, "/v1/models/wine:predict")["example"]
    assert fits(document, "InferenceRequest", second)
    assert fits(document, "PredictionRequest", first)
    decoded = decode_request(orjson.dumps(second)).inference
    assert model.session().run(decoded.inputs).keys() == {"label", "probabilities"}
    again = decode_prediction(orjson.dumps(first), signature.inputs).inference
    assert {name: each.tolist() for name, each in again.inputs.items()} == {
        name: each.tolist() for name, each in decoded.inputs.items()
    }


def test_example_of_every_datatype_fits() -> None:
    document = openapi_document("m", "m-1", Signature(EVERY, EVERY), None, "1")
    example = content_of(document, "/v2/models/m/infer")["example"]
    assert fits(document, "InferenceRequest", example)
    assert set(decode_request(orjson.dumps(example)).inference.inputs) == {name.lower() for name in DTYPES}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"inputs": []}, id="no-inputs"),
        pytest.param({"id": 7}, id="numeric-id"),
        pytest.param({"outputs": [{"name": "score"}]}, id="unknown-output"),
        pytest.param({"parameters": []}, id="parameter-list"),
        pytest.param(
            {"inputs": [{"name": "X", "datatype": "FP64", "shape": [1, 13], "data": []}]}, id="kind"
        ),
        pytest.param(
            {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 12], "data": []}]}, id="shape"
        ),
        pytest.param(
            {"inputs": [{"name": "X", "datatype": "FP32", "shape": [1, 13], "data": ["a"]}]}, id="text"
        ),
    ],
)
def test_schema_refuses_what_the_server_refuses(change: dict[str, Any]) -> None:
    document = document_of(wine_model())
    example = content_of(document, "/v2/models/wine/infer")["example"]
    assert not fits(document, "InferenceRequest", example | change)


def test_large_inputs_get_no_example() -> None:
    image = TensorSignature(name="image", datatype="FP32", shape=[-1, 3, 224, 224])
    signature = Signature((image,), (image,))
    document = openapi_document("m", "m-1", signature, None, "1")
    assert "example" not in content_of(document, "/v2/models/m/infer")
    assert "too large for an example" in documentation_page(document, signature, "http://m")


def page_of(model: TrainedModel) -> str:
    return documentation_page(document_of(model), model.session().signature, "http://wine.svc")


def test_page_loads_nothing_from_anywhere() -> None:
    page = page_of(wine_columns_model())
    assert set(re.findall(r"https?://[^/\s<\[]+", page)) == {"http://wine.svc"}
    assert not re.search(r"\ssrc=|<link|@import|url\(", page)


def test_browser_is_told_to_run_nothing_but_the_pages_own_script() -> None:
    policy = dict(CONTENT_SECURITY_POLICY)[b"content-security-policy"].decode()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.count("sha256-") == 2


def test_page_shows_the_signature_and_a_request_that_fits() -> None:
    page = page_of(wine_columns_model())
    for words in ("<code>region</code>", "<td>BYTES</td>", "any \N{MULTIPLICATION SIGN} 3"):
        assert words in page
    matched = re.search(r"curl -s (\S+) -d '(.*)'", unescape(page))
    assert matched
    assert matched[1] == "http://wine.svc/v2/models/wine/infer"
    assert decode_request(matched[2].encode()).inference.inputs["region"].tolist() == [["north"]]


def test_names_of_tensors_cannot_become_markup() -> None:
    evil = TensorSignature(name="</script><img src=x>'", datatype="BYTES", shape=[-1])
    signature = Signature((evil,), (evil,))
    page = documentation_page(openapi_document("m", "m-1", signature, None, "1"), signature, "http://m")
    assert "<img" not in page
    assert page.count("</script>") == 1
