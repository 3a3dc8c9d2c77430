"""A client of the Open Inference Protocol V2 over HTTP, for Holdfast's servers and any other that speaks it.

with Client("http://credit.default.svc") as client:
    answer = client.infer("credit", {"x": rows})["probabilities"]
"""

import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx
import numpy as np
import orjson
from numpy.typing import NDArray

from holdfast.bfloat16 import from_bfloat16
from holdfast.raw_bytes import EXTENSION, JSON_LENGTH, fill_outputs, framed
from holdfast.results import TensorSignature
from holdfast.row_arrays import fitted
from holdfast.signature import DTYPES, Signature

REVISION_HEADER: Final = "holdfast-revision"
FIRST_PAUSE_SECONDS: Final = 0.1
_AGAIN: Final = frozenset({502, 503, 504})
_BROKEN: Final = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.ConnectTimeout)


class ClientError(Exception):
    """A server could not be asked, or refused; ``status`` is its HTTP status, None when it did not answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Prediction(dict[str, NDArray[Any]]):
    """Output tensors by name.

    ``revision`` is the revision that answered and ``prediction_id`` what labels can be sent with
    (``Client.feedback``), where the server says so.
    """

    def __init__(
        self, outputs: Mapping[str, NDArray[Any]], revision: str | None, prediction_id: str | None = None
    ) -> None:
        super().__init__(outputs)
        self.revision = revision
        self.prediction_id = prediction_id


@dataclass(frozen=True)
class FeedbackResult:
    """What became of a prediction's labels: ``rows`` were counted for ``revision``, else ``error``."""

    result: str
    revision: str = ""
    rows: int = 0
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether they were counted."""
        return not self.error


class Client:
    """A connection to one server; safe to keep, and to use as a context manager.

    ``timeout`` is in seconds. A request that did not get through (no connection, 502, 503, 504) is sent again
    up to ``retries`` times with growing pauses: inference changes nothing, so sending it twice does no harm.
    """

    def __init__(
        self,
        url: str,
        timeout: float = 10,
        retries: int = 3,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._retries = retries
        self._signatures: dict[str, Signature] = {}
        self._raw_bytes: bool | None = None
        self._http = httpx.Client(
            base_url=url,
            timeout=timeout,
            headers=dict(headers or {}),
            verify=tls if tls is not None else True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ready(self, model: str | None = None) -> bool:
        """Return whether the server, or a model, is ready to answer; False when nobody answers."""
        path = "/v2/health/ready" if model is None else f"/v2/models/{model}/ready"
        try:
            return self._http.get(path).is_success
        except httpx.TransportError:
            return False

    def metadata(self, model: str) -> dict[str, Any]:
        """Return the model's name, versions, platform, inputs and outputs, as the server says.

        Raises:
            ClientError: the server cannot be reached, or has no such model.
        """
        return self._json(self._send("GET", f"/v2/models/{model}"))

    def signature(self, model: str) -> Signature:
        """Return the inputs and outputs of a model; asked once and then remembered.

        Raises:
            ClientError: as ``metadata``.
        """
        if model not in self._signatures:
            document = self.metadata(model)
            self._signatures[model] = Signature(
                inputs=_tensors(document, "inputs"), outputs=_tensors(document, "outputs")
            )
        return self._signatures[model]

    def infer(
        self, model: str, inputs: Mapping[str, Any], outputs: Sequence[str] | None = None
    ) -> Prediction:
        """Return the output tensors (all, or those named) for the input tensors.

        What numpy makes arrays of is converted to the model's datatypes; NaN is sent as a missing value.

        Raises:
            ClientError: the server cannot be reached or refuses the request; the message is the server's.
            ValueError: an array is not an input of the model or cannot be converted.
        """
        wanted = {tensor.name: tensor for tensor in self.signature(model).inputs}
        document: dict[str, Any] = {"inputs": [_encode(name, each, wanted) for name, each in inputs.items()]}
        if outputs is not None:
            document["outputs"] = [{"name": name} for name in outputs]
        body, fields = _body(document, raw=self._takes_raw_bytes())
        answer = self._send("POST", f"/v2/models/{model}/infer", body, fields)
        found = self._answer(answer)
        identifier = (found.get("parameters") or {}).get("prediction_id")
        return Prediction(_decode(found), answer.headers.get(REVISION_HEADER), identifier)

    def feedback(self, model: str, labels: Iterable[tuple[str, Sequence[Any]]]) -> list[FeedbackResult]:
        """Send the labels (None: unknown) of predictions by their ids; return what became of each.

        Sent again after a broken connection, labels that had arrived are refused as duplicates.

        Raises:
            ClientError: the server cannot be reached, or takes no labels.
        """
        items = [{"prediction_id": identifier, "labels": list(known)} for identifier, known in labels]
        body = orjson.dumps({"feedback": items}, option=orjson.OPT_SERIALIZE_NUMPY)
        return _results(self._send("POST", f"/v2/models/{model}/feedback", body))

    def _send(
        self, method: str, path: str, body: bytes | None = None, fields: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = fields or ({} if body is None else {"content-type": "application/json"})
        for attempt in range(self._retries + 1):
            last = attempt == self._retries
            try:
                answer = self._http.request(method, path, content=body, headers=headers)
            except _BROKEN as error:
                if last:
                    raise ClientError(f"{self._http.base_url}: {error or type(error).__name__}") from error
            except httpx.TransportError as error:
                raise ClientError(f"{self._http.base_url}: {error or type(error).__name__}") from error
            else:
                if last or answer.status_code not in _AGAIN:
                    return answer
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        raise AssertionError("the last attempt answers or raises")

    def _takes_raw_bytes(self) -> bool:
        if self._raw_bytes is None:
            server = self._send("GET", "/v2")
            self._raw_bytes = server.is_success and EXTENSION in self._json(server).get("extensions", ())
        return self._raw_bytes

    def _answer(self, answer: httpx.Response) -> dict[str, Any]:
        length = answer.headers.get(JSON_LENGTH)
        if length is None:
            return self._json(answer)
        try:
            document: dict[str, Any] = orjson.loads(answer.content[: int(length)])
            fill_outputs(document, memoryview(answer.content)[int(length) :])
        except (KeyError, TypeError, ValueError):
            raise ClientError("the server's answer has malformed outputs") from None
        return document

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        try:
            document = orjson.loads(_successful(answer).content)
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise ClientError(
                f"{answer.url} does not answer in the Open Inference Protocol", answer.status_code
            )
        return document


def _successful(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    try:
        message = str(orjson.loads(answer.content)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        message = answer.reason_phrase
    raise ClientError(f"{answer.status_code}: {message}", answer.status_code)


def _results(answer: httpx.Response) -> list[FeedbackResult]:
    """Return the results by item; a server that refuses all of them gives them with its error."""
    try:
        return [FeedbackResult(**each) for each in orjson.loads(answer.content)["results"]]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        _successful(answer)
    raise ClientError("the server's answer to feedback is malformed", answer.status_code)


def _tensors(document: Mapping[str, Any], kind: str) -> tuple[TensorSignature, ...]:
    try:
        return tuple(
            TensorSignature(name=each["name"], datatype=each["datatype"], shape=each["shape"])
            for each in document[kind]
        )
    except (KeyError, TypeError, ValueError):
        raise ClientError(f"the server's metadata has malformed {kind}") from None


def _encode(name: str, values: Any, wanted: Mapping[str, TensorSignature]) -> dict[str, Any]:
    if name not in wanted:
        raise ValueError(f"the model has no input {name!r}; it has {', '.join(wanted)}")
    try:
        array = fitted(np.asarray(values), wanted[name])
    except ValueError as error:
        raise ValueError(f"input {name!r} {error}") from None
    return {
        "name": name,
        "datatype": wanted[name].datatype,
        "shape": list(array.shape),
        "data": array.ravel(),
    }


def _body(document: dict[str, Any], *, raw: bool) -> tuple[bytes, dict[str, str]]:
    """Return body and header fields; numbers as raw bytes where the server takes them, texts never."""
    tensors = []
    for entry in document["inputs"]:
        numbers = entry["data"]
        if numbers.dtype.hasobject:
            entry["data"] = numbers.tolist()
        elif raw:
            tensors.append(entry.pop("data"))
            entry["parameters"] = {"binary_data_size": numbers.nbytes}
        elif entry["datatype"] == "BF16":
            entry["data"] = from_bfloat16(numbers)
    if raw:
        return framed(document, tensors)
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY), {"content-type": "application/json"}


def _decode(document: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    try:
        return {each["name"]: _array(each) for each in document["outputs"]}
    except (KeyError, TypeError, ValueError):
        raise ClientError("the server's answer has malformed outputs") from None


def _array(output: Mapping[str, Any]) -> NDArray[Any]:
    # null becomes NaN in numpy's own conversion of None to a float. BF16 is given as the numbers that it is.
    dtype = np.dtype(np.float32) if output["datatype"] == "BF16" else DTYPES[output["datatype"]]
    return np.array(output["data"], dtype=dtype).reshape(output["shape"])
