"""An inference request that the served model answers, for people who meet it for the first time."""

from typing import Any, Final

import orjson

from holdfast.profile import Profile
from holdfast.signature import Signature, typical_inputs
from holdfast_serving.inference.tensors import tensor_to_json

MAX_ELEMENTS: Final = 1000
"""Nobody reads or copies a longer example."""


def example_request(signature: Signature, profile: Profile | None) -> dict[str, Any] | None:
    """Return a V2 request with a typical row of the profile, else zeros; None when it would be long."""
    rows = typical_inputs(signature, profile)
    if sum(tensor.size for tensor in rows.values()) > MAX_ELEMENTS:
        return None
    inputs = []
    for each in signature.inputs:
        tensor = rows[each.name]
        # Through JSON and back: FP32 is 13.05 there, not the double that it is nearest to.
        data = orjson.loads(
            orjson.dumps(tensor_to_json(tensor, each.datatype), option=orjson.OPT_SERIALIZE_NUMPY)
        )
        inputs.append(
            {"name": each.name, "datatype": each.datatype, "shape": list(tensor.shape), "data": data}
        )
    return {"inputs": inputs}


def example_prediction(request: dict[str, Any]) -> dict[str, Any]:
    """Return the same request in the V1 protocol: columns, nested as their shapes say."""
    columns = {each["name"]: _nested(each["data"], each["shape"]) for each in request["inputs"]}
    return {"inputs": columns}


def _nested(data: list[Any], shape: list[int]) -> Any:
    if not shape:
        return data[0]
    step = len(data) // shape[0] if shape[0] else 0
    return [_nested(data[index * step : (index + 1) * step], shape[1:]) for index in range(shape[0])]
